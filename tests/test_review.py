"""Reviews: what is written from the record, what is stored, who may change what."""

import copy
import json
import signal
import subprocess
import sys
import threading
from html.parser import HTMLParser

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from analytics import pipeline
from analytics.accounts import holdings
from analytics.clustering.operations import clustering_request, stability_request, validity_request
from analytics.data.operations import sample_request
from analytics.errors import BadInput, StoreError
from analytics.operations import execute
from analytics.perception.operations import grouping_request, match_request
from analytics.projection.operations import projection_request
from analytics.report.lineage import complete_state
from analytics.review import (
    about,
    carrying,
    comments,
    document,
    evidence,
    markup,
    sections,
    slides,
    store,
    writing,
)
from analytics.store import database, projects, schema
from analytics.store.artifacts import Artifacts

pytest_plugins = ["tests.postgres"]

A, B = "a" * 32, "b" * 32
BOX = {"type": "box", "x": [0.0, 1.0], "y": [0.0, 1.0]}


# --- texts ----------------------------------------------------------------------------------------


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        assert not attributes
        self.found.append(tag)

    def handle_data(self, data):
        self.text += data


def test_the_little_markup():
    assert markup.to_html("One **two** three\nfour\n\nfive") == (
        "<p>One <b>two</b> three<br>four</p><p>five</p>"
    )
    assert markup.to_html("Why:\n- a\n- **b**") == "<p>Why:</p><ul><li>a</li><li><b>b</b></li></ul>"
    assert markup.to_html("<img src=x> [a](b) ![c](http://d)") == (
        "<p>&lt;img src=x&gt; [a](b) ![c](http://d)</p>"
    )
    assert markup.plain("a **b**\n c") == "a b c"


@given(st.text(alphabet=st.sampled_from("ab *-<>&\"'\n"), max_size=60))
def test_no_text_brings_markup_of_its_own(text):
    page = Tags(markup.to_html(text))
    assert set(page.found) <= {"p", "b", "ul", "li", "br"}
    for char in "<>&\"'":
        assert page.text.count(char) == text.count(char)


def test_texts_are_tidied_and_capped():
    assert sections.check_text("a\x00b\u202e \r\n\r\n c\t", "comment") == "ab\n\n c"
    for wrong in ("", " \n ", None, 3, "\u202e", "x" * 4_001):
        with pytest.raises(BadInput):
            sections.check_text(wrong, "comment")
    with pytest.raises(BadInput):
        sections.check_texts({"nonsense": "x"})


# --- what a comment speaks of ---------------------------------------------------------------------


def test_what_a_comment_speaks_of():
    xy, labels = np.array([[0.5, 0.5], [2, 2], [0.1, 0.9]]), np.array([0, 1, -1])
    names = {0: "Reds", 1: "Whites", -1: "Noise"}
    cases = [
        ({"kind": "whole", "more": 1}, None, "The whole review"),
        ({"kind": "cluster", "cluster": 1}, [1], "Whites"),
        ({"kind": "cluster", "cluster": -1}, [2], "Noise"),
        ({"kind": "selection", "shapes": [BOX]}, [0, 2], "A selection of 2 rows"),
        ({"kind": "rows", "rows": [2, 0, 2, 99]}, [0, 2], "Rows chosen in the table of 2 rows"),
    ]
    for given_, rows, said in cases:
        checked = about.check(given_)
        mask = about.mask(checked, xy, labels)
        assert (None if mask is None else np.flatnonzero(mask).tolist()) == rows
        assert about.words(checked, names, None if mask is None else int(mask.sum())) == said
        assert about.check(checked) == checked


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        [],
        {},
        {"kind": "cluster"},
        {"kind": "cluster", "cluster": True},
        {"kind": "cluster", "cluster": -2},
        {"kind": "cluster", "cluster": 2**40},
        {"kind": "selection", "shapes": []},
        {"kind": "selection", "shapes": [{"type": "box", "x": [0, float("nan")], "y": [0, 1]}]},
        {"kind": "rows", "rows": []},
        {"kind": "rows", "rows": [-1]},
        {"kind": "rows", "rows": ["1"]},
        {"kind": "rows", "rows": list(range(1_001))},
    ],
)
def test_what_no_comment_can_speak_of_is_refused_in_one_sentence(wrong):
    with pytest.raises(BadInput) as error:
        about.check(wrong)
    assert "\n" not in str(error.value)


