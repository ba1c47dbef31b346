"""A person's changes: each by hand, then on real texts through the store."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analytics
from analytics import api
from analytics.errors import BadInput
from analytics.explanation import asking, edits
from analytics.explanation.explain import Wishes
from analytics.operations import execute
from models import minilm

WORDS = ["a", "b", "c", "all"]
SCORES = np.array([[1, 0, 0, 1], [1, 0, 0, 1], [0, 1, 0, 1], [0, 1, 0, 1], [0, 0, 1, 1]], float)


def state(k=3):
    return edits.State(list(WORDS), SCORES.copy(), [0, 1, 2], k, Wishes(largest=0.9))


def changed(*changes, judge=None, propose=None):
    def known(words):
        return np.array([[1.0 if int(i < 3) else 0.0] for i in range(5)])

    found = state()
    return edits.apply(
        found, edits.checked(changes), np.ones(5), judge or known, propose or (lambda rows: [])
    )


def test_rename_changes_the_name_and_nothing_else():
    found = changed({"do": "rename", "column": 1, "words": "  bees  "})
    assert found.names == {1: "bees"} and found.slots == [0, 1, 2] and len(found.descriptions) == 4


def test_rewrite_judges_once_and_keeps_the_slot():
    asked = []

    def judge(words):
        asked.append(words)
        return np.array([[0], [0], [1], [1], [0.9]])

    found = changed({"do": "rewrite", "column": 1, "words": "b or c"}, judge=judge)
    assert asked == [["b or c"]] and found.slots[:2] == [0, 4]
    assert found.removed == {1} and found.pinned == {4}
    assert found.slots == [0, 4]  # "c" costs an overlap now


def test_remove_leaves_the_others_in_their_slots_and_restore_brings_back():
    gone = changed({"do": "remove", "column": 0})
    assert gone.slots == [None, 1, 2]
    back = changed({"do": "remove", "column": 0}, {"do": "restore", "column": 0})
    assert back.slots == [0, 1, 2]


def test_merge_is_true_where_either_is():
    found = changed({"do": "merge", "columns": [2, 0], "words": ""})
    assert found.descriptions[4] == "a or c"
    assert found.scores[:, 4].tolist() == [1, 1, 0, 0, 1]
    assert found.slots[:2] == [4, 1] and found.removed == {0, 2} and found.k == 2


def test_split_and_add():
    parts = {"left": [1, 0, 0, 0, 0], "right": [0, 1, 0, 0, 0]}

    def judge(words):
        return np.array([parts[words[0]]], float).T

    found = changed({"do": "split", "column": 0}, judge=judge, propose=lambda rows: list(parts))
    assert [found.descriptions[s] for s in found.slots] == ["left", "b", "c", "right"]
    with pytest.raises(BadInput, match="No two parts"):
        changed({"do": "split", "column": 0})
    found = changed({"do": "add", "words": "first three"})
    assert 4 in found.slots and found.pinned == {4} and found.k == 4


def test_the_exact_solver_proves_the_choice():
    found = changed({"do": "prove", "seconds": 5})
    assert found.proof.status == "proven" and found.proof.gap == 0
    assert found.slots == [0, 1, 2]
    assert changed({"do": "prove", "seconds": 5}, {"do": "remove", "column": 0}).proof is None


def test_a_description_without_an_answer_is_refused():
    with pytest.raises(BadInput, match="cannot be judged"):
        changed({"do": "add", "words": "?"}, judge=lambda words: np.full((5, 1), np.nan))


@pytest.mark.parametrize(
    "wrong",
    [
        {"do": "explode"},
        "rename",
        {"do": "add", "words": " "},
        {"do": "merge", "columns": [1]},
        {"do": "remove", "column": 99},
        {"do": "move", "row": 99, "column": 0},
    ],
)
def test_wrong_changes_are_refused_in_words(wrong):
    with pytest.raises(BadInput):
        changed(wrong)


COLUMN = st.integers(0, 3)
CHANGE = st.one_of(
    st.builds(lambda c: {"do": "remove", "column": c}, COLUMN),
    st.builds(lambda c: {"do": "restore", "column": c}, COLUMN),
    st.builds(lambda c: {"do": "pin", "column": c}, COLUMN),
    st.builds(lambda c: {"do": "unpin", "column": c}, COLUMN),
    st.builds(lambda c: {"do": "rename", "column": c, "words": "x"}, COLUMN),
    st.builds(lambda w: {"do": "add", "words": w}, st.sampled_from(["x", "y", "z"])),
    st.just({"do": "merge", "columns": [0, 1], "words": "both"}),
)


@settings(deadline=None)
@given(st.lists(CHANGE, max_size=8))
def test_any_changes_keep_the_state_whole(changes):
    try:
        found = changed(*changes)
    except BadInput:
        return
    held = [s for s in found.slots if s is not None]
    assert len(set(held)) == len(held) <= max(found.k, len(found.pinned))
    assert found.pinned <= set(held) and not found.removed & set(held)
    assert found.scores.shape == (5, len(found.descriptions))
    assert not found.pinned & found.removed


@pytest.mark.skipif(not minilm.available(), reason="the sentence model is not installed")
def test_changes_of_a_stored_explanation(home):
    store = api.default_store()
    table = analytics.read("sample:messages")
    base = analytics.explain(table, "text", "by topic", k=4)
    first = int(base.chosen[0])
    changes = [{"do": "rewrite", "column": first, "words": 'mentions "refund"'}]
    found = execute(asking.edit_request(base, table, changes), store)
    said = table.frame["text"].str.contains(r"\brefund\b", case=False)
    assert found.evidence[0]["description"] == 'mentions "refund"'
    assert found.slots[0] == 0 and found.edits == tuple(changes)
    column = found.scores[found.place, found.chosen[0]]
    assert np.array_equal(column == 1, said)
    row = int(np.flatnonzero(found.labels == 0)[0])
    changes += [{"do": "move", "row": int(found.place[row]), "column": -1}]
    moved = execute(asking.edit_request(base, table, changes), store)
    assert moved.labels[row] == -1
    assert (moved.labels != found.labels).sum() == 1
