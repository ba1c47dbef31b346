"""Theme, marks, outlines, the raster and the interactive map."""

import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from analytics import selection
from analytics.errors import BadInput
from analytics.figures import dates, large, marks, outlines, raster, theme
from analytics.figures.map import map_figure
from analytics.figures.plan import plan
from analytics.results import NOISE, UNLABELLED
from pages.ui import largeview


def luminance(color):
    light = [
        v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4
        for v in (c / 255 for c in theme.rgb(color))
    ]
    return 0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2]


def contrast(a, b):
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def blobs(n, k=4, seed=0):
    rng = np.random.default_rng(seed)
    groups = np.arange(n) % k
    centres = 6 * np.stack([np.cos(np.arange(k)), np.sin(2.0 * np.arange(k))], axis=1)
    return (centres[groups] + rng.normal(size=(n, 2))).astype(np.float32), groups.astype(np.int32)


# ---- theme


@pytest.mark.parametrize("name", ["light", "dark"])
def test_words_are_readable_on_both_papers(name):
    t = theme.TOKENS[name]
    for role in ("ink", "muted", "accent"):
        assert contrast(t[role], t["paper"]) >= 4.5
        assert contrast(t[role], t["panel"]) >= 4.5


def test_cluster_colors_differ_keep_their_place_and_show_on_both_papers():
    colors = theme.cluster_colors(24)
    assert len(set(colors)) == 24
    assert theme.cluster_colors(3) == colors[:3]
    assert theme.cluster_colors(30)[24:] == colors[:6]
    for color in colors[7:]:
        assert contrast(color, theme.TOKENS["light"]["paper"]) >= 2
        assert contrast(color, theme.TOKENS["dark"]["paper"]) >= 2
    assert contrast(theme.YELLOW_ON_LIGHT, "#FFFFFF") > 2
    assert theme.color_of(NOISE, 5) == theme.NOISE_COLOR
    assert theme.color_of(2, 5) == theme.color_of(2, 50) == colors[2]
    assert len(set(theme.SHAPE_NUMBERS)) == 10 and len(theme.GLYPHS) == 8


def test_ramp_never_fades_into_the_paper_and_is_ordered():
    for dark, paper in ((False, "light"), (True, "dark")):
        steps = theme.ramp(dark, 50)
        assert min(contrast(c, theme.TOKENS[paper]["paper"]) for c in steps) > 1.4
        assert np.all(np.diff([luminance(c) for c in steps]) > 0)


def test_markers_shrink_and_fade_with_n_within_bounds():
    sizes, opacities = zip(*(theme.marker(10**e) for e in range(8)), strict=True)
    assert list(sizes) == sorted(sizes, reverse=True)
    assert list(opacities) == sorted(opacities, reverse=True)
    assert theme.marker(0) == theme.marker(1)
    assert sizes[-1] >= 2 and opacities[-1] >= 0.3


def test_template_is_our_own_and_names_its_colours():
    import plotly.io

    before = plotly.io.templates.default
    for dark, name in ((False, "light"), (True, "dark")):
        layout = theme.template(dark).layout
        assert layout.paper_bgcolor == theme.TOKENS[name]["paper"]
        assert layout.font.family.startswith("Inter")
        assert layout.colorway[0] == theme.CLUSTER_COLORS[0]
    assert plotly.io.templates.default == before


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=200))
def test_escape_leaves_no_markup_and_is_valid_utf8(text):
    out = theme.escape(text)
    assert "<" not in out and ">" not in out and "$" not in out
    assert "\n" not in out
    out.encode("utf-8")
    assert len(theme.clean(text)) <= 80


def test_escape_by_hand():
    assert theme.escape("<a href='x'>&") == "&lt;a href='x'&gt;&amp;"
    assert theme.escape("bad \ud800 byte\x00") == "bad   byte"
    assert theme.clean("x" * 100, 10) == "x" * 9 + "…"
    assert theme.fitted("x" * 100, 10) == "x" * 9 + "…" and theme.fitted("abc", 3) == "abc"
    assert theme.fitted("新" * 100, 10) == "新" * 5 + "…" and theme.fitted("新聞", 4) == "新聞"


