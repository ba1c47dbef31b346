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


def test_what_was_removed_can_be_added_by_its_words():
    found = changed({"do": "remove", "column": 0}, {"do": "add", "words": "a"})
    assert 0 in found.slots and found.pinned == {0} and not found.removed


def test_moved_texts_follow_their_group_when_it_is_put_in_other_words():
    moved = {"do": "move", "row": 4, "column": 0}, {"do": "move", "row": 1, "column": -1}
    found = changed(*moved, {"do": "rewrite", "column": 0, "words": "x"})
    assert found.moved == {4: 4, 1: -1}
    found = changed(*moved, {"do": "merge", "columns": [0, 1], "words": ""})
    assert found.moved == {4: 4, 1: -1} and found.descriptions[4] == "a or b"


def test_a_merged_group_is_not_mistaken_for_a_description_that_reads_the_same():
    with pytest.raises(BadInput, match="otherwise"):
        changed({"do": "merge", "columns": [0, 1], "words": "c"})
    long = "x" * 300
    found = changed({"do": "add", "words": long}, {"do": "merge", "columns": [2, 4], "words": ""})
    said = found.descriptions[5]
    assert said.startswith("c or xxx") and len(said) <= 300
    assert found.scores[:, 5].tolist() == [1, 1, 1, 0, 1]


def test_no_choice_at_all_is_said_in_words():
    weights = {"overlap": 0.5, "uncovered": 1, "largest": 0.05}
    with pytest.raises(BadInput, match="No description is left"):
        changed({"do": "choose", "k": 3, **weights})


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
        {"do": ["rename"]},
        {"do": "rename", "words": "x"},
        {"do": "pin", "column": "first"},
        {"do": "merge", "columns": 5},
        {"do": "choose", "k": 3, "overlap": float("nan"), "uncovered": 1, "largest": 1},
        {"do": "move", "row": float("inf"), "column": 0},
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
    st.builds(lambda c: {"do": "rewrite", "column": c, "words": "y"}, COLUMN),
    st.builds(lambda c: {"do": "split", "column": c}, COLUMN),
    st.builds(lambda r, c: {"do": "move", "row": r, "column": c}, st.integers(0, 4), COLUMN),
    st.builds(
        lambda k, w: {"do": "choose", "k": k, "overlap": w, "uncovered": 1, "largest": 0.9},
        st.integers(1, 5),
        st.floats(0, 2),
    ),
    st.just({"do": "merge", "columns": [0, 1], "words": "both"}),
)


@settings(deadline=None)
@given(st.lists(CHANGE, max_size=8))
def test_any_changes_keep_the_state_whole(changes):
    try:
        found = changed(*changes, propose=lambda rows: ["left", "right"])
    except BadInput as error:
        # Only what a reader can act on; never that a choice contradicts itself.
        assert "last description" in str(error) or "No " in str(error) or "otherwise" in str(error)
        return
    held = [s for s in found.slots if s is not None]
    assert len(set(held)) == len(held) <= max(found.k, len(found.pinned))
    assert found.pinned <= set(held) and not found.removed & set(held)
    assert found.scores.shape == (5, len(found.descriptions))
    assert not found.pinned & found.removed and held


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
    # A group that is put in other words keeps what was moved to it.
    again = [changes[1], {"do": "rewrite", "column": first, "words": 'mentions "fee"'}]
    target = int(np.flatnonzero(found.labels == 1)[0])
    again[0] = {"do": "move", "row": int(base.place[target]), "column": first}
    after = execute(asking.edit_request(base, table, again), store)
    assert after.labels[target] == 0
    # A group taken away gives its texts back to whatever is true of them.
    again[1] = {"do": "remove", "column": first}
    gone = execute(asking.edit_request(base, table, again), store)
    alone = execute(asking.edit_request(base, table, again[1:]), store)
    assert np.array_equal(gone.labels, alone.labels)


@pytest.mark.skipif(not minilm.available(), reason="the sentence model is not installed")
def test_topics_given_by_keywords_stay_when_one_is_changed(home):
    table = analytics.read("sample:messages")
    words = [["hotel"], ["parcel"], ["app"], ["train"], ["invoice"]]
    base = analytics.explain(table, "text", keywords=words)
    change = {"do": "unpin", "column": 0}
    found = execute(asking.edit_request(base, table, [change]), api.default_store())
    assert found.pinned == (1, 2, 3, 4) and set(found.chosen) >= {1, 2, 3, 4}


@pytest.mark.skipif(not minilm.available(), reason="the sentence model is not installed")
def test_a_description_that_is_true_of_every_text_can_be_split(home):
    table = analytics.read("sample:messages")
    base = analytics.explain(table, "text", "by topic", k=1)
    every = {"do": "add", "words": "is over 0 words"}
    split = {"do": "split", "column": len(base.descriptions)}
    found = execute(asking.edit_request(base, table, [every, split]), api.default_store())
    assert len(found.chosen) >= 2 and len(found.pinned) == 2


def test_the_same_edit_at_another_time_is_not_judged_again(home, monkeypatch):
    table, store = analytics.read("sample:messages"), api.default_store()
    base = analytics.explain(table, "text", "by length", k=3)
    ran = []
    apply = edits.apply
    monkeypatch.setattr(edits, "apply", lambda *given: ran.append(1) or apply(*given))
    change = {"do": "add", "words": 'mentions "train"'}
    first, second = (
        execute(asking.edit_request(base, table, [{**change, "by": by, "at": at}]), store)
        for by, at in (("Ann", "2026-01-01T00:00:00"), ("Bo", "2026-02-02T00:00:00"))
    )
    assert len(ran) == 1 and first.digest != second.digest
    assert [f.edits[0]["by"] for f in (first, second)] == ["Ann", "Bo"]
    assert first.params["edits"][0]["at"] == "2026-01-01T00:00:00"
    assert np.array_equal(first.labels, second.labels) and first.evidence == second.evidence
