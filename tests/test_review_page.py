"""The Review page: the owner writes and publishes, a reader opens the link and comments."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from analytics.accounts import sharing
from analytics.accounts.person import MEMBER, READER, Person
from analytics.review import comments, store
from analytics.store import projects
from analytics.store.fields import MAX_NAME
from pages.ui import access, identity, presenting, services
from tests.apptest import settle, start
from tests.fuzz.inputs import _reviewed


@pytest.fixture(scope="module")
def owner():
    """The owner's tab with a review of the first sample open."""
    at = settle(start().run().switch_page("review.py"))
    assert not at.exception
    press(at, "Write the review")
    yield settle(at)
    services.stop()


def press(at, label):
    next(b for b in at.button if b.label == label).click()
    at.run()
    assert not at.exception
    return at


def said(at) -> str:
    """All the text on the page but that of tables and maps."""
    kinds = (at.title, at.subheader, at.markdown, at.caption, at.error, at.warning, at.info)
    return " ".join(e.value for kind in (*kinds, at.success) for e in kind) + html(at)


def html(at) -> str:
    return " ".join(e.proto.body for e in at.get("html"))


def test_the_owner_writes_edits_and_publishes(owner):
    at = owner
    words = said(at)
    for heading in ("The question", "The data", "What to decide", "What was tried"):
        assert heading in words
    assert "People would agree with" in words and "Ambiguity of the picture" in words
    assert "alcohol, %; malic acid; ash" in words  # a name with a comma of its own
    assert "Once published, what readers say stands here." in words
    assert not [t for t in at.text_area if t.label == "Comment"]
    press(at, "Edit")
    area = next(t for t in at.text_area if t.label == "The question")
    area.set_value("Are these **three** wines?\n\n<img src=x onerror=alert(1)>")
    press(at, "Keep this text")
    assert "Are these <b>three</b> wines?" in html(at) and "<img" not in html(at)
    assert "Written by the owner of the review." in said(at)
    press(at, "Publish version 1")
    assert "Version 1 is published" in said(at)
    press(at, "Publish version 2")
    assert "Nothing has changed since version 1" in said(at)
    press(at, "Bring back the machine's text")
    assert "Are these" not in html(at)
    press(at, "Publish version 2")
    assert "Version 2 is published" in said(at)


def test_a_reader_reads_and_comments_and_the_owner_resolves(owner):
    review = store.get(services.engine(), owner.query_params["draft"])
    at = start({"review": review.token, "version": "1"}).run().switch_page("review.py").run()
    assert not at.exception
    assert "Are these <b>three</b> wines?" in html(at)
    assert "Version 2 is the newest; this is an older one" in said(at).replace("\\", "")
    name = next(t for t in at.text_input if t.label == "Your name")
    assert name.max_chars == MAX_NAME  # what the store takes, so that nothing is refused late
    name.set_value("Ada <b>")
    next(t for t in at.text_area if t.label == "Comment").set_value("Why three?")
    press(at, "Comment")
    (comment,) = comments.listed(services.engine(), review.id)
    assert (comment.name, comment.text, comment.number) == ("Ada <b>", "Why three?", 1)
    assert "Ada &lt;b&gt;" in html(at) and "Why three?" in html(at)
    owner.run()
    assert "Why three?" in html(owner)
    press(owner, "Resolve")
    (comment,) = comments.listed(services.engine(), review.id)
    assert comment.resolved_by == "The owner"


def test_a_link_that_leads_nowhere_says_so_in_one_sentence():
    at = start({"review": "t" * 23}).run().switch_page("review.py").run()
    assert not at.exception and not at.title
    assert refused(at) == [store.NOWHERE]


def refused(at) -> list[str]:
    return [e.value.replace("\\", "") for e in at.error]


def test_an_owner_s_address_that_leads_nowhere_has_a_way_back():
    at = start({"draft": "r" * 23}).run().switch_page("review.py").run()
    assert not at.exception
    (said_once,) = at.error
    assert said_once.value.startswith("The review of this link does not exist or was deleted")
    press(at, "All reviews")
    assert "For readers who were not there" in said(at) and not at.error