# ---- marks


def test_marks_draw_faint_first_noise_below_groups_and_skip_lost_rows():
    xy = np.array([[0, 0], [1, 1], [2, 2], [3, 3], [np.nan, 0]], float)
    groups = np.array([0, NOISE, 1, NOISE, 0])
    selected = np.array([True, True, False, False, True])
    found = marks.make(xy, groups=groups, selected=selected)
    assert found.rows.tolist() == [3, 2, 1, 0]
    assert found.faint.tolist() == [True, True, False, False]
    assert found.shapes.tolist() == [theme.HOLLOW_CIRCLE, 0, theme.HOLLOW_CIRCLE, 0]
    drawn = [found.colors[c] for c in found.codes]
    assert [c for c, _ in drawn] == [
        theme.NOISE_COLOR,
        theme.CLUSTER_COLORS[1],
        theme.NOISE_COLOR,
        theme.CLUSTER_COLORS[0],
    ]
    assert drawn[0][1] < drawn[2][1]
    assert found.notes == ("1 of 5 rows have no position and are not drawn.",)


def test_values_run_along_the_ramp_and_missing_ones_are_hollow_grey():
    xy = np.zeros((4, 2))
    found = marks.make(xy, values=np.array([0, 10, 5, np.nan]))
    by_row = dict(zip(found.rows.tolist(), found.codes // 2, strict=True))
    assert (by_row[0], by_row[1], by_row[2]) == (0, marks.LEVELS - 1, marks.LEVELS // 2)
    assert by_row[3] == marks.LEVELS and found.ends == (0.0, 10.0)
    assert found.shapes[found.rows.tolist().index(3)] == theme.HOLLOW_CIRCLE
    assert found.notes == ("1 row has no value in this layer and is grey.",)


def test_a_few_extreme_values_do_not_bleach_the_layer():
    values = np.r_[np.linspace(0, 1, 1_000), 1e9]
    found = marks.make(np.zeros((1_001, 2)), values=values)
    assert found.ends[1] < 2 and "percentile" in found.notes[0]
    assert len(np.unique(found.codes)) > 50


@pytest.mark.parametrize("values", [[np.nan, np.inf], [7.0, 7.0], [1e300, -1e300], [5e-324, 0]])
def test_values_at_their_limits(values):
    found = marks.make(np.zeros((2, 2)), values=values)
    assert len(found.codes) == 2


def test_repeated_colours_get_another_shape():
    groups = np.arange(60)
    found = marks.make(np.random.default_rng(0).normal(size=(60, 2)), groups=groups)
    looks = {(c, s) for c, s in zip(found.codes.tolist(), found.shapes.tolist(), strict=True)}
    assert len(looks) == 60
    assert "colours repeat" in found.notes[0]


def test_coordinates_stay_apart_when_float32_would_merge_them():
    xy = np.array([[1.6e9, 0], [1.6e9 + 1, 1]])
    assert len(np.unique(marks.make(xy).xy[:, 0])) == 2
    assert marks.make(xy - [1.6e9, 0]).xy.dtype == np.float32


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"xy": np.zeros((3, 3))}, "two coordinates"),
        ({"xy": [["a", "b"]]}, "not numbers"),
        ({"xy": [[1e300, 0]]}, "beyond 1e30"),
        ({"xy": np.zeros((3, 2)), "groups": [1, 2]}, "3 rows but 2 groups"),
        ({"xy": np.zeros((2, 2)), "values": ["a", "b"]}, "values"),
        ({"xy": np.zeros((2, 2)), "hover": pd.DataFrame({"a": [1]})}, "hover"),
        ({"xy": np.zeros((2, 2)), "view": ((0, np.inf), (0, 1))}, "view"),
        ({"xy": np.zeros((2, 2)), "view": "all"}, "view"),
        ({"xy": np.zeros((2, 2)), "selection_shapes": [{"type": "pie"}]}, "selection"),
    ],
)
def test_map_refuses_with_one_sentence(options, message):
    with pytest.raises(BadInput, match=message):
        map_figure(**options)


