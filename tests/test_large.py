"""The large map: what is sent per point, who may fetch it, and that the page uses it."""

import asyncio
import io
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from starlette.applications import Starlette

from analytics.errors import BadInput
from analytics.figures import large, marks
from pages.ui import drawing, served, tickets
from tests.apptest import settle, start

quick = settings(max_examples=40, deadline=None)
numbers = st.floats(-1e6, 1e6, allow_nan=False, width=32)
clouds = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=60).map(
    lambda rows: np.array(rows, np.float32)
)


def scene(xy, groups=None, lit=None, hover=None):
    found = large.colours(len(xy), groups, None, False)
    return large.Scene(np.asarray(xy), large.sheet(xy), found, lit, groups, {}, hover)


def steps(xy, fine=False):
    sheet = large.sheet(xy)
    whole = b"".join(large.places(sheet, xy, fine))
    return sheet, np.frombuffer(whole, "<u2").reshape(-1, 2).astype(np.float64)


@quick
@given(clouds)
def test_a_place_is_off_by_less_than_a_step_and_with_the_finer_part_by_a_65536th_of_it(xy):
    sheet, whole = steps(xy)
    _, rest = steps(xy, fine=True)
    there = xy[sheet.rows].astype(np.float64)
    coarse = there - (sheet.low + whole / large.STEPS * sheet.span)
    both = there - (sheet.low + (whole + rest / large.STEPS) / large.STEPS * sheet.span)
    step = sheet.span / large.STEPS
    assert np.all((coarse >= -1e-9 * sheet.span) & (coarse <= step * (1 + 1e-6)))
    assert np.all(np.abs(both) <= 1.01 * step / large.STEPS + 1e-9 * sheet.span)


@quick
@given(clouds)
def test_every_row_with_a_place_is_sent_once(xy):
    assert sorted(large.sheet(xy).rows.tolist()) == list(range(len(xy)))


def test_steps_by_hand():
    """Range 0-4 by 0-2: the largest value takes the last step."""
    xy = np.array([[0, 0], [1, 0.5], [4, 2]], np.float32)
    sheet, whole = steps(xy)
    back = np.argsort(sheet.rows)
    assert whole[back].tolist() == [[0, 0], [16384, 16384], [65535, 65535]]


def test_rows_without_a_place_are_left_out_and_said():
    xy = np.array([[0, 0], [np.nan, 1], [2, 2], [1, np.inf]])
    sheet = large.sheet(xy)
    assert sorted(sheet.rows.tolist()) == [0, 2]
    assert sheet.notes == ("2 of 4 rows have no position and are not drawn.",)


def test_the_first_points_are_a_fair_sample_and_the_order_is_seeded():
    groups = np.repeat([0, 1], [90_000, 10_000])
    xy = np.stack([np.arange(100_000.0), groups], axis=1)
    first = groups[large.sheet(xy).rows[:10_000]]
    assert abs(first.mean() - 0.1) < 5 * np.sqrt(0.09 / 10_000)
    assert np.array_equal(large.sheet(xy).rows, large.sheet(xy.copy()).rows)


def test_empty_flat_and_too_many():
    assert large.sheet(np.zeros((0, 2))).rows.size == 0
    sheet, whole = steps(np.full((3, 2), 7.0))
    assert np.all(sheet.span > 0) and np.all(whole == 0)
    wide = np.lib.stride_tricks.as_strided(np.zeros(2), (large.MOST + 1, 2), (0, 8))
    with pytest.raises(BadInput, match="at most 10,000,000"):
        large.sheet(wide)


def test_codes_and_lights_are_in_the_order_sent():
    xy = np.random.default_rng(0).normal(size=(19, 2))
    groups = np.arange(19, dtype=np.int32) % 5 - 1
    lit = np.arange(19) % 3 == 0
    shown = scene(xy, groups, lit)
    rows = shown.sheet.rows
    found = np.frombuffer(large.codes(shown), np.uint8)
    assert np.array_equal(found, np.where(groups < 0, len(shown.colours.colors) - 1, groups)[rows])
    bits = np.unpackbits(np.frombuffer(large.lights(shown), np.uint8), bitorder="little")
    assert np.array_equal(bits[:19].astype(bool), lit[rows])
    assert max(found) < 128  # the eighth bit is the light
    assert large.codes(scene(xy)) == bytes(19)
    ramp = large.colours(19, None, np.arange(19.0), False)
    assert len(ramp.colors) == marks.LEVELS + 1 <= 128 and ramp.ends == (0.0, 18.0)


