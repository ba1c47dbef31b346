"""The linked page from disk, network blocked, at 50,000 points: by mouse, finger and keyboard."""

import re

import numpy as np
import pandas as pd
import pytest

import analytics
from analytics.report.lineage import complete_state
from analytics.report.linked import MAX_BYTES, MAX_ROWS, linked_report
from analytics.store.artifacts import Artifacts
from tests.browser.axe import serious
from tests.browser.conftest import HARMLESS

EVIL = "</script><img src=x onerror=alert(1)>"
WORDS = ("calm", "exact", "plain", "quiet", "short", "whole")


def written(folder, n):
    """A linked page of n rows in two groups, left and right, with texts of their own."""
    rng = np.random.default_rng(0)
    side = np.repeat([0, 1], n // 2)
    frame = pd.DataFrame({"across": 9.0 * side, "up": np.zeros(n)}) + rng.normal(size=(n, 2))
    frame["kind"] = np.array([EVIL, "=1+1"])[side]
    frame["note"] = [f"{' '.join(w)} {i}" for i, w in enumerate(rng.choice(WORDS, (n, 9)))]
    store = Artifacts(folder / "results")
    dataset = analytics.prepare(frame, features=["across", "up"], store=store)
    made = analytics.project(dataset, "columns", columns=["across", "up"], store=store)
    groups = analytics.cluster(dataset, "kmeans", n_clusters=2, store=store)
    state = {"table": dataset.parents[0], "dataset": dataset.digest, "projection": made.digest}
    path = folder / f"linked-{n}.html"
    path.write_text(linked_report(store, state | {"clustering": groups.digest}), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return written(tmp_path_factory.mktemp("large"), MAX_ROWS)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return written(tmp_path_factory.mktemp("small"), 200)


@pytest.fixture
def from_disk(chromium):
    """Opens a file without a network; nothing may be asked for and nothing complained of."""
    contexts, heard, asked = [], [], []

    def open_(path, **options):
        context = chromium.new_context(offline=True, accept_downloads=True, **options)
        contexts.append(context)
        context.route(re.compile("^(?!file:|data:|blob:)"), lambda route: route.abort())
        page = context.new_page()
        page.on("console", lambda m: heard.append(m.text))
        page.on("pageerror", lambda e: heard.append(str(e)))
        page.on("request", lambda r: asked.append(r.url))
        page.goto(path.as_uri())
        page.wait_for_selector("body.live")
        settle(page)
        return page

    yield open_
    for context in contexts:
        context.close()
    outside = [u for u in asked if not u.startswith(("file:", "data:", "blob:"))]
    assert not outside and sum(u.startswith("file:") for u in asked) == len(contexts)
    assert not [m for m in heard if not any(h in m for h in HARMLESS)], heard


def settle(page):
    """Wait for the next two frames."""
    page.evaluate("() => new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))")


def colored(page):
    """Number of pixels of the map that are neither white, grey nor black."""
    return page.evaluate(
        """() => {
          const c = document.querySelector('#plot');
          const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
          let n = 0;
          for (let i = 0; i < d.length; i += 4)
            if (Math.max(d[i], d[i + 1], d[i + 2]) - Math.min(d[i], d[i + 1], d[i + 2]) > 40) n++;
          return n;
        }"""
    )


def number(page, selector):
    """The first number of a text."""
    return int(re.match(r"[\d,]+", page.inner_text(selector))[0].replace(",", ""))


def outlined(page, box, moves):
    """A drag with the mouse through shares of a box."""
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in moves]
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in at[1:]:
        page.mouse.move(x, y, steps=5)
    page.mouse.up()
    settle(page)


LEFT = [(0.01, 0.02), (0.5, 0.02), (0.5, 0.98), (0.01, 0.98), (0.01, 0.05)]


def test_fifty_thousand_rows_map_hover_lasso_table(from_disk, large):
    assert large.stat().st_size < MAX_BYTES
    page = from_disk(large, viewport={"width": 1280, "height": 1000})
    assert colored(page) > 3_000
    assert number(page, "#listed") == MAX_ROWS
    assert page.locator("#grid-body [role=row]").count() < 40  # of 50,000

    plot = page.locator("#plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    spot = page.evaluate("() => [map.px(7), map.py(7)]")
    page.mouse.move(box["x"] + spot[0], box["y"] + spot[1])
    page.wait_for_selector("#card:not([hidden])")
    assert "note" in page.inner_text("#card") and EVIL in page.inner_text("#card")

    outlined(page, box, LEFT)
    said = page.inner_text("#said")
    chosen = number(page, "#said")
    assert 24_000 < chosen < 26_000 and f"of {MAX_ROWS:,} rows selected" in said
    assert number(page, "#listed") == chosen
    inside = page.evaluate("() => table.list.every((i) => data.columns[0] && map.at.x[i] < 0.6)")
    assert inside

    row = page.locator("#grid-body [role=row]").nth(2)
    words = row.inner_text().split("\n")[0]
    row.click()
    settle(page)
    active = page.evaluate("() => data.columns[0].values[state.active]")
    assert str(active) == words.strip() and row.get_attribute("class") == "here"
    page.fill("#search", "exact 123")
    page.wait_for_function("() => table.list.length < 200")
    assert number(page, "#listed") == page.evaluate("() => table.list.length")
    page.get_by_role("button", name="note").click()
    told = page.evaluate(
        "() => [...table.list].map((i) => cell(data.columns.find((c) => c.name === 'note'), i))"
    )
    assert told == sorted(told, key=str.casefold) and all("exact 123" in t for t in told)


def test_box_legend_and_csv(from_disk, small, tmp_path):
    page = from_disk(small, viewport={"width": 1280, "height": 1000})
    page.get_by_role("button", name="Box").click()
    box = page.locator("#plot").bounding_box()
    outlined(page, box, [(0.01, 0.02), (0.5, 0.98)])
    assert number(page, "#said") == number(page, "#listed") == 100
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save these rows as CSV").click()
    waiting.value.save_as(tmp_path / "rows.csv")
    rows = pd.read_csv(tmp_path / "rows.csv")
    assert len(rows) == 100 and set(rows["kind"]) == {EVIL}
    page.get_by_role("button", name="Clear the selection").click()
    legend = page.locator("#legend button").first
    legend.click()
    assert legend.get_attribute("aria-pressed") == "false" and number(page, "#listed") == 100
    page.get_by_role("button", name="Show every group").click()
    assert number(page, "#listed") == 200
    page.select_option("#color", label="up")
    assert page.is_visible("#bar") and page.inner_text("#low").startswith("-")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save these rows as CSV").click()
    waiting.value.save_as(tmp_path / "all.csv")
    assert "'=1+1" in (tmp_path / "all.csv").read_text()


def test_by_keyboard_alone(from_disk, small):
    page = from_disk(small, viewport={"width": 1280, "height": 1000})
    page.locator("#plot").focus()
    for key in ("Shift+ArrowLeft", "0", "+", "-"):
        page.keyboard.press(key)
    corners = [(-30, -30), (60, 0), (0, 60), (-60, 0)]
    for x, y in corners:  # from the middle of the map, in steps of the cross
        for key, steps in (("Right" if x > 0 else "Left", x), ("Down" if y > 0 else "Up", y)):
            for _ in range(abs(steps)):
                page.keyboard.press(f"Arrow{key}")
        page.keyboard.press("Space")
    page.keyboard.press("Enter")
    settle(page)
    assert number(page, "#said") == 200
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    assert page.inner_text("#said") == "No rows selected."
    page.locator("#grid").focus()
    for key in ("ArrowDown", "ArrowDown", "Space"):
        page.keyboard.press(key)
    assert page.evaluate("() => state.active") == 1
    assert number(page, "#said") == 1
    at = page.locator("#grid").get_attribute("aria-activedescendant")
    assert page.locator(f"#{at}").get_attribute("aria-selected") == "true"


def test_by_touch_in_the_dark(from_disk, small):
    page = from_disk(
        small, viewport={"width": 390, "height": 844}, has_touch=True, color_scheme="dark"
    )
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    plot = page.locator("#plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    finger = page.context.new_cdp_session(page)
    at = [{"x": box["x"] + x * box["width"], "y": box["y"] + y * box["height"]} for x, y in LEFT]
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": at[:1]})
    for point in at[1:]:
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.wait_for_function("() => state.any")
    assert number(page, "#said") == 100
    paper = page.evaluate(
        "() => [...document.querySelector('#plot').getContext('2d').getImageData(2, 2, 1, 1).data]"
    )
    assert paper[:3] == [16, 20, 27]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(from_disk, small, scheme):
    page = from_disk(small, color_scheme=scheme)
    page.locator("#grid-body [role=row]").first.click()
    assert not serious(page)


# What is written on the map, and what its points' pixels were put under.
WRITTEN = """() => {
  const { fillText, putImageData } = CanvasRenderingContext2D.prototype;
  window.written = [];
  CanvasRenderingContext2D.prototype.fillText = function (word, ...at) {
    window.written.push(word);
    return fillText.call(this, word, ...at);
  };
  CanvasRenderingContext2D.prototype.putImageData = function (...what) {
    window.written = [];
    return putImageData.apply(this, what);
  };
}"""


def test_dates_are_round_on_axes_and_a_ramp_as_colours(from_disk, tmp_path):
    n, store = 300, Artifacts(tmp_path / "results")
    frame = pd.DataFrame({"size": np.random.default_rng(0).normal(size=n)})
    frame["day"] = pd.date_range("2018-05-05 06:00", periods=n, freq="4D")
    made = analytics.project(frame, "columns", columns=["day", "size"], store=store)
    path = tmp_path / "dates.html"
    state = complete_state(store, made.digest)
    path.write_text(linked_report(store, state, columns=["day"]), encoding="utf-8")
    page = from_disk(path)
    page.evaluate(WRITTEN)
    page.select_option("#color", label="day")
    settle(page)
    written = page.evaluate("window.written")  # over the points: none has been drawn since
    assert {"2019", "2020", "2021", "→ day    ↑ size"} <= set(written)
    assert page.locator("#legend li").count() == 0
    assert page.inner_text("#low") == "2018-05-05 06:00:00"
    assert page.inner_text("#high") == "2021-08-13 06:00:00"
    assert colored(page) > 1_000
    for _ in range(12):
        page.click("#in")
    settle(page)
    closer = [w for w in page.evaluate("window.written") if w.startswith("20")]
    assert closer and all(re.fullmatch(r"20\d\d-\d\d-\d\d( \d\d:00)?", w) for w in closer)


def test_paper_shows_the_view_and_rows(from_disk, small):
    page = from_disk(small, color_scheme="dark")
    before = page.get_attribute("#still", "src")
    page.emulate_media(media="print")
    page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    assert page.get_attribute("#still", "src") != before
    assert page.is_visible("#still") and page.is_visible("#print-rows")
    assert not page.is_visible("#plot") and not page.is_visible("#tools")
    paper = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    assert page.locator("#print-rows tr").count() == 60
    assert page.pdf(format="A4").startswith(b"%PDF")
