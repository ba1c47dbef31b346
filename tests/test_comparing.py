"""Comparing groupings: colours, overlap, agreement, consensus, sweeps, people."""

import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score

import analytics
from analytics.comparing import operations as comparing
from analytics.comparing import people
from analytics.comparing.align import aligned, shared_words
from analytics.comparing.colors import matched, recolored
from analytics.comparing.consensus import (
    average_linkage,
    cells_of,
    changes,
    consensus,
    groups_at,
    lifetime,
    together,
)
from analytics.comparing.matrix import agreements
from analytics.comparing.overlap import members, moved, pairs, sentence
from analytics.comparing.sweep import checked, parsed, steadiest, suggested
from analytics.errors import BadInput, Cancelled
from analytics.operations import execute
from analytics.registry import get
from analytics.results import NOISE, UNLABELLED
from analytics.store.artifacts import Artifacts
from analytics.study import agreement

LABELS = hnp.arrays(np.int32, st.shared(st.integers(2, 40), key="n"), elements=st.integers(-1, 4))


# --- rows ----------------------------------------------------------------------------------------


def test_labels_of_other_rows_come_to_the_rows_on_screen():
    found = aligned(np.array([5, 6, 7]), np.array([9, 2, 4]), np.array([2, 3, 9]))
    assert found.tolist() == [6, UNLABELLED, 5]
    assert "2 of the 3 rows" in shared_words(found)
    assert aligned(np.array([1]), np.array([0]), np.array([4])).tolist() == [UNLABELLED]
    assert "none of the rows" in shared_words(np.array([UNLABELLED]))
    assert shared_words(np.array([0, NOISE])) == ""


# --- colours -------------------------------------------------------------------------------------


def test_the_same_groups_have_the_same_colours_and_new_ones_their_own():
    first = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    second = np.array([1, 1, 1, 1, 0, 0, 2, 2])  # 0 and 2 are halves of group 1
    slots = matched([first, second])
    assert slots[0].tolist() == [0, 1]
    assert slots[1][1] == 0 and sorted(slots[1][[0, 2]].tolist()) == [1, 2]
    third = np.array([0, 0, 0, 0, 1, 1, 2, 2])  # its halves are those of the second
    again = matched([first, second, third])[2]
    assert recolored(third, again).tolist() == recolored(second, slots[1]).tolist()


def test_a_match_of_a_few_rows_is_none():
    first, second = np.repeat([0, 1], 50), np.repeat([0, 1], 50)
    second[0] = 2
    slots = matched([first, second])[1]
    assert slots.tolist() == [0, 1, 2]


@settings(deadline=None, max_examples=60)
@given(LABELS, LABELS, st.permutations(range(5)))
def test_colours_do_not_depend_on_numbers(a, b, order):
    """Each grouping's colours are distinct; equal partitions look equal under any numbering."""
    renumbered = np.where(b < 0, b, np.array(order)[b])
    one, two = matched([a, b])[1], matched([a, renumbered])[1]
    used = np.unique(b[b >= 0])
    assert len(set(one[used].tolist())) == len(used)
    same = matched([a, np.where(a < 0, a, np.array(order)[a])])[1]
    renamed = np.where(a < 0, a, np.array(order)[a])
    assert np.array_equal(recolored(renamed, same), a)
    if len(used) and adjusted_rand_score(a, b) == 1:
        assert np.array_equal(recolored(b, one), recolored(renumbered, two))


# --- overlap -------------------------------------------------------------------------------------


def test_pairs_rows_and_the_sentence_by_hand():
    a = np.array([0, 0, 0, 1, 1, NOISE])
    b = np.array([1, 1, 0, 0, 0, NOISE])
    found = pairs(a, b)
    assert [(p.a, p.b, p.rows) for p in found] == [(0, 1, 2), (1, 0, 2), (-1, -1, 1), (0, 0, 1)]
    assert found[0].of_a == pytest.approx(2 / 3) and found[0].of_b == 1
    assert found[3].jaccard == pytest.approx(1 / 5)
    assert [p.partners for p in found] == [True, True, True, False]
    assert np.flatnonzero(moved(a, b)).tolist() == [2]
    assert np.flatnonzero(members(a, b, 0, 0)).tolist() == [2]
    assert sentence(a, b).startswith("5 of 6 rows stay in the matching group; 1 (17\u00a0%)")
    assert sentence(a, a) == "Both results put all 6 rows into the same groups."
    none = np.full(6, UNLABELLED)
    assert pairs(a, none) == [] and "no row in common" in sentence(a, none)


