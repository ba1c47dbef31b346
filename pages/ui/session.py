"""One reader's session: the view, its history, and the results being waited for.

The view changes only when a wanted result has arrived, so what is on screen stays until it can be
replaced; a failed or cancelled job leaves it as it was.
"""

import time
from dataclasses import dataclass, field

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analytics import pipeline
from analytics import view as views
from analytics.correcting.operations import replaced
from analytics.data.operations import sample_request
from analytics.data.samples import DEFAULT
from analytics.digest import is_digest
from analytics.errors import BadInput, StoreError
from analytics.operations import Request
from analytics.results import Record
from analytics.view import View
from pages.ui import access, identity, services

# Seconds to wait for a wanted result before its progress is shown: most small data is ready then.
PATIENCE = 0.7
SLOTS = ("table", "dataset", "projection", "clustering", "explanation")
# What is of no use any more when another result is wanted in a slot.
LATER = {
    "table": SLOTS[1:],
    "dataset": SLOTS[2:],
    "projection": ("clustering",),
    "clustering": (),
    "explanation": (),
}
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
# Kinds of request that may ask a language model.
BY_MODEL = (
    "explanation",
    "explanation_edit",
    "explanation_stability",
    "explanation_rest",
    "sentences",
)
# Key in the address: the steps waited for, so that a page loaded again goes on waiting.
WAIT = "wait"
# Keys in the address of pages, not of the view.
OF_PAGES = ("study", "lesson", "step", "review", "version", "draft")
MAX_HISTORY = 50


@dataclass
class Session:
    """What the browser tab remembers beside widget values."""

    owner: str  # the person, whose tabs share what one person may use
    view: View = field(default_factory=View)
    past: list[View] = field(default_factory=list)
    future: list[View] = field(default_factory=list)
    wanted: dict[str, Request] = field(default_factory=dict)
    steps: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)
    asked: dict[str, Request] = field(default_factory=dict)
    untold: set[str] = field(default_factory=set)  # asked for, and no page has seen how it ended
    errors: dict[str, str] = field(default_factory=dict)
    previous: dict[str, pipeline.Choice] = field(default_factory=dict)
    keys: dict = field(default_factory=dict)  # of language models, Secrets by address; memory only
    saving: str = ""  # the page on which the dialog for saving stands open
    saved: dict = field(default_factory=dict)  # What ``opened`` gives: see ``saved_here``.


def current() -> Session:
    """The session of this browser tab."""
    if "gestalt" not in st.session_state:
        st.session_state["gestalt"] = Session(identity.current().id)
        _restore(st.session_state["gestalt"])
    return st.session_state["gestalt"]


NO_TABLE = (
    "It names no table, so a sample is open in its place: ask for the whole link, or open the file "
    "on the Data page."
)


def _restore(session: Session) -> None:
    """Start from the address: a saved view, a view in the address, else the first sample."""
    try:
        session.view, session.saved = _from_address(st.query_params)
    except (BadInput, StoreError) as error:
        session.errors["link"] = str(error)
    _resume(session, st.query_params.get(WAIT, ""))
    here = session.view.table or "table" in session.wanted
    if not here and "review" not in st.query_params:  # nothing is opened for who only reads one
        if session.view.dataset or session.view.projection or session.view.clustering:
            session.errors["link"] = NO_TABLE
        want("table", sample_request(DEFAULT))


def _resume(session: Session, waiting: str) -> None:
    """Go on waiting for the steps of an address; take those that have ended meanwhile."""
    steps = dict(part.split(":", 1) for part in waiting.split(",") if ":" in part)
    for slot in [s for s in SLOTS if is_digest(steps.get(s))]:
        digest = steps[slot]
        request = services.runner().request(digest)
        if request is not None and access.may(digest) and request.kind in KINDS.get(slot, (slot,)):
            session.wanted[slot] = request
            session.steps.add(slot)
        elif _is(outline(digest), slot):
            session.view = session.view.with_(**{slot: digest})


