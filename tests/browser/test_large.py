"""The large map in a real browser: lasso, zoom without the server, no WebGL, and its tickets."""

import io
import re
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd

from tests.browser.conftest import ARGS, CHROMIUM, PATIENCE
from tests.browser.test_paths import PLOT, five_groups, goto, settled, uploaded

ASSETS = Path(__file__).parents[2] / "assets"
N = 200_000
CENTRES = np.array([[0.0, 0.0], [40.0, 0.0], [20.0, 30.0]])
SELECTED = re.compile(r"^[\d,]+ rows selected")
NO_WEBGL = ["--no-sandbox", "--disable-3d-apis", "--disable-quic", "--no-first-run"]


def cloud() -> tuple[np.ndarray, np.ndarray]:
    """Three groups far apart: (n, 2) coordinates and the group of each row."""
    rng = np.random.default_rng(4)
    kind = rng.choice(3, N, p=[0.5, 0.3, 0.2])
    return (CENTRES[kind] + rng.uniform(-5, 5, (N, 2))).round(4), kind


def parquet(xy, kind) -> bytes:
    buffer = io.BytesIO()
    frame = pd.DataFrame({"east": xy[:, 0], "north": xy[:, 1]})
    frame.assign(kind=np.array(["ash", "birch", "cedar"])[kind]).to_parquet(buffer)
    return buffer.getvalue()


def on_screen(page, xy, x, y, pane=0):
    """Where a place of the data stands on the page, as the first view shows all with 5 % round."""
    box = page.locator(".large .area").nth(pane).bounding_box()
    low, high = xy.min(axis=0), xy.max(axis=0)
    scale = min(np.array([box["width"], box["height"]]) / (1.1 * (high - low)))
    middle = (low + high) / 2
    across, down = (x - middle[0]) * scale, (middle[1] - y) * scale
    return box["x"] + box["width"] / 2 + across, box["y"] + box["height"] / 2 + down


def drag_round(page, xy, centre, reach=6.0, pane=0):
    """A lasso by the real mouse round a place of the data."""
    steps = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -0.9)]
    corners = [on_screen(page, xy, *(centre + reach * np.array(s)), pane) for s in steps]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=6)
    page.mouse.up()