# ---- outlines


def test_ellipse_of_a_known_gaussian():
    ring = outlines.ellipse([1, 2], [[4, 0], [0, 1]])
    assert np.allclose(ring.min(axis=0), [-3, 0]) and np.allclose(ring.max(axis=0), [5, 4])
    assert np.allclose(outlines.ellipse([0, 0], np.zeros((2, 2))), 0)


def test_outline_holds_about_its_share_and_splits_with_the_group():
    rng = np.random.default_rng(0)
    one = rng.normal(size=(2_000, 2))
    (ring,) = outlines.outline(one)
    shape = {"type": "lasso", "x": ring[:, 0].tolist(), "y": ring[:, 1].tolist()}
    assert 0.92 < selection.resolve([shape], one).mean() < 0.98
    assert len(outlines.outline(np.vstack([one, one + 20]))) == 2


def test_outline_of_too_little_is_none():
    assert outlines.outline(np.zeros((50, 2))) == []
    assert outlines.outline(np.random.default_rng(0).normal(size=(4, 2))) == []
    assert outlines.outline(np.column_stack([np.arange(9), np.zeros(9)])) == []


def test_label_of_a_ring_is_on_the_ring_and_of_a_ball_in_its_middle():
    angle = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert np.isclose(np.hypot(*outlines.label_point(ring)), 1)
    ball = np.random.default_rng(0).normal(size=(500, 2))
    assert np.allclose(outlines.label_point(ball), np.median(ball, axis=0))


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 8), st.integers(0, 10**6))
def test_labels_end_up_inside_and_apart(k, seed):
    places = np.random.default_rng(seed).uniform(300, 340, size=(k, 2))
    sizes = np.tile([60.0, 20.0], (k, 1))
    moved = outlines.spread_labels(places, sizes, (900, 640), rounds=500)
    assert np.all(moved >= sizes / 2) and np.all(moved <= [900, 640] - sizes / 2)
    for a in range(k):
        for b in range(a):
            assert np.any(np.abs(moved[a] - moved[b]) >= np.array([60, 20]) - 0.01)
            assert (places[a, 1] - places[b, 1]) * (moved[a, 1] - moved[b, 1]) > 0


def test_a_name_stands_above_a_group_that_it_would_hide():
    rng = np.random.default_rng(0)
    xy = np.concatenate([rng.normal(size=(300, 2)) * 9, rng.normal(size=(60, 2)) * 0.3 + 20])
    wide, hidden = map_figure(xy, groups=np.repeat([0, 1], [300, 60])).figure.layout.annotations
    assert (wide.yshift, wide.xshift) == (0, 0) and hidden.yshift > 11
    corners = np.array([[0.0, 0.0], [9.0, 9.0]])  # no room above the upper one: it stands below
    low, high = map_figure(corners, groups=np.array([0, 1])).figure.layout.annotations
    assert low.yshift > 11 and high.yshift < -11


# ---- raster


def test_raster_puts_every_point_on_its_pixel_and_counts_as_depth():
    xy = np.array([[0.5, 0.5], [1.5, 1.5], [1.5, 1.5], [5, 5]])
    colors = (("#FF0000", 1.0), ("#0000FF", 1.0))
    image = raster.raster(xy, np.array([0, 1, 1, 0]), colors, ((0, 2), (0, 2)), (2, 2), floor=0.5)
    assert image.shape == (2, 2, 4)
    assert image[1, 0, :3].tolist() == [255, 0, 0] and image[0, 1, :3].tolist() == [0, 0, 255]
    assert image[1, 0, 3] == 127 and image[0, 1, 3] == 255
    assert image[0, 0, 3] == image[1, 1, 3] == 0