def _is(record: Record | None, slot: str) -> bool:
    """Whether a stored result is of the kind that a slot of the view takes."""
    return type(record).__name__.lower() == slot


def _waiting(session: Session) -> str:
    """What ``_resume`` reads; "" unless a step that the reader asked for is under way."""
    if not session.steps & set(session.wanted):
        return ""
    return ",".join(f"{s}:{session.wanted[s].digest}" for s in SLOTS if s in session.wanted)


def _from_address(query) -> tuple[View, dict]:
    """The view of an address, and the saved view it is or was changed from."""
    changed = access.checked(views.from_query(query), token := query.get("view"))
    for slot in SLOTS:
        record = outline(getattr(changed, slot))
        if record is not None and not _is(record, slot):
            raise BadInput("This link is damaged: a result in it is of another kind.")
        if slot == "explanation" and record is not None and changed.dataset not in record.parents:
            raise BadInput("This link is damaged: the explanation in it is of other data.")
    if not token:
        return changed, {}
    try:
        view, saved = opened(token)
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


def opened(token: str) -> tuple[View, dict]:
    """A saved view, and what saving over it takes. Raises BadInput, StoreError."""
    from analytics.store.projects import open_view

    row = access.entered(open_view(services.engine(), token))
    view = views.from_json(row.state.get("view"))
    return view, {
        "project": row.project,
        "view": row.view,
        "revision": row.revision,
        "name": row.name,
        "state": view.to_json(),
    }


def saved_here() -> dict:
    """What saving over the saved view on screen takes; {} when these data were not saved yet, so
    that other data opened since never replace what was saved."""
    session = current()
    same = session.saved and session.saved["state"]["table"] == session.view.table
    return session.saved if same else {}


def is_saved() -> bool:
    """Whether the view on screen is saved exactly as it is."""
    session = current()
    return bool(session.saved) and session.saved["state"] == session.view.to_json()


def change(**fields) -> None:
    """Change the view as one step that can be undone."""
    session = current()
    after = session.view.with_(**fields)
    if after != session.view:
        session.past = [*session.past, session.view][-MAX_HISTORY:]
        session.future = []
        session.view = after


def undo() -> None:
    """Go back one step."""
    session = current()
    if session.past:
        session.future.append(session.view)
        session.view = session.past.pop()


def redo() -> None:
    """Go forward one step."""
    session = current()
    if session.future:
        session.past.append(session.view)
        session.view = session.future.pop()


def want(slot: str, request: Request, step: bool = False) -> None:
    """Have a result take its place in the view once it is there.

    ``step``: the reader asked for it, so it can be undone; the automatic path cannot.
    """
    session = current()
    _submit(session, request)
    if step:
        session.steps.add(slot)
    session.errors.pop(slot, None)
    for later in LATER[slot]:
        session.wanted.pop(later, None)
    session.wanted[slot] = request
    session.fresh.add(slot)


def ask(request: Request, whole: bool = True) -> Record | None:
    """A result that stands beside the view: the stored one, or None while its job runs.

    whole : False for its words and numbers only, without arrays. Raises BadInput with the job's
    sentence when it failed.
    """
    session, stored = current(), services.artifacts()
    found = (stored.load if whole else stored.outline)(request.digest)
    session.untold.discard(request.digest)
    if found is not None:
        session.asked.pop(request.digest, None)
        return found
    job = services.runner().job(request.digest)
    if (
        request.digest in session.asked
        and job is not None
        and not job.active
        and job.state != "done"
    ):
        raise BadInput(job.error or f"This step was {job.state}: run it again.")
    session.asked[request.digest] = request
    session.untold.add(request.digest)
    _submit(session, request)
    return None


