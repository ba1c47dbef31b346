"""The CLAMS score: known plots, invariances, limits, words and the request."""

import warnings
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import BadInput, Cancelled
from analytics.operations import execute, from_json
from analytics.perception.cells import reduce
from analytics.perception.clams import clams, clams_of_tally, drawn_as, tally
from analytics.perception.heaps import heaps
from analytics.perception.operations import ambiguity_request, drawn_aspect
from analytics.perception.wording import component_name, pair_sentence, sentence
from analytics.results import Ambiguity, Projection
from analytics.store.artifacts import Artifacts


def blobs(sizes, centres, sds, seed=0):
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=(n, 2)) * s + c for n, c, s in zip(sizes, centres, sds, strict=True)]
    return np.concatenate(parts)


CLOUD = blobs((150, 80, 60), [(0, 0), (4, 0), (2, 5)], [(1, 0.6), (0.7, 1), (0.5, 0.5)])


def same(a: Ambiguity, b: Ambiguity) -> bool:
    return all(np.array_equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(Ambiguity))


def test_one_gaussian_scores_zero():
    found = clams(blobs((500,), [(0, 0)], [1.0]), bootstrap=0)
    assert (found.n_components, found.ambiguity) == (1, 0.0)
    assert found.interval == () and len(found.pairs) == 0
    assert "One group was found" in found.warnings[0]


def test_far_blobs_are_clear_and_touching_ones_are_not():
    far = clams(blobs((300, 300), [(0, 0), (20, 0)], [1, 1]), bootstrap=0)
    assert far.n_components == 2 and far.ambiguity < 0.15
    assert far.separability[0] > 0.98
    near = clams(blobs((3000, 3000), [(0, 0), (3.3, 0)], [1, 1]), bootstrap=0)
    assert near.n_components == 2 and near.ambiguity > 0.9


def test_the_score_is_the_mean_entropy_of_its_pairs():
    found = clams(CLOUD, bootstrap=0)
    p = 1 - found.separability
    bits = -p * np.log2(p) - (1 - p) * np.log2(1 - p)
    assert found.pair_ambiguity == pytest.approx(bits, abs=1e-9)
    assert found.ambiguity == pytest.approx(bits.mean())
    assert found.pairs.dtype == np.int32 and (found.pairs[:, 0] < found.pairs[:, 1]).all()


def test_the_mixture_is_in_data_coordinates_by_falling_weight():
    points = blobs((600, 200), [(1000, 50), (1400, 50)], [(20, 5), (10, 10)])
    found = clams(points, aspect=4.0, bootstrap=0)
    assert found.n_components == 2
    assert found.weights == pytest.approx([0.75, 0.25])
    assert found.means == pytest.approx(np.array([[1000, 50], [1400, 50]]), abs=3)
    assert np.sqrt(found.covariances[:, [0, 1], [0, 1]]) == pytest.approx(
        np.array([[20, 5], [10, 10]]), rel=0.15
    )


def test_stretching_y_equals_the_aspect():
    stretched = CLOUD * [1, 3]
    assert clams(CLOUD, aspect=3.0, bootstrap=0).ambiguity == pytest.approx(
        clams(stretched, bootstrap=0).ambiguity, abs=1e-9
    )


def test_equal_input_and_seed_give_equal_bytes_and_the_seed_moves_the_interval_only():
    first, again = clams(CLOUD, seed=3, bootstrap=30), clams(CLOUD, seed=3, bootstrap=30)
    assert same(first, again)
    other = clams(CLOUD, seed=4, bootstrap=30)
    assert other.ambiguity == first.ambiguity and other.interval != first.interval


def test_the_interval_holds_the_score_and_narrows_with_more_points():
    def width(n):
        points = blobs((n, n), [(0, 0), (4, 0)], [1, 1])
        found = clams(points, bootstrap=60)
        assert found.interval[0] <= found.ambiguity <= found.interval[1]
        return found.interval[1] - found.interval[0]

    assert width(2000) < 0.6 * width(150)


MOVES = {
    "shift": lambda p: p + np.array([1e4, -300]),
    "scale": lambda p: p * 1e-6,
    "mirror x": lambda p: p * [-1, 1],
    "mirror y": lambda p: p * [1, -1],
    "quarter turn": lambda p: p[:, ::-1] * [-1, 1],
    "half turn": lambda p: -p,
    "reversed rows": lambda p: p[::-1],
}


@settings(max_examples=4, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.integers(2, 5), st.floats(0.3, 2.0))
def test_moving_mirroring_or_shuffling_the_plot_keeps_the_score(seed, k, sd):
    rng = np.random.default_rng(seed)
    points = blobs([60] * k, rng.uniform(-4, 4, (k, 2)), rng.uniform(0.3, 1, (k, 2)) * sd, seed)
    score = clams(points, bootstrap=0).ambiguity
    for name, move in MOVES.items():
        assert clams(move(points), bootstrap=0).ambiguity == pytest.approx(score, abs=0.01), name