def test_where_groups_overlap_each_shows_in_its_share():
    n = 200_000
    rng = np.random.default_rng(0)
    codes = (rng.random(n) < 0.25).astype(np.uint8)
    colors = (("#FF0000", 1.0), ("#0000FF", 1.0))
    image = raster.raster(rng.random((n, 2)), codes, colors, ((0, 1), (0, 1)), (100, 100))
    assert 0.22 < (image[..., 2] == 255).mean() < 0.28


def test_selected_rows_are_painted_over_the_others():
    xy = np.zeros((100, 2)) + 0.5
    codes = np.zeros(100, np.uint8)
    codes[7] = 1
    colors = (("#FF0000", 0.2), ("#0000FF", 1.0))
    image = raster.raster(xy, codes, colors, ((0, 1), (0, 1)), (1, 1), layer=codes == 1)
    assert image[0, 0].tolist() == [0, 0, 255, 255]


def test_the_tool_used_last_stays_in_hand():
    xy, _ = blobs(20)
    box = {"type": "box", "x": [0, 1], "y": [0, 1]}
    assert map_figure(xy).figure.layout.dragmode == "lasso"
    assert map_figure(xy, selection_shapes=[box]).figure.layout.dragmode == "select"


@pytest.mark.parametrize("shape", [*theme.SHAPE_NUMBERS, *(100 + s for s in theme.SHAPE_NUMBERS)])
def test_stamps_are_centred_and_about_their_size(shape):
    offsets = raster.stamp(shape, 12.0)
    assert np.all(np.abs(offsets) <= 9) and len(offsets) >= 40
    assert np.abs(offsets[:, 0].mean()) < 0.7
    assert (offsets == 0).all(axis=1).any() == (shape < theme.HOLLOW)
    assert raster.stamp(shape, 1.0).tolist() == [[0, 0]]


@pytest.mark.parametrize("n", [0, 1, 2, 300])
def test_thumbnail_is_a_png_of_its_size_and_repeats(n):
    xy, groups = blobs(n)
    first = raster.thumbnail(xy, groups, (160, 120), dark=True)
    assert first == raster.thumbnail(xy, groups, (160, 120), dark=True)
    picture = Image.open(io.BytesIO(first)).convert("RGB")
    assert picture.size == (160, 120)
    assert (len(picture.getcolors(1_000_000)) > 1) == (n > 0)


def test_a_thumbnail_of_two_real_columns_is_no_line():
    def width(aspect):
        picture = Image.open(io.BytesIO(raster.thumbnail(xy, size=(200, 200), aspect=aspect)))
        drawn = np.asarray(picture.convert("L")) < 128
        return np.ptp(np.flatnonzero(drawn.any(axis=0)))

    xy = blobs(300)[0] * [1.0, 400.0]
    assert width(1 / 400) > 100 and width(1.0) < 10


# ---- the map


def test_mode_follows_the_number_of_points():
    assert map_figure(blobs(2_000)[0]).mode == "svg"
    assert map_figure(blobs(2_001)[0]).mode == "webgl"
    assert map_figure(blobs(50_000)[0]).mode == "webgl"
    assert map_figure(blobs(50_001)[0]).mode == "raster"


def test_one_trace_of_bytes_carries_row_ids_colours_and_no_selection():
    xy, groups = blobs(300)
    groups[:5] = NOISE
    view = map_figure(xy, groups=groups, revision="abc")
    trace, corners = view.figure.data
    assert trace.x.dtype == np.float32 and trace.customdata.dtype == np.int32
    assert sorted(trace.customdata.tolist()) == list(range(300))
    assert np.array_equal(np.stack([trace.x, trace.y], 1), xy[trace.customdata])
    assert trace.marker.color.dtype == np.uint8
    scale = trace.marker.colorscale
    step = int(groups[trace.customdata[-1]]) * 2
    count = len(scale) // 2
    assert trace.marker.color[-1] == step and trace.marker.cmax == count - 0.5
    assert scale[2 * step][0] == step / count
    assert trace.selected.marker.opacity == trace.unselected.marker.opacity == 1
    assert corners.marker.opacity == 0 and corners.hoverinfo == "skip"
    layout = view.figure.layout
    assert not layout.selections and layout.dragmode == "lasso" and "abc" in layout.uirevision
    assert layout.yaxis.scaleanchor == "x" and layout.xaxis.visible is False