@quick
@given(clouds, numbers, numbers, st.floats(1e-3, 1e6), st.floats(1e-3, 1e6))
def test_the_nearest_row_is_the_nearest_of_all(xy, x, y, rx, ry):
    distance = (((xy.astype(float) - (x, y)) / (rx, ry)) ** 2).sum(axis=1)
    row = large.nearest(scene(xy), x, y, rx, ry)
    if row is None:
        assert distance.min() > 1 - 1e-6
    else:
        assert distance[row] == distance.min() and row == int(distance.argmin())


def test_hover_words_are_plain_text():
    hover = pd.DataFrame({"<b>": ["<script>", None], "n": [1.0, 2.5]})
    shown = scene(np.array([[0.0, 0.0], [5.0, 5.0]]), np.array([0, -1], np.int32), hover=hover)
    assert large.near(shown, 0, 0, 1, 1)["lines"] == ["Group 1", "<b>: <script>", "n: 1"]
    assert large.near(shown, 5, 5, 1, 1)["lines"] == ["Noise", "<b>: –", "n: 2.5"]
    assert large.near(shown, 2, 2, 1, 1) == {} == large.near(shown, np.nan, 0, 1, 1)


def test_the_picture_shows_the_part_asked_for():
    xy = np.array([[0.5, 0.5]] * 9 + [[9.5, 9.5]], np.float64)
    shown = scene(xy, np.array([0] * 9 + [1], np.int32))

    def image(limits):
        return np.asarray(Image.open(io.BytesIO(large.picture(shown, limits, (20, 10)))))

    both, one = image(((0, 10), (0, 10))), image(((9, 10), (9, 10)))
    assert both.shape == (10, 20, 4) and both[-2, 1, 3] > 0 and both[1, -2, 3] > 0
    assert one[5, 10].tolist()[:3] == [0xE6, 0x9F, 0x00] and not image(((2, 3), (2, 3))).any()
    for limits, size in ((((1, 0), (0, 1)), (9, 9)), (((0, np.nan), (0, 1)), (9, 9))):
        with pytest.raises(BadInput):
            large.picture(shown, limits, size)
    with pytest.raises(BadInput):
        large.picture(shown, ((0, 1), (0, 1)), (9, 100_000))


# ---- who may fetch


def get(path, key=""):
    """(status, body) of the route, without a server."""
    app, sent = Starlette(routes=served.ROUTES), []
    path, _, query = path.partition("?")
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode()}
    scope |= {"query_string": query.encode(), "headers": [(b"x-gestalt-key", key.encode())]}
    scope |= {"root_path": "", "scheme": "http", "http_version": "1.1", "server": ("a", 1)}

    async def receive():
        await asyncio.sleep(5)

    async def send(message):
        sent.append(message)

    asyncio.run(app({**scope, "client": ("b", 2)}, receive, send))
    body = b"".join(m.get("body", b"") for m in sent[1:])
    return sent[0]["status"], body


@pytest.fixture
def ticket(monkeypatch):
    """A live ticket: (token, key)."""
    monkeypatch.setattr(tickets, "_active", lambda session: session == "here")
    shown = scene(np.array([[0.0, 0.0], [1.0, 2.0], [3.0, 4.0]]), np.array([0, 1, 1], np.int32))
    content = {"scenes": [shown, scene(shown.xy)], "codes": ["c" * 24, ""], "lit": ""}
    monkeypatch.setattr(tickets, "_tickets", {})
    tickets._tickets["token"] = tickets.Ticket("here", "key", content, tickets.time.monotonic())
    return "/large/token", "key"


def test_the_owner_of_a_ticket_gets_points_colours_words_and_pictures(ticket):
    base, key = ticket
    status, body = get(f"{base}/points", key)
    assert status == 200 and len(body) == 12 and get(f"{base}/fine", key)[0] == 200
    assert get(f"{base}/codes/{'c' * 24}", key)[0] == 200
    assert b"Group 2" in get(f"{base}/near?x=1&y=2&rx=0.5&ry=0.5", key)[1]
    status, body = get(f"{base}/picture/v?x0=0&x1=1&y0=0&y1=1&w=30&h=20", key)
    assert status == 200 and body.startswith(b"\x89PNG")


def test_another_key_another_token_and_an_older_version_get_nothing(ticket):
    base, key = ticket
    assert get(f"{base}/points", "other")[0] == get(f"{base}/points")[0] == 404
    assert get("/large/nobody/points", key)[0] == 404
    assert get(f"{base}/codes/{'d' * 24}", key)[0] == 404
    assert get(f"{base}/points", "ключ")[0] == 404