def news() -> bool:
    """Whether something that this run waits for has ended before the header could follow it. Of
    what failed that is said once, as a page need not ask for it again."""
    session, there = current(), services.artifacts().has
    told = {d for d in session.untold if _failed(d)}
    session.untold -= told
    return (
        bool(told)
        or any(map(there, session.asked))
        or any(there(r.digest) or _failed(r.digest) for r in session.wanted.values())
    )


def _failed(digest: str) -> bool:
    job = services.runner().job(digest)
    return job is not None and not job.active and job.state != "done"


def _submit(session: Session, request: Request) -> None:
    """Start a job; one that may ask a language model gets the keys this reader has typed."""
    keys = session.keys if request.kind in BY_MODEL else None
    services.runner().submit(request, session.owner, keys)


def request_of(digest: str) -> Request | None:
    """What is under way under a digest, or was asked for in this session and has failed, for
    :func:`ask` to tell; None when it is neither."""
    found = current().asked.get(digest) or services.runner().request(digest)
    return found if isinstance(found, Request) else None


def retry(digest: str) -> None:
    """Forget that a request failed, so that the next ask runs it again."""
    current().asked.pop(digest, None)


def load(digest: str) -> Record | None:
    """A stored result, or None when there is none that this reader may see."""
    return services.artifacts().load(digest) if digest and access.may(digest) else None


def outline(digest: str) -> Record | None:
    """As :func:`load`, but only the words and numbers: arrays and frames are empty."""
    return services.artifacts().outline(digest) if digest and access.may(digest) else None


def shown() -> tuple:
    """The view and its stored dataset, projection and clustering, None where there is none."""
    view = current().view
    return view, load(view.dataset), load(view.projection), load(view.clustering)


def pending() -> list:
    """The jobs this session waits for, in the order asked."""
    session = current()
    digests = {r.digest for r in session.wanted.values()} | set(session.asked)
    jobs = [services.runner().job(d) for d in digests]
    return sorted((j for j in jobs if j is not None and j.active), key=lambda j: j.queued)


def settle() -> None:
    """Put arrived results into the view and ask for what the automatic path needs next.

    Repeated while something arrives, because a result asked for may be stored already.
    """
    session = current()
    deadline = time.monotonic() + PATIENCE
    for _ in range(2 * len(SLOTS)):
        before = (session.view, dict(session.wanted))
        for slot in ("table", "dataset", "projection"):
            if slot in session.fresh and slot in session.wanted:
                left = max(0.0, deadline - time.monotonic())
                services.runner().wait(session.wanted[slot].digest, left)
        session.fresh.clear()
        _arrive(session)
        _follow(session)
        if (session.view, session.wanted) == before:
            return


def _arrive(session: Session) -> None:
    """Take the wanted results that are stored into the view, and name those that failed."""
    for slot in SLOTS:
        request = session.wanted.get(slot)
        if request is None:
            continue
        if slot == "explanation" and session.view.dataset not in request.parents:
            del session.wanted[slot]  # Undo led back to other data meanwhile.
            session.steps.discard(slot)
            continue
        if services.artifacts().has(request.digest):
            del session.wanted[slot]
            if slot in session.steps:
                session.steps.discard(slot)
                change(**replaced(session.view, request, load), **{slot: request.digest})
            else:
                session.view = session.view.with_(**{slot: request.digest})
            continue
        job = services.runner().job(request.digest)
        if job is None or (not job.active and job.state != "done"):
            del session.wanted[slot]
            cancelled = job is not None and job.state == "cancelled"
            if not (cancelled and getattr(session.view, slot)):  # else it is not asked for again
                words = "Cancelled." if cancelled else "This step did not finish: try again."
                session.errors[slot] = (job and job.error) or words
                # What was to follow fails with it, for the same reason.
                for later in LATER[slot]:
                    session.wanted.pop(later, None)