def test_many_points_move_and_mirror_too():
    points = blobs((4000, 3000), [(0, 0), (3.5, 1)], [(1, 1), (1, 0.5)])
    score = clams(points, bootstrap=0).ambiguity
    for name in ("mirror x", "quarter turn", "reversed rows"):
        moved = MOVES[name](points)
        assert clams(moved, bootstrap=0).ambiguity == pytest.approx(score, abs=0.01), name


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([], "two columns"),
        (np.zeros((0, 2)), "no points"),
        (np.zeros((5, 3)), "two columns"),
        (np.zeros(5), "two columns"),
        ([["a", "b"]], "two columns"),
        ([[1, 2], [3]], "two columns"),
        (None, "two columns"),
        ([[1j, 2]], "two columns"),
        ([[0, 0], [np.nan, 1], [np.inf, 1]], "2 of 3 points .* row 1,"),
        ([[0, 0], [1e300, 1]], "1e\\+300"),
    ],
)
def test_unusable_points_are_refused_in_one_sentence(points, words):
    with pytest.raises(BadInput, match=words):
        clams(points)


@pytest.mark.parametrize("aspect", [0, -1, np.nan, np.inf, "wide", None, 1e9])
def test_unusable_aspect_is_refused(aspect):
    with pytest.raises(BadInput, match="aspect"):
        clams(CLOUD, aspect=aspect)


@pytest.mark.parametrize("seed", [-1, 1.5, "x", None])
def test_unusable_seed_is_refused(seed):
    with pytest.raises(BadInput, match="seed"):
        clams(CLOUD, seed=seed)


@pytest.mark.parametrize(
    "points",
    [
        [[1.0, 2.0]],
        [[3.0, 3.0]] * 40,
        [[0, 0], [1, 1]],
        [[0, 0]] * 20 + [[1, 0]] * 20 + [[0, 1]] * 20,
        [[i, 0] for i in range(100)],
        [[i * 1e-200, 0] for i in range(50)],
        [[i * 1e138, -(i**2) * 1e136] for i in range(50)],
        [[1e9 + i * 1e-7, i] for i in range(60)],
        [[0, 0]] * 200 + [[1e100, 1e100]],
        np.arange(120).reshape(60, 2).astype(bool),
    ],
)
def test_degenerate_plots_are_scored_quietly_with_finite_numbers(points):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = clams(points, bootstrap=10)
    assert 0 <= found.interval[0] <= found.ambiguity <= found.interval[1] <= 1
    for array in (found.weights, found.means, found.covariances, found.bic, found.separability):
        assert np.isfinite(array).all()
    assert sentence(found)


def test_warnings_name_what_is_wrong_with_the_plot():
    grid = np.stack(np.meshgrid(np.arange(12), np.arange(12)), -1).reshape(-1, 2)
    words = " ".join(clams(grid, bootstrap=0).warnings)
    assert "x takes only 12" in words and "y takes only 12" in words
    doubled = np.repeat(CLOUD[:50], 2, axis=0)
    assert "50 of 100 points lie exactly" in " ".join(clams(doubled, bootstrap=0).warnings)
    assert "Only 9 points" in clams(CLOUD[:9], bootstrap=0).warnings[0]
    flat = CLOUD * [1, 0.01]
    assert "nearly a line" in " ".join(clams(flat, bootstrap=0).warnings)
    assert "at one place" in clams([[1, 1]] * 9).warnings[0]
    uniform = np.random.default_rng(0).random((3000, 2))
    assert "one large group" in " ".join(clams(uniform, bootstrap=0).warnings)
    assert clams(CLOUD, bootstrap=0).warnings == ()


def test_the_most_groups_looked_for_is_said(monkeypatch):
    monkeypatch.setattr("analytics.perception.groups.MOST", 2)
    monkeypatch.setattr("analytics.perception.limits.MOST", 2)
    three = blobs((50, 50, 50), [(0, 0), (9, 0), (0, 9)], [1, 1, 1])
    assert "2 groups is the most" in " ".join(clams(three, bootstrap=0).warnings)


def test_points_are_neither_kept_nor_changed_and_the_record_is_read_only():
    points = CLOUD.copy()
    found = clams(points, bootstrap=0)
    assert np.array_equal(points, CLOUD) and points.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        found.means[0, 0] = 1


def test_progress_rises_to_one_and_may_stop_the_work():
    seen = []
    clams(CLOUD, bootstrap=20, progress=lambda f, words: seen.append(f))
    assert seen == sorted(seen) and seen[-1] == 1.0

    def stop(fraction, words):
        raise Cancelled

    with pytest.raises(Cancelled):
        clams(CLOUD, progress=stop)


