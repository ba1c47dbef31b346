"""Selections: geometry to rows, checked against a slow reference; texts; hostile input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import selection
from analytics.errors import BadInput

SQUARE = {"type": "lasso", "x": [0, 2, 2, 0], "y": [0, 0, 2, 2]}
BOX = {"type": "box", "x": [3, 1], "y": [1, 3]}

quick = settings(max_examples=60, deadline=None)
# Quarter steps make points meet corners and edges often, and keep float32 exact.
coordinate = st.integers(-12, 12).map(lambda v: v / 4)
polygon = st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=9)
# An irrational step keeps points off the slanted edges, where rounding may decide.
OFF_EDGES = np.sqrt([2.0, 3.0]) / 1000
points = st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=25)


def slow_even_odd(px, py, x, y):
    """Crossings of a ray to the right, edge by edge, half-open in height."""
    odd = False
    for i in range(len(x)):
        x0, y0, x1, y1 = x[i - 1], y[i - 1], x[i], y[i]
        if (y0 <= py) != (y1 <= py) and px < x0 + (py - y0) * (x1 - x0) / (y1 - y0):
            odd = not odd
    return odd


@quick
@given(points, polygon)
def test_lasso_agrees_with_the_slow_reference(where, corners):
    xy = np.array(where) + OFF_EDGES
    x, y = (list(side) for side in zip(*corners, strict=True))
    found = selection.resolve(selection.check([{"type": "lasso", "x": x, "y": y}]), xy)
    wanted = [slow_even_odd(px, py, x, y) for px, py in xy]
    assert found.tolist() == wanted


@quick
@given(points, polygon)
def test_direction_and_start_of_a_lasso_do_not_matter(where, corners):
    xy = np.array(where) + OFF_EDGES

    def rows(ring):
        x, y = (list(side) for side in zip(*ring, strict=True))
        return selection.resolve([{"type": "lasso", "x": x, "y": y}], xy).tolist()

    assert rows(corners) == rows(corners[::-1]) == rows(corners[1:] + corners[:1])


@quick
@given(points, st.tuples(coordinate, coordinate), st.tuples(coordinate, coordinate))
def test_box_has_its_edges_inside_and_any_corner_order(where, a, b):
    xy = np.array(where)
    shape = {"type": "box", "x": [a[0], b[0]], "y": [a[1], b[1]]}
    low, high = np.minimum(a, b), np.maximum(a, b)
    wanted = np.all((xy >= low) & (xy <= high), axis=1)
    assert np.array_equal(selection.resolve([shape], xy), wanted)


@quick
@given(st.lists(st.one_of(polygon, st.tuples(st.tuples(coordinate, coordinate)).map(list))))
def test_text_round_trip(rings):
    shapes = []
    for ring in rings[: selection.MAX_SHAPES]:
        x, y = (list(side) for side in zip(*ring, strict=True))
        if len(ring) == 1:
            shapes.append({"type": "box", "x": [x[0], x[0] + 1], "y": [y[0], y[0] + 1]})
        else:
            shapes.append({"type": "lasso", "x": x, "y": y})
    canonical = selection.check(shapes)
    text = selection.to_text(canonical)
    assert selection.from_text(text) == canonical
    assert not set(text) & set("+/=&?# ")


def test_an_outline_far_from_the_origin_reaches_the_other_end_of_its_link():
    """Half a minute in days since 1970, and a metre in those of a map of the land."""
    step = 30 / 86_400
    xy = np.array([[19_848.5 + i * step, 5_400_000 + i] for i in range(40)])
    shape = {"type": "box", "x": [*(xy[[10, 20], 0] + (-1e-6, 1e-6))], "y": [5_400_000, 5_400_040]}
    again = selection.from_text(selection.to_text([shape]))
    assert selection.resolve(again, xy).sum() == selection.resolve([shape], xy).sum() == 11
    assert selection.rounded([1 / 3, 2 / 3]) == [0.3333333, 0.6666667]
    assert selection.rounded([5.0, 5.0]) == [5.0, 5.0]


@quick
@given(st.one_of(st.text(max_size=60), st.binary(max_size=40).map(lambda b: b.hex())))
def test_damaged_text_is_refused_in_one_sentence(text):
    if text == "":
        assert selection.from_text(text) == ()
        return
    with pytest.raises(BadInput, match="link is damaged"):
        selection.from_text(text)


def test_square_by_hand():
    xy = np.array([[1, 1], [0.1, 1.9], [2.1, 1], [-0.1, 1], [1, 2.5]], np.float32)
    assert selection.resolve([SQUARE], xy).tolist() == [True, True, False, False, False]


def test_shapes_add_up_and_crossing_lassos_leave_a_hole():
    xy = np.array([[0.5, 0.5], [2.5, 2.5], [9, 9]])
    assert selection.resolve([SQUARE, BOX], xy).tolist() == [True, True, False]
    # A star drawn in one line: its middle is crossed twice, so it is outside.
    angle = np.pi / 2 + np.arange(5) * 4 * np.pi / 5
    star = {"type": "lasso", "x": list(np.cos(angle)), "y": list(np.sin(angle))}
    assert selection.resolve([star], np.array([[0.0, 0.0], [0, 0.8]])).tolist() == [False, True]


def test_rows_without_a_position_and_empty_maps_are_never_selected():
    xy = np.array([[np.nan, 1], [1, np.inf], [1, 1]])
    assert selection.resolve([SQUARE], xy).tolist() == [False, False, True]
    assert selection.resolve([SQUARE], np.zeros((0, 2))).tolist() == []
    assert selection.resolve([], np.zeros((3, 2))).tolist() == [False] * 3


def test_plotly_event_gives_geometry_only_and_thins_long_lassos():
    angle = np.linspace(0, 2 * np.pi, 5_001)
    event = {
        "selection": {
            "points": [{"x": 99}],
            "box": [{"x": [1, 3], "y": [1, 3], "xref": "x"}],
            "lasso": [
                {"x": list(np.cos(angle)), "y": list(np.sin(angle))},
                {"x": [0, 1], "y": [0, 1]},
            ],
        }
    }
    box, lasso = selection.from_plotly(event)
    assert box == {"type": "box", "x": [1.0, 3.0], "y": [1.0, 3.0]}
    assert 3 <= len(lasso["x"]) <= selection.MAX_VERTICES
    assert selection.from_plotly(None) == selection.from_plotly({}) == ()


def test_an_event_of_the_large_map_is_checked_like_any_other():
    event = {**SQUARE, "view": [0, 1, 0, 1]}
    assert selection.from_browser(event) == selection.check([SQUARE])
    assert selection.from_browser(None) == ()
    with pytest.raises(BadInput, match="draw it again"):
        selection.from_browser({"type": "lasso", "x": [0, "b", 1], "y": [0, 1, 2]})


@pytest.mark.parametrize(
    "shapes",
    [
        "lasso",
        [1],
        [{"type": "circle", "x": [0, 1], "y": [0, 1]}],
        [{"type": "box", "x": [0], "y": [1]}],
        [{"type": "box", "x": [0, float("nan")], "y": [0, 1]}],
        [{"type": "lasso", "x": [0, 1, float("inf")], "y": [0, 1, 2]}],
        [{"type": "lasso", "x": [0, 1, 2], "y": [0, 1]}],
        [{"type": "box", "x": [0, 10**400], "y": [0, 1]}],
        [{"type": "lasso", "x": ["a", "b", "c"], "y": [0, 1, 2]}],
        [{"type": "lasso", "x": [0.0] * 2_001, "y": [0.0] * 2_001}],
        [BOX] * 51,
    ],
)
def test_anything_else_is_refused(shapes):
    with pytest.raises(BadInput, match="draw it again"):
        selection.check(shapes)


def test_a_text_that_unpacks_to_far_too_much_is_refused():
    import base64
    import zlib

    bomb = base64.urlsafe_b64encode(zlib.compress(b"[" * 10_000_000, 9)).decode().rstrip("=")
    with pytest.raises(BadInput):
        selection.from_text(bomb)


@quick
@given(st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=30), st.integers(0, 99))
def test_many_points_are_sorted_into_cells_without_changing_the_answer(corners, seed):
    """Points on the corners and edges of the polygon are among them."""
    rng = np.random.default_rng(seed)
    x, y = (np.array(side) for side in zip(*corners, strict=True))
    along = rng.integers(0, len(x), 300)
    share = rng.random(300)[:, None]
    ends = np.stack([x, y], axis=1)
    on_edges = ends[along] * share + ends[(along + 1) % len(x)] * (1 - share)
    xy = np.concatenate([rng.uniform(-4, 4, (selection._MANY * 3, 2)), ends, on_edges])
    found = selection.resolve([{"type": "lasso", "x": x, "y": y}], xy)
    near = np.flatnonzero(np.all((xy >= ends.min(axis=0)) & (xy <= ends.max(axis=0)), axis=1))
    wanted = np.zeros(len(xy), bool)
    wanted[near[selection._in_polygon(xy[near], x, y)]] = True
    assert np.array_equal(found, wanted)
