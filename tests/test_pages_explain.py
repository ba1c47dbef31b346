"""The Explain page under AppTest: the goal, the cards, a change, what is odd."""

import numpy as np
import pandas as pd
import pytest

import analytics
from analytics.explanation import asking, topics
from analytics.operations import execute
from analytics.view import View
from pages.ui import explaining, explored, services
from pages.ui.cards import SURE
from tests.apptest import page_of, settle, start, view


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


def opened(source, **found):
    """The page over data, and over an explanation of them when a goal is given."""
    store = services.artifacts()
    dataset = analytics.prepare(source, store=store)
    query = {"t": dataset.parents[0], "d": dataset.digest}
    if found:
        made = execute(asking.explanation_request(dataset, "text", **found), store)
        query["e"] = made.digest
    at = start(query)
    settle(at)
    at.switch_page("explain.py")
    return settle(at)


def cards(at) -> list[str]:
    """The cards, without the evidence behind them."""
    shown = [h.value for h in at.get("html") if "class='card'" in h.value]
    return [h for h in shown if "Surest" not in h]


def evidence(at) -> list[str]:
    return [h.value for h in at.get("html") if "Surest" in h.value]


def button(at, label):
    return next(b for b in at.button if b.label == label)


def said(at) -> str:
    parts = [*at.markdown, *at.caption, *at.info, *at.warning, *at.error, *at.subheader]
    return " ".join(str(p.value) for p in parts)


def test_a_goal_becomes_cards_and_a_change_can_be_undone():
    at = opened("sample:messages")
    assert "what they are about" in said(at) and not cards(at)
    at.text_area(key="explain-goal").set_value("by length").run()
    assert "how long they are" in said(at)
    button(at, "Explain these texts").click()
    settle(at)
    assert not at.exception and view(at).explanation
    first = cards(at)
    assert len(first) == 4 and "words" in first[0]
    before = view(at).explanation
    next(b for b in at.button if b.label == "Remove").click()
    settle(at)
    assert not at.exception and view(at).explanation != before
    assert len([c for c in cards(at) if "Unexplained" not in c]) == 3
    button(at, "Undo").click()
    settle(at)
    assert view(at).explanation == before and cards(at) == first


def test_a_link_opens_the_same_explanation_and_text_cannot_be_markup():
    rows = ["<b>fire</b> ![x](http://example.com/x.png) in the kitchen", "water in the cellar"] * 9
    texts = [f"{t} {i}" for i, t in enumerate(rows)]
    frame = pd.DataFrame({"text": texts, "n": range(len(texts))})
    at = opened(frame, goal="by length in words")
    assert not at.exception
    shown = " ".join(h.value for h in at.get("html"))
    assert "&lt;b&gt;" in shown and "<b>fire" not in shown


def test_an_explanation_of_other_data_is_not_shown():
    store = services.artifacts()
    texts = ["a few words about one thing", "many more words about another thing altogether"]
    other = analytics.prepare(pd.DataFrame({"said": texts * 9}), store=store)
    old = execute(asking.explanation_request(other, "said", "by length"), store)
    at = opened("sample:messages")
    here = at.session_state["gestalt"]
    link = start({"t": here.view.table, "d": here.view.dataset, "e": old.digest})
    settle(link)
    assert "other data" in said(link) and not view(link).explanation
    # As after Undo, back to other data while an explanation is under way.
    wanted = asking.explanation_request(here.view.dataset, "text", "by length, after all")
    execute(wanted, store)
    here.wanted["explanation"] = wanted
    here.steps.add("explanation")
    here.view = View(table=other.parents[0], dataset=other.digest, explanation=old.digest)
    settle(at)
    assert view(at).explanation == old.digest and len(cards(at)) == len(old.chosen)
    assert "fault" not in said(at)


def test_menus_show_descriptions_as_they_are_called_and_costs_as_they_were_set():
    params = {"k": 45, "uncovered": 5.0, "overlap": 9.0}
    at = opened("sample:messages", goal="by length", params=params)
    base = services.artifacts().load(view(at).explanation)
    store, source = services.artifacts(), services.artifacts().load(view(at).dataset)
    renamed = {"do": "rename", "column": int(base.chosen[0]), "words": "short: *very* e-mails"}
    made = execute(asking.edit_request(base, source, [renamed]), store)
    here = at.session_state["gestalt"]
    here.view = here.view.with_(explanation=made.digest)
    settle(at)
    menus = {box.label: box.options for box in at.selectbox}
    assert all("short: *very* e-mails" in menus[m] for m in ("Group", "Move it to", "Merge with"))
    at.session_state["explain-tab"] = "Descriptions"
    settle(at)
    assert not at.exception and "fault" not in said(at)
    assert {s.label: s.value for s in at.slider}.items() >= {
        "Groups at most": 45,
        "Cost of a text left out": 5.0,
        "Cost of overlap": 9.0,
    }.items()


