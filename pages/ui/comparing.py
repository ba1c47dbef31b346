"""The results that can be compared, and those chosen."""

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from analytics.comparing.align import aligned, shared_words
from analytics.comparing.colors import matched
from analytics.correcting.operations import METHOD as CORRECTED
from analytics.errors import StoreError
from analytics.results import Clustering, Dataset
from analytics.view import MAX_COMPARED
from pages.ui import naming, services, session

KINDS = ("clustering", "correction", "consensus")
MOST = 48  # results in the gallery


@dataclass(frozen=True, eq=False)
class Result:
    """One clustering as compared. labels : (n,) of the rows on screen, UNLABELLED where it holds
    no such row. made_on : its dataset."""

    digest: str
    name: str
    run: Clustering
    labels: np.ndarray
    made_on: Dataset

    @property
    def words(self) -> str:
        """What is missing in it, or ""."""
        return shared_words(self.labels)


def results(dataset: Dataset) -> list[Result]:
    """Every clustering of this table that is known here: kept in the view, recorded in the saved
    project, or made by a sweep; of corrected ones only the newest of each."""
    view = session.current().view
    digests = [*view.runs, *_recorded(), *_swept(view.sweep), *view.compared]
    found = [r for d in dict.fromkeys(digests) if (r := result_of(d, dataset)) is not None]
    newest = {r.run.parents[1]: r.digest for r in found if r.run.method == CORRECTED}
    kept = {*newest.values(), *view.compared, view.clustering}
    return _distinct([r for r in found if r.run.method != CORRECTED or r.digest in kept][-MOST:])


def _distinct(found: list[Result]) -> list[Result]:
    """Each with a name of its own: menus and tables tell results apart by what they are called."""
    names = naming.distinct({r.digest: r.name for r in found})
    return [replace(r, name=names[r.digest]) for r in found]


def _recorded() -> list[str]:
    from analytics.store.projects import runs

    saved = session.saved_here()
    if not saved:
        return []
    try:
        return [r.digest for r in runs(services.engine(), saved["project"]) if r.kind in KINDS]
    except (ValueError, StoreError):
        return []  # the project is gone meanwhile; what the view keeps is there all the same


def _swept(digest: str) -> list[str]:
    found = session.load(digest)
    return [e["digest"] for e in found.entries if "digest" in e] if found is not None else []


def result_of(digest: str, dataset: Dataset) -> Result | None:
    run = session.load(digest)
    made_on = session.load(run.parents[0]) if isinstance(run, Clustering) else None
    if not isinstance(made_on, Dataset) or not set(made_on.parents[:1]) & set(dataset.parents[:1]):
        return None
    labels = aligned(run.labels, made_on.rows, dataset.rows)
    return Result(digest, called(digest), run, labels, made_on)


def called(digest: str) -> str:
    """The name a person gave a result, else what made it."""
    return dict(session.current().view.called).get(digest) or naming.run_name(digest)


def chosen(found: list[Result]) -> list[Result]:
    """Those to compare: as in the view, else the one on screen and the two made last."""
    view = session.current().view
    by_digest = {r.digest: r for r in found}
    wanted = [d for d in view.compared if d in by_digest]
    if not wanted:
        rest = [r.digest for r in found if r.digest != view.clustering]
        wanted = [d for d in (view.clustering, *rest[-2:]) if d in by_digest]
    return [by_digest[d] for d in wanted[:MAX_COMPARED]]


def opened_part() -> None:
    """Keep the open tab in the address; it is no step to undo."""
    here = session.current()
    here.view = here.view.with_(part=st.session_state.get("compare-part") or "")


def colors(shown: list[Result]) -> list[np.ndarray]:
    """The number of each group's colour, matched with the first result."""
    return matched([r.labels for r in shown])


def names_of(result: Result, slots: np.ndarray) -> dict[int, str]:
    """The names of a result's groups by the number of their colour."""
    given = result.run.group_names
    return {int(slots[g]) if g >= 0 else g: n for g, n in given.items() if g < len(slots)}


def picker(found: list[Result], now: list[Result]) -> None:
    """Choose what is compared; the first gives the colours."""
    options = [r.digest for r in found]
    picked = [r.digest for r in now]
    key = f"compared-{hash((*options, *picked))}"
    before = session.current().view.compared

    def picked_anew():
        if session.current().view.compared == before:  # else the browser is a step behind
            session.change(compared=tuple(st.session_state[key]))

    st.multiselect(
        "Compared; the first gives the colours",
        options,
        default=picked,
        format_func=lambda d: next(r.name for r in found if r.digest == d),
        max_selections=MAX_COMPARED,
        key=key,
        on_change=picked_anew,
    )