def _follow(session: Session) -> None:
    """The automatic path: dataset, map and clustering of a new table."""
    view, wanted = session.view, session.wanted
    if view.table and not view.dataset and not {"table", "dataset"} & set(wanted):
        table = load(view.table)
        if table is not None and "dataset" not in session.errors:
            try:
                prepare(pipeline.preparation(table), table.recipe)
            except BadInput as error:  # one row, or no column to compare rows by
                session.errors["dataset"] = str(error)
        return
    if not view.dataset or {"table", "dataset"} & set(wanted):
        return
    dataset = load(view.dataset)
    if dataset is None:
        return
    if not view.projection and "projection" not in wanted and "projection" not in session.errors:
        table = load(view.table)
        want("projection", pipeline.first_map(dataset.digest, dataset.params, None, table))
    if not view.clustering and "clustering" not in wanted and "clustering" not in session.errors:
        try:
            suggestion = ask(pipeline.suggested_k(dataset))
        except BadInput:
            suggestion = None
        else:
            if suggestion is None:
                return
        previous = session.previous.get("clustering")
        want("clustering", pipeline.first_clustering(dataset, suggestion, previous))


def prepare(request: Request, recipe: dict, step: bool = False) -> None:
    """Want a dataset, and its first map with it, so that both run without a pause between."""
    session = current()
    for slot in ("projection", "clustering"):
        record = load(getattr(session.view, slot))
        if record is not None and session.view.dataset:
            choice = pipeline.Choice(record.method, dict(record.params), record.seed)
            session.previous[slot] = choice
    previous, table = session.previous.get("projection"), load(request.parents[0])
    first = pipeline.first_map(request.digest, recipe, previous, table)
    want("dataset", request, step)
    want("projection", first)


def open_table(request: Request) -> None:
    """Open other data. What is on screen stays until it has been read."""
    session = current()
    session.previous = {}
    for slot in SLOTS:
        session.errors.pop(slot, None)
    want("table", request, step=True)


def follow_address() -> None:
    """Show the view of the address after the browser's Back or Forward."""
    context = get_script_run_ctx()
    query = dict(st.query_params)
    if not getattr(context, "is_history_navigation", False) or not query:
        return
    session = current()
    try:
        view, saved = _from_address(query)
    except (BadInput, StoreError) as error:
        session.errors["link"] = str(error)
        return
    if not view.clustering and view.table == session.view.table:
        return  # An address from before the first picture was ready: nothing to go back to.
    if session.past and session.past[-1].to_query() == view.to_query():
        undo()
    elif session.future and session.future[-1].to_query() == view.to_query():
        redo()
    elif session.view.to_query() != view.to_query():
        replace_view(view)
    if saved and saved["view"] != session.saved.get("view"):
        session.saved = saved


def sync_address() -> None:
    """Write the view into the page's address, so that copying it copies the view."""
    session = current()
    back = getattr(get_script_run_ctx(), "is_history_navigation", False)
    if back and not dict(st.query_params):
        return  # Writing here would put the reader forward again, and Back would lead nowhere.
    saved = saved_here()
    query = {} if is_saved() else session.view.to_query()
    if saved:
        query["view"] = saved["view"]
        if not is_saved():
            query["revision"] = str(saved["revision"])
    if waiting := _waiting(session):
        query[WAIT] = waiting
    query |= {key: st.query_params[key] for key in OF_PAGES if key in st.query_params}
    now = dict(st.query_params)
    if back and WAIT not in query:
        now.pop(WAIT, None)  # what was waited for then is of no interest now
    if now != query:
        st.query_params.from_dict(query)


def ambiguity() -> Record | None:
    """The CLAMS score of the map in view, or None while it is not there."""
    from analytics.perception.operations import ambiguity_request

    projection = load(current().view.projection)
    if projection is None:
        return None
    try:
        return ask(ambiguity_request(projection))
    except BadInput:
        return None


def replace_view(view: View) -> None:
    """Show another view as one step that can be undone."""
    session = current()
    session.wanted.clear()
    session.past = [*session.past, session.view][-MAX_HISTORY:]
    session.future = []
    session.view = view
