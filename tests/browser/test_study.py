"""A study in a real browser: an owner, people with mouse and finger, a server that is killed."""

import http.client
import json
import math
import threading
import time
import urllib.request

import pytest

from tests.browser.axe import serious
from tests.browser.conftest import PATIENCE, Server
from tests.browser.test_paths import settled
from tests.browser.test_saved import ready

ROUND = 24


def start_study(page):
    """Start a study of the map on screen; returns the path that participants open."""
    page.get_by_role("link", name="Study", exact=True).click()
    settled(page)
    if page.get_by_role("button", name="Start the study").count() == 0:
        page.get_by_label("Study", exact=True).click()
        page.get_by_role("option", name="Start a new study").click()
    page.get_by_role("button", name="Start the study").click()
    link = page.locator("code", has_text="/join/").inner_text().strip()
    return link[link.index("/join/") :]


def corners(page, x, y, radius):
    box = page.locator("#plot").bounding_box()
    turns = [math.pi / 2 + 2 * math.pi * i / ROUND for i in range(ROUND + 1)]  # from below
    return [
        (
            box["x"] + box["width"] * (x + radius * math.cos(t)),
            box["y"] + box["height"] * (y + radius * math.sin(t)),
        )
        for t in turns
    ]


def by_mouse(page, *circle):
    first, *rest = corners(page, *circle)
    page.mouse.move(*first)
    page.mouse.down()
    for corner in rest:
        page.mouse.move(*corner)
    page.mouse.up()


def by_finger(page, *circle):
    touch = page.context.new_cdp_session(page)
    first, *rest = corners(page, *circle)

    def send(kind, at):
        points = [{"x": at[0], "y": at[1]}] if at else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    send("touchStart", first)
    for corner in rest:
        send("touchMove", corner)
    send("touchEnd", None)


def begin(page):
    page.get_by_role("button", name="I agree: start").click()
    page.get_by_text("Plot 1 of 1").wait_for()


def stored(page):
    page.get_by_text("Stored", exact=True).wait_for()


def finish(page, rating):
    page.get_by_role("button", name="Finish").click()
    page.get_by_role("button", name=f"{rating} of 5").click()
    page.get_by_text("Your answers are stored.").wait_for()


def test_an_owner_and_five_participants_run_a_study_to_its_result(open_page, chromium, server):
    owner = open_page("/")
    ready(owner)
    path = start_study(owner)
    phones = []
    for number in range(5):
        page = open_page(path, width=390 if number < 2 else 1000, height=800)
        phones.append(page)
        begin(page)
        draw = by_finger if number < 2 else by_mouse
        draw(page, 0.28, 0.3, 0.24)
        page.get_by_text("Group 1 has").wait_for()
        draw(page, 0.75, 0.35, 0.22)
        page.get_by_text("Group 2 has").wait_for()
        if number == 4:  # one takes the second group back and draws it again
            page.get_by_role("button", name="Undo").click()
            page.get_by_text("The last outline is undone.").wait_for()
            draw(page, 0.68, 0.4, 0.28)
            page.get_by_text("Group 2 has").wait_for()
        stored(page)
    owner.get_by_text("5 people have joined, 5 grouped points").wait_for()
    phones[0].reload()  # in the middle: what was drawn is there again
    phones[0].get_by_role("button", name="Add to 2").wait_for()
    for number, page in enumerate(phones):
        finish(page, 1 + number)
    owner.get_by_text("Mean of 5 ratings").wait_for()
    owner.get_by_text("Measured ambiguity").wait_for()
    owner.get_by_text("Person 5 ").last.wait_for()
    owner.locator(".js-plotly-plot").first.wait_for()
    phones[4].once("dialog", lambda dialog: dialog.accept())
    phones[4].get_by_role("button", name="Delete my answers").click()
    phones[4].get_by_text("Your answers are deleted").wait_for()
    owner.get_by_text("4 people have joined, 4 grouped points").wait_for()
    owner.get_by_role("button", name="Close the study").click()
    owner.get_by_role("button", name="Open it for answers").wait_for()
    settled(owner)
    late = open_page(path)
    late.get_by_text("This study is closed").wait_for()
    owner.get_by_role("button", name="Compare three ways").click()
    owner.wait_for_url("**/compare?**")
    # The table is drawn on a canvas; its cells are there for readers of the page only.
    owner.get_by_text("Predicted groups and one person").first.wait_for(state="attached")
    owner.get_by_text("4 people", exact=True).first.wait_for(state="attached")


