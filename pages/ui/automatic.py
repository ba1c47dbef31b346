"""The automatic path from a table to its first picture: a result that has arrived takes its place
in the view, and the one to follow it is asked for.
"""

import time

from analytics import pipeline
from analytics.correcting.operations import replaced
from analytics.errors import BadInput
from analytics.jobs.job import Job
from analytics.operations import Request
from pages.ui import services, session
from pages.ui.session import LATER, SLOTS, Session

# Seconds to wait for a wanted result before its progress is shown: most small data is ready then.
PATIENCE = 0.7


def settle() -> None:
    """Put arrived results into the view and ask for what the automatic path needs next.

    Repeated while something arrives, because a result asked for may be stored already.
    """
    here = session.current()
    deadline = time.monotonic() + PATIENCE
    for _ in range(2 * len(SLOTS)):
        before = (here.view, dict(here.wanted))
        for slot in ("table", "dataset", "projection"):
            if slot in here.fresh and slot in here.wanted:
                left = max(0.0, deadline - time.monotonic())
                services.runner().wait(here.wanted[slot].digest, left)
        here.fresh.clear()
        _arrive(here)
        _follow(here)
        if (here.view, here.wanted) == before:
            return


def _arrive(here: Session) -> None:
    """Take the wanted results that are stored into the view, and name those that failed."""
    for slot in SLOTS:
        request = here.wanted.get(slot)
        if request is None:
            continue
        if slot == "explanation" and here.view.dataset not in request.parents:
            del here.wanted[slot]  # Undo led back to other data meanwhile.
            here.steps.discard(slot)
            continue
        job = services.runner().job(request.digest)  # first: what ends after it is found below
        # Loaded, not only looked for: a damaged one is removed by that, and computed again.
        if services.artifacts().load(request.digest) is not None:
            del here.wanted[slot]
            if slot in here.steps:
                here.steps.discard(slot)
                others = replaced(here.view, request, session.load)
                session.change(**others, **{slot: request.digest})
            else:
                here.view = here.view.with_(**{slot: request.digest})
            continue
        if words := _in_vain(request, job):
            del here.wanted[slot]
            cancelled = job is not None and job.state == "cancelled"
            if not (cancelled and getattr(here.view, slot)):  # else it is not asked for again
                here.errors[slot] = words
                # What was to follow fails with it, for the same reason.
                for later in LATER[slot]:
                    here.wanted.pop(later, None)


def _in_vain(request: Request, job: Job | None) -> str:
    """Why a result that is not stored will not come; "" while it is under way. One that was there
    and has gone, or whose job is forgotten, is computed again."""
    if job is None or job.state == "done":
        try:
            job = session.submit(request)
        except BadInput as error:
            return str(error)
    if job.active:
        return ""
    words = {"cancelled": session.cancelled(request), "done": session.UNREADABLE}
    return job.error or words.get(job.state, "This step did not finish: try again.")


def _follow(here: Session) -> None:
    """The automatic path: dataset, map and clustering of a new table."""
    view, wanted = here.view, here.wanted
    if view.table and not view.dataset and not {"table", "dataset"} & set(wanted):
        table = session.load(view.table)
        if table is not None and "dataset" not in here.errors:
            try:
                prepare(pipeline.preparation(table), table.recipe)
            except BadInput as error:  # one row, or no column to compare rows by
                here.errors["dataset"] = str(error)
        return
    if not view.dataset or {"table", "dataset"} & set(wanted):
        return
    dataset = session.load(view.dataset)
    if dataset is None:
        return
    if not view.projection and "projection" not in wanted and "projection" not in here.errors:
        table = session.load(view.table)
        session.want("projection", pipeline.first_map(dataset.digest, dataset.params, None, table))
    if not view.clustering and "clustering" not in wanted and "clustering" not in here.errors:
        try:
            suggestion = session.ask(pipeline.suggested_k(dataset))
        except BadInput:
            suggestion = None
        else:
            if suggestion is None:
                return
        previous = here.previous.get("clustering")
        session.want("clustering", pipeline.first_clustering(dataset, suggestion, previous))


def prepare(request: Request, recipe: dict, step: bool = False) -> None:
    """Want a dataset, and its first map with it, so that both run without a pause between."""
    here = session.current()
    for slot in ("projection", "clustering"):
        record = session.load(getattr(here.view, slot))
        if record is not None and here.view.dataset:
            choice = pipeline.Choice(record.method, dict(record.params), record.seed)
            here.previous[slot] = choice
    previous, table = here.previous.get("projection"), session.load(request.parents[0])
    first = pipeline.first_map(request.digest, recipe, previous, table)
    session.want("dataset", request, step)
    if here.wanted.get("dataset") == request:  # else too many steps wait, which is told
        session.want("projection", first)
