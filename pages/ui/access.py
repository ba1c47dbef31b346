"""What the person of this tab may open and change. Without login: everything.

Pages ask here before they show a saved thing or change it (:func:`role`, :func:`require`), and
``session.load`` before it gives a result (:func:`may`). Verdicts hold for a minute, so that what is
shared no more goes from a tab that stays open.
"""

import time
from contextlib import suppress
from typing import Any

import streamlit as st

from analytics.accounts import holdings, sharing
from analytics.accounts import person as people
from analytics.accounts.sharing import EDITOR, OWNER, VIEWER
from analytics.errors import BadInput, StoreError
from analytics.store.fields import digests_in
from analytics.store.rows import NO_VIEW
from pages.ui import identity, services

LASTS = 60.0  # seconds
HELD, LENT, SEEN = "gestalt-held", "gestalt-lent", "gestalt-may"
MOST_KNOWN = 20_000
_files: dict[str, frozenset[str]] = {}  # digest -> files it rests on, which never change
NEEDED = {
    EDITOR: "You may look at this, but not change it: ask its owner, or save a copy of your own.",
    OWNER: "Only its owner may do this.",
    VIEWER: "This does not exist, was deleted, or is not shared with you: ask its owner.",
}
FOREIGN = (
    "This address leads to results that are not yours and not shared with you, or that are no "
    "longer stored here: ask for a link to the saved view, or open the data yourself."
)


def off() -> bool:
    """Whether nobody signs in, so that everything is everybody's."""
    return identity.current().role == people.OPEN


def called() -> str:
    """The name of who signed in, "" without."""
    return identity.current().name


def role(thing: str) -> str:
    """The role of this person in a project, study or review, "" for none."""
    return OWNER if off() else sharing.role(services.engine(), identity.current(), thing)


def allowed(thing: str, least: str) -> bool:
    """Whether this person's role suffices."""
    return sharing.at_least(role(thing), least)


def require(thing: str, least: str) -> None:
    """Raise BadInput when this person's role does not suffice."""
    mine = role(thing)
    if not sharing.at_least(mine, least):
        raise BadInput(NEEDED[least if mine else VIEWER])


def mine(rows: list) -> list:
    """Those rows of a list (with an ``id``) that this person may open."""
    if off():
        return rows
    found = sharing.roles(services.engine(), identity.current(), [row.id for row in rows])
    return [row for row in rows if row.id in found]


def projects() -> list[str] | None:
    """The projects this person may open; None for all."""
    from analytics.store.projects import list_projects

    return None if off() else [row.id for row in mine(list_projects(services.engine()))]


def own(thing: str) -> str:
    """Make this person the owner of a thing just made; returns its id."""
    sharing.own(services.engine(), thing, identity.current())
    return thing


def stage(content, name: str) -> dict[str, Any]:
    """Store uploaded content (see ``analytics.data.uploads.stage``), which its person then holds.

    Raises BadInput, StoreError.
    """
    from analytics.data import uploads

    staged = uploads.stage(content, name, services.home())
    if not off():
        holdings.hold(services.engine(), identity.current().id, [staged["content"]])
        look_again()
    return staged


def look_again() -> None:
    """This person holds more files than a moment ago."""
    st.session_state.pop(HELD, None)


def entered(row):
    """A saved view that this person may open, by their role in its project or by its link, unless
    the owner closed it; what it shows is then lent to the tab. Raises BadInput as if there were
    none."""
    if off():
        return row
    engine, known = services.engine(), identity.current().known
    if not known or (not role(row.project) and not sharing.by_link(engine, row.project)):
        raise BadInput(NO_VIEW)
    lend(row.state, row.project)
    return row


def files_under(state: Any) -> set[str]:
    """The files that a state rests on and this person may read: a project in which it is saved
    holds them for those it is shared with."""
    contents: set[str] = set()
    for digest in set(digests_in(state)):
        if may(digest):
            contents |= files_of(digest) or frozenset()
    return contents


def lend(state: Any, project: str = "") -> None:
    """Let this tab read what a saved view or a published review shows, whose link was opened.

    project : whose files a view may rest on at most; a review was checked when it was written.
    """
    if off():
        return
    lent = st.session_state.setdefault(LENT, set())
    own_files = holdings.held(services.engine(), [project]) if project else None
    for digest in set(digests_in(state)):
        files = files_of(digest)
        if files is not None and (own_files is None or files <= own_files):
            lent |= {digest}
    st.session_state.pop(SEEN, None)


def may(digest: str) -> bool:
    """Whether this person may read a result: by all files it rests on, or because it was lent."""
    if off() or digest in st.session_state.get(LENT, ()):
        return True
    seen, moment = st.session_state.setdefault(SEEN, {}), time.monotonic()
    if moment - seen.get(digest, -LASTS) < LASTS:
        return True
    files = files_of(digest)
    if files is None or not (not files or files <= _held()):
        return False
    seen[digest] = moment
    return True


def checked(view, token: str | None):
    """The view of an address, when this person may read all its results: by themselves, or as
    changed from the saved view that the token opens. Raises BadInput."""
    from analytics.store.projects import open_view

    if off():
        return view
    if token:
        with suppress(BadInput, StoreError):  # said where the saved view itself is opened
            entered(open_view(services.engine(), token))
    if not all(map(may, digests_in(view.to_json()))):
        raise BadInput(FOREIGN)
    return view


def owns_data(state: Any) -> bool:
    """Whether this person may read all results of a state also where they are not lent."""
    if off():
        return True
    files = [files_of(digest) for digest in set(digests_in(state))]
    return identity.current().known and all(f is not None and f <= _held() for f in files)


def _held() -> set[str]:
    """The files of this person and of the projects shared with them, as of a minute ago."""
    kept = st.session_state.get(HELD)
    if kept is None or time.monotonic() - kept[0] >= LASTS:
        holders = [identity.current().id, *(projects() or ())]
        kept = (time.monotonic(), holdings.held(services.engine(), holders))
        st.session_state[HELD] = kept
    return kept[1]


def files_of(digest: str) -> frozenset[str] | None:
    """The uploaded files a result, stored or on its way, rests on; None when that is not known."""
    found = _files.get(digest)  # once: another tab may empty it at any moment
    if found is None:
        found = holdings.files_of(digest, _recipe)
        if found is None:
            return None
        if len(_files) >= MOST_KNOWN:
            _files.clear()
        _files[digest] = found
    return found


def forget() -> None:
    """Let go what is known of results; it is found again when somebody asks."""
    _files.clear()


def _recipe(digest: str):
    request = services.runner().request(digest)
    if request is not None:
        return request.params, request.parents
    return services.artifacts().recipe(digest)