@pytest.mark.parametrize("n", [0, 1, 300, 2_500, 50_001])
@pytest.mark.parametrize("dark", [False, True])
def test_plotly_accepts_what_it_was_not_asked_to_check(n, dark):
    import plotly.graph_objects as go

    xy, groups = blobs(max(n, 1))
    xy, groups = xy[:n], groups[:n]
    box = {"type": "box", "x": [0, 1], "y": [0, 1]}
    ring = {"type": "lasso", "x": [0, 1, 0], "y": [0, 0, 1]}
    shape = np.array([[4.0, 0], [0, 1]])
    table = pd.DataFrame({"a": np.arange(n), "b": ["<i>"] * n})
    for more in (
        {"groups": groups, "outlines": n > 1, "hover": table, "isolate": 1},
        {"values": np.arange(n) * 1.0, "values_name": "v", "axes": ("x", "y"), "aspect": 2.0},
        {"selection_shapes": [box, ring], "selected": np.arange(n) % 2 == 0},
        {"ellipses": ([[0, 0]], [shape], ["A"]), "view": ((-1, 1), (-2, 2)), "share": 2},
        {"links": np.array([[0, 1], [1, 2]])[: n // 3]},
    ):
        view = map_figure(xy, dark=dark, **more)
        checked = go.Figure(view.figure.to_dict())  # raises at a value it does not know
        made = json.loads(view.figure.to_json())
        assert json.loads(checked.to_json())["data"] == made["data"]


def test_raster_shows_all_points_and_a_seeded_sample_for_hover():
    xy, groups = blobs(60_000)
    table = pd.DataFrame({"id": np.arange(60_000)})
    view = map_figure(xy, groups=groups, hover=table)
    trace = view.figure.data[0]
    assert view.drawn == 60_000 and len(trace.x) == 5_000
    assert view.notes == ("5,000 of 60,000 points answer to hover; all are drawn.",)
    assert trace.hovertext[0].endswith(f"id: {trace.customdata[0]}")
    image = view.figure.layout.images[0]
    assert image.source.startswith("data:image/png;base64,") and image.layer == "below"
    again = map_figure(xy, groups=groups, hover=table)
    assert view.figure.to_json() == again.figure.to_json()


def test_a_close_view_of_many_points_is_drawn_point_by_point():
    xy, _ = blobs(60_000)
    view = map_figure(xy, view=((5.5, 6.5), (-0.5, 0.5)))
    assert view.mode == "webgl" and 0 < view.drawn < 60_000
    assert view.notes == (f"{view.drawn:,} of 60,000 points lie in and round this view.",)
    assert view.figure.layout.xaxis.range == (5.5, 6.5)
    exact = view.figure.layout.xaxis.autorangeoptions
    assert (exact.minallowed, exact.maxallowed) == (5.5, 6.5)
    assert map_figure(xy, view=((-9, 9), (-9, 9))).mode == "raster"


def test_hover_is_escaped_cut_and_at_most_eight_columns():
    table = pd.DataFrame({f"<b>{i}": ["<img src=x>" + "y" * 200, 2.0, None] for i in range(10)})
    names = {0: "<script>", 1: "two"}
    view = map_figure(np.eye(3)[:, :2], groups=[0, 1, UNLABELLED], group_names=names, hover=table)
    texts = dict(
        zip(view.figure.data[0].customdata.tolist(), view.figure.data[0].hovertext, strict=True)
    )
    assert set(re.findall("<[^>]*>", texts[0])) == {"<b>", "</b>", "<br>"}
    lines = texts[0].split("<br>")
    assert lines[0] == "<b>&lt;script&gt;</b>" and len(lines) == 9
    assert lines[1].startswith("&lt;b&gt;0: &lt;img") and lines[1].endswith("…")
    assert texts[1].split("<br>")[1].endswith(": 2")
    assert texts[2].startswith("<b>No label</b>") and texts[2].endswith(": –")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        ("2019-03-01", "2023-02-01", ["2020", "2021", "2022", "2023"]),
        ("1900-01-01", "1999-06-01", ["1900", "1920", "1940", "1960", "1980"]),
        ("2020-01-05", "2020-06-30", ["2020-02", "2020-03", "2020-04", "2020-05", "2020-06"]),
        ("2020-02-20", "2020-03-02", ["2020-02-20", "2020-02-22", "2020-02-24", "2020-02-26",
                                      "2020-02-28", "2020-03-01"]),
        ("2020-01-01", "2020-01-01T00:40",
         [f"2020-01-01 00:{m}" for m in ("00", "15", "30")]),
        ("2020-01-01", "2020-01-01", ["2020-01-01"]),
    ],
)  # fmt: skip
def test_ticks_of_dates_are_round_dates(low, high, words):
    ends = dates.days(np.array([low, high], "datetime64[us]"))
    found = dates.ticks(*ends)
    assert [word for _, word in found] == words
    assert all(ends[0] - 1e-9 <= at <= ends[1] + 1e-9 for at, _ in found)


