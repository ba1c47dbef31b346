"""Saving the view, its link, and the list of saved work."""

import streamlit as st

from analytics import view as views
from analytics.errors import BadInput, StoreError
from pages.ui import services, session
from pages.ui.words import count, safe_md, when

KINDS = {
    "Table": "table",
    "Dataset": "dataset",
    "Projection": "projection",
    "Clustering": "clustering",
    "Ambiguity": "ambiguity",
}
# Results that another request than their kind's usual one made.
BY_METHOD = {"corrected": "correction", "consensus": "consensus", "labelled": "labelled"}


def link(token: str) -> str:
    """The address that opens a saved view on the page it was saved from."""
    base = (st.context.url or "").split("?")[0]
    return f"{base}?view={token}"


@st.dialog("Save this view")
def save_dialog() -> None:
    """Name and save the view; show its link."""
    from analytics.store.projects import Conflict

    dataset = session.load(session.current().view.dataset)
    before = session.saved_here()
    name = st.text_input("Name", before.get("name") or dataset.name, max_chars=120)
    with st.container(horizontal=True):
        over = st.button("Save", type="primary", icon=":material/bookmark:", key="save-view")
        copy = bool(before) and st.button("Save as a new project")
    if over or copy:
        try:
            save(name, {} if copy else before)
            session.sync_address()
        except Conflict as error:
            st.warning(safe_md(str(error)))
            return  # what was saved earlier is no answer to this press
        except (BadInput, StoreError) as error:
            st.error(safe_md(str(error)))
            return
    if session.is_saved():
        st.success("Saved. This link opens exactly this view, for anyone who reaches this server:")
        st.code(link(session.current().saved["view"]), language=None, wrap_lines=True)


def save(name: str, before: dict) -> None:
    """Save over what ``before`` names, or as a new project when it is empty."""
    from analytics.store import projects
    from analytics.store.runs import record_run

    here = session.current()
    engine = services.engine()
    state = here.view.to_json()
    saved = projects.save_view(
        engine,
        name=name,
        state={"view": state},
        project=before.get("project"),
        view=before.get("view"),
        revision=before.get("revision"),
    )
    # Kept at once: if what follows fails, saving again must not meet this save as a conflict.
    here.saved = {
        "project": saved.project,
        "view": saved.view,
        "revision": saved.revision,
        "name": saved.name,
        "state": state,
    }
    for digest in lineage(here.view):
        record = session.load(digest)
        if record is not None:
            record_run(
                engine,
                saved.project,
                digest=digest,
                kind=BY_METHOD.get(record.method) or KINDS[type(record).__name__],
                method=record.method,
                params=record.params,
                seed=record.seed,
                parents=record.parents,
                about=record.about,
            )


def lineage(view: views.View) -> list[str]:
    """Every result a view rests on, parents first."""
    ambiguity = session.ambiguity()
    ends = [view.table, view.dataset, *view.maps, *view.runs, *view.compared]
    ends.append(ambiguity.digest if ambiguity else "")
    return [d for d in dict.fromkeys(ends) if d]


def open_saved(token: str) -> None:
    """Show a saved view on the map page; undo brings back the view before."""
    view, saved = session.opened(token)
    session.replace_view(view)
    session.current().saved = saved
    st.switch_page("map.py")


def _done(action, *args):
    """What an action on saved work gives, or None after saying in place why it failed."""
    try:
        return action(*args)
    except (BadInput, StoreError) as error:
        st.error(safe_md(str(error)))
        return None


def saved_list() -> None:
    """The saved projects with what can be done to them, and import."""
    from analytics.store import projects

    engine = services.engine()
    deleted = st.session_state.get("deleted-project")
    if deleted:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(safe_md(f"Deleted {deleted['name']}."))
            if st.button("Undo the deletion", icon=":material/undo:"):
                del st.session_state["deleted-project"]
                if _done(projects.undo_delete, engine, deleted["token"]):
                    st.rerun()
    rows = projects.list_projects(engine)
    if not rows:
        st.caption("Nothing is saved yet. Save, at the top right, keeps the view and gives a link.")
    for row in rows:
        with st.container(
            horizontal=True, vertical_alignment="center", border=True, key=f"project-{row.id}"
        ):
            _project(engine, row)
    _import(engine)


def _project(engine, row) -> None:
    """One saved project: what it holds, open, and the rest behind "More"."""
    with st.container(width="stretch"):
        st.markdown(f"**{safe_md(row.name)}**")
        facts = [count(row.views, "view"), count(row.runs, "result"), when(row.updated)]
        st.caption(safe_md(" · ".join(f for f in facts if f)))
    if st.button("Open", key=f"open-{row.id}", type="primary", disabled=not row.last_view):
        _done(open_saved, row.last_view)
    with st.popover("More", icon=":material/more_horiz:", key=f"more-{row.id}"):
        _more(engine, row)


def _more(engine, row) -> None:
    from analytics.store import bundle, projects

    here = session.current()
    name = st.text_input("Name", row.name, key=f"name-{row.id}", max_chars=120)
    if st.button("Rename", key=f"rename-{row.id}"):
        new = _done(projects.rename, engine, row.id, name)
        if new:
            if here.saved.get("project") == row.id:
                here.saved["name"] = new
            st.rerun()
    if st.button("Duplicate", key=f"duplicate-{row.id}") and _done(
        projects.duplicate, engine, row.id
    ):
        st.rerun()
    st.download_button(
        "Export as one zip",
        lambda: bundle.export_bytes(engine, services.artifacts(), row.id, services.home()),
        file_name=f"{row.name[:60]}.gestalt.zip",
        key=f"export-{row.id}",
        on_click="ignore",
    )
    if st.button("Delete", key=f"delete-{row.id}"):
        token = _done(projects.delete, engine, row.id)
        if token:
            st.session_state["deleted-project"] = {"token": token, "name": row.name}
            if here.saved.get("project") == row.id:
                here.saved = {}
            st.rerun()


def _import(engine) -> None:
    from analytics.store import bundle

    file = st.file_uploader("Import a project (.zip)", type=["zip"], key="import-project")
    if file is None or not st.button("Import", type="primary"):
        return
    saved = _done(bundle.import_project, engine, services.artifacts(), file, services.home())
    if saved is not None and saved.view:
        _done(open_saved, saved.view)
    elif saved is not None:
        st.rerun()
