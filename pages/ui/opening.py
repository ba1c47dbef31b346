"""Opening data: a file, pasted text, or a sample."""

import streamlit as st

from analytics import settings
from analytics.data.decoding import ENCODINGS
from analytics.errors import BadInput, StoreError
from pages.ui import services, session
from pages.ui.words import safe_md

GO_TO = "go-to-page"
SEPARATORS = {"detect": None, "comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}


def files() -> None:
    """Drop a file, or paste text; how it was read stays correctable."""
    # Every name is let in: the reader looks at the content, and says what to do with a foreign one.
    file = st.file_uploader(
        "CSV, TSV, JSON, JSONL, Parquet, Feather, XLSX, NPY or NPZ, also gzipped or zipped",
        key="upload",
        max_upload_size=settings.number("GESTALT_UPLOAD_MB"),
        help="A file with a wrong extension is read by its content.",
        on_change=_uploaded,
    )
    with st.expander("Paste a table or texts"):
        st.text_area("One row or one text per line", height=160, key="pasted", on_change="ignore")
        st.button("Open the pasted text", on_click=_pasted)
    if file is not None:
        with st.expander("Read the file differently"):
            _options(file)


# These run before the page is drawn again, so a click elsewhere meanwhile is not lost.


def _uploaded() -> None:
    file = st.session_state.get("upload")
    if file is not None:
        _open(file, file.name, {})


def _pasted() -> None:
    text = st.session_state.get("pasted") or ""
    if text.strip():
        _open(text.encode("utf-8", "replace"), "pasted.txt", {})


def _sample(sample_id: str) -> None:
    from analytics.data.operations import sample_request

    session.open_table(sample_request(sample_id))
    st.session_state[GO_TO] = "map.py"


def _options(file) -> None:
    """Corrections of what was detected."""
    source = _source()
    separator = st.selectbox("Separator", list(SEPARATORS), key="read-separator")
    encoding = st.selectbox("Encoding", ("detect", *ENCODINGS), key="read-encoding")
    header = st.selectbox("First row", ("detect", "names", "data"), key="read-header")
    options = {
        "separator": SEPARATORS[separator],
        "encoding": None if encoding == "detect" else encoding,
        "header": {"detect": None, "names": True, "data": False}[header],
    }
    for key, many, label in (("sheet", "sheets", "Sheet"), ("array", "arrays", "Array")):
        if len(source.get(many) or ()) > 1:
            options[key] = st.selectbox(label, source[many], key=f"read-{key}")
    chosen = {k: v for k, v in options.items() if v is not None}
    st.button("Read again", type="primary", on_click=_open, args=(file, file.name, chosen, False))


def _source() -> dict:
    table = session.load(session.current().view.table)
    return table.source if table is not None else {}


def _open(content, name: str, options: dict, show_map: bool = True) -> None:
    """Store the content and ask for its table; the map shows it as soon as it has been read."""
    from analytics.data.operations import file_request
    from analytics.data.uploads import stage

    try:
        if not isinstance(content, bytes):
            content.seek(0)
        staged = stage(content, name, services.home())
        session.open_table(file_request(staged, options))
    except (BadInput, StoreError) as error:
        session.current().errors["table"] = str(error)
        return
    if show_map:
        st.session_state[GO_TO] = "map.py"


def samples() -> None:
    """The shipped samples, one button each."""
    from analytics.data.samples import SAMPLES

    for start in range(0, len(SAMPLES), 3):
        for slot, sample in zip(st.columns(3), SAMPLES[start : start + 3], strict=False):
            with slot, st.container(border=True, height="stretch"):
                st.markdown(f"**{safe_md(sample.label)}**")
                st.caption(safe_md(sample.description))
                st.button("Open", key=f"sample-{sample.id}", on_click=_sample, args=(sample.id,))