@settings(deadline=None, max_examples=60)
@given(LABELS, LABELS)
def test_pairs_hold_every_row_once(a, b):
    found = pairs(a, b)
    assert sum(p.rows for p in found) == len(a)
    held = sum(members(a, b, p.a, p.b).astype(int) for p in found)
    assert (held == 1).all()
    assert moved(a, b).sum() == sum(p.rows for p in found if not p.partners)
    assert not moved(a, a).any()


# --- agreement -----------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(LABELS, LABELS)
def test_the_matrix_is_that_of_scikit_learn(a, b):
    card = agreements([a, b, a])
    assert card.tables["ari"][0, 1] == pytest.approx(adjusted_rand_score(a, b), abs=1e-9)
    trivial = len(set(a)) == 1 or len(set(b)) == 1 or len(set(a)) == len(set(b)) == len(a)
    if not trivial:
        expected = adjusted_mutual_info_score(a, b)
        assert card.tables["ami"][0, 1] == pytest.approx(expected, abs=1e-7)
    assert card.tables["ari"][0, 2] == pytest.approx(1)
    assert np.array_equal(card.tables["ari"], card.tables["ari"].T)


def test_rows_in_one_result_only_are_left_out():
    a = np.array([0, 0, 1, 1, UNLABELLED])
    b = np.array([1, 1, 0, 0, 0])
    card = agreements([a, b, np.full(5, UNLABELLED)])
    assert card.tables["ari"][0, 1] == 1 and card.tables["rows"][0, 1] == 4
    assert np.isnan(card.tables["ari"][0, 2]) and card.groups["ari"][0] == 1


# --- consensus -----------------------------------------------------------------------------------


def test_consensus_by_hand():
    """Rows 0-2 and 4-5 are always together; row 3 is with either in two of four runs."""
    runs = [
        [0, 0, 0, 0, 1, 1],
        [0, 0, 0, 0, 1, 1],
        [0, 0, 0, 1, 1, 1],
        [1, 1, 1, 0, 0, 0],
    ]
    runs = [np.array(r) for r in runs]
    cells = cells_of(runs)
    assert sorted(cells.sizes.tolist()) == [1, 2, 3]
    found = consensus(runs, "lifetime")
    assert len(set(found.labels[:3])) == 1 and len(set(found.labels[4:])) == 1
    assert found.labels[0] != found.labels[4]
    # Row 3: s = 0.5 with each of five rows, so apart in half of the others' runs.
    assert found.changes[3] == pytest.approx(0.5)
    # Row 0: s = 1 with two rows, 0.5 with row 3: 1 - 2.25 / 2.5.
    assert found.changes[0] == pytest.approx(0.1)
    # Row 4: s = 1 with one row, 0.5 with row 3: 1 - 1.25 / 1.5.
    assert found.changes[4] == pytest.approx(1 - 1.25 / 1.5)


def test_noise_is_together_with_nobody():
    a = np.array([0, 0, NOISE, NOISE])
    assert together(a[:, None], a[:, None]).tolist() == [
        [1, 1, 0, 0],
        [1, 1, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
    ]
    found = consensus([a, a, np.zeros(4, int)], "half")
    assert found.labels.tolist() == [0, 0, NOISE, NOISE]
    everything = consensus([np.full(4, NOISE)] * 2)
    assert everything.labels.tolist() == [NOISE] * 4 and not everything.changes.any()


def test_lifetime_by_hand():
    assert lifetime(np.array([0.1, 0.2, 0.9])) == 2  # two groups live from 0.2 to 0.9
    assert lifetime(np.array([0.0, 0.8, 0.9])) == 3
    assert lifetime(np.array([1.0, 1.0])) == 3
    assert lifetime(np.array([0.0])) == 1 and lifetime(np.zeros(0)) == 1


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 25), st.integers(0, 10_000))
def test_linkage_over_weighted_cells_is_that_over_rows(c, seed):
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, c)
    points = rng.normal(size=(c, 2))
    between = np.hypot(*(points[:, None] - points[None, :]).transpose(2, 0, 1))
    merges = average_linkage(between.copy(), sizes)
    rows = np.repeat(np.arange(c), sizes)
    whole = between[np.ix_(rows, rows)]
    tree = linkage(squareform(whole, checks=False), "average")
    assert merges[:, 2] == pytest.approx(tree[len(rows) - c :, 2])
    for k in {1, 2, c}:
        mine = groups_at(merges, c, k)[rows]
        assert adjusted_rand_score(mine, fcluster(tree, k, "maxclust")) == pytest.approx(1)


