"""The picture drawn in other ways: ink by hand, points from ink, the tables, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import BadInput, Cancelled
from analytics.perception import redrawn as way
from analytics.perception.clusternet import SAMPLE
from analytics.perception.redrawn import LABELS, SIDE, from_ink, ink, redrawn
from analytics.results import NOISE


def two(n: int = 60) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.vstack([rng.normal(0, 0.4, (n, 2)), rng.normal((6, 0), 0.4, (n, 2))])


def test_one_mark_of_two_pixels_covers_its_pixel_and_the_four_beside_it():
    picture = ink(np.array([[0.5, 0.25]]), 2, 0.6)
    at = int(0.5 * SIDE), int(0.25 * SIDE)
    assert picture.shape == (SIDE, SIDE)
    assert picture[at] == pytest.approx(0.6)
    assert np.count_nonzero(picture) == 5 and picture.sum() == pytest.approx(3.0)
    assert picture[at[0] + 1, at[1]] == pytest.approx(0.6)
    assert picture[at[0] + 1, at[1] + 1] == 0


def test_marks_over_each_other_saturate():
    at = np.full((3, 2), 0.5)
    middle = SIDE // 2, SIDE // 2
    assert ink(at, 5, 0.5)[middle] == pytest.approx(1 - 0.5**3)
    assert ink(np.repeat(at, 100, axis=0), 5, 0.05)[middle] == pytest.approx(1, abs=1e-5)
    assert ink(at, 5, 1.0)[middle] == pytest.approx(1, abs=1e-6)


@given(st.integers(1, 40), st.floats(2, 20), st.floats(0.05, 1), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_larger_and_darker_marks_never_leave_less_ink(n, diameter, opacity, seed):
    points = np.random.default_rng(seed).random((n, 2))
    picture = ink(points, diameter, opacity)
    assert picture.min() >= 0 and picture.max() <= 1
    assert (ink(points, diameter + 1, opacity) >= picture - 1e-9).all()
    assert (ink(points, diameter, min(1, 2 * opacity)) >= picture - 1e-9).all()
    assert (ink(np.vstack([points, points[:1]]), diameter, opacity) >= picture - 1e-9).all()


def test_points_are_drawn_where_the_ink_is_in_its_shares():
    picture = np.zeros((SIDE, SIDE))
    picture[10, 20], picture[300, 5] = 0.9, 0.3
    drawn = from_ink(picture, 4000, np.random.default_rng(0))
    cells = np.floor(drawn * SIDE).astype(int)
    assert {tuple(c) for c in cells.tolist()} == {(10, 20), (300, 5)}
    assert (cells[:, 0] == 10).mean() == pytest.approx(0.75, abs=0.03)


def test_every_way_of_drawing_has_its_pictures_and_the_same_seed_gives_the_same():
    points = two()
    card = redrawn(points, seed=4)
    assert set(card.values) == set(LABELS)
    assert card.tables["sample_size"][:, 0].tolist() == [50, 120]
    assert card.tables["mark_size"][:, 0].tolist() == list(way.DIAMETERS)
    assert card.tables["opacity"][:, 0].tolist() == list(way.OPACITIES)
    assert card.tables["aspect"][:, 0].tolist() == list(way.ASPECTS)
    for name in LABELS:
        table = card.tables[name]
        assert ((table[:, 2] >= 0) & (table[:, 2] <= 1)).all()
        assert card.values[name].value == np.ptp(table[:, 1])
        for i, row in enumerate(table):
            shown = card.tables[f"{name}:{i}"]
            assert shown.shape[1] == 3 and len(shown) <= way.SHOWN
            assert shown[:, 2].max() < row[1]
    again = redrawn(points, seed=4)
    assert all(np.array_equal(card.tables[k], again.tables[k]) for k in card.tables)


def test_two_far_heaps_share_no_group_in_any_drawing():
    card = redrawn(two(150))
    pictures = [table for name, table in card.tables.items() if ":" in name]
    assert len(pictures) == sum(len(card.tables[name]) for name in LABELS)
    for table in pictures:
        x, groups = table[:, 0], table[:, 2]
        left = x < (x.min() + x.max()) / 2
        assert 0 < left.sum() < len(x)
        assert not set(groups[left]) & set(groups[~left]) - {NOISE}


def test_large_plots_are_redrawn_with_as_many_points_as_are_looked_at(monkeypatch):
    seen = []

    def noted(points, **options):
        seen.append(len(points))
        raise Cancelled

    monkeypatch.setattr(way, "group_as_people", noted)
    square = np.random.default_rng(0).random((6000, 2))
    pictures = way._pictures(square, 1.0, np.random.default_rng(0))
    sizes = {name: [len(p) for n, _, p, _ in pictures if n == name] for name in LABELS}
    assert sizes["sample_size"] == [50, 200, 1000, 5000]
    assert set(sizes["mark_size"]) == set(sizes["opacity"]) == {SAMPLE}
    assert set(sizes["aspect"]) == {6000}
    with pytest.raises(Cancelled):
        redrawn(square)
    assert seen == [50]


@pytest.mark.parametrize(
    "points",
    [two(2), np.full((30, 2), 3.0), np.full((30, 2), np.nan), np.zeros((30, 1)), [["a", "b"]] * 20],
)
def test_points_that_cannot_be_redrawn_are_one_clear_sentence(points):
    with pytest.raises(BadInput) as error:
        redrawn(points)
    assert str(error.value).strip().endswith(".") and "\n" not in str(error.value)
