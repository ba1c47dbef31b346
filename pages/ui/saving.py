"""Saving the view, its link, and the list of saved work."""

import streamlit as st

from analytics import view as views
from analytics.accounts import person as people
from analytics.errors import BadInput, StoreError
from pages.ui import access, dialogs, identity, parts, services, session, sharing, viewaddress
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


@st.dialog("Save this view", on_dismiss=dialogs.closed)
@parts.counted("saving")
def save_dialog() -> None:
    """Name and save the view; show its link."""
    from analytics.store.projects import Conflict

    dataset = session.load(session.current().view.dataset)
    before = session.saved_here()
    over_it = not before or access.allowed(before["project"], access.EDITOR)
    name = st.text_input("Name", before.get("name") or dataset.name, max_chars=120)
    with st.container(horizontal=True):
        over = over_it and st.button(
            "Save", type="primary", icon=":material/bookmark:", key="save-view"
        )
        copy = bool(before) and st.button("Save as a new project")
    if over or copy:
        try:
            save(name, {} if copy else before)
            viewaddress.write()
        except Conflict as error:
            st.warning(safe_md(str(error)))
            return  # what was saved earlier is no answer to this press
        except (BadInput, StoreError) as error:
            st.error(safe_md(str(error)))
            return
    if session.is_saved():
        st.success(f"Saved. This link opens exactly this view, for {_readers()}:")
        st.code(link(session.current().saved["view"]), language=None, wrap_lines=True)


def _readers() -> str:
    """Who can open the link of the view just saved."""
    from analytics.accounts.sharing import by_link

    if access.off():
        return "anyone who reaches this server"
    if by_link(services.engine(), session.current().saved["project"]):
        return "anyone who signs in here"
    return "those the project is shared with"


def save(name: str, before: dict) -> None:
    """Save over what ``before`` names, or as a new project when it is empty."""
    from analytics.store import projects
    from analytics.store.runs import record_run

    here = session.current()
    engine = services.engine()
    state = here.view.to_json()
    if before:
        access.require(before["project"], access.EDITOR)
    saved = projects.save_view(
        engine,
        name=name,
        state={"view": state},
        project=before.get("project"),
        view=before.get("view"),
        revision=before.get("revision"),
        by=access.called(),
        owner=identity.current(),
        files=access.files_under(state),
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
    rows = access.mine(projects.list_projects(engine))
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
    sharing.button(row.id, row.name, links=True)  # a dialog would open under the popover
    with st.popover("More", icon=":material/more_horiz:", key=f"more-{row.id}"):
        _more(engine, row)


def _more(engine, row) -> None:
    from analytics.store import bundle

    if access.allowed(row.id, access.EDITOR):
        _rename(engine, row)
    if st.button("Duplicate", key=f"duplicate-{row.id}") and _done(_duplicate, engine, row.id):
        st.rerun()
    person = identity.current()  # the file is made in a thread that knows no tab
    st.download_button(
        "Export as one zip",
        lambda: bundle.export_bytes(
            engine, services.artifacts(), row.id, services.home(), reviews=_editable(engine, person)
        ),
        file_name=f"{row.name[:60]}.gestalt.zip",
        key=f"export-{row.id}",
        on_click="ignore",
    )
    if access.allowed(row.id, access.OWNER):
        _delete(engine, row)


def _editable(engine, person) -> list[str] | None:
    """The reviews whose draft a person may read, None for all."""
    from analytics.accounts import sharing as shares
    from analytics.review import store

    if person.role == people.OPEN:
        return None
    found = shares.roles(engine, person, [r.id for r in store.reviews(engine)])
    return [review for review, role in found.items() if shares.at_least(role, access.EDITOR)]


def _rename(engine, row) -> None:
    from analytics.store import projects

    name = st.text_input("Name", row.name, key=f"name-{row.id}", max_chars=120)
    if st.button("Rename", key=f"rename-{row.id}"):
        new = _done(projects.rename, engine, row.id, name)
        if new:
            here = session.current()
            if here.saved.get("project") == row.id:
                here.saved["name"] = new
            st.rerun()


def _duplicate(engine, project: str):
    """Copy a project into one of this person's own."""
    from analytics.store import projects

    return projects.duplicate(engine, project, identity.current())


def _delete(engine, row) -> None:
    from analytics.store import projects

    here = session.current()
    if st.button("Delete", key=f"delete-{row.id}"):
        token = _done(projects.delete, engine, row.id)
        if token:
            st.session_state["deleted-project"] = {"token": token, "name": row.name}
            if here.saved.get("project") == row.id:
                here.saved = {}
            st.rerun()


def _imported(engine, file):
    """Take a project file in as this person's own; they hold the files that came with it."""
    from analytics.review import carrying
    from analytics.store import bundle

    saved = bundle.import_project(
        engine, services.artifacts(), file, services.home(), owner=identity.current()
    )
    access.look_again()
    left_out = list(saved.left_out)
    for review, title in zip(saved.reviews, carrying.titles(engine, saved.reviews), strict=True):
        # A review lends what it shows to its readers, so it may name no result of other people.
        if access.owns_data(carrying.named(engine, review)):
            access.own(review)
        else:
            carrying.drop(engine, review)
            left_out.append((title, "it shows results that are not in the file"))
    # The import leads to another page, so what it did not take is said above every page.
    session.current().errors["import"] = carrying.left_out_words(left_out)
    return saved


def _import(engine) -> None:
    file = st.file_uploader("Import a project (.zip)", type=["zip"], key="import-project")
    if file is None or not st.button("Import", type="primary"):
        return
    saved = _done(_imported, engine, file)
    if saved is not None and saved.view:
        _done(open_saved, saved.view)
    elif saved is not None:
        st.rerun()
