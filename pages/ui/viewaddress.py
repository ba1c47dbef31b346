"""The view in the page's address: a tab starts from it and follows it after Back and Forward, and
every run writes it anew.
"""

from contextlib import suppress

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analytics import view as views
from analytics.data.operations import sample_request
from analytics.data.samples import DEFAULT
from analytics.digest import is_digest
from analytics.errors import BadInput, StoreError
from analytics.results import Record
from analytics.view import View
from pages.ui import access, services, session
from pages.ui.session import SLOTS, Session

# Kinds of request whose result takes a slot.
KINDS = {
    "dataset": ("dataset", "labelled"),
    "clustering": ("clustering", "correction", "consensus"),
    "explanation": (
        "explanation",
        "explanation_edit",
        "explanation_inside",
        "explanation_rest",
        "keyword_topics",
    ),
}
# Key in the address: the steps waited for, so that a page loaded again goes on waiting.
WAIT = "wait"
# Keys in the address of pages, not of the view.
OF_PAGES = ("study", "lesson", "step", "review", "version", "draft")
NO_TABLE = (
    "It names no table, so a sample is open in its place: ask for the whole link, or open the file "
    "on the Data page."
)


def restore(here: Session) -> None:
    """Start from the address: a saved view, a view in the address, else the first sample."""
    try:
        here.view, here.saved = _from_address(st.query_params)
    except (BadInput, StoreError) as error:
        here.errors["link"] = str(error)
    _resume(here, st.query_params.get(WAIT, ""))
    opens = here.view.table or "table" in here.wanted
    if not opens and "review" not in st.query_params:  # nothing is opened for who only reads one
        if here.view.dataset or here.view.projection or here.view.clustering:
            here.errors["link"] = NO_TABLE
        session.want("table", sample_request(DEFAULT))


def _resume(here: Session, waiting: str) -> None:
    """Go on waiting for the steps of an address; take those that have ended meanwhile."""
    steps = dict(part.split(":", 1) for part in waiting.split(",") if ":" in part)
    for slot in [s for s in SLOTS if is_digest(steps.get(s))]:
        digest = steps[slot]
        request = services.runner().request(digest)
        if request is not None and access.may(digest) and request.kind in KINDS.get(slot, (slot,)):
            here.wanted[slot] = request
            here.steps.add(slot)
            with suppress(BadInput):  # a full line, which the step itself tells of
                session.submit(request)  # else whoever asked before could cancel it for both
        elif _is(session.outline(digest), slot):
            here.view = here.view.with_(**{slot: digest})


def _is(record: Record | None, slot: str) -> bool:
    """Whether a stored result is of the kind that a slot of the view takes."""
    return type(record).__name__.lower() == slot


def _waiting(here: Session) -> str:
    """What ``_resume`` reads; "" unless a step that the reader asked for is under way."""
    if not here.steps & set(here.wanted):
        return ""
    return ",".join(f"{s}:{here.wanted[s].digest}" for s in SLOTS if s in here.wanted)


def _from_address(query) -> tuple[View, dict]:
    """The view of an address, and the saved view it is or was changed from."""
    changed = access.checked(views.from_query(query), token := query.get("view"))
    for slot in SLOTS:
        record = session.outline(getattr(changed, slot))
        if record is not None and not _is(record, slot):
            raise BadInput("This link is damaged: a result in it is of another kind.")
        if slot == "explanation" and record is not None and changed.dataset not in record.parents:
            raise BadInput("This link is damaged: the explanation in it is of other data.")
    if not token:
        return changed, {}
    try:
        view, saved = session.opened(token)
    except (BadInput, StoreError):
        if not changed.table:
            raise
        return changed, {}
    if not changed.table:
        return view, saved
    revision = query.get("revision", "")
    if revision.isdecimal() and len(revision) < 9:
        saved["revision"] = int(revision)  # So that a save by someone else since is noticed.
    return changed, saved


def follow() -> None:
    """Show the view of the address after the browser's Back or Forward."""
    context = get_script_run_ctx()
    query = dict(st.query_params)
    if not getattr(context, "is_history_navigation", False) or not query:
        return
    here = session.current()
    try:
        view, saved = _from_address(query)
    except (BadInput, StoreError) as error:
        here.errors["link"] = str(error)
        return
    if not view.clustering and view.table == here.view.table:
        return  # An address from before the first picture was ready: nothing to go back to.
    if here.past and here.past[-1].to_query() == view.to_query():
        session.undo()
    elif here.future and here.future[-1].to_query() == view.to_query():
        session.redo()
    elif here.view.to_query() != view.to_query():
        session.replace_view(view)
    if saved and saved["view"] != here.saved.get("view"):
        here.saved = saved


def write() -> None:
    """Write the view into the page's address, so that copying it copies the view."""
    here = session.current()
    back = getattr(get_script_run_ctx(), "is_history_navigation", False)
    if back and not dict(st.query_params):
        return  # Writing here would put the reader forward again, and Back would lead nowhere.
    saved = session.saved_here()
    query = {} if session.is_saved() else here.view.to_query()
    if saved:
        query["view"] = saved["view"]
        if not session.is_saved():
            query["revision"] = str(saved["revision"])
    if waiting := _waiting(here):
        query[WAIT] = waiting
    query |= {key: st.query_params[key] for key in OF_PAGES if key in st.query_params}
    now = dict(st.query_params)
    if back and WAIT not in query:
        now.pop(WAIT, None)  # what was waited for then is of no interest now
    if now != query:
        st.query_params.from_dict(query)