@settings(deadline=None, max_examples=40)
@given(LABELS, LABELS)
def test_a_consensus_of_equal_groupings_is_that_grouping(a, b):
    found = consensus([a, a, a])
    inside = a >= 0
    assert (found.labels[~inside] == NOISE).all()
    if inside.any():
        assert adjusted_rand_score(a[inside], found.labels[inside]) == pytest.approx(1)
    assert not found.changes.any()
    mixed = consensus([a, b])
    assert ((mixed.changes >= 0) & (mixed.changes <= 1)).all()


def test_changes_are_those_of_every_row_looked_at():
    rng = np.random.default_rng(3)
    runs = [rng.integers(-1, 4, 60) for _ in range(5)]
    cells = cells_of(runs)
    found = changes(cells, np.arange(len(cells.codes)))[cells.which]
    s = np.zeros((60, 60))
    for run in runs:
        s += (run[:, None] == run[None, :]) & (run[:, None] != NOISE)
    s /= 5
    np.fill_diagonal(s, 0)
    once, twice = s.sum(axis=1), (s**2).sum(axis=1)
    expected = np.where(once > 0, 1 - twice / np.maximum(once, 1e-9), 0)
    assert found == pytest.approx(expected, abs=1e-6)


def test_more_cells_than_are_joined_are_put_to_the_nearest(monkeypatch):
    from analytics.comparing import consensus as module

    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], 200)
    runs = []
    for _ in range(9):
        run = truth.copy()
        moved_rows = rng.choice(600, 90, replace=False)
        run[moved_rows] = rng.integers(0, 3, 90)
        runs.append(run)
    whole = consensus(runs, k=3)
    monkeypatch.setattr(module, "MOST_CELLS", 20)
    cut = consensus(runs, k=3)
    assert cut.kept == 20 < cut.cells
    assert adjusted_rand_score(whole.labels, truth) > 0.95
    assert adjusted_rand_score(cut.labels, truth) > 0.9


# --- as requests ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def iris(tmp_path_factory):
    store = Artifacts(tmp_path_factory.mktemp("store"))
    dataset = analytics.prepare("sample:iris", store=store)
    runs = [analytics.cluster(dataset, "kmeans", n_clusters=k, store=store) for k in (2, 3, 4)]
    return store, dataset, runs


def test_consensus_and_matrix_are_results_like_any_other(iris):
    store, dataset, runs = iris
    found = execute(comparing.consensus_request(dataset, runs), store)
    assert found.method == "consensus" and len(found.labels) == dataset.n
    assert found.extras["changes"].shape == (dataset.n,)
    assert "joint label cells" in " ".join(found.notes)
    card = execute(comparing.matrix_request(dataset, runs, [dataset]), store)
    assert card.tables["ari"].shape == (3, 3)
    assert analytics.validity(found, store=store).values["silhouette"].value > 0.4
    with pytest.raises(BadInput, match="takes 2 to 24"):
        comparing.consensus_request(dataset, runs[:1])


def test_results_on_other_rows_are_compared_on_the_rows_in_both(iris):
    store, dataset, runs = iris
    part = analytics.prepare("sample:iris", {"sample": 60}, store=store)
    other = analytics.cluster(part, "kmeans", n_clusters=3, store=store)
    card = execute(comparing.matrix_request(dataset, [*runs, other], [dataset, part]), store)
    assert card.tables["rows"][0, 3] == 60
    with pytest.raises(BadInput, match="same rows"):
        comparing.consensus_request(dataset, [*runs, other])


def test_a_sweep_makes_one_result_per_value_and_says_which_is_steadiest(iris):
    store, dataset, _ = iris
    wanted = comparing.sweep_request(dataset, "kmeans", "n_clusters", [2, 3, 6, 1000], runs=2)
    found = execute(wanted, store)
    assert [e["value"] for e in found.entries] == [2, 3, 6, 1000]
    assert [e.get("n_clusters") for e in found.entries] == [2, 3, 6, None]
    assert "1000" in found.entries[3]["error"].replace(",", "")
    assert all(store.has(e["digest"]) for e in found.entries[:3])
    assert all(0 <= e["stability"] <= 1 for e in found.entries[:3])
    assert found.entries[found.chosen]["stability"] == max(
        e["stability"] for e in found.entries[:3]
    )
    assert "3 of 4 values" in found.sentence