def test_sentences_for_readers():
    base = Ambiguity(
        ambiguity=0.12,
        interval=(0.1, 0.2),
        n_components=2,
        pairs=np.array([[0, 1], [0, 2], [1, 2]], np.int32),
        separability=np.array([0.4, 0.999, 0.01]),
        pair_ambiguity=np.array([0.97, 0.01, 0.08]),
    )
    assert sentence(base) == "People would largely agree on the groups in this plot."
    assert sentence(base.with_(ambiguity=0.35), letters=True) == (
        "People would agree on some groups in this plot and differ on others; most of all they "
        "would differ on whether A and B are one."
    )
    assert "would see different groups" in sentence(base.with_(ambiguity=0.7))
    assert sentence(Ambiguity()).startswith("This plot reads as one group")
    assert pair_sentence(base, 0) == "A and B: about 6 of 10 people would see one group."
    assert pair_sentence(base, 1) == "A and C: nearly everyone would see two groups."
    assert pair_sentence(base, 2) == "B and C: nearly everyone would see one group."
    assert [component_name(i) for i in (0, 1, 16)] == ["A", "B", "Q"]


def test_the_request_runs_through_the_store(tmp_path):
    artifacts = Artifacts(tmp_path)
    projection = Projection(digest="a" * 32, xy=CLOUD.astype(np.float32))
    artifacts.save(projection)
    wanted = ambiguity_request(projection, aspect="0.5", seed=7)
    assert wanted.params == {"aspect": 0.5} and wanted.method == "clams"
    assert wanted.digest == ambiguity_request("a" * 32, aspect=0.5, seed=7).digest
    assert from_json(wanted.to_json()).digest == wanted.digest
    found = execute(wanted, artifacts)
    assert found.digest == wanted.digest and found.parents == ("a" * 32,)
    loaded = Artifacts(tmp_path).load(wanted.digest)
    assert loaded.ambiguity == found.ambiguity and loaded.interval == found.interval
    assert np.array_equal(loaded.means, found.means)


@pytest.mark.parametrize("ratio", [3.0, 420.0, 1 / 420, 50_000.0])
def test_real_columns_of_other_ranges_are_drawn_as_a_square(ratio):
    xy = (CLOUD - CLOUD.min(axis=0)) / np.ptp(CLOUD, axis=0) * [1.0, ratio]
    found = drawn_aspect(Projection(xy=xy.astype(np.float32), axes=("price", "sales")))
    assert found == pytest.approx(1 / ratio, rel=1e-3)


@pytest.mark.parametrize("aspect", [0, "x", 1e6])
def test_the_request_refuses_an_unusable_aspect(aspect):
    with pytest.raises(BadInput, match="aspect"):
        ambiguity_request("a" * 32, aspect=aspect)


def test_parts_tallied_apart_give_the_score_of_the_whole():
    points = blobs((4000, 3000, 2000), [(0, 0), (3.5, 1), (0, 4)], [(1, 1), (1, 0.5), (0.4, 0.4)])
    low, high = points.min(axis=0), points.max(axis=0)
    parts = [tally(points[i::3], low, high, aspect=2.0) for i in range(3)]
    whole = clams(points, aspect=2.0, bootstrap=20)
    found = clams_of_tally(sum(parts), low, high, aspect=2.0, bootstrap=20)
    assert found.ambiguity == pytest.approx(whole.ambiguity, abs=1e-6)
    assert found.interval == pytest.approx(whole.interval, abs=1e-3)
    assert found.n == 9000 and found.means == pytest.approx(whole.means, abs=1e-6)


def test_a_tally_needs_a_box_that_holds_its_points():
    with pytest.raises(BadInput, match="outside low and high"):
        tally(CLOUD, CLOUD.min(axis=0), CLOUD.max(axis=0) - 0.1)
    with pytest.raises(BadInput, match="one place"):
        tally([[1.0, 1.0]], [1, 1], [1, 1])


def test_far_points_are_named():
    spread = np.concatenate([CLOUD, [[4000.0, 4000.0]]])
    assert "far points" in " ".join(clams(spread, bootstrap=0).warnings)


@pytest.mark.parametrize("regular", [True, False])
def test_forty_groups_are_answered_with_a_warning(regular):
    centres = 10.0 * np.stack(np.meshgrid(np.arange(8), np.arange(5)), -1).reshape(-1, 2)
    if not regular:
        centres = centres * 3 + np.random.default_rng(0).uniform(-8, 8, centres.shape)
    for seed in range(3):
        found = clams(blobs([40] * 40, centres, [(1, 1)] * 40, seed), bootstrap=0)
        assert 0 <= found.ambiguity <= 1
        assert "40 separate heaps of points" in " ".join(found.warnings)


@pytest.mark.parametrize("n", [100, 3_000, 100_000])
def test_chance_clumps_are_no_heaps(n):
    random = np.random.default_rng(1)
    for points in (random.random((n, 2)), random.normal(size=(n, 2))):
        low, high = points.min(axis=0), points.max(axis=0)
        assert heaps(reduce(points, drawn_as(low, high, 1.0))) <= 1