@pytest.mark.parametrize("seconds", [1, 9, 100, 5e4, 1e6, 1e8, 1e11])
def test_a_range_of_dates_of_any_length_has_some_ticks(seconds):
    assert 1 <= len(dates.ticks(18_000.3, 18_000.3 + seconds / 86_400)) <= 10


def test_dates_that_colour_a_map_read_as_dates():
    xy = np.arange(8.0).reshape(4, 2)
    when = np.array(["2019-03-01", "2021-01-01", "NaT", "2023-02-01"], "datetime64[us]")
    hover = pd.DataFrame({"sold": pd.Series(when), "n": range(4)})
    drawn = map_figure(xy, values=when, values_name="sold", hover=hover)
    bar = drawn.figure.data[1].marker.colorbar
    assert list(bar.ticktext) == ["2020", "2021", "2022", "2023"] and bar.title.text == "sold"
    assert drawn.figure.data[0].hovertext[1] == "sold: 2019-03-01<br>n: 0"
    assert drawn.notes == ("1 row has no value in this layer and is grey.",)
    words = [word["text"] for word in plan(xy, values=when)["words"]]
    assert "2019-03-01" in words and "2023-02-01" in words
    across = np.column_stack([dates.days(when), np.arange(4)])[[0, 1, 3]]
    axis = map_figure(across, axes=("sold", "n"), dated=(True, False)).figure.layout.xaxis
    assert list(axis.ticktext) == ["2019", "2020", "2021", "2022", "2023"]
    words = {
        word["text"] for word in plan(across, axes=("sold", "n"), dated=(True, False))["words"]
    }
    assert {"2020", "2021", "2022"} <= words
    ramp = large.colours(4, None, when, False)
    assert largeview._bar(ramp, "sold")["high"] == "2023-02-01"
    assert largeview._digest(when) != largeview._digest(when[:3])


def test_hover_takes_cells_of_any_kind():
    cells = [["a", 1], {"b": 2}, np.datetime64("2020-01-01"), "bad \ud800", pd.NaT]
    view = map_figure(
        np.random.default_rng(0).normal(size=(5, 2)), hover=pd.DataFrame({"c": cells})
    )
    assert len(view.figure.data[0].hovertext) == 5
    view.figure.to_json().encode("utf-8")


def words(view):
    return " | ".join(a.text for a in view.figure.layout.annotations)


