"""Static pictures and the small charts."""

import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from scipy.cluster.hierarchy import linkage

from analytics.errors import BadInput
from analytics.figures import charts, curves, perception, spread, theme, trees
from analytics.figures.picture import map_png, map_svg
from analytics.figures.plan import ticks
from analytics.figures.shapes import of_groups
from analytics.results import NOISE

SVG = "{http://www.w3.org/2000/svg}"
SIZE = {"width": 400, "height": 300}


def cloud(n, seed=0):
    rng = np.random.default_rng(seed)
    groups = np.arange(n) % 3
    return rng.normal(size=(n, 2)) + 5 * groups[:, None], groups


def opened(data):
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_png_has_its_size_repeats_and_shows_the_groups_colours():
    xy, groups = cloud(300)
    data = map_png(xy, groups=groups, title="Survey", caption="300 points", outlines=True, **SIZE)
    assert data == map_png(
        xy, groups=groups, title="Survey", caption="300 points", outlines=True, **SIZE
    )
    image = opened(data)
    assert image.shape == (300, 400, 3)
    for color in theme.cluster_colors(3):
        distance = np.abs(image.astype(int) - theme.rgb(color)).sum(axis=2)
        assert (distance < 60).sum() > 20
    assert (opened(map_png(xy, dark=True, **SIZE))[0, 0] == theme.rgb("#10141B")).all()


def test_png_draws_what_the_title_says():
    xy, _ = cloud(20)
    blank, named = (opened(map_png(xy, title=t, **SIZE))[:40] for t in (" ", "Penguins"))
    assert np.any(blank != named)


def test_svg_is_valid_standalone_and_escaped():
    xy, groups = cloud(90)
    groups = np.where(np.arange(90) < 6, NOISE, groups)
    text = map_svg(
        xy,
        groups=groups,
        group_names={0: "<script>alert(1)</script>&", 1: "\x00bad\ud800"},
        title="A & B <i>",
        shapes=of_groups(groups, {}, "group"),
        **SIZE,
    )
    root = ET.fromstring(text.encode("utf-8"))
    assert root.get("viewBox") == "0 0 400 300"
    assert not list(root.iter(f"{SVG}script"))
    shown = ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]
    assert any("<script>" in line for line in shown) and "A & B <i>" in shown
    assert any("Noise 6" in line for line in shown)
    circles, polygons = (list(root.iter(f"{SVG}{kind}")) for kind in ("circle", "polygon"))
    assert len(circles) + len(polygons) == 90 + 4  # the points, and the key of shapes
    assert sum(node.get("fill") == "none" for node in circles) == 6 + 1
    assert "http" not in text.replace("http://www.w3.org", "")


def test_svg_of_many_points_embeds_one_image_and_keeps_its_words():
    xy, groups = cloud(50_001)
    root = ET.fromstring(map_svg(xy, groups=groups, **SIZE))
    assert len(list(root.iter(f"{SVG}image"))) == 1 and not list(root.iter(f"{SVG}circle"))
    assert any("Group 2" in "".join(t.itertext()) for t in root.iter(f"{SVG}text"))


@pytest.mark.parametrize("xy", [np.zeros((0, 2)), [[1.0, 1.0]], np.full((3, 2), np.nan)])
@pytest.mark.parametrize("axes", [(), ("a", "b")])
def test_pictures_at_their_limits(xy, axes):
    groups = np.zeros(len(xy), int)
    assert opened(map_png(xy, groups=groups, axes=axes, **SIZE)).shape == (300, 400, 3)
    ET.fromstring(map_svg(xy, values=groups, values_name="v<", axes=axes, **SIZE))


def test_pictures_refuse_absurd_sizes():
    with pytest.raises(BadInput, match="200 to 6000"):
        map_png(np.zeros((2, 2)), width=10)
    with pytest.raises(BadInput, match="200 to 6000"):
        map_svg(np.zeros((2, 2)), height=10**9)


def test_ticks_are_round_and_inside():
    assert ticks(0, 10) == [0, 2, 4, 6, 8, 10]
    assert ticks(-0.31, 0.31) == pytest.approx([-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3], abs=1e-12)
    for low, high in ((1e9, 1e9 + 1), (-1e-20, 1e-20), (-1e29, 3e29)):
        found = ticks(low, high)
        assert 1 <= len(found) <= 8 and all(low <= t <= high for t in found)


# ---- charts


def texts(figure):
    return " | ".join(a.text or "" for a in figure.layout.annotations)