def test_a_participant_draws_by_keyboard(open_page):
    owner = open_page("/")
    ready(owner)
    path = start_study(owner)
    page = open_page(path, dark=True)
    page.get_by_role("button", name="I agree: start").wait_for()
    assert serious(page) == []
    begin(page)
    assert serious(page) == []
    page.locator("#plot").focus()
    for key, times in (("ArrowLeft", 6), ("ArrowUp", 6)):
        for _ in range(times):
            page.keyboard.press(f"Shift+{key}")
    for moves in ("", "ArrowRight", "ArrowDown", "ArrowLeft"):
        for _ in range(5 if moves else 0):
            page.keyboard.press(f"Shift+{moves}")
        page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_text("Group 1 has").wait_for()
    stored(page)
    settled(owner)
    assert serious(owner) == []


@pytest.fixture
def own_server(tmp_path):
    running = Server(tmp_path / "home")
    yield running
    running.stop()
    assert not running.complaints()


def call(server, path, method="GET", body=None, who=None):
    """A request of a participant's page, tried until it is answered."""
    headers = {"X-Person": who["person"], "X-Secret": who["token"]} if who else {}
    data = None if body is None else json.dumps(body).encode()
    deadline = time.monotonic() + PATIENCE
    while True:
        asked = urllib.request.Request(server.url + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                return json.loads(answer.read())
        except (OSError, http.client.HTTPException):  # also cut off in the middle of an answer
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)


def outline(step):
    return {"group": step, "outline": [[0, 0], [1, 0], [1, 0.2 + step / 10], [0, 0.2 + step / 10]]}


def test_a_class_of_sixty_loses_nothing_while_the_server_is_killed(own_server, tmp_path):
    from analytics.store.database import connect
    from analytics.study import plots, store
    from tests.test_study import two_blobs

    engine = connect("", own_server.home)
    study = store.start(engine, title="A class", plots=[plots.plot_of("Two blobs", two_blobs())])
    acknowledged, failed = {}, []

    def take_part(number):
        try:
            who = call(own_server, f"/join/api/{study}/people", "POST", {})
            acknowledged[who["person"]] = 0
            for step in range(1, 11):
                strokes = [outline(i) for i in range(step)]
                body = {"step": step, "strokes": strokes, "rating": 3, "finished": step == 10}
                done = call(own_server, "/join/api/answers/0", "PUT", body, who)
                acknowledged[who["person"]] = done["step"]
                time.sleep(0.05)
        except Exception as error:
            failed.append(error)

    people = [threading.Thread(target=take_part, args=(n,)) for n in range(60)]
    for person in people:
        person.start()
    begun = time.monotonic()
    while sum(acknowledged.values()) < 60 and time.monotonic() < begun + PATIENCE and not failed:
        time.sleep(0.02)
    own_server.process.kill()
    own_server.process.wait(10)
    before = dict(acknowledged)
    with engine.connect() as connection:
        from analytics.store.schema import study_answers

        kept = {r.person_id: r.step for r in connection.execute(study_answers.select())}
    assert all(kept.get(person, 0) >= step for person, step in before.items())
    own_server.start()
    for person in people:
        person.join(2 * PATIENCE)
    assert failed == []
    assert set(acknowledged.values()) == {10}
    found = store.collected(engine, study)[0]
    assert len(found.labels) == 60 and found.finished.all()
    assert 60 <= sum(before.values()) < 600  # it was killed in the middle


def test_what_is_drawn_while_the_server_is_away_is_sent_when_it_is_back(own_server, chromium):
    from analytics.store.database import connect
    from analytics.study import plots, store
    from tests.test_study import two_blobs

    engine = connect("", own_server.home)
    study = store.start(engine, title="Away", plots=[plots.plot_of("Two blobs", two_blobs())])
    context = chromium.new_context(viewport={"width": 900, "height": 900})
    page = context.new_page()
    page.goto(own_server.url + f"/join/{study}")
    begin(page)
    by_mouse(page, 0.1, 0.5, 0.2)
    stored(page)
    own_server.process.kill()
    own_server.process.wait(10)
    by_mouse(page, 0.9, 0.5, 0.2)
    page.get_by_text("The server cannot be reached").wait_for()
    assert store.collected(engine, study)[0].labels.max() == 0
    own_server.start()
    page.get_by_text("Stored", exact=True).wait_for()
    assert store.collected(engine, study)[0].labels.tolist() == [[0] * 20 + [1] * 20]
    context.close()
