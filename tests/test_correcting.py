"""Corrections by hand: each edit, their order, what is kept, few labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

import analytics
from analytics.clustering.operations import clustering_request
from analytics.correcting import edits as editing
from analytics.correcting.operations import (
    correction_request,
    few_labels,
    labelled_request,
    said,
)
from analytics.errors import BadInput
from analytics.operations import execute
from analytics.results import NOISE, UNLABELLED
from analytics.store.artifacts import Artifacts


@pytest.fixture(scope="module")
def iris(tmp_path_factory):
    store = Artifacts(tmp_path_factory.mktemp("store"))
    dataset = analytics.prepare("sample:iris", store=store)
    projection = analytics.project(dataset, "pca", store=store)
    return store, dataset, projection, analytics.cluster(dataset, n_clusters=3, store=store)


def made(iris, *edits):
    store, _, _, base = iris
    return execute(correction_request(base, list(edits)), store)


def rows(*numbers):
    return {"rows": list(numbers)}


def test_rename_merge_reassign_and_tag(iris):
    base = iris[3]
    found = made(
        iris,
        {"do": "rename", "group": 2, "words": " Small  ones ", "by": "Ada", "why": "size"},
        {"do": "merge", "groups": [0, 1], "words": "Big"},
        {"do": "reassign", "where": rows(0, 1), "to": -1},
        {"do": "reassign", "where": rows(2), "to": "new", "words": "Odd"},
        {"do": "tag", "where": rows(3, 4), "words": "check"},
    )
    assert found.n_clusters == 3 and found.method == "corrected"
    assert found.group_names == {0: "Big", 1: "Odd", 2: "Small ones", NOISE: "Noise"}
    assert found.labels[[0, 1]].tolist() == [NOISE, NOISE] and found.labels[2] == 1
    was_big = np.isin(base.labels, [0, 1])
    was_big[:3] = False
    assert (found.labels[was_big] == 0).all()
    assert found.tags == ("check",) and np.flatnonzero(found.extras["tags"][:, 0]).tolist() == [
        3,
        4,
    ]
    assert np.flatnonzero(found.extras["touched"]).tolist() == [0, 1, 2]
    assert found.params["edits"][0]["by"] == "Ada" and found.params["edits"][0]["why"] == "size"


def test_split_by_lasso_and_by_k_means(iris):
    _, _, projection, base = iris
    side = float(np.median(projection.xy[base.labels == 0, 1]))
    shape = {"type": "box", "x": [-1e3, 1e3], "y": [side, 1e3]}
    where = {"map": projection.digest, "shapes": [shape]}
    found = made(iris, {"do": "split", "group": 0, "where": where})
    out = (base.labels == 0) & (projection.xy[:, 1] >= side)
    assert found.n_clusters == 4 and (found.labels[out] == 3).all()
    assert (found.labels[~out] == base.labels[~out]).all()
    parts = made(iris, {"do": "split", "group": 1, "parts": 3})
    assert parts.n_clusters == 5
    assert (parts.labels[base.labels != 1] == base.labels[base.labels != 1]).all()
    assert projection.digest in found.parents and projection.digest not in parts.parents


def test_the_base_stays_and_equal_changes_have_one_digest(iris):
    base = iris[3]
    edit = {"do": "merge", "groups": [1, 0], "words": ""}
    before = base.labels.copy()
    one, two = made(iris, edit), made(iris, {**edit, "groups": [0, 1]})
    assert one.digest == two.digest and np.array_equal(base.labels, before)
    undone = made(iris)
    assert np.array_equal(undone.labels, base.labels) and undone.n_clusters == 3


def test_it_is_a_clustering_for_scores_and_export(iris):
    from analytics.report.tables import labels_table

    store, dataset, projection, _ = iris
    found = made(
        iris,
        {"do": "rename", "group": 0, "words": "=cmd"},
        {"do": "tag", "where": rows(0, 1), "words": "a"},
        {"do": "tag", "where": rows(1), "words": "b"},
    )
    assert analytics.validity(found, store=store).values["silhouette"].value > 0
    table = labels_table(dataset, projection, found)
    assert set(table["cluster_name"]) == {"=cmd", "Group 2", "Group 3"}
    assert table["tags"][:3].tolist() == ["a", "a, b", ""]
    with pytest.raises(BadInput, match="changed by hand"):
        analytics.stability(found, store=store)


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        ({"do": "sing"}, "not known"),
        ({"do": "rename", "group": 0, "words": "  "}, "needs words"),
        ({"do": "merge", "groups": [1]}, "two groups or more"),
        ({"do": "split", "group": 0, "parts": 1}, "2 to 20"),
        ({"do": "tag", "where": {"rows": []}, "words": "x"}, "1 to 20,000 rows"),
        ({"do": "tag", "where": {"rows": [-1]}, "words": "x"}, "1 to 20,000 rows"),
        ({"do": "tag", "where": {"map": "../x", "shapes": [1]}, "words": "x"}, "select some"),
        ({"do": "reassign", "where": {"rows": ["a"]}, "to": 0}, "other values"),
    ],
)
def test_what_is_no_edit_is_refused(iris, edit, words):
    with pytest.raises(BadInput, match=words):
        correction_request(iris[3], [edit])


def test_an_edit_of_what_is_gone_names_itself(iris):
    with pytest.raises(BadInput, match=r"Change 2 \(rename\): The group is not there"):
        made(
            iris,
            {"do": "merge", "groups": [0, 1], "words": ""},
            {"do": "rename", "group": 1, "words": "x"},
        )
    with pytest.raises(BadInput, match="there are 150 rows"):
        made(iris, {"do": "reassign", "where": rows(150), "to": 0})
    with pytest.raises(BadInput, match="as computed"):
        correction_request(made(iris), [])


EDIT = st.one_of(
    st.fixed_dictionaries(
        {
            "do": st.just("reassign"),
            "where": st.lists(st.integers(0, 11), min_size=1).map(lambda r: {"rows": r}),
            "to": st.one_of(st.just("new"), st.integers(-1, 3)),
            "words": st.just(""),
        }
    ),
    st.fixed_dictionaries(
        {
            "do": st.just("merge"),
            "groups": st.lists(st.integers(0, 3), min_size=2, unique=True, max_size=3),
            "words": st.just(""),
        }
    ),
)


@settings(deadline=None, max_examples=100)
@given(st.lists(EDIT, max_size=6))
def test_numbers_stay_dense_and_groups_keep_theirs(edits):
    """Whatever is done: numbers 0 .. k - 1 are all used, and an id below k is its own number."""
    state = editing.start(np.arange(12) % 4, 4)

    def resolve(where):
        found = np.zeros(12, bool)
        found[where["rows"]] = True
        return found

    try:
        editing.apply(state, editing.checked(edits), resolve, lambda r, c: r)
    except BadInput:
        return
    ids = editing.order(state.labels)
    k = len(ids)
    assert sorted(ids) == sorted(set(state.labels[state.labels >= 0].tolist()))
    assert all(ids[i] == i for i in ids if i < k)


def test_few_labels_of_touched_rows_and_of_groups(iris):
    store, dataset, _, base = iris
    found = made(
        iris,
        {"do": "reassign", "where": rows(0, 60), "to": 2},
        {"do": "reassign", "where": rows(100), "to": 0},
        {"do": "tag", "where": rows(7, 8), "words": "odd"},
    )
    labels, names = few_labels(found, "touched", 10, 0)
    assert np.flatnonzero(labels != UNLABELLED).tolist() == [0, 60, 100]
    assert names == ["Group 1", "Group 3"] and labels[[0, 60, 100]].tolist() == [1, 1, 0]
    assert few_labels(found, "tags", 1, 0)[1] == ["odd"]
    each, _ = few_labels(found, "groups", 4, 0)
    assert np.bincount(each[each >= 0]).tolist() == [4, 4, 4]
    with pytest.raises(BadInput, match="No row has such a label"):
        few_labels(base, "touched", 10, 0)
    labelled = execute(labelled_request(dataset, found), store)
    assert labelled.label_names == ("Group 1", "Group 3")
    assert labelled.parents[0] == dataset.parents[0]
    assert np.array_equal(labelled.X, dataset.X)


@pytest.mark.parametrize("method", ["slk", "gpc"])
def test_methods_that_need_some_labels_learn_from_a_corrected_grouping(iris, method):
    store, dataset, _, base = iris
    found = made(iris, {"do": "rename", "group": 0, "words": "Wide"})
    few = execute(labelled_request(dataset, found, {"source": "groups", "each": 4}), store)
    given = few.labels >= 0
    assert given.sum() == 12 and "Wide" in few.label_names
    params = {"use_labels": True} if method == "slk" else {}
    grown = execute(clustering_request(few, method, params), store)
    assert adjusted_rand_score(grown.labels[given], few.labels[given]) == 1
    assert adjusted_rand_score(grown.labels, base.labels) > 0.5


def test_every_edit_is_said_in_words(iris):
    found = made(
        iris,
        {"do": "rename", "group": 1, "words": "x"},
        {"do": "tag", "where": rows(1, 2), "words": "t"},
        {"do": "untag", "words": "t"},
        {"do": "reassign", "where": rows(1), "to": "new", "words": "N"},
        {"do": "split", "group": 0, "parts": 2},
        {"do": "merge", "groups": [0, 1], "words": "M"},
    )
    assert [said(e) for e in found.params["edits"]] == [
        "called group 2 “x”",
        "tagged 2 rows “t”",
        "took the tag “t” away",
        "put 1 rows into a new group N",
        "split group 1 into 2 by k-means",
        "merged groups 1 and 2 as “M”",
    ]


def test_report_record_and_script_tell_what_was_changed(iris, tmp_path, monkeypatch):
    from analytics.report.html import html_report
    from analytics.report.lineage import complete_state
    from analytics.report.record import run_record
    from analytics.report.snippet import python_snippet

    store, dataset, _, _ = iris
    other = analytics.cluster(dataset, n_clusters=5, store=store)
    found = made(
        iris,
        {"do": "rename", "group": 0, "words": "<b>Big", "by": "Ada", "why": "it <i>is</i>"},
        {"do": "reassign", "where": rows(1, 2), "to": -1, "by": "Ben"},
    )
    state = complete_state(store, found.digest)
    state |= {"compared": [found.digest, other.digest], "called": [[other.digest, "Five <x>"]]}
    page = html_report(store, state)
    assert "Changed by hand" in page and "put 2 rows into noise" in page and "Ben" in page
    assert "it &lt;i&gt;is&lt;/i&gt;" in page and "&lt;b&gt;Big" in page
    assert "Compared with other results" in page and "Five &lt;x&gt;" in page
    record = run_record(store, state)
    kinds = [(s["kind"], s["method"]) for s in record["steps"]]
    assert ("clustering", "kmeans") in kinds and ("clustering", "corrected") in kinds
    assert [s["digest"] for s in record["compared"]] == [found.digest, other.digest]
    assert "put 2 rows into noise" in str(record["steps"])
    script = python_snippet(store, {**state, "selection": []})
    assert "analytics.correct(" in script
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path))
    exec(compile(script, "script", "exec"), {})  # it asserts the digests itself
