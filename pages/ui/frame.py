"""What every page shares: look, trail, running jobs, messages, empty states."""

import re
from pathlib import Path

import streamlit as st

from analytics import registry
from analytics.errors import BadInput
from pages.ui import dialogs, housekeeping, limits, menu, parts, services, session
from pages.ui.words import count, escape, interval, safe_md

ASSETS = Path(__file__).resolve().parents[2] / "assets"
LOGO = ASSETS / "logo.png"
# Groups that no method of the menu made.
MADE_HERE = {"corrected": "Corrected by hand", "consensus": "Consensus"}
SAID = {"Gaussian mixture": "a Gaussian mixture"}  # methods that a sentence calls otherwise
STEP = {
    "link": "The link",
    "table": "Reading the data",
    "dataset": "Preparing the data",
    "projection": "The map",
    "clustering": "The clustering",
    "explanation": "The explanation",
    "import": "Imported",
}
# Sentences about reading a file name the option of the command line; here is a form for it.
OPTION, ON_PAGE = re.compile(r"\(--read [^)]*\)"), "(Data page, 'Read the file differently')"


def dark() -> bool:
    """Whether the reader's page is dark."""
    return st.context.theme.type == "dark"


def style() -> None:
    """The few rules that Streamlit's theme cannot say."""
    css = (ASSETS / "app.css").read_text("utf-8")
    if dark():
        css += (ASSETS / "dark.css").read_text("utf-8")
    st.html(f"<style>{css}</style>")


def tall(rows: int, most: int) -> int:
    """The height in px of a table of so many rows, at most ``most``: a higher one would end in
    empty lines, which look like rows without values."""
    return min(most, 33 * (max(rows, 1) + 1) + 3)


def places(count: int, across: int, gap: str = "small") -> list:
    """A place for each of so many things, in rows of ``across``: so they keep their order on a
    phone, where columns stand below each other."""
    rows = [st.columns(across, gap=gap) for _ in range(0, count, across)]
    return [place for row in rows for place in row]


def sentence(text: str, level: str = "info") -> None:
    """One message; the text may hold words from data, so nothing in it is markup."""
    show = {"info": st.info, "warning": st.warning, "error": st.error, "success": st.success}
    show[level](safe_md(text))


def header(page: str = "") -> set[str]:
    """The trail, undo and save, running jobs, and what went wrong. Returns the jobs shown."""
    here = session.current()
    dialogs.on(page)
    with st.container(horizontal=True, vertical_alignment="center", key="trail"):
        st.html(_trail(here.view, page), width="stretch")
        if st.button("Undo", icon=":material/undo:", type="tertiary", disabled=not here.past):
            session.undo()
            st.rerun()
        if st.button("Redo", icon=":material/redo:", type="tertiary", disabled=not here.future):
            session.redo()
            st.rerun()
        save = st.button("Save", icon=":material/bookmark:", disabled=not here.view.dataset)
        if dialogs.stands("saving", save) and here.view.dataset:
            from pages.ui.saving import save_dialog

            save_dialog()
        menu.who()
    # What comes and goes has a place of its own: else all below moves up and down by one, and the
    # browser builds the chart anew, or drops a file just chosen.
    with st.container():
        shown = _jobs()
    with st.container():
        _failures(here)
    _sampled(here.view)
    return shown


def _sampled(view) -> None:
    """How a sample of a larger file was drawn, on every page that shows it."""
    table = session.outline(view.table)
    if table is not None and "sampled" in table.source:
        st.caption(safe_md(table.source["sampled"]["sentence"]))


def _failures(here: session.Session) -> None:
    """What went wrong, one sentence each."""
    for slot, words in [told for told in here.errors.items() if told[1]]:
        with st.container(horizontal=True, vertical_alignment="center"):
            level = "warning" if slot == "import" else "error"  # the rest of it is there
            level = "info" if words.startswith(session.CANCELLED) else level  # as the reader wished
            sentence(f"{STEP[slot]}: {OPTION.sub(ON_PAGE, words)}", level)
            if st.button("Dismiss", key=f"dismiss-{slot}", type="tertiary"):
                # Kept without words: the automatic path does not try the same thing again.
                here.errors[slot] = ""
                st.rerun()