def test_a_sweep_stops_when_it_is_cancelled(iris):
    store, dataset, _ = iris

    def stop(fraction, words):
        if fraction and fraction > 0.3:
            raise Cancelled

    wanted = comparing.sweep_request(dataset, "kmeans", "n_clusters", [5, 7, 8], runs=2)
    with pytest.raises(Cancelled):
        execute(wanted, store, stop)
    assert not store.has(wanted.digest)


def test_values_of_a_sweep():
    k = next(p for p in get("clustering", "kmeans").params if p.name == "n_clusters")
    eps = next(p for p in get("clustering", "dbscan").params if p.name == "eps")
    assert parsed("2-4, 8", k) == [2, 3, 4, 8]
    assert suggested(k, 5) == [2, 3, 4, 5]
    assert all(v > 0 for v in suggested(eps, 100))
    for text, words in (("3", "at least two"), ("2-90", "at most 16"), ("a, b", "n_clusters")):
        with pytest.raises(BadInput, match=words):
            parsed(text, k)
    assert checked([2, 2.0, "3"], k) == [2, 3]
    one = {"stability": 1.0, "n_clusters": 1}
    assert steadiest([one, {"stability": 0.4, "n_clusters": 2}, {"error": "x"}]) == 1
    assert steadiest([one]) == -1


# --- people --------------------------------------------------------------------------------------


def neutral(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_peoples_groupings_find_their_rows(tmp_path):
    xy = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    labels = np.stack([np.arange(30) // 10, np.arange(30) // 15, np.arange(30) // 10])
    path = tmp_path / "one"
    path.write_bytes(neutral(points=xy * [2.0, 5.0] + 1, labels=labels))
    card = people.collected(path, xy)
    assert card.tables["groupings"].shape == (3, 30)
    mean = np.mean([1, *[adjusted_rand_score(labels[0], labels[1])] * 2])
    assert card.values["people"].value == pytest.approx(mean)
    rows = np.array([1, 4, 8, 11, 15, 16, 19, 23, 25, 26, 29])
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("other.npz", neutral(points=xy[:12] + 1, labels=labels[:, :12]))
        archive.writestr("this.npz", neutral(points=xy[rows], labels=labels[:, rows], rows=rows))
    card = people.collected(path, xy)
    shown = card.tables["groupings"][0]
    assert shown[rows].tolist() == labels[0][rows].tolist()
    assert (np.delete(shown, rows) == UNLABELLED).all()
    assert people.against(labels[0], labels[::2], "x").value == pytest.approx(1)
    two = np.stack([np.arange(30) // 10, np.where(np.arange(30) < 13, np.arange(30) // 10, NOISE)])
    path.write_bytes(neutral(points=xy, labels=two))
    common = people.collected(path, xy).tables["consensus"][0]
    assert common.tolist() == agreement.measure(two).consensus.tolist()  # as the page Study shows
    assert common.tolist() == [0] * 10 + [1] * 3 + [NOISE] * 17


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no zip", "is no .npz"),
        (neutral(points=np.zeros((12, 2))), "must hold the arrays 'points' and 'labels'"),
        (neutral(points=np.zeros((12, 3)), labels=np.zeros((1, 12), int)), "shape \\(n, 2\\)"),
        (neutral(points=np.eye(12, 2), labels=np.full((1, 12), 0.5)), "not a whole number"),
        (neutral(points=np.eye(12, 2), labels=np.full((1, 12), -5)), "between -1"),
        (neutral(points=np.eye(3, 2), labels=np.zeros((1, 3), int)), "at least 10"),
        (neutral(points=np.eye(11, 2), labels=np.zeros((1, 11), int)), "11 points and the map 12"),
        (neutral(points=np.eye(12, 2), labels=np.zeros((1, 12), int)), "another picture"),
        (
            neutral(points=np.eye(10, 2), labels=np.zeros((1, 10), int), rows=np.arange(3, 13)),
            "rows that this map does not have",
        ),
    ],
)
def test_a_bad_file_of_groupings_is_one_sentence(tmp_path, content, words):
    path = tmp_path / "file"
    path.write_bytes(content)
    xy = np.random.default_rng(0).normal(size=(12, 2))
    with pytest.raises(BadInput, match=words):
        people.collected(path, xy)