def test_the_slides_of_a_review_and_their_picture(owner):
    review = store.get(services.engine(), owner.query_params["draft"])
    client = TestClient(Starlette(routes=presenting.ROUTES))
    page = client.get(f"/present/{review.token}")
    assert page.status_code == 200 and "Version 2, published" in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    for name in ("slides.js", "slides.css"):
        assert f"/assets/review/{name}" in page.text
        assert client.get(f"/assets/review/{name}").status_code == 200
    older = client.get(f"/present/{review.token}/1").text
    assert "version 2 is the newest" in older and "Are these <b>three</b> wines?" in older
    pictures = [client.get(f"/present/{review.token}/1/{s}.png") for s in ("light", "dark")]
    assert all(p.content.startswith(b"\x89PNG") for p in pictures)
    assert pictures[0].content != pictures[1].content
    store.delete(services.engine(), review.id)
    for gone in ("", "/1", "/9", "/1/light.png", "/1/blue.png"):
        answer = client.get(f"/present/{review.token}{gone}")
        assert answer.status_code == 404 and answer.text.count("<p>") == 1
    store.restore(services.engine(), review.id)


def test_who_reads_stays_on_their_version_when_another_is_published(owner):
    review = store.get(services.engine(), owner.query_params["draft"])
    at = start({"review": review.token}).run().switch_page("review.py").run()
    before = store.read(services.engine(), review.token)
    next(t for t in at.text_input if t.label == "Your name").set_value("Bo")
    next(t for t in at.text_area if t.label == "Comment").set_value("Typed meanwhile")
    newer = {**before.document, "title": f"{before.document['title']} anew"}
    store.publish(services.engine(), review.id, newer)
    press(at, "Comment")
    assert f"Version {before.number + 1} is the newest" in said(at)
    comment = comments.listed(services.engine(), review.id)[-1]
    assert (comment.text, comment.number) == ("Typed meanwhile", before.number)
    press(at, "Open the newest version")
    assert at.title[0].value.endswith(" anew") and "is the newest" not in said(at)
    at.query_params["version"] = "99"
    at.run()
    assert "no version 99" in at.error[0].value and not at.title
    press(at, "Open the newest version")
    assert at.title[0].value.endswith(" anew") and not at.exception


def test_what_an_owner_types_outlives_a_change_from_elsewhere(owner):
    at, engine = owner, services.engine()
    before = store.get(engine, at.query_params["draft"])
    press(at, "Edit")
    next(t for t in at.text_area if t.label == "The question").set_value("Typed here")
    store.change(engine, before.id, before.revision, texts={"question": "Typed there"})
    press(at, "Keep this text")
    assert "This part was changed meanwhile" in said(at) and "Typed there" in html(at)
    assert store.get(engine, before.id).texts == {"question": "Typed there"}
    title = next(t for t in at.text_input if t.label == "Title")
    title.set_value("Wine again")
    at.run()
    assert next(t for t in at.text_area if t.label == "The question").value == "Typed here"
    press(at, "Keep this text")
    after = store.get(engine, before.id)
    assert (after.title, after.texts) == ("Wine again", {"question": "Typed here"})
    assert "changed meanwhile" not in said(at) and "Typed here" in html(at)
    store.change(engine, before.id, after.revision, title=before.title, texts=before.texts)
    at.run()
    assert not at.exception


def titled(at):
    return next(t for t in at.text_input if t.label == "Title")


def test_a_title_typed_here_outlives_one_from_elsewhere(owner):
    at, engine = owner, services.engine()
    before = store.get(engine, at.query_params["draft"])
    store.change(engine, before.id, before.revision, title="Typed there")
    titled(at).set_value("Typed here")
    at.run()
    assert titled(at).value == "Typed here" and "Typed there" in said(at)
    assert store.get(engine, before.id).title == "Typed there"
    again = store.get(engine, before.id)
    store.change(engine, before.id, again.revision, title="Typed there too")
    press(at, "Keep mine")  # which was pressed before the newest was seen
    assert store.get(engine, before.id).title == "Typed there too" in said(at)
    press(at, "Keep mine")
    assert store.get(engine, before.id).title == titled(at).value == "Typed here"
    assert "This title was changed" not in said(at)
    again = store.get(engine, before.id)
    store.change(engine, before.id, again.revision, title=before.title)
    at.run()
    press(at, "Use that one")
    assert titled(at).value == store.get(engine, before.id).title == before.title
    assert "This title was changed" not in said(at) and not at.exception


def test_a_title_that_the_store_tidies_is_no_title_from_elsewhere(owner):
    at, engine = owner, services.engine()
    before = store.get(engine, at.query_params["draft"])
    for typed in ("Wine  of \u202etoday ", f" {before.title} "):
        titled(at).set_value(typed)
        at.run()
        assert not at.exception and "This title was changed" not in said(at)
        kept = store.get(engine, before.id).title
        assert kept == typed.replace("\u202e", "").replace("  ", " ").strip()
    assert titled(at).value.strip() == before.title