def show_new_jobs(shown: set[str]) -> None:
    """Draw the page again when it asked for a job that the header does not show yet, so that it is
    followed, or for one that has ended since, so that its result is drawn. ``shown`` is what
    :func:`header` returned."""
    if session.news() or {j.id for j in session.pending()} - shown:
        st.rerun()


def _trail(view, page: str) -> str:
    """Where the reader is and what it rests on, in one line; on a narrow screen only the step that
    the page shows."""
    steps = {}
    dataset = session.load(view.dataset)
    table = session.outline(view.table)
    if dataset is not None:
        of = f" of {dataset.total_rows:,}" if dataset.total_rows > dataset.n else ""
        sampled = table.source.get("sampled") if table is not None else None
        of = f" of {sampled['rows']:,}" if sampled else of
        rows = f"{dataset.n:,}{of} rows × {count(dataset.X.shape[1], 'feature')}"
        steps["Data"] = f"<b>{escape(dataset.name or 'Data')}</b> <span>{rows}</span>"
    elif table is not None:
        steps["Data"] = f"<b>{escape(table.name or 'Data')}</b>"
    projection = session.load(view.projection)
    if projection is not None:
        label = method_label("projection", projection.method)
        steps["Map"] = f"Map <span>{escape(label)}</span>"
    clustering = session.load(view.clustering)
    if clustering is not None:
        label = method_label("clustering", clustering.method)
        groups = count(clustering.n_clusters, "group")
        steps["Clusters"] = f"Clusters <span>{escape(label)}, {groups}</span>"
    ambiguity = session.ambiguity() if projection is not None else None
    if ambiguity is not None:
        spread = interval(ambiguity.ambiguity, *(ambiguity.interval or (None, None)))
        steps["Perception"] = f"Ambiguity <span>{escape(spread)}</span>"
    explanation = session.load(view.explanation)
    if explanation is not None:
        groups = count(len(explanation.chosen), "description")
        steps["Explain"] = f"Explained <span>{groups}</span>"
    here = page if page in steps else "Data"
    parts = [
        f"<div class='step{' here' if name == here else ''}'>{words}</div>"
        for name, words in steps.items()
    ]
    return f"<div class='trail'>{''.join(parts) or 'No data yet'}</div>"


def method_label(kind: str, method_id: str) -> str:
    """The name of a method as people know it."""
    try:
        return registry.get(kind, method_id).label
    except BadInput:
        return MADE_HERE.get(method_id, method_id)


def method_said(kind: str, method_id: str) -> str:
    """The same name within a sentence: "agglomerative clustering", but "DBSCAN"."""
    label = method_label(kind, method_id)
    common = label.split(" ")[0][1:].islower()
    return SAID.get(label, label[0].lower() + label[1:] if common else label)


def made_here(record) -> str:
    """The name of groups that were corrected by hand or joined from several results."""
    groups, label = count(record.n_clusters, "group"), MADE_HERE[record.method]
    if record.method == "corrected":
        base = session.load(record.parents[1])
        before = method_label("clustering", base.method) if base is not None else label
        return f"{before}, corrected ({groups}, {count(len(record.params['edits']), 'change')})"
    return f"{label} of {len(record.parents) - 1} results ({groups})"