def test_curve_marks_and_names_its_lines():
    figure = curves.curve([1, 2, 3], [9, 4, 1], mark=2, x_title="k", series={"b<": [1, 2, np.inf]})
    assert "b&lt;" in texts(figure) and "2" in texts(figure)
    assert figure.layout.shapes[0].x0 == 2 and figure.layout.xaxis.title.text == "k"
    assert np.isnan(figure.data[1].y[2])
    assert "Nothing to draw" in texts(curves.curve([], []))
    assert "1.5" in texts(curves.curve([1, 2], [1, 2], mark_y=1.5))
    assert len(curves.curve(np.arange(9_000), np.arange(9_000)).data[0].x) == 2_000
    with pytest.raises(BadInput, match="lengths differ"):
        curves.curve([1, 2], [1])


def test_heatmap_numbers_its_cells_and_centres_differences():
    figure = charts.heatmap([[1, -2], [3, 4]], ["a<", "b"], ["c", "d"], title="t", diverging=True)
    assert figure.data[0].zmid == 0 and "z" in figure.data[0].texttemplate
    assert figure.layout.yaxis.ticktext[0] == "a&lt;"
    big = charts.heatmap(np.zeros((50, 50)), ["r"] * 50, ["c"] * 50)
    assert big.data[0].texttemplate is None and len(big.layout.xaxis.tickvals) == 40
    with pytest.raises(BadInput, match="counts differ"):
        charts.heatmap([[1]], ["a", "b"], ["c"])


def test_dendrogram_colours_by_the_cut_as_the_clusters_are_numbered():
    points = np.array([[0.0], [0.1], [0.2], [9], [9.1], [30]])
    tree = linkage(points, "average")
    figure = trees.dendrogram(tree, 3)
    colors = {trace.line.color for trace in figure.data}
    # Three rows (first colour), two rows (second); a single row has no branch of its own.
    assert theme.CLUSTER_COLORS[0] in colors and theme.CLUSTER_COLORS[1] in colors
    assert "3 groups" in texts(figure)
    heights = np.sort(tree[:, 2])
    assert heights[2] < figure.layout.shapes[0].y0 < heights[3]
    few = trees.dendrogram(linkage(np.random.default_rng(0).normal(size=(300, 2))), 4, 20)
    assert len(few.layout.xaxis.ticktext) == 20
    with pytest.raises(BadInput, match="merge table"):
        trees.dendrogram([[1, 2]], 2)
    assert "two rows" in texts(trees.dendrogram(np.zeros((0, 4)), 2))


def test_reachability_is_in_visiting_order_with_infinite_starts_on_top():
    figure = trees.reachability([2, 0, 1], [np.inf, 1.0, 2.0], [0, NOISE, 1], cut=1.5)
    bars = figure.data[0]
    assert bars.y.tolist() == pytest.approx([2.1, 1, 2], rel=1e-6)
    assert list(bars.marker.color) == [theme.color_of(1), theme.color_of(0), theme.NOISE_COLOR]
    long = trees.reachability(np.arange(9_000), np.ones(9_000), np.zeros(9_000, int))
    assert len(long.data[0].y) == 1_500 and long.data[0].width.sum() == 9_000
    assert "No reachability" in texts(trees.reachability([0], [np.inf], [0]))


def test_condensed_tree_draws_branches_under_their_parent():
    # Root 5 holds five points; 6 (points 0, 1) and 7 (points 2, 3) split off at lambda 1.
    tree = [[5, 4, 0.5, 1], [5, 6, 1, 2], [5, 7, 1, 2], [6, 0, 2, 1], [6, 1, np.inf, 1],
            [7, 2, 3, 1], [7, 3, 3, 1]]  # fmt: skip
    figure = trees.condensed_tree(tree, [0, 0, 1, 1, NOISE])
    by_color = {trace.line.color: trace for trace in figure.data}
    assert set(by_color) == {theme.TOKENS["light"]["muted"], *theme.cluster_colors(2)}
    root = by_color[theme.TOKENS["light"]["muted"]]
    assert min(v for v in root.y if v is not None) == 0
    child = by_color[theme.color_of(0)]
    xs = [v for v in child.x if v is not None]
    assert (min(xs), max(xs)) == (-2.0, 0.0)
    assert max(v for v in child.y if v is not None) == pytest.approx(3.15)
    with pytest.raises(BadInput, match="HDBSCAN"):
        trees.condensed_tree([[1, 2]])


def test_silhouette_sorts_within_groups_and_stays_small():
    figure = spread.silhouette([0.1, 0.9, -0.5, np.nan, 0.3], [0, 0, 1, 1, NOISE])
    assert figure.data[0].x.tolist() == pytest.approx([0.9, 0.1, -0.5], rel=1e-6)
    assert figure.layout.yaxis.ticktext[0] == "Group 1  0.50"
    assert "mean 0.17" in texts(figure)
    rng = np.random.default_rng(0)
    big = spread.silhouette(rng.uniform(-1, 1, 20_000), rng.integers(0, 7, 20_000))
    assert len(big.data[0].x) <= 3_010
    assert "No silhouette" in texts(spread.silhouette([np.nan], [0]))


