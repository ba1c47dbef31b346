"""Many scatterplots by their ambiguity: column pairs, kept maps, or files."""

import io
import zipfile

import streamlit as st

from analytics.errors import BadInput, StoreError
from analytics.operations import Request
from analytics.results import Dataset, Gallery
from pages.ui import access, choosing, frame, services, session
from pages.ui.words import interval, safe_md

ASKED = "pictures-ranking"
ACROSS = 5
FIRST = 20
SOURCES = {
    "columns": "Pairs of columns",
    "maps": "Maps kept here",
    "saved": "Maps of all saved views",
    "files": "Files",
}

HOW = """
Each plot is scored by CLAMS, in one colour and with the aspect it is drawn with: 0 means that
everyone would group the points alike, 1 that people would disagree as much as they can. Clearest
first; plots that read as one group come last, since their score is 0 by definition. The interval is
a 90 % bootstrap over points (Jeon et al. 2023). A clear plot need not be a true one: for maps, look
at their faithfulness too.
"""


def show(dataset: Dataset) -> None:
    """Choose the plots, rank them, look at them."""
    request = chosen_request(dataset)
    if request is None:
        return
    found = frame.try_ask(request)
    if found is None:
        frame.soon(request, "The plots appear here, sorted, as soon as all are scored.")
        return
    st.markdown(safe_md(found.sentence))
    for note in found.notes:
        st.caption(safe_md(note))
    choosing.tiles(
        found.entries, FIRST, ACROSS, "plots", "ranking-all", lambda e: _tile(found, e, dataset)
    )
    frame.how(HOW)


def chosen_request(dataset: Dataset) -> Request | None:
    """The ranking asked for last for this data, with the controls to ask for another."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        source = st.selectbox(
            "Plots",
            list(SOURCES),
            format_func=SOURCES.get,
            key="ranking-source",
            persist_state="session",
            width=240,
        )
        most, seed = 60, 0
        if source == "columns":
            most = st.number_input(
                "Pairs at most", 1, 500, 60, key="ranking-most", persist_state="session", width=140
            )
            seed = st.number_input(
                "Seed", 0, 2**32 - 1, 0, key="ranking-seed", persist_state="session", width=120
            )
        pressed = source != "files" and st.button("Rank", type="primary", key="run-ranking")
    if source == "files":
        uploads = st.file_uploader(
            "Data files, or one zip of them; the first two numeric columns of each are drawn",
            accept_multiple_files=True,
            key="ranking-files",
        )
        pressed = st.button("Rank", type="primary", key="run-ranking", disabled=not uploads)
    key = (dataset.digest, source)
    if pressed:
        try:
            request = _request(source, dataset, int(most), int(seed))
        except (BadInput, StoreError) as error:
            frame.sentence(str(error), "error")
            return None
        st.session_state[ASKED] = {**asked(), key: request}
        choosing.start_job(request)
    found = asked().get(key)
    if found is None:
        st.caption("Scores every plot and shows them sorted, the clearest first.")
    return found


def asked() -> dict:
    """The rankings asked for in this session, by data and source."""
    return st.session_state.get(ASKED) or {}


def _request(source: str, dataset: Dataset, most: int, seed: int) -> Request:
    from analytics.pictures import operations as pictures

    if source == "columns":
        return pictures.columns_request(dataset, most, seed)
    if source == "maps":
        return pictures.maps_request(_stored(session.current().view.maps))
    if source == "saved":
        saved = _stored(_saved_maps())
        if not saved:
            raise BadInput("No view is saved yet: save one, and its maps are ranked here.")
        return pictures.maps_request(saved)
    return pictures.files_request(access.stage(*_zipped(st.session_state["ranking-files"])))


def _stored(digests) -> list[str]:
    return [d for d in digests if services.artifacts().has(d)]


def _saved_maps() -> list[str]:
    """The maps of every saved view."""
    from analytics.store.projects import saved_maps

    return saved_maps(services.engine(), projects=access.projects())


def _zipped(uploads) -> tuple[bytes, str]:
    """The uploaded files as one zip."""
    if len(uploads) == 1 and uploads[0].name.lower().endswith(".zip"):
        return uploads[0].getvalue(), uploads[0].name
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for i, file in enumerate(uploads):
            # A number in front keeps two files of one name apart; only the name is shown.
            archive.writestr(f"{i}/{file.name.replace('/', '_')}", file.getvalue())
    return buffer.getvalue(), "plots.zip"


def _tile(found: Gallery, e: dict, dataset: Dataset) -> None:
    from analytics.figures.raster import thumbnail

    if e["picture"] in found.points:
        xy = found.points[e["picture"]]
        picture = thumbnail(xy, size=(280, 210), dark=frame.dark(), aspect=e["aspect"])
        st.image(picture, width="stretch")
    st.markdown(f"**{safe_md(e['name'])}**")
    if e["problem"]:
        st.caption(safe_md(e["problem"]))
        return
    score = interval(e["ambiguity"], e["low"], e["high"])
    words = "reads as one group" if e["n_components"] < 2 else f"ambiguity {score}"
    st.caption(safe_md(words), help="\n\n".join(map(safe_md, e["warnings"])) or None)
    if e.get("projection"):
        choosing.open_map(e["projection"])
    elif "member" in e:
        _open_file(found, e)
    elif "x" in e and "file" not in e:
        _open_columns(e, dataset)


def _open_columns(e: dict, dataset: Dataset) -> None:
    """A button that draws two columns on the Map page."""

    def go():
        from analytics.projection.operations import projection_request

        request = projection_request(dataset, "columns", columns=(e["x"], e["y"]))
        session.want("projection", request, step=True)
        st.session_state[choosing.GO_TO] = "map.py"

    st.button("Open on the map", key=f"open-{e['picture']}", type="tertiary", on_click=go)


def _open_file(found: Gallery, e: dict) -> None:
    """A button that opens a ranked file as the data, and shows its map."""

    def go():
        from analytics.data.operations import file_request
        from analytics.data.uploads import path_of
        from analytics.pictures.files import content_of

        try:
            content = content_of(path_of(found.params["content"], services.home()), e["member"])
            session.open_table(file_request(access.stage(content, e["file"])))
        except (BadInput, StoreError) as error:
            session.current().errors["table"] = str(error)
            return
        st.session_state[choosing.GO_TO] = "map.py"

    st.button("Open this file", key=f"open-{e['picture']}", type="tertiary", on_click=go)