def _jobs() -> set[str]:
    """Running jobs with their words, fraction and a cancel button; redrawn while any runs."""
    # What is stored by now is found when it is asked for: nothing waits for it any more.
    here = session.current()
    here.asked = {d: r for d, r in here.asked.items() if not services.artifacts().has(d)}
    jobs = session.pending()
    if not jobs:
        return set()

    # Many people who wait look less often, so that looking does not become the server's work.
    @st.fragment(run_every=min(2.0, max(0.4, 0.04 * housekeeping.connected())))
    @parts.counted("jobs")
    def strip():
        running = session.pending()
        if {j.id for j in running} != {j.id for j in jobs}:
            st.empty()  # lets a click that waits go first: the rerun would take its place
            st.rerun()
        shown = [j for j in running if j.state == "running"] or running
        for job in shown[:3]:
            with st.container(horizontal=True, vertical_alignment="center", key=f"job-{job.id}"):
                words = job.words or ("waiting" if job.state == "queued" else "starting")
                if job.state == "queued" and (place := limits.place(job.id)):
                    words += f" ({place})"
                seconds = f" · {job.seconds:.0f} s" if job.seconds >= 2 else ""
                st.progress(
                    min(max(job.fraction or 0.0, 0.0), 1.0),
                    text=safe_md(f"{job.label}: {words}{seconds}"),
                )
                if st.button("Cancel", key=f"cancel-{job.id}", type="tertiary"):
                    limits.cancel(job.id)
                    st.rerun()
        if len(running) > len(shown[:3]):
            st.caption(f"{count(len(running) - len(shown[:3]), 'more step')} waiting")

    strip()
    return {j.id for j in jobs}


def needs_data() -> bool:
    """Whether the page must wait for data; shows what to do meanwhile."""
    here = session.current()
    if here.view.dataset and session.load(here.view.dataset) is not None:
        return False
    if session.pending():
        st.caption("The first picture appears here as soon as the data is ready.")
        return True
    if here.view.dataset or (here.view.table and session.load(here.view.table) is None):
        sentence(
            "The data of this link is no longer stored here: open its file again on the Data page.",
            "warning",
        )
    elif here.view.table:
        back = ", or Undo to return to the former picture" if here.past else ""
        sentence(
            "This table is open but cannot be drawn as it is: change how it is prepared on the "
            f"Data page{back}."
        )
    else:
        st.info("Nothing is open yet. Drop a file or choose a sample on the Data page.")
    st.page_link("data.py", label="Open the Data page", icon=":material/table:")
    return True


def undo_deletion(key: str, restore) -> bool:
    """Offer to bring back what ``key`` of the session state says was deleted: (id, name). True
    once ``restore(id)`` has done so."""
    gone = st.session_state.get(key)
    if not gone:
        return False
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(f"Deleted: {safe_md(gone[1])}. It is removed for good after 30 days.")
        if not st.button("Undo the deletion", type="tertiary", key=f"undo-{key}"):
            return False
    del st.session_state[key]
    restore(gone[0])
    return True


def things_to_know() -> None:
    """One line on the faults of the data, with the way to their details."""
    table = session.outline(session.current().view.table)
    problems = table.profile.get("problems", []) if table is not None else []
    serious = [p for p in problems if p["severity"] != "info"]
    with st.container(horizontal=True, vertical_alignment="center"):
        if serious:
            rest = f" and {len(serious) - 1} more" if len(serious) > 1 else ""
            st.caption(safe_md(serious[0]["words"].rstrip(".") + rest + "."), width="content")
            st.page_link("data.py", label="What to know about this data", icon=":material/warning:")


def how(text: str) -> None:
    """The "How is this computed?" fold beside a score."""
    with st.popover("How is this computed?", type="tertiary"):
        st.markdown(text)


def try_ask(request, whole: bool = True, what: str = "", instead: str = ""):
    """A side result, or None; a failure is shown in place with a way to run it again. whole : as
    for :func:`pages.ui.session.ask`. what : is missing then, where the place does not say it.
    instead : what to do where running it again as it is cannot help."""
    try:
        return session.ask(request, whole)
    except BadInput as error:
        sentence(f"{what}: {error}" if what else str(error), "warning")
        key = f"retry-{request.digest}"
        if not session.again_helps(request):
            st.caption(instead)
        elif parts.drawn(key):
            pass  # another place of the page needs it too, and has the button
        elif st.button("Run it again", key=key, type="tertiary"):
            session.retry(request.digest)
            st.rerun()
        return None


def soon(request, words: str) -> None:
    """Where a side result that is not there yet will stand; nothing once it has failed, which
    :func:`try_ask` says."""
    if services.runner().request(request.digest) is not None:
        st.caption(words)