def test_bars_show_numbers_and_intervals():
    figure = charts.bars(["a", "b<"], [0.5, np.nan], intervals=[(0.4, 0.7), (np.nan, np.nan)])
    assert list(figure.data[1].text) == [" 0.50", " –"]
    assert figure.data[0].error_x.array[0] == pytest.approx(0.2)
    assert figure.data[0].error_x.arrayminus[0] == pytest.approx(0.1)
    assert figure.layout.yaxis.ticktext[1] == "b&lt;"


def test_histogram_compares_shares_and_counts_missing():
    figure = spread.histogram([1, 1, 2, 3, np.nan, np.inf], np.arange(6) < 2, name="n<")
    assert figure.data[0].y.tolist() == [50, 25, 25]
    assert figure.data[1].y.tolist() == [100, 0, 0]
    assert "no value 2" in texts(figure) and "Selected 2" in texts(figure)
    words = spread.histogram([f"c{i % 40}" for i in range(400)], numeric=False)
    assert len(words.layout.yaxis.ticktext) == 16
    assert words.layout.yaxis.ticktext[-1] == "25 others"
    assert sum(words.data[0].x) == pytest.approx(100)


@pytest.mark.parametrize("values", [[], [np.nan], [5.0], [1e299, -1e299], [0, 5e-324], [7] * 9])
def test_histogram_at_its_limits(values):
    spread.histogram(values).to_json()


def test_entropy_curve_places_pairs_and_names_without_collisions():
    figure = perception.entropy_curve([0.5, 0.5, 0.1], [1.0, 1.0, 0.47], ["A–B", "A–C", "B<C"])
    assert figure.data[1].x.tolist() == [0.5, 0.5, 0.1]
    assert "B&lt;C" in texts(figure) and "A–C" not in texts(figure)
    assert max(figure.data[0].y) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("dark", [False, True])
def test_every_chart_follows_the_theme_and_has_no_legend(dark):
    tree = [[3, 0, 1, 1], [3, 1, 1, 1], [3, 2, 2, 1]]
    made = [
        curves.curve([1, 2], [1, 2], dark=dark, height=200),
        charts.heatmap([[1]], ["a"], ["b"], dark=dark, height=200),
        trees.dendrogram(linkage([[0.0], [1], [2]]), 2, dark=dark, height=200),
        trees.reachability([0, 1], [np.inf, 1], [0, 0], dark=dark, height=200),
        trees.condensed_tree(tree, dark=dark, height=200),
        spread.silhouette([0.5], [0], dark=dark, height=200),
        charts.bars(["a"], [1], dark=dark, height=200),
        spread.histogram([1, 2], dark=dark, height=200),
        perception.entropy_curve([0.5], [1], ["a"], dark=dark, height=200),
    ]
    paper = theme.TOKENS["dark" if dark else "light"]["paper"]
    for figure in made:
        assert figure.layout.template.layout.paper_bgcolor == paper
        assert figure.layout.height == 200
        assert not figure.layout.showlegend
        figure.to_json()


def test_a_pair_matrix_has_each_pair_twice_and_names_it_on_a_click():
    pairs = np.array([[0, 1], [0, 2], [1, 2]], np.int32)
    figure = perception.pair_matrix(
        pairs, [0.1, 0.5, 0.9], ["A", "B<b>", "C"], meaning="ambiguity", chosen=2
    )
    trace = figure.data[0]
    cells = {(x, y): c for x, y, c in zip(trace.x, trace.y, trace.customdata, strict=True)}
    assert cells[(1, 0)] == cells[(0, 1)] == 0 and cells[(2, 1)] == 2 and len(cells) == 6
    assert list(trace.marker.line.width) == [0, 0, 3, 0, 0, 3]
    assert not any("<b>" in text for text in trace.hovertext)
    with pytest.raises(BadInput, match="one value per pair"):
        perception.pair_matrix(pairs, [0.1], ["A", "B", "C"], meaning="x")
    assert not perception.pair_matrix(pairs[:0], [], ["A"], meaning="x").data


def test_a_banded_curve_keeps_scores_between_nought_and_one():
    figure = perception.banded(
        [1, 10, 100], [0.2, 0.3, 0.4], [0.1] * 3, [0.5] * 3, x_title="n", log=True, mark=10
    )
    assert len(figure.data) == 2 and figure.layout.xaxis.type == "log"
    assert figure.layout.yaxis.range == (-0.03, 1.03)