def read(token):
    """A reader's tab at a link."""
    return start({"review": token}).run().switch_page("review.py").run()


def test_the_owner_takes_the_link_back_and_makes_a_new_one(owner):
    at, engine = owner, services.engine()
    review = store.get(engine, at.query_params["draft"])
    reader = read(review.token)
    before = comments.listed(engine, review.id)
    next(t for t in reader.text_input if t.label == "Your name").set_value("Cy")
    next(t for t in reader.text_area if t.label == "Comment").set_value("Too late")
    assert "can then no longer read or comment; nothing is lost" in said(at)
    press(at, "Take this link back")
    assert "none leads to this review" in said(at) and not at.code
    press(reader, "Comment")  # in a tab that was open
    for tab in (reader, read(review.token)):
        assert refused(tab) == [store.NOWHERE] and not tab.title and "Why three?" not in html(tab)
    client = TestClient(Starlette(routes=presenting.ROUTES))
    for path in ("", "/1", "/1/light.png"):
        answer = client.get(f"/present/{review.token}{path}")
        assert answer.status_code == 404 and store.NOWHERE in answer.text
    assert comments.listed(engine, review.id) == before

    next(t for t in at.text_input if t.label == "Your name").set_value("Owner")
    next(t for t in at.text_area if t.label == "Comment").set_value("Still here")
    press(at, "Comment")
    assert comments.listed(engine, review.id)[-1].text == "Still here"
    at.query_params["version"] = "1"
    at.run()
    assert at.title and "Version 1, published" in said(at) and not at.error
    press(at, "Open the newest version")
    assert str(review.versions) in at.query_params["version"] and at.title
    press(at, "Back to the draft")
    press(at, "Make a new link")
    token = store.get(engine, review.id).token
    assert token and token != review.token and token in at.code[0].value
    assert "Still here" in html(read(token)) and refused(read(review.token)) == [store.NOWHERE]


def test_with_login_whom_a_review_is_shared_with_needs_no_link(monkeypatch):
    monkeypatch.setenv("GESTALT_LOGIN", "proxy")
    engine = services.engine()
    project = projects.save_view(engine, name="Birds", state={"n": 1}).project
    _reviewed(engine, project, {"n": 1})
    review = next(row.id for row in store.reviews(engine) if row.title != "Wine")
    owner, editor, viewer = (Person(f"u{n * 30}", n, login=n, role=MEMBER) for n in "abc")
    sharing.own(engine, review, owner)
    for person, role in ((editor, sharing.EDITOR), (viewer, sharing.VIEWER)):
        sharing.share(engine, owner, review, person.id, role)
    token = store.get(engine, review).token
    store.take_back(engine, review, token)

    def tab(person, query):
        monkeypatch.setattr(identity, "_told", lambda: person)
        at = start(query).run()
        return at if person.role == READER else at.switch_page("review.py").run()

    assert refused(tab(Person("tab1", role=READER), {"review": token})) == [store.NOWHERE]
    stranger = Person("u" + "d" * 30, "d", login="d", role=MEMBER)
    for address in (review, "r" * 23):  # which does not tell whether there is one
        at = tab(stranger, {"draft": address})
        assert refused(at) == [access.NEEDED[access.VIEWER]]
        assert any(b.label == "All reviews" for b in at.button)
    at = tab(viewer, {"draft": review})
    assert at.title[0].value == "Told" and "So." in html(at) and not at.get("link_button")
    assert any(b.label == "Who may use it" for b in at.button)  # and leave it
    next(t for t in at.text_area if t.label == "Comment").set_value("I still read")
    press(at, "Comment")
    assert comments.listed(engine, review)[-1].text == "I still read"
    for person, may in ((viewer, False), (editor, False), (owner, True)):
        at = tab(person, {"draft": review})
        assert any(b.label == "Make a new link" for b in at.button) == may
    press(at, "Make a new link")
    at = tab(Person("tab2", role=READER), {"review": store.get(engine, review).token})
    assert at.title[0].value == "Told" and "I still read" in html(at)


def test_the_owner_deletes_and_undoes(owner):
    at = owner
    press(at, "Delete this review")
    assert "Deleted: Wine" in said(at) and "draft" not in at.query_params
    press(at, "Undo the deletion")
    assert any(b.label == "Publish version 4" for b in at.button)


def test_stability_is_tested_on_request_and_enters_the_review(owner):
    assert "Whether the groups survive reruns was not tested" in html(owner)
    press(owner, "Test whether the groups survive reruns")
    settle(owner)
    assert "the groups come back with" in html(owner)