@pytest.mark.parametrize(
    "path",
    ["/../../etc/passwd", "/codes/../../../etc/passwd", "/%2e%2e/app.py", "/codes", "/x", ""],
)
def test_nothing_names_a_file(ticket, path):
    base, key = ticket
    assert get(base + path, key)[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/near",
        "/near?x=a&y=0&rx=1&ry=1",
        "/near?x=nan&y=0&rx=1&ry=1",
        "/picture/v?x0=0&x1=1&y0=0&y1=1&w=1e9&h=1e9",
        "/picture/v?x0=1&x1=0&y0=0&y1=1&w=9&h=9",
        "/picture/v?x0=0&x1=1&y0=0&y1=1&w=0&h=9",
    ],
)
def test_hostile_numbers_are_refused(ticket, path):
    base, key = ticket
    assert get(base + path, key)[0] in (400, 404)


def test_maps_beside_each_other_have_their_own_colours_words_and_pictures(ticket):
    base, key = ticket
    assert b"Group 2" in get(f"{base}/near?pane=0&x=1&y=2&rx=0.5&ry=0.5", key)[1]
    status, body = get(f"{base}/near?pane=1&x=1&y=2&rx=0.5&ry=0.5", key)
    assert status == 200 and b'"row":1' in body and b"Group" not in body
    size = "x0=0&x1=4&y0=0&y1=5&w=30&h=20"
    pictures = [get(f"{base}/picture/v?pane={i}&{size}", key)[1] for i in (0, 1)]
    assert pictures[0] != pictures[1]
    for pane in ("2", "-1", "x", "999", "١"):
        assert get(f"{base}/near?pane={pane}&x=1&y=2&rx=1&ry=1", key)[0] == 404


def test_a_session_keeps_the_tickets_of_the_last_maps_only(monkeypatch):
    monkeypatch.setattr(tickets, "_active", lambda session: True)
    monkeypatch.setattr(tickets, "_tickets", {})
    monkeypatch.setattr(tickets.st, "session_state", {})
    monkeypatch.setattr(tickets, "get_script_run_ctx", lambda: SimpleNamespace(session_id="here"))
    first = tickets.grant("a", 1)
    others = [tickets.grant(name, name) for name in "bc"]
    assert tickets.grant("a", 2) == first and tickets.redeem(*first) == 2
    newest = tickets.grant("d", "d")
    assert tickets.redeem(*others[0]) is None and len(tickets._tickets) == tickets.KEPT
    assert tickets.redeem(*others[1]) == "c" and tickets.redeem(*newest) == "d"


def test_a_late_report_without_an_outline_changes_nothing(monkeypatch):
    events = {"empty": {"selection": {"box": [], "lasso": [], "points": []}}, "none": None}
    box = {"type": "rect", "x": [0, 1], "y": [0, 1]}
    events["drawn"] = {"selection": {"box": [box], "lasso": []}}
    monkeypatch.setattr(drawing.st, "session_state", events)
    heard = []
    for key in ("empty", "none", "gone", "drawn"):
        drawing.heard(key, heard.append)
    assert heard == [({"type": "box", "x": [0.0, 1.0], "y": [0.0, 1.0]},)]


def test_a_ticket_runs_out_and_ends_with_its_session(ticket, monkeypatch):
    base, key = ticket
    tickets._tickets["token"].used -= tickets.LASTS + 1
    assert get(f"{base}/points", key)[0] == 404 and not tickets._tickets
    tickets._tickets["token"] = tickets.Ticket("gone", "key", {}, tickets.time.monotonic())
    assert get(f"{base}/points", key)[0] == 404
    tickets._tickets["token"].used -= tickets.AWAY + 1
    assert get(f"{base}/points", key)[0] == 404 and not tickets._tickets


# ---- the page


def rows(n):
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 3, n)
    frame = pd.DataFrame({"x": rng.normal(kind * 9, 1), "y": rng.normal(0, 1, n)})
    return frame.round(3).to_csv(index=False).encode()


def maps(at):
    """The large maps on the page."""
    return [e for e in at.get("bidi_component") if e.key.endswith("-large")]


@pytest.mark.parametrize(("n", "drawn"), [(50_000, "plotly_chart"), (50_001, "bidi_component")])
def test_plotly_draws_up_to_50000_points_and_the_large_map_more(n, drawn):
    at = settle(start())
    at.switch_page("data.py").run()
    at.file_uploader[0].upload("many.csv", rows(n), "text/csv").run()
    settle(at)
    at.switch_page("map.py")
    settle(at)
    assert not at.exception
    large = drawn == "bidi_component"
    assert len(at.get(drawn)) >= 1
    assert bool(maps(at)) == large
    at.switch_page("review.py").run()
    next(b for b in at.button if b.label == "Write the review").click().run()
    settle(at)
    assert not at.exception and bool(maps(at)) == large
