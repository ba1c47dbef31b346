"""The chart of tried maps: what is drawn, ringed, named and escaped."""

import pytest

from analytics.figures.pareto import pareto


def tried(faithfulness, ambiguity, components=3, **more):
    return {
        "name": f"map at {faithfulness}",
        "method": "tsne",
        "faithfulness": faithfulness,
        "ambiguity": ambiguity,
        "n_components": components,
        "front": False,
        "default": False,
        **more,
    }


def marks(figure):
    return [t for t in figure.data if t.mode == "markers" and t.name]


@pytest.mark.parametrize("dark", [False, True])
def test_every_map_is_a_mark_and_the_chosen_one_is_ringed_and_named(dark):
    maps = [tried(0.8, 0.2, front=True), tried(0.9, 0.5, front=True), tried(0.5, 0.0, 1)]
    maps.append(tried(0.7, 0.6, method="pca", default=True))
    figure = pareto(maps, chosen=0, least=0.75, labels={"tsne": "t-SNE"}, dark=dark)
    assert sum(len(t.x) for t in marks(figure)) == 4
    assert [t.name for t in marks(figure)] == ["t-SNE", "pca"]
    assert list(marks(figure)[0].marker.symbol) == [0, 0, 100]
    ring = next(t for t in figure.data if t.mode == "markers" and not t.name)
    assert (ring.x[0], ring.y[0]) == (0.8, 0.2)
    line = next(t for t in figure.data if t.mode == "lines")
    assert list(line.x) == [0.8, 0.9]
    words = [a.text for a in figure.layout.annotations]
    assert "<b>map at 0.8</b>" in words and "map at 0.7" in words
    assert figure.layout.shapes[0].x0 == 0.75


def test_names_from_data_are_escaped_and_nothing_to_draw_is_said():
    figure = pareto([tried(0.5, 0.5, name="<script>x</script>")], chosen=0)
    assert "<script" not in figure.to_json()
    assert pareto([]).layout.annotations[0].text == "No map was tried"
