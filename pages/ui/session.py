"""One reader's session: the view, its history, and the results asked for.

The view changes only when a wanted result has arrived, so what is on screen stays until it can be
replaced; a failed or cancelled job leaves it as it was.
"""

from dataclasses import dataclass, field

import streamlit as st

from analytics import pipeline
from analytics import view as views
from analytics.errors import BadInput
from analytics.jobs.job import Job
from analytics.language import asking as language
from analytics.operations import Request
from analytics.results import Record
from analytics.view import View
from pages.ui import access, identity, services

SLOTS = ("table", "dataset", "projection", "clustering", "explanation")
# What is of no use any more when another result is wanted in a slot.
LATER = {
    "table": SLOTS[1:],
    "dataset": SLOTS[2:],
    "projection": ("clustering",),
    "clustering": (),
    "explanation": (),
}
# Kinds of request that may ask a language model.
BY_MODEL = (
    "explanation",
    "explanation_edit",
    "explanation_stability",
    "explanation_rest",
    "sentences",
)
MAX_HISTORY = 50
CANCELLED = "Cancelled."
UNREADABLE = (
    "The stored result of this step can be neither read nor replaced: see what the server's log "
    "says of it."
)


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
    lent: dict[str, dict] = field(default_factory=dict)  # the keys that a request was given
    dialog: tuple[str, str] = ("", "")  # a page, and the name of the dialog that stands open on it
    saved: dict = field(default_factory=dict)  # What ``opened`` gives: see ``saved_here``.


def current() -> Session:
    """The session of this browser tab."""
    if "gestalt" not in st.session_state:
        st.session_state["gestalt"] = Session(identity.current().id)
        from pages.ui import viewaddress  # which works on the session begun here

        viewaddress.restore(st.session_state["gestalt"])
    return st.session_state["gestalt"]


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
    """Have a result take its place in the view once it is there; when too many steps wait already
    that is told instead, above a page that shows them and lets them be cancelled.

    ``step``: the reader asked for it, so it can be undone; the automatic path cannot.
    """
    session = current()
    try:
        submit(request)
    except BadInput as error:
        session.errors[slot] = str(error)
        return
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
    look = stored.load if whole else stored.outline
    found = look(request.digest)
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
    if submit(request).state != "done":
        return None
    session.asked.pop(request.digest)
    session.untold.discard(request.digest)
    found = look(request.digest)
    if found is None:
        raise BadInput(UNREADABLE)
    return found


def news() -> bool:
    """Whether something that this run waits for has ended before the header could follow it. Of
    what has no result that is said once, as a page need not ask for it again."""
    session, there = current(), services.artifacts().has
    told = {d for d in session.untold if _ended(d)}
    session.untold -= told
    return (
        bool(told)
        or any(map(there, session.asked))
        or any(there(r.digest) or _ended(r.digest) for r in session.wanted.values())
    )


def _ended(digest: str) -> bool:
    job = services.runner().job(digest)
    return job is None or not job.active


def submit(request: Request) -> Job:
    """Start a job; one that may ask a language model gets the keys this reader has typed. Raises
    BadInput when too many wait already."""
    session = current()
    keys = session.keys if request.kind in BY_MODEL else None
    if keys is not None:
        session.lent[request.digest] = dict(keys)
    return services.runner().submit(request, session.owner, keys)


def request_of(digest: str) -> Request | None:
    """What is under way under a digest, or was asked for in this session and has failed, for
    :func:`ask` to tell; None when it is neither."""
    found = current().asked.get(digest) or services.runner().request(digest)
    return found if isinstance(found, Request) else None


def retry(digest: str) -> None:
    """Forget that a request failed, so that the next ask runs it again."""
    current().asked.pop(digest, None)


def retry_all() -> None:
    """As :func:`retry`, for all requests of this session that have ended."""
    for digest in [d for d in current().asked if _ended(d)]:
        retry(digest)


def cancelled(request: Request) -> str:
    """What to say of a step that was cancelled; of one that asked a language model, what becomes of
    the answers."""
    if request.method != language.METHOD:
        return CANCELLED
    return f"{CANCELLED} What the language model has answered is kept and not asked again."


def again_helps(request: Request) -> bool:
    """Whether a request that failed may end otherwise when it is run again as it is. One to a
    language model that refused the key, or whose budget is used up, does not, unless another key
    was typed since."""
    job = services.runner().job(request.digest)
    if request.method != language.METHOD or job is None or job.error_kind != "input":
        return True
    return current().lent.get(request.digest) != current().keys


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


def open_table(request: Request) -> None:
    """Open other data. What is on screen stays until it has been read."""
    session = current()
    session.previous = {}
    for slot in SLOTS:
        session.errors.pop(slot, None)
    want("table", request, step=True)


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