def test_groups_are_named_on_the_map_and_noise_in_the_corner():
    xy, groups = blobs(400)
    groups[::10] = NOISE
    named = map_figure(xy, groups=groups, group_names={0: "Adelie & co"})
    assert "Adelie &amp; co" in words(named) and "Group 2" in words(named)
    assert "Noise 40" in words(named)
    assert "Group 2" not in words(map_figure(xy, groups=groups, labels=False))
    many = map_figure(xy, groups=np.arange(400) % 25)
    assert "Group" not in words(many)
    close = map_figure(xy, groups=groups, view=((4, 8), (-2, 2)))
    assert "Group 1" in words(close) and "Group 4" not in words(close)


def test_isolating_and_selecting_dim_but_never_hide():
    xy, groups = blobs(100)
    view = map_figure(xy, groups=groups, isolate=1)
    trace = view.figure.data[0]
    faint = trace.marker.color % 2 == 1
    assert len(trace.x) == 100 and np.array_equal(faint, groups[trace.customdata] != 1)
    picked = np.arange(100) < 10
    trace = map_figure(xy, selected=picked).figure.data[0]
    assert np.array_equal(trace.marker.color % 2 == 0, picked[trace.customdata])
    plain = map_figure(xy, selected=picked, faint_unselected=False).figure.data[0]
    assert isinstance(plain.marker.color, str)


def test_shapes_hold_outlines_ellipses_and_the_selection():
    xy, groups = blobs(800)
    lasso = {"type": "lasso", "x": [0, 1, 1], "y": [0, 0, 1]}
    box = {"type": "box", "x": [0, 1], "y": [0, 1]}
    gauss = (np.zeros((2, 2)), np.stack([np.eye(2)] * 2), ["A", "B<"])
    view = map_figure(
        xy, groups=groups, outlines=True, ellipses=gauss, selection_shapes=(lasso, box)
    )
    shapes = view.figure.layout.shapes
    assert len(shapes) >= 4 + 2 + 2
    assert shapes[-1].path == "M 0,0 L 1,0 L 1,1 L 0,1 Z" and shapes[-1].line.dash == "dot"
    assert "<b>B&lt;</b>" in words(view)


def test_one_value_has_one_number_at_the_colour_of_its_points():
    view = map_figure(np.random.default_rng(0).normal(size=(9, 2)), values=np.ones(9))
    points, corners = view.figure.data
    assert corners.marker.colorbar.tickvals == (1.0,)
    assert corners.marker.cmin + corners.marker.cmax == 2.0
    assert isinstance(points.marker.color, str)  # all points are alike


def test_values_bring_a_titled_bar_and_real_axes_their_names():
    xy, _ = blobs(50)
    values = np.arange(50.0)
    values[3] = np.nan
    view = map_figure(xy, values=values, values_name="Mass <g>", axes=("Bill", "Flipper"))
    bar = view.figure.data[1].marker.colorbar
    assert bar.title.text == "Mass &lt;g&gt;" and "no value" in words(view)
    layout = view.figure.layout
    assert layout.xaxis.title.text == "Bill" and layout.yaxis.scaleratio == 1


@pytest.mark.parametrize(
    "xy",
    [
        np.zeros((0, 2)),
        [[1.0, 2.0]],
        np.ones((30, 2)) * 1e9,
        np.full((4, 2), np.nan),
        [[0, 5], [1, 5]],
        [[1e29, -1e29], [-1e29, 1e29]],
        [[1e-300, 0], [2e-300, 0]],
        [[np.inf, 1], [2, 3]],
    ],
)
@pytest.mark.parametrize("options", [{}, {"outlines": True, "dark": True, "labels": False}])
def test_maps_at_their_limits_are_drawn(xy, options):
    groups = np.zeros(len(xy), np.int32)
    view = map_figure(np.asarray(xy, float), groups=groups, **options)
    (x0, x1), (y0, y1) = view.figure.layout.xaxis.range, view.figure.layout.yaxis.range
    assert x0 < x1 and y0 < y1 and np.isfinite([x0, x1, y0, y1]).all()
    assert view.drawn == int(np.isfinite(xy).all(axis=1).sum())
    view.figure.to_json()
