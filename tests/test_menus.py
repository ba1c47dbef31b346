"""Menus over names from data and people: equal names are told apart, and what is chosen stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import analytics
from analytics.store import projects
from analytics.view import View
from pages.ui import menus, quality, services
from tests.apptest import page_of, settle, start, view


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


@given(st.lists(st.sampled_from(["a", "a (2)", "a (3)", "noise", "none", ""])))
def test_no_two_options_have_the_same_words(names):
    say = menus.told_apart(range(len(names)), names.__getitem__)
    said = [say(i) for i in range(len(names))]
    assert len(set(said)) == len(said)
    assert all(words.startswith(name) for words, name in zip(said, names, strict=True))
    assert len(set(names)) < len(names) or said == names


def test_what_is_no_option_keeps_its_words():
    assert menus.told_apart([1, 1.5], "{:.0f}".format)(7) == "7"


def test_a_menu_stays_where_it_is_when_something_else_is_pressed():
    def page():
        import streamlit as st

        from pages.ui import menus

        options = ["one", "two", "three"]
        say = menus.told_apart(options, lambda option: "the same")
        st.selectbox("Which", options, format_func=say)
        st.button("Another thing")

    at = page_of(page).run()
    at.button[0].click().run()
    assert at.selectbox[0].value == "one"
    at.selectbox[0].select("two").run()
    assert at.selectbox[0].value == "two"


def test_columns_named_like_a_choice_of_the_menu_are_columns(tmp_path):
    file = tmp_path / "named.csv"
    file.write_text("none,one colour,value\n" + "".join(f"{i},{9 - i},{i % 4}\n" for i in range(9)))
    dataset = analytics.prepare(str(file), store=services.artifacts())
    at = start(View(table=dataset.parents[0], dataset=dataset.digest).to_query())
    at.run()
    settle(at.switch_page("data.py"))
    label = next(s for s in at.selectbox if "none (2)" in s.options)
    assert label.value == ""
    assert all(s.value == "" for s in at.selectbox if "none (2)" in s.options)
    settle(at.switch_page("map.py"))
    colour = next(s for s in at.selectbox if s.label == "Colour by")
    assert {"one colour", "one colour (2)"} <= set(colour.options)
    colour.select("column:one colour")
    settle(at)
    assert view(at).color == "column:one colour"


def test_groups_of_one_name_are_corrected_one_by_one():
    store = services.artifacts()
    dataset = analytics.prepare("sample:iris", store=store)
    drawn = analytics.project(dataset, "pca", store=store)
    found = analytics.cluster(dataset, n_clusters=3, store=store)
    edits = [
        {"do": "rename", "group": 0, "words": "Noise"},
        {"do": "rename", "group": 1, "words": "Noise"},
    ]
    named = analytics.correct(found, edits, store=store)
    shown = View(table=dataset.parents[0], dataset=dataset.digest)
    shown = shown.with_(projection=drawn.digest).with_(clustering=named.digest)
    at = start(shown.to_query())
    at.run()
    at.session_state[quality.OPEN] = "Correct"
    settle(at.switch_page("clusters.py"))
    group = next(s for s in at.selectbox if s.label == "Group")
    assert group.options == ["Noise", "Noise (2)", "Group 3"] and group.value == 0
    to = next(s for s in at.selectbox if s.label == "Move them to")
    assert to.options == ["Noise", "Noise (2)", "Group 3", "Noise (3)", "a new group"]
    assert to.value == 0


def test_a_result_is_shown_though_another_has_its_name():
    store = services.artifacts()
    dataset = analytics.prepare("sample:iris", store=store)
    maps = [analytics.project(dataset, method, store=store) for method in ("pca", "mds")]
    runs = [
        analytics.cluster(dataset, n_clusters=3, store=store, space="map", projection=m)
        for m in maps
    ]
    shown = View(table=dataset.parents[0], dataset=dataset.digest)
    shown = shown.with_(projection=maps[0].digest)
    for run in (*runs, runs[0]):
        shown = shown.with_(clustering=run.digest)
    at = start(shown.to_query())
    at.run()
    settle(at.switch_page("clusters.py"))
    kept = next(s for s in at.selectbox if s.label == "Shown")
    assert {words.split(", ")[-1] for words in kept.options} == {"PCA", "MDS"}
    assert view(at).clustering == runs[0].digest
    kept.select(runs[1].digest)
    settle(at)
    assert view(at).clustering == runs[1].digest


def test_the_view_chosen_for_a_review_stays_chosen_while_time_passes():
    at = settle(start())
    for _ in range(2):
        projects.save_view(services.engine(), name="Twice", state=view(at).to_json())
    settle(at.switch_page("review.py"))
    options = next(s for s in at.selectbox if s.label == "Write a review of").options
    twice = [words for words in options if words.startswith("Twice")]
    assert len(set(twice)) == 2
    assert not any("ago" in words or "just now" in words for words in options)
