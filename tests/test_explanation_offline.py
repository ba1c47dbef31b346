"""Texts grouped by descriptions without a language model: each part by hand, the whole on data."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import analytics
from analytics import api, cli
from analytics.errors import BadInput
from analytics.explanation import (
    asking,
    contrast,
    evidence,
    explain,
    feelings,
    forms,
    goals,
    keyterms,
    languages,
    lexical,
    offline,
    reruns,
    rest,
    select,
    sentences,
    spaces,
    taxonomy,
    topics,
)
from analytics.explanation.provider import Task
from analytics.operations import execute
from models import minilm

pytestmark = pytest.mark.usefixtures("home")
MODEL = pytest.mark.skipif(not minilm.available(), reason="the sentence model is not installed")
TWO = ["The match ended with a late goal.", "Our team lost the cup final."] * 6 + [
    "The bank raised interest rates.",
    "Shares fell on the stock market.",
] * 6


# What a goal asks for.


@pytest.mark.parametrize(
    ("goal", "aspect", "form"),
    [
        ("by topic, in the form 'has a topic of <something>'", "topic", "has a topic of {}"),
        ('by the language it is written in: "is in <language>"', "language", "is in {}"),
        ("by writing style", "style", "is written as {}"),
        ("by sentiment", "feeling", "expresses {} feelings"),
        ("by length", "length", "is {}"),
        ("why are customers leaving?", "topic", "is about {}"),
        ("by complaint, in the form 'complains of <something>'", "topic", "complains of {}"),
        ("by mood, in the form 'feels <so> about it'", "feeling", "feels {} about it"),
        ("what they don't like, as 'doesn't like <it>'", "topic", "doesn't like {}"),
        ("by “is written in <language>”", "language", "is written in {}"),
    ],
)
def test_a_goal_names_the_aspect_and_the_form(goal, aspect, form):
    assert goals.read(goal) == goals.Goal(aspect, form)


def test_examples_show_the_form_when_the_goal_does_not():
    read = goals.read("by topic", ["complains about the price", "complains about the noise"])
    assert read.form == "complains about the {}"
    assert read.words(read.describe("staff")) == "staff"
    assert read.words("Complains about the food.") == "food"
    assert read.words("is about late trains") == "late trains"


@settings(deadline=None)
@given(st.text(min_size=1, max_size=200), st.lists(st.text(max_size=50), max_size=3))
def test_any_goal_is_read_or_refused_in_words(goal, examples):
    try:
        read = goals.read(goal, examples)
    except BadInput as error:
        assert "goal" in str(error)
    else:
        assert read.words(read.describe("late trains")) == "late trains"


# Languages, lengths, mentions.


def test_languages_are_detected_and_named():
    texts = ["Good morning, how are you today?", "Guten Morgen, wie geht es dir heute?", "123", ""]
    assert languages.detect(texts) == ["en", "de", "", ""]
    assert languages.code("Deutsch") == languages.code("german") == "de"
    assert languages.code("Klingon") == ""
    assert languages.groups(["en", "en", "de", ""], 2).tolist() == [0, 0, -1, -1]


def test_a_description_that_can_be_checked_word_by_word_is():
    texts = ["I want a Refund now", "refunded already", "money back please, at once", ""]
    assert lexical.truth('mentions "refund" or "money back"', texts).tolist() == [1, 0, 1, 0]
    assert lexical.truth("is under 4 words", texts).tolist() == [0, 1, 0, 1]
    assert lexical.truth("is at most 5 words", texts).tolist() == [1, 1, 1, 1]
    assert lexical.truth("is 4 to 5 words", texts).tolist() == [1, 0, 1, 0]
    assert lexical.truth("is about refunds", texts) is None
    assert lexical.truth('is about users of "Windows"', texts) is None


def test_the_opposite_of_what_is_checked_word_by_word():
    texts = ["I want a refund now", "thanks", "money back please, at once"]
    for said in ("does not mention", "doesn't even mention", "makes no mention of"):
        assert lexical.truth(f'{said} "refund"', texts).tolist() == [0, 1, 1]
        assert lexical.quoted(f'{said} "refund"') == []
    assert lexical.truth("is not under 5 words", texts).tolist() == [1, 0, 1]
    assert lexical.truth("is no more than 4 words", texts).tolist() == [0, 1, 0]
    assert lexical.truth("isn't 2 to 5 words", texts).tolist() == [0, 1, 0]
    assert lexical.truth('has no greeting but mentions "refund"', texts).tolist() == [1, 0, 0]


@settings(deadline=None)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.integers(1, 6))
def test_bands_of_length_hold_each_text_once(lengths, k):
    texts = ["w " * n for n in lengths]
    bands = lexical.bands(texts, k)
    assert len(bands) <= k
    if bands:
        assert (sum(lexical.truth(f"is {band}", texts).astype(int) for band in bands) == 1).all()


# Telling words.


def test_words_of_the_members_tell_and_words_of_all_do_not():
    texts = ["a red apple pie", "a green apple pie", "the fast car pie", "the slow car pie"] * 3
    counts, members = keyterms.counted(texts), np.tile([True, True, False, False], 3)
    assert keyterms.telling(counts, members, 1) == ["apple"]
    assert keyterms.telling(counts, ~members, 1) == ["car"]
    assert keyterms.telling(counts, np.zeros(12, bool), 3) == []
    assert keyterms.telling(None, np.ones(2, bool), 3) == []


# Judging by contrast.


def planted(seed=0, per=40, d=12):
    """Three directions with texts around each."""
    rng = np.random.default_rng(seed)
    centres = np.eye(3, d)
    values = np.repeat(centres, per, axis=0) + 0.15 * rng.normal(size=(3 * per, d))
    return spaces.unit(values).astype(np.float32), np.repeat(np.arange(3), per)


def test_a_description_is_true_of_the_group_it_points_at():
    values, truth = planted()
    partitions = contrast.levels(values, 3, 0)
    places = spaces.unit(np.eye(3, values.shape[1]) + 0.2).astype(np.float32)
    margins = contrast.margins(values, places, partitions, [0, 0, 0])
    assert np.array_equal(margins >= 0, truth[:, None] == np.arange(3))
    assert np.array_equal(margins, contrast.margins(values, places, partitions, [0, 0, 0]))


def test_a_description_that_means_nothing_has_no_answer():
    values, _ = planted()
    margins = contrast.margins(
        values, np.zeros((1, values.shape[1])), contrast.levels(values, 3, 0)
    )
    assert np.isnan(margins).all() and np.isnan(contrast.chance(margins)).all()
    assert contrast.chance(np.array([0.0])) == 0.5


def test_a_text_of_which_nothing_is_known_has_no_answer():
    values, _ = planted()
    values[7] = 0
    margins = contrast.margins(values, spaces.unit(np.eye(2, 12)), contrast.levels(values, 3, 0))
    assert np.isnan(margins[7]).all() and np.isfinite(np.delete(margins, 7, axis=0)).all()


@MODEL
@pytest.mark.parametrize("texts", [["Hi", "hi", "HI"], list("😀🎉🎃🚀")])
@pytest.mark.parametrize("goal", ["by topic", "by sentiment"])
def test_texts_that_are_all_alike_are_refused_in_words(goal, texts):
    with pytest.raises(BadInput, match="are all alike"):
        analytics.explain(pd.DataFrame({"t": texts}), "t", goal, k=3)


def test_a_judge_stored_before_levels_were_kept_judges_still():
    task = Task(("Where is it?", "A plain line of prose.", "Who are you?"), "by writing style")
    judge = offline.read(task)
    rows, said = np.arange(3), ["is written as a question"]
    old = {name: array for name, array in judge.state(said).items() if name != "levels"}
    again = offline.restored(task, old, said)
    assert np.allclose(again.judge(rows, said, task), judge.judge(rows, said, task))


def test_equal_texts_have_no_form_in_particular():
    with pytest.raises(BadInput, match="By form these texts are all alike"):
        offline.read(Task(("same here",) * 9, "by writing style"))


def test_levels_of_few_or_equal_texts():
    same = np.tile(np.eye(1, 4, dtype=np.float32), (5, 1))
    assert [len(level.centres) for level in contrast.levels(same, 4, 0)] == [1]


# Form and feeling.


def test_forms_by_their_marks():
    play = "INT. KITCHEN - DAY\n\nANNA\nWhere is it?\n\nBEN\n(quietly)\nI do not know."
    poem = "The night is long and deep\nthe stars in silence keep\na watch on the lane\nand on rain"
    post = "Best coffee ever!! #monday #happy @joe"
    prose = "The committee met on Tuesday and discussed the plan for the next year in some detail."
    texts = [play, poem, post, prose] * 8
    task = Task(tuple(texts), "by writing style", (), 4)
    judge = offline.read(task)
    wanted = ["a screenplay", "a poem", "a tweet", "plain prose", "a haiku of the moon"]
    scores = judge.judge(np.arange(len(texts)), [f"is written as {w}" for w in wanted], task)
    assert scores[:4, :4].argmax(axis=1).tolist() == [0, 1, 2, 3]
    assert np.isnan(scores[:, 4]).all()
    proposed = judge.propose(np.arange(len(texts)), task, [], 0)
    assert "is written as a screenplay or script" in proposed
    assert "is written as program code" not in proposed


@pytest.mark.parametrize("signs", [".", "1-", "!?", "(", "<a", "a'", "\u2026 "])
def test_runs_of_signs_are_read_in_one_pass(signs):
    # Read once from every sign to the end, each of these took seconds, and hours in thousands.
    text = signs * (4000 // len(signs) - 2) + "x y"
    marks = dict(zip(forms.MARKS, forms.space([text, "One. Two."]).turn["marks"][0], strict=True))
    assert marks["rhyming lines"] == 0 and marks["lines"] == pytest.approx(np.log(2))


def test_sentences_end_at_a_run_of_signs_and_rhymes_at_the_last_letter():
    marks = forms.space(["Wait... what?! 3.5 is.it", "on the street!!!\nat our feet 12."]).turn[
        "marks"
    ]
    found = dict(zip(forms.MARKS, marks.T, strict=True))
    assert found["words per sentence"] == pytest.approx(np.log1p([4 / 2, 6 / 2]))
    assert found["rhyming lines"].tolist() == [0, 0.5]


@MODEL
def test_feelings_of_plain_sentences():
    texts = [
        "What a lovely day, I am so glad!",
        "Awful, it broke at once.",
        "It opens at nine.",
    ] * 3
    space = feelings.space(texts, minilm.embed(texts))
    assert space.values[:3].argmax(axis=1).tolist() == [0, 1, 2]
    assert feelings.place(["unhappy customers", "happy customers", "purple"]).tolist() == [
        [0, 1, 0],
        [1, 0, 0],
        [0, 0, 0],
    ]


@pytest.mark.parametrize("name", forms.FORMS)
def test_every_form_has_marks_that_exist_and_a_way_to_ask_for_it(name):
    assert set(forms.FORMS[name]) <= set(forms.MARKS)
    assert forms.place([name]).any()


# The loop.


class Scripted:
    """Knows which descriptions are true; may answer wrongly or not at all."""

    name, reads, calls = "scripted", 5, 2

    def __init__(self, truth, names, wrong=0.0, silent=0.0):
        self.truth, self.names, self.wrong, self.silent = truth, names, wrong, silent
        self.read, self.judged = [], []

    def propose(self, rows, task, known, seed, progress=None):
        self.read.append(rows)
        return [self.names[j] for j in np.unique(self.truth[rows])]

    def judge(self, rows, descriptions, task, progress=None):
        self.judged += descriptions
        rng = np.random.default_rng(0)
        yes = self.truth[rows][:, None] == [self.names.index(d) for d in descriptions]
        yes = (yes ^ (rng.random(yes.shape) < self.wrong)).astype(float)
        yes[rng.random(yes.shape) < self.silent] = np.nan
        return yes


def run(provider, n, k=3, **wishes):
    task = Task(tuple(f"text {i}" for i in range(n)), "by topic", (), k)
    return explain.explain(task, np.ones(n), provider, explain.Wishes(**wishes))


def test_the_loop_finds_the_planted_groups_and_judges_each_description_once():
    truth = np.repeat([0, 1, 2], [50, 8, 2])
    provider = Scripted(truth, ["a", "b", "c"])
    draft = run(provider, 60, rounds=10)
    assert draft.selection.covered == 1 and draft.selection.cost == 0
    assert sorted(provider.judged) == sorted(set(provider.judged))
    assert all(len(rows) == 5 for rows in provider.read)


class Picking(Scripted):
    """Is also asked which description fits best, and errs there as often."""

    def pick(self, rows, descriptions, task, progress=None):
        right = np.array([descriptions.index(self.names[t]) for t in self.truth[rows]])
        rng = np.random.default_rng(1)
        errs = rng.random(len(rows)) < self.wrong
        return np.where(errs, (right + rng.integers(1, 4, len(rows))) % len(descriptions), right)


@pytest.mark.parametrize(("wrong", "least"), [(0.0, 1.0), (0.05, 0.96), (0.1, 0.9)])
def test_the_right_groups_are_found_as_answers_become_noisy(wrong, least):
    truth = np.tile(np.arange(4), 100)
    draft = run(Picking(truth, ["a", "b", "c", "d"], wrong=wrong), 400, k=4, rounds=10)
    assert sorted(draft.descriptions[j] for j in draft.selection.chosen) == ["a", "b", "c", "d"]
    assert analytics.compare(truth, draft.preferred)["macro_f1"] >= least


def test_answers_are_weighed_together_by_hand():
    scores = np.array([[1, 0], [1, 1], [0, 1], [0, 0], [np.nan, np.nan], [0, 0]], float)
    assert explain.together(scores, np.array([0, 1, 0, 1, 1, -1])).tolist() == [0, 1, 1, 1, 1, -1]


def test_no_answer_is_unexplained_and_never_the_first_group():
    draft = run(Scripted(np.zeros(20, int), ["a"], silent=0.5), 20)
    labels = select.assign(draft.scores[:, list(draft.selection.chosen)])
    assert set(labels) == {0, -1}
    assert np.array_equal(labels == -1, np.isnan(draft.scores[:, 0]))


def test_nothing_that_fits_is_said_in_one_sentence():
    class Mute(Scripted):
        def propose(self, rows, task, known, seed, progress=None):
            return ["", "  "]

    with pytest.raises(BadInput, match="No description fits"):
        run(Mute(np.zeros(5, int), ["a"]), 5)


# Evidence.


def test_evidence_by_hand():
    scores = np.array([[0.9, 0.1], [0.8, 0.6], [0.6, 0.7], [0.1, 0.9], [np.nan, 0.2]])
    labels = np.array([0, 0, 1, 1, -1])
    texts = ["one", "two", "three", "four", "five"]
    first, second = evidence.evidence(scores, labels, ["a", "b"], texts, np.array([1, 1, 1, 1, 2]))
    assert (first["size"], first["coverage"], first["recall"]) == (2, 3 / 6, 1)
    assert (first["precision"], first["exclusive"]) == (2 / 3, 1 / 3)
    assert first["overlap"] == [1, 2 / 4] and second["overlap"] == [2 / 4, 1]
    assert first["exemplars"] == [0, 1] and first["borderline"] == [1, 0]


# The whole.


def test_texts_without_the_model_are_still_grouped(monkeypatch):
    monkeypatch.setattr(minilm, "available", lambda: False)
    texts = [f"{t} {i}" for i, t in enumerate(TWO)]
    found = analytics.explain(pd.DataFrame({"t": texts}), "t", "by topic", k=2)
    truth = np.arange(len(TWO)) >= 12
    agreement = np.mean(found.labels == found.labels[0])
    assert found.labels.max() <= 1 and 0 < agreement < 1
    assert (truth[found.labels == found.labels[0]] == truth[0]).mean() > 0.8
    assert any("words" in note for note in found.notes)


@MODEL
def test_two_topics_are_told_apart_and_named():
    cells = pd.Series([*TWO, None, "  ", TWO[0]])
    found = analytics.explain(pd.DataFrame({"t": cells}), "t", "by topic", k=2)
    assert len(set(found.labels[:12])) == 1 and len(set(found.labels[12:24])) == 1
    assert found.labels[0] != found.labels[12]
    assert found.labels[24:].tolist() == [-1, -1, found.labels[0]]
    assert sum(e["size"] for e in found.evidence) == 25
    text = " ".join(e["description"] for e in found.evidence)
    assert text.count("is about") == 2
    assert all(cells[i] for e in found.evidence for i in e["exemplars"])
    again = analytics.explain(pd.DataFrame({"t": cells}), "t", "by topic", k=2)
    assert again.digest == found.digest


def test_wrong_columns_goals_and_numbers_are_refused():
    table = analytics.read(pd.DataFrame({"t": TWO, "empty": [None] * len(TWO)}))
    with pytest.raises(BadInput, match="no column"):
        analytics.explain(table, "x", "by topic")
    with pytest.raises(BadInput, match="empty"):
        analytics.explain(table, "empty", "by topic")
    with pytest.raises(BadInput, match="goal is empty"):
        analytics.explain(table, "t", "  ")
    with pytest.raises(BadInput, match="k"):
        analytics.explain(table, "t", "by topic", k=0)
    with pytest.raises(BadInput, match="examples"):
        asking.explanation_request(table, "t", "by topic", ["x"] * 50)


@pytest.mark.parametrize(
    "goal", ["by topic", "by language", "by style", "by sentiment", "by length"]
)
@pytest.mark.parametrize(
    "texts", [["a"], ["a", "b"], ["?", "!", "."], ["same"] * 5, ["日本語です", "مرحبا"]]
)
def test_odd_texts_end_in_groups_or_in_one_sentence(goal, texts):
    try:
        found = analytics.explain(pd.DataFrame({"t": texts}), "t", goal, k=3)
    except BadInput as error:
        assert len(str(error)) > 20
    else:
        assert len(found.labels) == len(texts) and found.labels.max() < 3


@MODEL
def test_the_command_writes_a_row_per_text(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    pd.DataFrame({"id": range(len(TWO)), "note": TWO}).to_csv("notes.csv", index=False)
    code = cli.main(
        ["explain", "notes.csv", "--text", "note", "--goal", "by topic", "--k", "2", "--json"]
    )
    answer = json.loads(capsys.readouterr().out)
    assert code == 0 and set(answer) >= {"clusters", "covered", "covered_once", "cost"}
    keys = {"description", "size", "precision", "recall", "exemplars"}
    assert all(keys <= set(c) for c in answer["clusters"])
    assert answer["clusters"][0]["exemplars"][0] in TWO
    written = pd.read_csv("explained.csv")
    assert written["row"].tolist() == list(range(len(TWO)))
    assert set(written["cluster"]) <= {-1, 0, 1}


def test_the_command_needs_a_goal(capsys):
    assert cli.main(["explain", "sample:messages", "--json"]) == 2
    assert "goal is empty" in json.loads(capsys.readouterr().out)["error"]


def test_sentences_with_a_model_that_is_at_hand():
    made = sentences.Vectors(planted()[0], sentences.WORDS)
    space = spaces.meaning([f"text {i}" for i in range(120)], made)
    assert space.kind == spaces.WORDS and space.values.shape[0] == 120
    assert np.allclose(np.linalg.norm(space.values, axis=1), 1, atol=1e-5)


@MODEL
def test_topics_by_keywords_and_whether_groups_come_out_again():
    table = analytics.read("sample:messages")
    words = [["hotel", "room"], ["parcel", "delivery"], ["app"], ["bus", "train"], ["invoice"]]
    found = analytics.explain(table, "text", keywords=words)
    labels = pd.factorize(table.frame["topic"])[0]
    assert analytics.compare(labels, found.labels)["macro_f1"] > 0.85
    assert found.evidence[1]["description"] == "is about parcel, delivery"
    with pytest.raises(BadInput, match="not both"):
        analytics.explain(table, "text", "by topic", keywords=words)
    store = api.default_store()
    made = analytics.explain(table, "text", "by length", k=3)
    card = execute(reruns.stability_request(made, table), store)
    assert card.groups["steady"].shape == (3,) and 0.5 < card.values["ari"].value <= 1
    with pytest.raises(BadInput, match="made again"):
        execute(reruns.stability_request(found, table), store)


@pytest.mark.parametrize("text", ["", " \n ", ",,\n", "a" * 6000])
def test_topics_that_are_none_are_refused(text):
    with pytest.raises(BadInput):
        topics.read(text)


def test_topics_are_read_line_by_line():
    assert topics.read("hotel: room, bed\n\nbus;tram") == [
        ["hotel", "room", "bed"],
        ["bus", "tram"],
    ]


@MODEL
def test_groups_are_explained_inside_with_their_leftovers_in_view():
    store, table = api.default_store(), analytics.read("sample:messages")
    found = analytics.explain(table, "text", "by topic", k=4)
    tree = execute(taxonomy.taxonomy_request(found, table, 2), store)
    assert [e["size"] for e in tree.entries] == [e["size"] for e in found.evidence]
    opened = [e for e in tree.entries if e["digest"]]
    assert opened
    for entry in opened:
        assert sum(c["size"] for c in entry["children"]) + entry["left"] == entry["size"]
        child = store.require(entry["digest"])
        group = [e["description"] for e in found.evidence].index(entry["description"])
        assert (found.labels[child.labels >= 0] == group).all()
    changes = [{"do": "add", "words": 'mentions "refund"'}]
    edited = execute(asking.edit_request(child, table, changes), store)
    assert (edited.place == child.place).all() and len(edited.chosen) > len(child.chosen)
    with pytest.raises(BadInput, match="not there any more"):
        taxonomy.inside_request(found, table, 10_000)


@MODEL
@pytest.mark.parametrize("goal", ["by topic", "by length", "by language", "by style"])
def test_a_sample_is_applied_to_the_rest_with_its_error(goal):
    store, table = api.default_store(), analytics.read("sample:messages")
    params = {"k": 3, "sample": 100}
    found = execute(asking.explanation_request(table, "text", goal, (), params), store)
    assert (found.place < 0).sum() == 60 and "100 of 160" in found.notes[0]
    whole = execute(rest.rest_request(found, table), store)
    assert whole.notes[0].startswith("Applied to 60 further texts.")
    assert ("held back" in whole.notes[0]) == (goal == "by topic")
    assert (whole.place >= 0).all() and len(whole.scores) == 160
    if goal == "by topic":
        inside = found.place >= 0
        assert (whole.labels[inside] == found.labels[inside]).all()
    changes = [{"do": "add", "words": 'mentions "refund"'}]
    edited = execute(asking.edit_request(whole, table, changes), store)
    assert len(edited.labels) == 160
    with pytest.raises(BadInput, match="sample"):
        rest.rest_request(whole, table)
    same = analytics.explain(table, "text", goal, k=3, sample=100, apply=True)
    assert same.digest == whole.digest
