"""Algorithms step by step end where the library's own end, and never get worse on the way."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import BadInput
from analytics.results import NOISE, UNLABELLED
from analytics.stepping import agglomerating, algorithms, board, kmeans, swapping
from analytics.stepping.step import Step, shorten

SCATTERS = {
    "blobs": board.start("Three blobs"),
    "moons": board.start("Two moons"),
    "rings": board.start("Ring in a ring"),
    "even": np.random.default_rng(5).random((90, 2)),
}
scatters = pytest.mark.parametrize("X", SCATTERS.values(), ids=list(SCATTERS))
# Coarse places, so that points and distances repeat.
painted = st.lists(st.tuples(*[st.integers(0, 12)] * 2), min_size=1, max_size=30).map(
    lambda rows: np.array(rows, float) / 12
)


def same_groups(a, b) -> bool:
    """Whether two labellings are one partition; noise is noise in both."""
    pairs = set(zip(np.asarray(a).tolist(), np.asarray(b).tolist(), strict=True))
    noise = all((x == NOISE) == (y == NOISE) for x, y in pairs)
    return noise and len(pairs) == len({x for x, _ in pairs}) == len({y for _, y in pairs})


def values(run):
    return [s.value for s in run.steps if s.value is not None]


# --- the end is the library's ------------------------------------------------------------------
@scatters
@pytest.mark.parametrize("k", [1, 3, 7])
def test_kmeans_ends_where_scikit_learn_does_from_the_same_centres(X, k):
    from sklearn.cluster import KMeans

    for start in ("k-means++", "random"):
        run = algorithms.run(X, "kmeans", {"k": k, "start": start}, seed=k)
        first = next(s for s in run.steps if (s.labels >= 0).all()).centers
        model = KMeans(k, init=first, n_init=1, tol=0).fit(X)
        assert run.steps[-1].labels.tolist() == model.labels_.tolist()
        assert run.steps[-1].centers == pytest.approx(model.cluster_centers_)
        assert run.steps[-1].value == pytest.approx(model.inertia_)


@scatters
@pytest.mark.parametrize(("eps", "needed"), [(0.07, 4), (0.04, 3), (0.2, 12), (0.03, 1)])
def test_dbscan_ends_with_the_labels_of_scikit_learn(X, eps, needed):
    from sklearn.cluster import DBSCAN

    run = algorithms.run(X, "dbscan", {"eps": eps, "min_samples": needed})
    model = DBSCAN(eps=eps, min_samples=needed).fit(X)
    assert run.steps[-1].labels.tolist() == model.labels_.tolist()
    assert np.flatnonzero(run.steps[-1].strong).tolist() == model.core_sample_indices_.tolist()


@scatters
@pytest.mark.parametrize("linkage", ["ward", "complete", "average", "single"])
@pytest.mark.parametrize("k", [1, 4])
def test_agglomeration_ends_with_the_groups_of_scikit_learn(X, linkage, k):
    from sklearn.cluster import AgglomerativeClustering

    run = algorithms.run(X, "agglomeration", {"k": k, "linkage": linkage})
    model = AgglomerativeClustering(k, linkage=linkage).fit(X)
    assert same_groups(run.steps[-1].labels, model.labels_)
    assert set(run.steps[-1].labels.tolist()) == set(range(k))


@scatters
@pytest.mark.parametrize("bandwidth", [0.08, 0.15, 0.4])
def test_mean_shift_ends_with_the_peaks_of_scikit_learn(X, bandwidth):
    from sklearn.cluster import MeanShift

    run = algorithms.run(X, "meanshift", {"bandwidth": bandwidth})
    model = MeanShift(bandwidth=bandwidth).fit(X)
    assert run.steps[-1].centers == pytest.approx(model.cluster_centers_)
    assert run.steps[-1].labels.tolist() == model.labels_.tolist()


@scatters
@pytest.mark.parametrize("start", ["random", "build"])
def test_fasterpam_makes_the_swaps_of_the_compiled_search(X, start):
    from analytics.clustering import pam
    from analytics.clustering.distances import dissimilarities

    D = dissimilarities(X, X, "euclidean")
    rng = np.random.default_rng(4)
    medoids = rng.choice(len(X), 4, replace=False) if start == "random" else pam.build(D, 4)
    swaps, settled = pam.fasterpam(D, medoids, rng.permutation(len(X)), 10_000)
    run = algorithms.run(X, "fasterpam", {"k": 4, "start": start}, seed=4)
    assert settled
    assert run.steps[-1].centers.tolist() == X[medoids].tolist()
    assert sum("takes the place" in s.words for s in run.steps) == swaps
    assert run.steps[-1].labels.tolist() == D[medoids].argmin(axis=0).tolist()


# --- on the way --------------------------------------------------------------------------------
@given(painted, st.integers(1, 8), st.sampled_from(["k-means++", "random"]), st.integers(0, 9))
@settings(max_examples=60)
def test_kmeans_never_gets_worse(X, k, start, seed):
    run = algorithms.run(X, "kmeans", {"k": k, "start": start}, seed)
    assert all(b <= a + 1e-9 for a, b in pairwise(values(run)))
    last = run.steps[-1]
    assert len(last.centers) == min(k, len(np.unique(X, axis=0)))
    gaps = ((X[:, None] - last.centers) ** 2).sum(axis=2)
    assert (gaps[np.arange(len(X)), last.labels] <= gaps.min(axis=1) + 1e-12).all()


@given(painted, st.floats(0.01, 0.5), st.integers(1, 8))
@settings(max_examples=60)
def test_dbscan_only_adds_to_groups_and_leaves_no_point_out(X, eps, needed):
    run = algorithms.run(X, "dbscan", {"eps": eps, "min_samples": needed})
    assert all(b >= a for a, b in pairwise(values(run)))
    for before, after in pairwise(run.steps):
        placed = before.labels >= 0
        assert (after.labels[placed] == before.labels[placed]).all()
    last = run.steps[-1]
    assert (last.labels != UNLABELLED).all()
    near = np.sqrt(((X[:, None] - X) ** 2).sum(axis=2)) <= eps
    assert (last.strong == (near.sum(axis=1) >= needed)).all()
    assert (near[:, last.strong].any(axis=1) == (last.labels >= 0)).all()


@given(painted, st.integers(1, 8), st.sampled_from(["ward", "complete", "average", "single"]))
@settings(max_examples=60)
def test_heights_never_fall_and_each_merge_leaves_one_group_less(X, k, linkage):
    run = algorithms.run(X, "agglomeration", {"k": k, "linkage": linkage})
    assert all(b >= a - 1e-9 for a, b in pairwise(values(run)))
    groups = [
        len(set(s.labels[s.labels >= 0])) + int((s.labels == UNLABELLED).sum()) for s in run.steps
    ]
    last = min(k, len(X))
    assert groups == [*range(len(X), last - 1, -1), last]


@given(painted, st.floats(0.03, 0.6))
@settings(max_examples=60)
def test_windows_climb(X, bandwidth):
    run = algorithms.run(X, "meanshift", {"bandwidth": bandwidth})
    assert all(b >= a - 1e-9 for a, b in pairwise(values(run)))
    peaks = run.steps[-1].centers
    gaps = np.sqrt(((peaks[:, None] - peaks) ** 2).sum(axis=2))
    assert (gaps[~np.eye(len(peaks), dtype=bool)] > bandwidth - 1e-9).all()


@given(painted, st.integers(1, 6), st.sampled_from(["random", "build"]), st.integers(0, 9))
@settings(max_examples=60)
def test_fasterpam_falls_to_a_local_optimum(X, k, start, seed):
    run = algorithms.run(X, "fasterpam", {"k": k, "start": start}, seed)
    assert all(b <= a + 1e-6 for a, b in pairwise(values(run)))
    D = np.sqrt(((X[:, None] - X) ** 2).sum(axis=2))
    medoids = [int(np.flatnonzero((c == X).all(axis=1))[0]) for c in run.steps[-1].centers]
    for slot in range(len(medoids)):
        others = [m for i, m in enumerate(medoids) if i != slot]
        for row in range(len(X)):
            assert D[[*others, row]].min(axis=0).sum() >= run.steps[-1].value - 1e-5


@given(painted, st.integers(1, 5), st.integers(0, 5))
@settings(max_examples=30)
def test_the_change_of_a_swap_is_what_the_swap_changes(X, k, seed):
    k = min(k, len(X))
    D = np.sqrt(((X[:, None] - X) ** 2).sum(axis=2))
    medoids = np.random.default_rng(seed).choice(len(X), k, replace=False)
    for row in set(range(len(X))) - set(medoids.tolist()):
        trials = []
        for slot in range(k):
            swapped = medoids.copy()
            swapped[slot] = row
            trials.append(D[swapped].min(axis=0).sum() - D[medoids].min(axis=0).sum())
        change, slot = swapping.change(D, medoids, row)
        assert change == pytest.approx(min(trials), abs=1e-9)
        assert trials[slot] == pytest.approx(change, abs=1e-9)


# --- extremes ----------------------------------------------------------------------------------
@pytest.mark.parametrize("algorithm", algorithms.ALGORITHMS)
@pytest.mark.parametrize(
    "X", [[[0.5, 0.5]], [[0.2, 0.7]] * 20, [[0.0, 0.0], [1.0, 1.0]]], ids=["one", "same", "two"]
)
def test_extremes(algorithm, X):
    run = algorithms.run(X, algorithm)
    last = run.steps[-1]
    assert len(last.labels) == len(X) and (last.labels != UNLABELLED).all()
    assert all(s.words.endswith(".") for s in run.steps)


@pytest.mark.parametrize("algorithm", ["kmeans", "agglomeration", "fasterpam"])
def test_as_many_groups_as_points(algorithm):
    X = np.random.default_rng(1).random((9, 2))
    run = algorithms.run(X, algorithm, {"k": 9})
    assert sorted(run.steps[-1].labels.tolist()) == list(range(9))
    assert run.steps[-1].value == pytest.approx(0) or algorithm == "agglomeration"


def test_kmeans_lowers_k_to_the_places_and_says_so():
    run = algorithms.run([[0.1, 0.1]] * 5 + [[0.9, 0.9]] * 5, "kmeans", {"k": 4})
    assert "All lie in 2 places" in run.steps[0].words
    assert len(run.steps[-1].centers) == 2


def test_an_empty_group_takes_the_furthest_point():
    X = np.array([[0.0, 0.0], [0.1, 0.0], [0.9, 0.0]])
    made = kmeans.lloyd(X, np.array([[0.2, 0.0], [0.3, 0.9]]))
    assert "Group 2 had no point left, so its centre jumps to point 3" in made[1].words
    assert made[-1].labels.tolist() == [0, 0, 1]
    assert all(b.value <= a.value for a, b in pairwise(made))


def test_kmeans_by_hand():
    X = np.array([[0.0, 0.0], [0.2, 0.0], [0.8, 0.0], [1.0, 0.0]])
    made = kmeans.lloyd(X, np.array([[0.0, 0.0], [0.2, 0.0]]))
    assert [s.labels.tolist() for s in made[::2]] == [[0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]]
    assert made[1].centers[:, 0] == pytest.approx([0.0, 2 / 3])
    assert made[-1].centers[:, 0] == pytest.approx([0.1, 0.9])
    assert made[-1].value == pytest.approx(0.04)


def test_dbscan_by_hand():
    X = [[0.0, 0.0], [0.1, 0.0], [0.2, 0.0], [0.31, 0.0], [0.9, 0.9]]
    run = algorithms.run(X, "dbscan", {"eps": 0.115, "min_samples": 3})
    said = [s.words for s in run.steps]
    assert said[1].startswith("Point 1 has 2 points within 0.115, fewer than 3: noise")
    assert "Point 2 has 3 points" in said[2] and "It starts group 1" in said[2]
    assert "1 point called noise before is its border" in said[2]
    assert run.steps[2].labels.tolist() == [0, 0, 0, UNLABELLED, UNLABELLED]
    assert run.steps[2].waiting.tolist() == [2]
    assert "a border point" in said[4]
    assert run.steps[-1].labels.tolist() == [0, 0, 0, 0, NOISE]


def test_single_and_complete_linkage_show_the_pair_they_speak_of():
    X = np.array([[0.0, 0.0], [0.1, 0.0], [0.5, 0.0], [0.65, 0.0]])
    for linkage, ends in (("single", [0.1, 0.5]), ("complete", [0.0, 0.65])):
        steps = agglomerating.steps(X, agglomerating.tree(X, linkage), 1, linkage)
        assert sorted(steps[3].lines[0, [0, 2]].tolist()) == ends
        assert steps[3].value == pytest.approx(ends[1] - ends[0])


# --- what can be asked -------------------------------------------------------------------------
@pytest.mark.parametrize("algorithm", algorithms.ALGORITHMS)
def test_the_same_seed_gives_the_same_steps(algorithm):
    X = SCATTERS["blobs"]
    first, again = (algorithms.run(X, algorithm, {}, 7) for _ in range(2))
    for a, b in zip(first.steps, again.steps, strict=True):
        assert a.words == b.words and a.value == b.value
        assert a.labels.tolist() == b.labels.tolist() and a.centers.tolist() == b.centers.tolist()
        assert not a.labels.flags.writeable


@pytest.mark.parametrize("algorithm", algorithms.ALGORITHMS)
def test_a_full_board_is_sampled_and_its_steps_bounded(algorithm):
    X = np.random.default_rng(3).random((1_000, 2))
    run = algorithms.run(X, algorithm)
    assert len(run.points) == algorithms.MOST_POINTS
    assert "400 of 1,000 points" in run.notes[0]
    assert len(run.steps) <= 240


def test_left_out_steps_are_told():
    steps = [Step(f"{i}.", np.zeros(1, int), small=i % 10 != 5) for i in range(100)]
    kept = shorten(steps, 30)
    assert len(kept) == 30 and kept[0] is steps[0] and kept[-1].words.endswith("99.")
    numbers = [int(s.words.split(": ")[-1][:-1]) for s in kept]
    assert numbers == sorted(set(numbers)) and set(range(5, 100, 10)) <= set(numbers)
    left = [int(s.words.split()[1]) for s in kept if s.words.startswith("After")]
    assert sum(left) == 70
    assert len(shorten(steps, 8)) == 8


@pytest.mark.parametrize(
    ("points", "algorithm", "params", "words"),
    [
        ([], "kmeans", {}, "The board is empty"),
        ([[0.5, 2.0]], "kmeans", {}, "outside the board"),
        ([[0.5, 0.5]], "spectral", {}, "no 'spectral' to watch"),
        ([[0.5, 0.5]], "kmeans", {"k": 0}, "parameter 'k'"),
        ([[0.5, 0.5]], "dbscan", {"eps": "wide"}, "parameter 'eps'"),
        ([[0.5, 0.5]], "dbscan", {"k": 3}, "Unknown parameter"),
    ],
)
def test_what_cannot_be_run_gets_one_sentence(points, algorithm, params, words):
    with pytest.raises(BadInput, match=words):
        algorithms.run(points, algorithm, params)


def test_a_digest_names_points_parameters_and_seed():
    X = SCATTERS["moons"]
    names = {
        algorithms.digest(X, "kmeans", {"k": 3}, 0),
        algorithms.digest(X, "kmeans", {"k": 3}, 1),
        algorithms.digest(X, "kmeans", {"k": 4}, 0),
        algorithms.digest(X, "fasterpam", {"k": 3}, 0),
        algorithms.digest(X[:-1], "kmeans", {"k": 3}, 0),
    }
    assert len(names) == 5
    assert algorithms.digest(X.copy(), "kmeans", {"k": 3}, 0) in names
