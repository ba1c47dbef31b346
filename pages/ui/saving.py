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


def link(token: str) -> str:
    """The address that opens a saved view on the page it was saved from."""
    base = (st.context.url or "").split("?")[0]
    return f"{base}?view={token}"


@st.dialog("Save this view")
def save_dialog() -> None:
    """Name and save the view; show its link."""
    from analytics.store.projects import Conflict

    here = session.current()
    dataset = session.load(here.view.dataset)
    name = st.text_input("Name", here.saved.get("name") or dataset.name, max_chars=120)
    with st.container(horizontal=True):
        save = st.button("Save", type="primary", icon=":material/bookmark:")
        copy = bool(here.saved) and st.button("Save as a new project")
    if save or copy:
        try:
            _save(name, new=copy)
        except Conflict as error:
            st.warning(safe_md(str(error)))
        except (BadInput, StoreError) as error:
            st.error(safe_md(str(error)))
    if here.saved.get("state") == here.view.to_json():
        st.success("Saved. This link opens exactly this view, for anyone who reaches this server:")
        st.code(link(here.saved["view"]), language=None, wrap_lines=True)


def _save(name: str, new: bool) -> None:
    from analytics.store import projects
    from analytics.store.runs import record_run

    here = session.current()
    before = {} if new else here.saved
    engine = services.engine()
    state = {"view": here.view.to_json()}
    saved = projects.save_view(
        engine,
        name=name,
        state=state,
        project=before.get("project"),
        view=before.get("view"),
        revision=before.get("revision"),
    )
    for digest in lineage(here.view):
        record = session.load(digest)
        if record is not None:
            record_run(
                engine,
                saved.project,
                digest=digest,
                kind=KINDS[type(record).__name__],
                method=record.method,
                params=record.params,
                seed=record.seed,
                parents=record.parents,
                about=record.about,
            )
    here.saved = {
        "project": saved.project,
        "view": saved.view,
        "revision": saved.revision,
        "name": saved.name,
        "state": here.view.to_json(),
    }


def lineage(view: views.View) -> list[str]:
    """Every result a view rests on, parents first."""
    ambiguity = session.ambiguity()
    ends = [view.table, view.dataset, *view.maps, *view.runs, ambiguity.digest if ambiguity else ""]
    return [d for d in dict.fromkeys(ends) if d]


def open_saved(token: str) -> None:
    """Show a saved view in this session; undo brings back the one before."""
    from analytics.store.projects import open_view

    saved = open_view(services.engine(), token)
    opened = views.from_json(saved.state.get("view"))
    here = session.current()
    session.replace_view(opened)
    here.saved = {
        "project": saved.project,
        "view": saved.view,
        "revision": saved.revision,
        "name": saved.name,
        "state": opened.to_json(),
    }


def saved_list() -> None:
    """The saved projects with what can be done to them, and import."""
    from analytics.store import bundle, projects

    engine = services.engine()
    here = session.current()
    undo = st.session_state.get("deleted-project")
    if undo:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(safe_md(f"Deleted {undo['name']}."))
            if st.button("Undo the deletion", icon=":material/undo:"):
                projects.undo_delete(engine, undo["token"])
                del st.session_state["deleted-project"]
                st.rerun()
    rows = projects.list_projects(engine)
    if not rows:
        st.caption("Nothing is saved yet. Save, at the top right, keeps the view and gives a link.")
    for row in rows:
        with st.container(
            horizontal=True, vertical_alignment="center", border=True, key=f"project-{row.id}"
        ):
            with st.container(width="stretch"):
                st.markdown(f"**{safe_md(row.name)}**")
                facts = [count(row.views, "view"), count(row.runs, "result"), when(row.updated)]
                st.caption(safe_md(" · ".join(f for f in facts if f)))
            if st.button("Open", key=f"open-{row.id}", type="primary", disabled=not row.last_view):
                open_saved(row.last_view)
                st.switch_page("map.py")
            with st.popover("More", icon=":material/more_horiz:", key=f"more-{row.id}"):
                name = st.text_input("Name", row.name, key=f"name-{row.id}", max_chars=120)
                if st.button("Rename", key=f"rename-{row.id}"):
                    projects.rename(engine, row.id, name)
                    st.rerun()
                if st.button("Duplicate", key=f"duplicate-{row.id}"):
                    projects.duplicate(engine, row.id)
                    st.rerun()
                st.download_button(
                    "Export as one zip",
                    lambda p=row.id: bundle.export_bytes(
                        engine, services.artifacts(), p, services.home()
                    ),
                    file_name=f"{row.name[:60]}.gestalt.zip",
                    key=f"export-{row.id}",
                    on_click="ignore",
                )
                if st.button("Delete", key=f"delete-{row.id}"):
                    token = projects.delete(engine, row.id)
                    st.session_state["deleted-project"] = {"token": token, "name": row.name}
                    if here.saved.get("project") == row.id:
                        here.saved = {}
                    st.rerun()
    file = st.file_uploader("Import a project (.zip)", type=["zip"], key="import-project")
    if file is not None and st.button("Import", type="primary"):
        saved = bundle.import_project(engine, services.artifacts(), file, services.home())
        open_saved(saved.view)
        st.switch_page("map.py")