def _first_look(dataset: str, payload: dict) -> None:
    import streamlit as st

    from analytics.operations import from_json
    from pages.ui import explaining, session

    session.current().wanted["explanation"] = from_json(payload)
    found = explaining.first_look(session.load(dataset))
    st.caption("nothing" if found is None else found.notes[0])


def test_the_first_look_follows_from_what_is_waited_for_so_a_reload_shows_it():
    store = services.artifacts()
    texts = [f"Note {i}" + " and more of it" * (i % 40) for i in range(1600)]
    frame = pd.DataFrame({"text": texts, "n": range(1600)})
    dataset = analytics.prepare(frame, {"features": ["n"]}, store=store)
    wanted = asking.explanation_request(dataset, "text", "by length")
    first = explaining._first(wanted, 1600)
    assert first.params["sample"] == explaining.FIRST and explaining._first(wanted, 1500) is None
    execute(first, store)

    def looked(waited_for) -> str:
        args = (dataset.digest, waited_for.to_json())
        at = page_of(_first_look, *args).run()
        assert not at.exception
        return at.caption[-1].value

    assert looked(wanted) == "A first look at 300 of 1,600 texts."
    assert looked(first) == "nothing"  # of a sample there is no first look
    keywords = topics.topics_request(dataset, "text", [["soup"], ["rain"]])
    assert looked(keywords) == "nothing"


def test_short_texts_are_offered_with_a_word_on_them():
    words = ["red shoes", "blue hat", "green tea", "warm scarf", "old map", "new pen", "big box"]
    frame = pd.DataFrame({"query": [f"{w} {i}" for i in range(8) for w in words], "n": range(56)})
    at = opened(frame)
    assert "These texts are short" in said(at)
    assert at.selectbox(key="explain-column").options == ["query"]
    few = opened(frame.assign(query=frame["query"].str.slice(0, 4)))
    assert "no column of texts" in said(few)  # seven different words are a category
    for name in ("K-{}", "User {}", "Stück {}", "Person A{}"):
        codes = [name.format(1000 + i) for i in range(56)]
        at = opened(pd.DataFrame({"customer id": codes, "n": np.sin(range(56))}))
        assert "no column of texts" in said(at), name


def test_what_is_covered_and_what_is_unexplained_are_told_apart():
    at = opened("sample:messages", goal="by topic", params={"k": 5})
    shown = " ".join(h.value for h in at.get("html"))
    found = services.artifacts().load(view(at).explanation)
    best = np.nan_to_num(found.scores[found.place][:, found.chosen]).max(axis=1)
    between = int(((best >= 0.3) & (best < 0.5)).sum())
    assert between and f"{between} rows between 0.3 and 0.5 go to the likeliest group" in shown
    assert int((found.labels < 0).sum()) == int((best < 0.3).sum())
    assert "chance 0.5 or more" in shown


def test_the_evidence_of_a_card_has_sure_and_doubtful_texts_and_its_words_marked():
    at = opened("sample:messages", goal="by topic", params={"k": 5})
    assert at.number_input(key="explain-k").value == 5  # the form says how it was made
    found = services.artifacts().load(view(at).explanation)
    entry = found.evidence[0]
    near = f"({entry['near_precision']:.2f} with the nearest outside)"
    assert near in cards(at)[0]
    shown = evidence(at)[0]
    assert "In doubt" in shown and "<mark>" in shown
    chance = found.scores[found.place, found.chosen[0]]
    doubtful = sum(chance[i] < SURE for i in entry["borderline"])  # a sure text is in no doubt
    assert shown.count("<li>") == len(entry["exemplars"]) + doubtful > 5


def test_data_without_texts_say_so():
    at = opened("sample:clear")
    assert "no column of texts" in said(at) and not at.exception


def test_an_empty_goal_gets_one_sentence():
    at = opened("sample:messages")
    at.text_area(key="explain-goal").set_value("  ").run()
    button(at, "Explain these texts").click().run()
    assert "goal is empty" in said(at).replace("\\", "") and not at.exception


@pytest.mark.parametrize(
    ("text", "words", "shown"),
    [
        ("A late bus & tram", ["bus", "tram"], "A late <mark>bus</mark> &amp; <mark>tram</mark>"),
        ("busy", ["bus"], "busy"),
        ("<i>bus</i>", ["bus"], "&lt;i&gt;<mark>bus</mark>&lt;/i&gt;"),
        ("a+b", ["a+b", ""], "<mark>a+b</mark>"),
        ("x", [], "x"),
    ],
)
def test_words_are_marked_and_markup_is_text(text, words, shown):
    assert explored.marked(text, words) == shown