def until(page, true) -> None:
    """Look until something is so; drawing takes its time on a busy machine."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "waited in vain"
        page.wait_for_timeout(50)


def status_of(url, key=None) -> int:
    request = urllib.request.Request(url, headers={"X-Gestalt-Key": key} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_lasso_zoom_hover_and_tickets_with_200000_points(open_page, server, chromium):
    xy, kind = cloud()
    page = open_page("/")
    fetched, talk = [], []
    page.on("request", lambda r: fetched.append(r) if "/large/" in r.url else None)
    page.wait_for_selector(PLOT)
    uploaded(page, "large.parquet", parquet(xy, kind))
    page.locator(f".large[data-drawn='{N}']").wait_for()
    settled(page)
    page.wait_for_timeout(300)

    # Every row of one group is selected and no other; the points are not sent again for it.
    drag_round(page, xy, CENTRES[1])
    words = f"{int((kind == 1).sum()):,} rows selected"
    page.get_by_text(SELECTED).wait_for()
    assert page.get_by_text(SELECTED).inner_text().startswith(words)
    page.locator(".large:not([data-version='-'])").wait_for()
    paths = [r.url.split("/large/")[1].split("/", 1)[1] for r in fetched]
    assert [p.split("/")[0].split("?")[0] for p in paths].count("points") == 1
    assert any(p.startswith("lit/") for p in paths) and "/codes/" not in " ".join(paths)

    # The wheel, a drag and keys move the map; nothing is asked of the server.
    page.on("websocket", lambda s: s.on("framesent", lambda _: talk.append(1)))
    page.reload()  # the address restores the selection
    page.get_by_text(words).wait_for()
    page.locator(f".large[data-drawn='{N}']").wait_for()
    settled(page)
    area = page.locator(".large .area")
    before = page.locator(".over .tick").all_inner_texts()
    box = area.bounding_box()
    page.mouse.move(box["x"] - 30, box["y"] + 60)
    page.wait_for_timeout(400)
    talk.clear()
    fetched.clear()
    page.mouse.move(*on_screen(page, xy, *CENTRES[1]))
    for _ in range(8):
        page.mouse.wheel(0, -120)
    area.focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("+")
    until(page, lambda: page.locator(".over .tick").all_inner_texts() != before)
    assert not talk and not [r.url for r in fetched if "near" not in r.url]

    # Words on hover come without a run of the page.
    page.keyboard.press("0")
    until(page, lambda: page.locator(".over .tick").all_inner_texts() == before)
    page.wait_for_timeout(600)
    page.mouse.move(*on_screen(page, xy, *CENTRES[0]), steps=3)
    page.locator(".large .tip").get_by_text("kind: ash").wait_for()
    assert not talk

    # What this page may fetch, the address alone or another key may not.
    asked = next(r for r in fetched if "near" in r.url)
    key = asked.headers["x-gestalt-key"]
    assert status_of(asked.url, key) == 200
    assert status_of(asked.url) == status_of(asked.url, key[::-1]) == 404
    assert status_of(asked.url.partition("near")[0] + "../../app.py", key) in (400, 404)

    by_link_and_in_the_dark(open_page, page.url.removeprefix(server.url), xy, kind)
    by_other_painters(page, chromium, xy, kind)


def by_other_painters(page, chromium, xy, kind):
    """WebGL instead of the processor, two maps at once, and the server."""
    lost_and_found(page)
    beside(page, xy, kind)
    without_webgl(page.url, chromium, xy, f"{int((kind == 2).sum()):,} rows selected")


def painted(page) -> np.ndarray:
    """What the map looks like, (height, width, 3)."""
    from PIL import Image

    page.mouse.move(5, 5)
    page.wait_for_timeout(500)
    shot = page.locator(".large canvas").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"), float)


def by_link_and_in_the_dark(open_page, path, xy, kind):
    """The first lasso of a page opened by a link counts, and a page that turns dark has the large
    map drawn for it: dark paper, and points that are lighter."""
    page = open_page(path)
    page.locator(f".large[data-drawn='{N}']").wait_for()
    settled(page)
    drag_round(page, xy, CENTRES[0])
    page.get_by_text(f"{int((kind == 0).sum()):,} rows selected").wait_for()
    settled(page)
    box = page.locator(".large canvas").bounding_box()

    def shade(*place) -> float:
        x, y = on_screen(page, xy, *place)
        return painted(page)[int(y - box["y"]), int(x - box["x"])].mean()

    paper, point = (11.5, 17.5), (1.5, 1.5)
    until(page, lambda: shade(*paper) > 240 and shade(*point) < 100)
    page.emulate_media(color_scheme="dark")
    until(page, lambda: shade(*paper) < 60 and shade(*point) > 150)
    page.context.close()


CONTEXT = """() => {
  const under = (node) => [...node.querySelectorAll('*')].flatMap(
    (e) => [e, ...(e.shadowRoot ? under(e.shadowRoot) : [])]);
  const map = under(document).find((e) => e.classList.contains('large'));
  delete map.dataset.drawn;
  window.graphics = map.querySelector('canvas').getContext('webgl2')
    .getExtension('WEBGL_lose_context');
  window.graphics.loseContext();
}"""


def lost_and_found(page):
    """Graphics that come back are used again; those that do not leave the drawing to the server."""
    pictures = []
    for name in ("pixels", "webgl"):  # without a card, as here, the processor draws by itself
        page.reload()
        page.locator(f".large[data-painter={name}][data-drawn='{N}']").wait_for()
        settled(page)
        pictures.append(painted(page))
        page.add_init_script("window.gestaltPainter = 'webgl'")
    assert pictures[0].shape == pictures[1].shape and pictures[0].std() > 10
    assert np.abs(pictures[0] - pictures[1]).mean() < 1, "both draw the same picture"
    page.evaluate(CONTEXT)
    page.locator(".large .status").get_by_text("comes back in a moment").wait_for()
    page.evaluate("window.graphics.restoreContext()")
    page.locator(f".large[data-painter=webgl][data-drawn='{N}']").wait_for()
    page.evaluate(CONTEXT)
    page.locator(".large[data-painter=picture]").wait_for()
    page.locator(".large .status").get_by_text("did not give them back").wait_for()


def beside(page, xy, kind):
    """Two maps of the same rows: one graphics memory, one camera, one selection."""
    five_groups(page)
    goto(page, "Compare")
    page.get_by_role("tab", name="Side by side").click()
    page.locator(f".st-key-beside-plotbox .large[data-drawn='{N}']").wait_for()
    settled(page)
    assert page.locator(".large .area").count() == 2 and page.locator(".large").count() == 1
    areas = [page.locator(".large .area").nth(i) for i in (0, 1)]
    ticks = [area.locator(".tick").all_inner_texts() for area in areas]
    areas[1].focus()
    page.keyboard.press("+")

    def now():
        return [area.locator(".tick").all_inner_texts() for area in areas]

    assert ticks[0] == ticks[1]
    until(page, lambda: (moved := now())[0] == moved[1] != ticks[0])
    page.keyboard.press("0")
    until(page, lambda: now() == ticks)
    drag_round(page, xy, CENTRES[2], pane=1)
    page.get_by_text(f"{int((kind == 2).sum()):,} rows selected").wait_for()
    settled(page)
    # An outline by keys, where no points are; Escape lets it go.
    areas[1].focus()
    for key in ("d", " ", "ArrowRight", "ArrowRight", " ", "ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.get_by_text("0 rows selected", exact=True).wait_for()
    settled(page)
    areas[1].focus()
    page.keyboard.press("Escape")
    page.get_by_text(SELECTED).wait_for(state="detached")
    goto(page, "Map")
    page.locator(f".st-key-map-plotbox .large[data-drawn='{N}']").wait_for()
    settled(page)


def without_webgl(url, chromium, xy, words):
    """The server draws, the page says so, and the lasso answers the same."""
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=NO_WEBGL)
    try:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(1000 * PATIENCE)
        page.goto(url)
        page.locator(".large[data-painter=picture]").wait_for()
        page.get_by_text("offers no WebGL").wait_for()
        settled(page)
        drag_round(page, xy, CENTRES[2])
        page.get_by_text(words).wait_for()
        drawn = page.locator(".large canvas").evaluate(
            "c => new Set(new Uint32Array(c.getContext('2d')"
            ".getImageData(0, 0, c.width, c.height).data.buffer)).size"
        )
        assert drawn > 10  # shades of the points, not a blank sheet
        assert "--disable-3d-apis" not in ARGS
    finally:
        browser.close()


def axis_words(page, words: str, script="large/ticks.js"):
    """What an expression gives beside the script of the words on axes, or another."""
    script = (ASSETS / script).read_text("utf-8")
    return page.evaluate(f"() => {{ {script}; return {words}; }}")


def test_times_of_day_on_an_axis_are_named_by_their_own_minute(open_page):
    page = open_page("/healthz")
    low = 18_262 + 9 / 24  # 2020-01-01 09:00
    found = axis_words(page, f"date_ticks({low}, {low + 90 / 1440}, 6).map((tick) => tick[1])")
    assert found == [
        f"2020-01-01 {t}" for t in ("09:00", "09:15", "09:30", "09:45", "10:00", "10:15", "10:30")
    ]
    found = axis_words(page, f"date_ticks({low}, {low} + 38.5 / 1440, 39).map((tick) => tick[1])")
    assert found == [f"2020-01-01 09:{minute:02d}" for minute in range(39)]


def test_years_of_any_length_on_an_axis_are_whole(open_page):
    page, words = open_page("/healthz"), "map((tick) => tick[1])"
    low, high = 2_600_000, 2_960_000  # 9088 to 10074: dates without an end are often 9999-12-31
    assert axis_words(page, f"date_ticks({low}, {high}, 3).{words}") == ["9500", "10000"]
    assert axis_words(page, f"dates({low}, {high}, 120_000).{words}", "linked/map.js") == [
        "9500",
        "10000",
    ]
    low, high = -736_200, -735_900  # round the end of the year -46
    before = ["-000046-07", "-000046-10", "-000045-01"]
    assert axis_words(page, f"date_ticks({low}, {high}, 4).{words}") == before
    assert axis_words(page, f"dates({low}, {high}, 75).{words}", "linked/map.js") == before


def test_names_in_view_keep_off_the_words_of_the_axes_and_others_stay_out_of_it(open_page):
    page = open_page("/healthz")
    spread = """(() => {
      const at = [], map = Object.create(Overlay.prototype), width = 60;
      const group = (i) => ({
        setAttribute: (_, to) => { at[i] = to.match(/[-\\d.]+/g).map(Number); },
      });
      map.edge = { left: 70, top: 24, bottom: 38 };
      map.places = PLACES.map(([x, y], i) => ({ x, y, width, group: group(i) }));
      map.spread({ width: 600, height: 400, toScreen: (x, y) => [x, y] });
      return at;
    })()"""
    places = [[80, 200], [300, 395], [590, 100], [640, 200], [300, -30], [300, 450]]
    found = axis_words(page, spread.replace("PLACES", str(places)), "large/overlay.js")
    assert found == [[100, 200], [300, 350], [570, 100], [640, 200], [300, -30], [300, 450]]
