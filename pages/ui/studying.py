"""The owner's side of studies: choose one, start one, its link, closing and deleting."""

import io
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from analytics.errors import BadInput, StoreError
from pages.ui import access, frame, identity, menus, services, session, sharing

NEW = "Start a new study"
QUERY = "study"  # in the address: which study is open
WIDTH = 560  # px of words and fields: lines of about 72 characters
_LOCAL = ("localhost", "127.0.0.1", "::1")


def choose():
    """The study on screen, or None when a new one is to be started."""
    from analytics.study import store

    rows = {row.id: row for row in access.mine(store.studies(services.engine()))}
    _undo()
    opened = st.query_params.get(QUERY, "")
    if opened and opened not in rows:
        gone = "The study of this link does not exist or was deleted."
        frame.sentence(gone if access.off() else access.NEEDED[access.VIEWER], "warning")
        opened = ""
    if not rows:
        return None
    # No counts in the names: a list whose words change forgets what was chosen from it.
    names = {"": NEW} | {
        row.id: f"{row.title} · started {row.created:%d %b %Y, %H:%M} UTC" for row in rows.values()
    }
    options = list(names)
    say = menus.told_apart(options, names.get)
    chosen = st.selectbox("Study", options, options.index(opened), format_func=say)
    if chosen != opened:
        open_study(chosen)
        st.rerun()
    return rows.get(chosen)


def open_study(study: str) -> None:
    """Put a study into the address, "" for none; the address says which one is shown."""
    if study:
        st.query_params[QUERY] = study
    else:
        st.query_params.pop(QUERY, None)


def _undo() -> None:
    """Bring back the study just deleted."""
    from analytics.study import store

    gone = st.session_state.get("study-deleted")
    if frame.undo_deletion("study-deleted", lambda it: store.restore(services.engine(), it)):
        open_study(gone[0])
        st.rerun()


def start() -> None:
    """What a study is, the form that starts one, and taking in groupings from a file."""
    with st.container(width=WIDTH):
        _form()


def _form() -> None:
    """The words and fields of :func:`start`."""
    from analytics.study import store

    st.subheader("Ask people to group the points")
    st.markdown(
        "People open a link on a computer or a phone, without an account. They see the plots in "
        "one colour, without axes, each in another order, draw round what they would call one "
        "group, and say how ambiguous it felt. Their groupings appear here as they draw."
    )
    maps = _maps()
    if not maps:
        st.caption("Open some data first: its maps can be shown to people.")
        st.page_link("data.py", label="Open the Data page", icon=":material/table:")
    else:
        current = session.current().view.projection
        first = [current] if current in maps else list(maps)[:1]
        chosen = st.multiselect("Plots", list(maps), first, format_func=maps.get, key="study-maps")
        title = st.text_input("Title", "Which points belong together?", max_chars=120)
        consent = st.text_area("What participants read before they start", store.CONSENT)
        if st.button("Start the study", type="primary", disabled=not chosen):
            _started(lambda: _start(title, consent, {d: maps[d] for d in chosen}))
    with st.expander("Take in groupings collected elsewhere"):
        st.markdown(
            "One `.npz` per plot with `points` (n, 2) and `labels` (annotators, n), -1 = not "
            "grouped, or a zip of such files: what the export of a study gives."
        )
        file = st.file_uploader("Groupings", type=["npz", "zip"], key="study-file")
        if file is not None and st.button("Take them in"):
            _started(lambda: _take_in(file))


def _started(make) -> None:
    try:
        study = make()
    except (BadInput, StoreError) as error:
        frame.sentence(str(error), "error")
        return
    open_study(study)
    st.rerun()


def _maps() -> dict[str, str]:
    """Stored maps that can be shown: digest to a name. The one on screen first, then those beside
    it, then those of saved views."""
    from analytics.store.projects import saved_maps

    view = session.current().view
    found = {}
    for digest in (
        view.projection,
        *view.maps,
        *saved_maps(services.engine(), 30, access.projects()),
    ):
        record = session.load(digest) if digest not in found else None
        if record is not None:
            dataset = session.load(record.parents[0]) if record.parents else None
            of = f"{dataset.name}: " if dataset is not None and dataset.name else ""
            found[digest] = of + frame.method_label("projection", record.method)
    taken: dict[str, int] = {}
    for digest, name in found.items():
        taken[name] = taken.get(name, 0) + 1
        if taken[name] > 1:
            found[digest] = f"{name} ({taken[name]})"
    return found


def _start(title: str, consent: str, names: dict[str, str]) -> str:
    from analytics.perception.operations import drawn_aspect
    from analytics.study import plots, store

    shown = []
    for digest, name in names.items():
        record = session.load(digest)
        drawn = record.xy * [1.0, drawn_aspect(record)]
        shown.append(plots.plot_of(name[:120], drawn, projection=digest))
    owner = identity.current()
    return store.start(services.engine(), title=title, plots=shown, consent=consent, owner=owner)


def _take_in(file) -> str:
    from analytics.study import files, store

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "groupings"
        path.write_bytes(file.getvalue())
        given = files.read(path, file.name)
    title = file.name.rpartition(".")[0][:120] or "Groupings"
    owner = identity.current()
    return store.take_in(services.engine(), title=title, given=given, owner=owner)


def invitation(study) -> None:
    """The link and its QR code."""
    import segno

    address = urlsplit(st.context.url or "")
    link = f"{address.scheme}://{address.netloc}/join/{study.id}"
    st.markdown("**Invite people**")
    st.code(link, language=None, wrap_lines=True)
    if address.hostname in _LOCAL:
        st.caption(
            "This server listens to this machine only. To let phones in, start it with "
            "GESTALT_ADDRESS=0.0.0.0 and GESTALT_OPEN=yes, and open this page by the machine's own "
            "address; whoever reaches that address can then use the whole app. With a login "
            "(docs/accounts.md) they get the study and nothing else."
            if access.off()
            else "This link opens on this machine only. For others, open this page by the address "
            "by which they reach this server."
        )
    held = io.BytesIO()
    segno.make(link, error="m").save(held, kind="png", scale=6, border=4)
    with st.popover("Show the QR code", icon=":material/qr_code:"):
        st.image(held.getvalue(), caption="Opens the study on a phone", width=280)


def controls(study) -> None:
    """Close or open, take away, delete."""
    from analytics.study import files, store

    engine = services.engine()
    with st.container(horizontal=True):
        edits = access.allowed(study.id, access.EDITOR)
        if edits and study.open and st.button("Close the study", help="No more answers are taken."):
            store.set_open(engine, study.id, False)
            st.rerun()
        if edits and not study.open and st.button("Open it for answers"):
            store.set_open(engine, study.id, True)
            st.rerun()
        if study.people:
            st.download_button(
                "Groupings, zip",
                lambda: files.export(store.collected(engine, study.id)),
                file_name="gestalt-study.zip",
                on_click="ignore",
                help="Neutral format: one .npz per plot with points and labels, and the ratings.",
            )
        sharing.button(study.id, study.title)
        if not access.allowed(study.id, access.OWNER):
            return
        with st.popover("Delete", type="tertiary"):
            st.markdown("Deletes the study with everybody's answers.")
            if st.button("Delete this study", type="primary"):
                store.delete(engine, study.id)
                st.session_state["study-deleted"] = (study.id, study.title)
                open_study("")
                st.rerun()
