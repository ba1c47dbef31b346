"""The app under AppTest: start it at an address, and wait until it has nothing left to do."""

import time
from pathlib import Path

from streamlit.testing.v1 import AppTest

from analytics.view import View
from pages.ui import services

PATIENCE = 180  # seconds for a run or a job: a busy machine is no failure
ROUTER = str(Path(__file__).resolve().parents[1] / "pages" / "router.py")


def settle(at, seconds=PATIENCE):
    """Run until no job of this session is waiting or running, twice in a row: a job that has just
    ended lets the next run ask for another. Fails when nothing went on for so many seconds: on a
    busy machine a search that is at work may take longer than that."""
    deadline, quiet, last = time.monotonic() + seconds, 0, None
    end = time.monotonic() + 4 * seconds
    while time.monotonic() < deadline:
        at.run()
        here = at.session_state["gestalt"]
        active = [j for j in services.runner().jobs(here.owner) if j.active]
        busy = here.wanted or active
        now = [(j.id, j.fraction, j.words) for j in active]
        if now != last:
            deadline, last = min(time.monotonic() + seconds, end), now
        quiet = 0 if busy else quiet + 1
        if quiet == 2:
            _is_sound(at)
            return at
        time.sleep(0.2 if busy else 0)
    raise AssertionError(f"the page did not settle: {here.wanted=}, {here.errors=}, {active=}")


def _is_sound(at):
    """No page stopped by a fault, which the router tells as a sentence; and of options with the
    same words a menu can only choose the last."""
    assert not [e.value for e in at.error if "a fault of ours" in e.value]
    for menu in (*at.selectbox, *at.multiselect, *at.radio, *at.select_slider):
        assert len(set(menu.options)) == len(menu.options), (menu.label, menu.options)


def start(query=None):
    at = AppTest.from_file(ROUTER, default_timeout=PATIENCE)
    for key, value in (query or {}).items():
        at.query_params[key] = value
    return at


def page_of(script, *args):
    """A page that is one function, before its first run."""
    return AppTest.from_function(script, default_timeout=PATIENCE, args=args)


def view(at) -> View:
    """The view of the session."""
    return at.session_state["gestalt"].view