# --- what is written from the record --------------------------------------------------------------


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Stored results of a sample: the folder, the state of a report, and another clustering."""
    artifacts = Artifacts(tmp_path_factory.mktemp("review") / "results")
    table = execute(sample_request("clear"), artifacts)
    dataset = execute(pipeline.preparation(table), artifacts)
    xy = execute(projection_request(dataset.digest, "given"), artifacts)
    groups, other = (
        execute(clustering_request(dataset, "kmeans", {"n_clusters": k}), artifacts) for k in (3, 2)
    )
    execute(validity_request(other), artifacts)
    state = {**complete_state(artifacts, groups.digest), "projection": xy.digest}
    scored = complete_state(artifacts, xy.digest)
    state |= {role: scored[role] for role in ("ambiguity", "faithfulness")}
    seen = execute(grouping_request(xy), artifacts)
    state["grouping"] = seen.digest
    state["match"] = execute(match_request(seen, groups), artifacts).digest
    return artifacts, state, other


def of(made, title="Wine", texts=()):
    artifacts, state, other = made
    found = evidence.gather(artifacts, state, [other.digest])
    return document.assemble(found, state, {"color": "clusters"}, title=title, texts=dict(texts))


def test_every_number_of_the_texts_is_that_of_the_record(made):
    artifacts, state, other = made
    found = evidence.gather(artifacts, state, [other.digest, state["clustering"], "c" * 32])
    texts = writing.write(found)
    clams = artifacts.load(state["ambiguity"])
    low, high = clams.interval
    assert f"{clams.ambiguity:.2f} ({low:.2f}–{high:.2f})" in texts["uncertain"]
    assert f"{artifacts.load(state['grouping']).agreement:.2f}" in texts["uncertain"]
    assert "survive reruns was not tested" in texts["uncertain"]
    match = artifacts.load(state["match"])
    visible = [row["visible"] for row in found["clusters"]]
    assert np.allclose(visible, match.groups["visible"])
    validity = artifacts.load(state["validity"])
    assert np.allclose([r["separation"] for r in found["clusters"]], validity.groups["silhouette"])
    (tried,) = found["tried"]["clusterings"]
    assert tried["groups"] == 2 and 0 < tried["ari"] < 1 and tried["stability"] is None
    dataset = artifacts.load(state["dataset"])
    assert f"{dataset.total_rows:,} rows" in texts["data"]
    assert "k-means" in texts["question"] and "k-means" in texts["picture"]


def test_what_was_not_computed_is_said_to_be_missing(made):
    artifacts, state, _ = made
    bare = {k: state[k] for k in ("table", "dataset", "projection", "clustering")}
    found = evidence.gather(artifacts, bare)
    texts = writing.write(found)
    assert [c["visible"] for c in found["clusters"]] == [None] * 3
    assert "what people would see was not computed" in texts["ticks"]
    assert "no statements were made" in texts["ticks"]
    assert "Nothing else was tried" in texts["tried"]
    only_map = writing.write(evidence.gather(artifacts, {**bare, "clustering": ""}))
    assert "No groups were made" in only_map["ticks"]
    # Results that do not belong together give no numbers.
    wrong = {**bare, "grouping": state["validity"], "match": state["validity"]}
    assert evidence.gather(artifacts, wrong)["clusters"][0]["visible"] is None


def test_decisions_follow_from_the_numbers(made):
    artifacts, state, _ = made
    found = evidence.gather(artifacts, state)
    calm = copy.deepcopy(found)
    for c in calm["clusters"]:
        c |= {"merged": [], "parts": 1, "stability": 0.9, "earned": True}
    calm["numbers"] = [{"id": "clams", "label": "", "value": 0.1, "low": None, "high": None}]
    assert "Nothing in these numbers asks for a decision" in writing.write(calm)["decide"]
    calm["clusters"][0] |= {"merged": [1], "stability": 0.3, "earned": False}
    calm["clusters"][1] |= {"merged": [0], "parts": 2}
    calm["clustering"]["noise"], calm["clustering"]["noise_rows"] = 0.2, 40
    calm["numbers"][0]["value"] = 0.7
    lines = writing.write(calm)["decide"].split("\n")
    assert len(lines) == 6
    for words in (
        "Keep Group 1 and Group 2 apart",
        "Split Group 2",
        "comes back in reruns with 0.30",
        "Name Group 1 without",
        "the 40 rows in no group",
        "as evidence",
    ):
        assert sum(words in line for line in lines) == 1, words


def test_stability_counts_once_it_was_tested(made):
    artifacts, state, _ = made
    groups = artifacts.load(state["clustering"])
    card = execute(stability_request(groups, 3), artifacts)
    texts = writing.write(evidence.gather(artifacts, {**state, "stability": card.digest}))
    assert f"come back with {card.values['recovery'].value:.2f}" in texts["uncertain"]


def test_a_document_holds_both_texts_and_its_own_name(made):
    plain, edited = of(made), of(made, texts={"question": "Why?"})
    assert document.digest(plain) == document.digest(of(made)) != document.digest(edited)
    part = document.section(edited, "question")
    assert part["text"] == "Why?" and part["edited"] and "k-means" in part["machine"]
    assert not document.section(plain, "question")["edited"]
    same = document.section(of(made, texts={"question": part["machine"]}), "question")
    assert not same["edited"]
    for wrong in ("", "x" * 121):
        with pytest.raises(BadInput):
            of(made, title=wrong)


def test_a_result_with_other_numbers_is_not_shown_as_the_published_one(made):
    artifacts, state, _ = made
    doc = of(made)
    assert document.result(doc, "projection", artifacts).digest == state["projection"]
    doc["evidence"]["content"]["projection"] = "0" * 32
    with pytest.raises(BadInput, match="not the one that was published"):
        document.result(doc, "projection", artifacts)
    doc["state"]["projection"] = "f" * 32
    assert document.result(doc, "projection", artifacts) is None


def test_what_is_published_can_be_taken_in_elsewhere(made):
    artifacts, state, _ = made
    roles = ("table", "dataset", "projection", "clustering")
    bare = evidence.gather(artifacts, {k: state[k] for k in roles})
    only_map = evidence.gather(artifacts, {k: state[k] for k in roles[:3]})
    shown = [document.assemble(e, state, {}, title="W", texts={}) for e in (bare, only_map)]
    for doc_ in (of(made), of(made, texts={"question": "Why?"}), *shown):
        version = {"digest": document.digest(doc_), "document": doc_, "published": "2026-01-01"}
        members = {
            "00001.json": {"title": "W", "view": {}, "texts": {}, "created": "2026-01-01",
                           "updated": "2026-01-01"},
            "00001-v00001.json": version,
        }  # fmt: skip
        packed = {name: json.dumps(value).encode() for name, value in members.items()}
        ((taken,), left_out) = carrying.checked(packed)
        assert not left_out
        assert taken["versions"][0]["document"] == doc_


# --- slides ---------------------------------------------------------------------------------------


@given(st.lists(st.text(alphabet="abc .;-", max_size=700), max_size=12).map("\n".join))
def test_cutting_to_slides_loses_no_word_and_keeps_to_the_screen(text):
    pages = slides.paged(text)
    assert "".join("".join(pages).split()) == "".join(text.split())
    most = slides.LETTERS * slides.LINES
    assert all(len(page) <= most + page.count("\n") for page in pages)


def test_slides_are_the_parts_in_their_order(made):
    long = of(
        made, texts={"decide": "- One more thing. " * 60, "question": "<script>alert(1)</script>"}
    )
    made_ = slides.slides(long)
    titles = list(dict.fromkeys(s["title"] for s in made_))
    assert titles == ["Wine", *sections.SECTIONS.values()]
    assert sum(s["title"] == "What to decide" for s in made_) > 1
    rows = [row for s in made_ if s["kind"] == "ticks" for row in s["rows"]]
    assert [r["name"] for r in rows] == ["Group 1", "Group 2", "Group 3"]
    page = slides.page(long, back="/review?review=t&version=1", pictures=("/a", "/b"), about="V")
    assert "<script>alert" not in page and page.count('role="group"') == len(made_)
    assert page.count("<h1") == 1 and 'data-back="/review?review=t&amp;version=1"' in page
    assert "style=" not in page  # the page's policy would not apply it
    assert "no longer stored" not in page
    gone = slides.page(long, back="/review", pictures=("", ""), about="V")
    assert "The map is no longer stored here." in gone and "<img" not in gone


# --- the store ------------------------------------------------------------------------------------


def doc(text="One"):
    parts = [{"id": name, "machine": text, "text": None} for name in sections.SECTIONS]
    return {"title": text, "state": {"projection": A, "clustering": B}, "sections": parts}


@pytest.fixture
def review(engine):
    return store.start(engine, title="Wine", view={"projection": A})


@pytest.fixture
def published(engine, review):
    """(review, token) with one version."""
    store.publish(engine, review, doc())
    return review, store.get(engine, review).token


def test_versions_are_frozen_and_numbered(engine, review):
    token = store.get(engine, review).token
    with pytest.raises(BadInput, match="not published yet"):
        store.read(engine, token)
    assert store.publish(engine, review, doc()) == 1
    assert store.publish(engine, review, doc()) == 1  # a second press
    with pytest.raises(BadInput, match="no version 7: only version 1 can be read"):
        store.read(engine, token, 7)
    assert store.change(engine, review, 1, texts={"question": "Why?"}, title="Wines") == 2
    assert store.publish(engine, review, doc("Two")) == 2
    old, new = store.read(engine, token, 1), store.read(engine, token)
    assert old.document == doc() and old.digest == document.digest(doc())
    assert (old.number, old.newest, new.number) == (1, 2, 2) and new.document["title"] == "Two"
    assert [v[0] for v in store.published(engine, review)] == [2, 1]
    assert store.base(engine, review, 2) == (A, B) and store.base(engine, review, 3) == ("", "")
    with pytest.raises(BadInput, match="versions 1 to 2"):
        store.read(engine, token, 7)
    row = store.get(engine, review)
    assert (row.title, row.texts, row.versions) == ("Wines", {"question": "Why?"}, 2)


def test_a_change_from_another_tab_is_not_written_over(engine, review):
    assert store.change(engine, review, 1, title="Mine") == 2
    with pytest.raises(BadInput, match="changed in another tab"):
        store.change(engine, review, 1, title="Theirs")
    assert store.get(engine, review).title == "Mine"


@pytest.mark.parametrize("wrong", ["", None, 7, "x", "t" * 23, "'; drop table reviews", "t" * 500])
def test_a_link_that_leads_nowhere(engine, published, wrong):
    for ask in (
        lambda: store.read(engine, wrong),
        lambda: store.get(engine, wrong),
        lambda: store.read(engine, published[0]),  # the owner's id is no link for readers
        lambda: store.get(engine, published[1]),  # and theirs not the owner's
        lambda: comments.write(engine, wrong, 1, name="A", text="b"),
    ):
        with pytest.raises(BadInput, match=r"does not exist or was deleted|leads to no review"):
            ask()


def test_a_link_taken_back_leads_nowhere_and_nothing_is_lost(engine, published):
    review, token = published
    said, secret = comments.write(engine, token, 1, name="Ada", text="Hm")
    store.take_back(engine, review, token)
    with database.reading(engine) as connection:
        (held,) = connection.scalars(sa.select(schema.reviews.c.token))
    for old in (token, held, "", "t" * 23):  # each as if it had never been
        for ask in (
            lambda old=old: store.read(engine, old),
            lambda old=old: comments.write(engine, old, 1, name="Ada", text="Late"),
            lambda old=old: comments.edit(engine, old, said, 1, "Late", secret=secret),
            lambda old=old: comments.resolve(engine, old, said, "Ada"),
            lambda old=old: comments.delete(engine, old, said, secret=secret),
            lambda old=old: comments.restore(engine, old, said, secret=secret),
        ):
            with pytest.raises(BadInput) as error:
                ask()
            assert str(error.value) == store.NOWHERE
    assert store.get(engine, review).token == ""
    found = store.read_within(engine, review)
    assert (found.number, found.document, found.token) == (1, doc(), "")
    assert [(c.text, c.resolved_by) for c in comments.listed(engine, review)] == [("Hm", "")]
    within = {"within": review}
    assert comments.resolve(engine, "", said, "Owner", **within) == 2
    assert comments.edit(engine, "", said, 2, "Hmm", owner=review, **within) == 3
    answer, mine = comments.write(engine, "", 1, name="Owner", text="Yes", parent=said, **within)
    comments.delete(engine, "", answer, secret=mine, **within)
    comments.restore(engine, "", answer, secret=mine, **within)
    assert [c.text for c in comments.listed(engine, review)] == ["Hmm", "Yes"]
    assert store.publish(engine, review, doc("Two")) == 2
    again = store.new_link(engine, review)
    assert again not in (token, held) and store.get(engine, review).token == again
    assert store.read(engine, again).number == 2
    with pytest.raises(BadInput, match="leads to no review"):
        store.read(engine, token)
    assert comments.edit(engine, again, said, 3, "Hm?", secret=secret) == 4  # still Ada's


def test_two_tabs_with_the_link_end_and_make_one_and_not_each_others(engine, published):
    review, token = published
    store.take_back(engine, review, token)
    made = store.new_link(engine, review)
    store.take_back(engine, review, token)  # in a tab that still shows the first
    assert store.new_link(engine, review) == store.get(engine, review).token == made
    store.take_back(engine, review, "")
    assert store.get(engine, review).token == made
    others = [store.start(engine, title="Other", view={}) for _ in range(3)]
    for other in (*others, review):
        store.take_back(engine, other, store.get(engine, other).token)
    assert {store.get(engine, r).token for r in (*others, review)} == {""}
    store.delete(engine, review)
    for act in (
        lambda: store.take_back(engine, review, made),
        lambda: store.new_link(engine, review),
        lambda: store.read_within(engine, review),
    ):
        with pytest.raises(BadInput, match="does not exist or was deleted"):
            act()
    store.restore(engine, review)
    assert store.get(engine, review).token == ""


def test_deleting_hides_and_undo_brings_back(engine, published):
    review, token = published
    comments.write(engine, token, 1, name="Ada", text="Hm")
    store.delete(engine, review)
    assert store.reviews(engine) == []
    with pytest.raises(BadInput):
        store.read(engine, token)
    with pytest.raises(BadInput):
        comments.write(engine, token, 1, name="Ada", text="Hm")
    store.restore(engine, review)
    assert store.read(engine, token).number == 1
    (row,) = store.reviews(engine)
    assert (row.versions, row.comments, row.open) == (1, 1, 1)
    store.delete(engine, review)
    with database.writing(engine) as connection:
        connection.execute(sa.update(schema.reviews).values(deleted_at=sa.text("'2001-01-01'")))
    holdings.hold(engine, review, ["f" * 64])
    assert store.purge(engine) == 1
    assert holdings.held(engine, [review]) == set()
    with database.reading(engine) as connection:
        for table in (schema.reviews, schema.review_versions, schema.review_comments):
            assert connection.scalar(sa.select(sa.func.count()).select_from(table)) == 0
    with pytest.raises(BadInput):
        store.restore(engine, review)


def test_what_a_review_needs_is_kept_and_outlives_its_project(engine):
    saved = projects.save_view(engine, name="n", state={})
    review = store.start(engine, title="n", view={"dataset": A}, project=saved.project)
    store.publish(engine, review, {**doc(), "state": {"projection": B}})
    assert {A, B} <= projects.kept_digests(engine)
    projects.delete(engine, saved.project)
    with database.writing(engine) as connection:
        connection.execute(sa.delete(schema.projects))
    assert store.get(engine, review).project == ""
    assert store.read(engine, store.get(engine, review).token).number == 1
    with pytest.raises(BadInput):
        store.start(engine, title="n", view={}, project=saved.project)


# --- comments -------------------------------------------------------------------------------------


def test_a_page_can_tell_that_something_was_written(engine, published):
    review, token = published
    seen = [comments.stamp(engine, review)]
    comment, secret = comments.write(engine, token, 1, name="Ada", text="Hm")
    for change in (
        lambda: comments.edit(engine, token, comment, 1, "Hmm", secret=secret),
        lambda: comments.resolve(engine, token, comment, "Bo"),
        lambda: comments.resolve(engine, token, comment, ""),
        lambda: comments.delete(engine, token, comment, secret=secret),
        lambda: comments.restore(engine, token, comment, secret=secret),
    ):
        seen.append(comments.stamp(engine, review))
        change()
    seen.append(comments.stamp(engine, review))
    assert len(set(seen)) == 7 and comments.stamp(engine, review) == seen[-1]


def test_the_life_of_a_comment(engine, published):
    review, token = published
    mine, secret = comments.write(
        engine, token, 1, name=" Ada\u202e ", text="Why <b>?\nYes",
        about={"kind": "selection", "shapes": [BOX]},
    )  # fmt: skip
    reply, other = comments.write(engine, token, 1, name="Bo", text="Because", parent=mine)
    nested, _ = comments.write(engine, token, 1, name="Cy", text="Ah", parent=reply)
    first, second, third = comments.listed(engine, review)
    assert (first.name, first.text, first.about["shapes"]) == ("Ada", "Why <b>?\nYes", [BOX])
    assert (second.parent, third.parent, second.about) == (mine, mine, {"kind": "whole"})
    assert comments.edit(engine, token, mine, 1, "Why not?", secret=secret) == 2
    with pytest.raises(BadInput, match="changed meanwhile"):
        comments.edit(engine, token, mine, 1, "Lost?", secret=secret)
    assert comments.resolve(engine, token, mine, "Bo") == 3
    assert comments.resolve(engine, token, mine, "Cy") == 3  # a moment later
    assert comments.listed(engine, review)[0].resolved_by == "Bo"
    assert comments.resolve(engine, token, mine, "") == 4
    with pytest.raises(BadInput, match="reply is resolved"):
        comments.resolve(engine, token, reply, "Bo")
    for action in (comments.delete, comments.restore):
        with pytest.raises(BadInput, match="Only who wrote"):
            action(engine, token, mine, secret=other)
    comments.delete(engine, token, mine, secret=secret)
    gap = comments.listed(engine, review)[0]
    assert gap.deleted and gap.name == gap.text == ""
    with pytest.raises(BadInput, match="was deleted"):
        comments.write(engine, token, 1, name="Bo", text="late", parent=mine)
    comments.restore(engine, token, mine, owner=review)
    assert comments.listed(engine, review)[0].text == "Why not?"
    comments.delete(engine, token, nested, owner=review)
    assert [c.id for c in comments.listed(engine, review)] == [mine, reply]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 121},
        {"name": None},
        {"text": ""},
        {"text": "x" * 2_001},
        {"text": None},
        {"number": 2},
        {"number": 0},
        {"number": True},
        {"about": {"kind": "rows", "rows": []}},
        {"parent": "c" * 23},
        {"parent": 7},
    ],
)
def test_what_is_no_comment_is_refused_and_leaves_nothing(engine, published, wrong):
    given_ = {"name": "Ada", "text": "Hm", "number": 1} | wrong
    with pytest.raises(BadInput) as error:
        comments.write(engine, published[1], given_.pop("number"), **given_)
    assert "\n" not in str(error.value)
    assert comments.listed(engine, published[0]) == []


def test_a_comment_of_another_review_is_out_of_reach(engine, published):
    other = store.start(engine, title="Other", view={})
    store.publish(engine, other, doc())
    comment, secret = comments.write(engine, published[1], 1, name="Ada", text="Hm")
    token = store.get(engine, other).token
    for action in (
        lambda: comments.edit(engine, token, comment, 1, "x", secret=secret),
        lambda: comments.resolve(engine, token, comment, "x"),
        lambda: comments.delete(engine, token, comment, secret=secret, owner=other),
        lambda: comments.write(engine, token, 1, name="x", text="x", parent=comment),
    ):
        with pytest.raises(BadInput):
            action()
    assert comments.listed(engine, published[0])[0].text == "Hm"


def test_many_reviewers_at_the_same_time_lose_nothing(engine, published):
    review, token = published
    top, _ = comments.write(engine, token, 1, name="Top", text="Here")
    failed = []

    def reviewer(number):
        try:
            for i in range(5):
                comments.write(engine, token, 1, name=f"R{number}", text=f"{i}", parent=top)
                comments.resolve(engine, token, top, f"R{number}" if i % 2 else "")
        except (BadInput, StoreError) as error:
            failed.append(str(error))

    threads = [threading.Thread(target=reviewer, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    replies = [(c.name, c.text) for c in comments.listed(engine, review) if c.parent]
    assert sorted(replies) == sorted((f"R{n}", f"{i}") for n in range(8) for i in range(5))


def test_of_two_edits_at_the_same_time_one_is_told(engine, published):
    review, token = published
    comment, secret = comments.write(engine, token, 1, name="Ada", text="One")
    outcome = []

    def edit(text):
        try:
            comments.edit(engine, token, comment, 1, text, secret=secret)
            outcome.append(text)
        except BadInput as error:
            outcome.append(str(error))

    threads = [threading.Thread(target=edit, args=(t,)) for t in ("Two", "Three")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [o for o in outcome if o in ("Two", "Three")]
    assert len(won) == 1 and any("changed meanwhile" in o for o in outcome)
    assert comments.listed(engine, review)[0].text == won[0]


def test_the_cap_holds_when_several_reach_it_together(engine, published, monkeypatch):
    monkeypatch.setattr(comments, "MOST_COMMENTS", 5)
    refused = []

    def write():
        try:
            comments.write(engine, published[1], 1, name="Ada", text="Hm")
        except BadInput as error:
            refused.append(str(error))

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(comments.listed(engine, published[0])) == 5 and len(refused) == 3


WRITER = """
import sys, sqlalchemy as sa
from analytics.review import comments
from analytics.store import schema as db
from analytics.store.database import connect, now, writing
engine = connect(sys.argv[1])
comments.write(engine, sys.argv[2], 1, name="Ada", text="kept")
with writing(engine) as connection:
    review = comments._open_review(connection, sys.argv[2])
    connection.execute(sa.insert(db.review_comments).values(
        id="c" * 22, review_id=review, number=1, about={"kind": "whole"}, name="Ada",
        text="half", secret="", resolved_by="", revision=1, created=now(), updated=now()))
    print("inside", flush=True)
    sys.stdin.read()
"""


def test_a_writer_killed_in_the_middle_leaves_no_half_comment(engine, database_url, published):
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, database_url, published[1]],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline().strip() == "inside"
    process.send_signal(signal.SIGKILL)
    process.wait()
    comments.write(engine, published[1], 1, name="Bo", text="after")
    assert [c.text for c in comments.listed(engine, published[0])] == ["kept", "after"]
    process.stdin.close()
    process.stdout.close()
