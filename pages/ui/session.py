"""One reader's session: the view, its history, and the results being waited for.

The view changes only when a wanted result has arrived, so what is on screen stays until it can be
replaced; a failed or cancelled job leaves it as it was.
"""

import secrets
import time
from dataclasses import dataclass, field

import streamlit as st

from analytics import pipeline
from analytics import view as views
from analytics.data.operations import sample_request
from analytics.data.samples import DEFAULT
from analytics.errors import BadInput, StoreError
from analytics.operations import Request
from analytics.results import Record
from analytics.view import View
from pages.ui import services

# Seconds a page waits for a wanted result before it shows the progress of the job instead: most
# small data is ready by then.
PATIENCE = 0.7
SLOTS = ("table", "dataset", "projection", "clustering")
MAX_HISTORY = 50


@dataclass
class Session:
    """What the browser tab remembers beside widget values."""

    owner: str = field(default_factory=lambda: secrets.token_hex(8))
    view: View = field(default_factory=View)
    past: list[View] = field(default_factory=list)
    future: list[View] = field(default_factory=list)
    wanted: dict[str, Request] = field(default_factory=dict)
    steps: set[str] = field(default_factory=set)
    fresh: set[str] = field(default_factory=set)
    asked: dict[str, Request] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    previous: dict[str, pipeline.Choice] = field(default_factory=dict)
    saved: dict = field(default_factory=dict)


def current() -> Session:
    """The session of this browser tab."""
    if "gestalt" not in st.session_state:
        st.session_state["gestalt"] = Session()
        _restore(st.session_state["gestalt"])
    return st.session_state["gestalt"]


def _restore(session: Session) -> None:
    """Start from the address: a saved view, a view in the address, or the first sample."""
    try:
        token = st.query_params.get("view")
        if token:
            from analytics.store.projects import open_view

            saved = open_view(services.engine(), token)
            session.view = views.from_json(saved.state.get("view"))
            session.saved = {
                "project": saved.project,
                "view": saved.view,
                "revision": saved.revision,
                "name": saved.name,
            }
            return
        session.view = views.from_query(st.query_params)
    except (BadInput, StoreError) as error:
        session.errors["link"] = str(error)
    if not session.view.table:
        want("table", sample_request(DEFAULT))


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
    if step:
        session.steps.add(slot)
    session.errors.pop(slot, None)
    for later in SLOTS[SLOTS.index(slot) + 1 :]:
        session.wanted.pop(later, None)
    session.wanted[slot] = request
    session.fresh.add(slot)
    services.runner().submit(request, session.owner)


def ask(request: Request) -> Record | None:
    """A result that stands beside the view: the stored one, or None while its job runs.

    Raises BadInput with the job's sentence when it failed.
    """
    found = services.artifacts().load(request.digest)
    if found is not None:
        return found
    session = current()
    job = services.runner().job(request.digest)
    if (
        request.digest in session.asked
        and job is not None
        and not job.active
        and job.state != "done"
    ):
        raise BadInput(job.error or f"This step was {job.state}: run it again.")
    session.asked[request.digest] = request
    services.runner().submit(request, session.owner)
    return None


def retry(digest: str) -> None:
    """Forget that a request failed, so that the next ask runs it again."""
    current().asked.pop(digest, None)


def load(digest: str) -> Record | None:
    """A stored result, or None."""
    return services.artifacts().load(digest) if digest else None


def pending() -> list:
    """The jobs this session waits for, in the order asked."""
    session = current()
    digests = [r.digest for r in session.wanted.values()] + list(session.asked)
    jobs = [services.runner().job(d) for d in dict.fromkeys(digests)]
    return [job for job in jobs if job is not None and job.active]


def cancel(digest: str) -> None:
    """Stop a job."""
    services.runner().cancel(digest)


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
        if services.artifacts().has(request.digest):
            del session.wanted[slot]
            if slot in session.steps:
                session.steps.discard(slot)
                change(**{slot: request.digest})
            else:
                session.view = session.view.with_(**{slot: request.digest})
            continue
        job = services.runner().job(request.digest)
        if job is None or (not job.active and job.state != "done"):
            del session.wanted[slot]
            if job is None or job.state != "cancelled":
                session.errors[slot] = (job and job.error) or "This step did not finish: try again."


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
        want("projection", pipeline.first_map(dataset.digest, dataset.params, None))
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
    first = pipeline.first_map(request.digest, recipe, session.previous.get("projection"))
    want("dataset", request, step)
    want("projection", first)


def open_table(request: Request) -> None:
    """Open other data. What is on screen stays until it has been read."""
    session = current()
    session.previous = {}
    for slot in SLOTS:
        session.errors.pop(slot, None)
    want("table", request, step=True)


def sync_address() -> None:
    """Write the view into the page's address, so that copying it copies the view."""
    session = current()
    query = session.view.to_query()
    if session.saved and session.saved.get("state") == session.view.to_json():
        query = {"view": session.saved["view"]}
    if dict(st.query_params) != query:
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
