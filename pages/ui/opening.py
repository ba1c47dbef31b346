"""Opening data: a file, pasted text, or a sample."""

import streamlit as st

from analytics import settings
from analytics.data.decoding import ENCODINGS
from analytics.data.naming import written
from analytics.errors import BadInput, StoreError
from pages.ui import limits, menus, serverfiles, session
from pages.ui.words import safe_md

GO_TO = "go-to-page"
OPENED = "opened-file"
ROWS = {
    "detect": None,
    "a thing": "items",
    "a link between two things": "links",
    "an event": "events",
    "a reading of a signal": "readings",
}
ASKED = {
    "events": {"entity": "Who", "time": "When", "event": "What"},
    "readings": {"entity": "Whose", "time": "When"},
}
SEPARATORS = {"detect": None, "comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}


def files() -> None:
    """Drop a file, or paste text; how it was read stays correctable."""
    # Every name is let in: the reader looks at the content, and says what to do with a foreign one.
    st.file_uploader(
        "CSV, TSV, JSON, JSONL, Parquet, Feather, XLSX, NPY or NPZ, also gzipped or zipped",
        key="upload",
        max_upload_size=settings.number("GESTALT_UPLOAD_MB"),
        help="A file with a wrong extension is read by its content.",
        on_change=_uploaded,
    )
    serverfiles.fold()
    with st.expander("Paste a table or texts"):
        st.text_area("One row or one text per line", height=160, key="pasted", on_change="ignore")
        st.button("Open the pasted text", on_click=_pasted)
    staged = _last_file()
    if staged:
        with st.expander("Add links between its rows"):
            _links()
        with st.expander("Read the file differently"):
            _options(staged)


def _links() -> None:
    """A second file, which makes the table a graph."""
    st.file_uploader(
        "A file with two columns that name rows, and maybe a weight",
        key="upload-links",
        max_upload_size=settings.number("GESTALT_UPLOAD_MB"),
        help="One row per link. Its ends are looked up in the column of the table that knows them.",
        on_change=_linked,
    )
    added = _added_links()
    if added:
        st.caption(safe_md(f"Links from {added['name']}."))


def _added_links() -> dict | None:
    """The file of links that the table on screen was read with."""
    table = session.outline(session.current().view.table)
    return table.params.get("links") if table is not None else None


# These run before the page is drawn again, so a click elsewhere meanwhile is not lost.


def _uploaded() -> None:
    file = st.session_state.get("upload")
    if file is not None:
        _open(file, file.name)


def _pasted() -> None:
    text = st.session_state.get("pasted") or ""
    if text.strip():
        _open(text.encode("utf-8", "replace"), "pasted.txt")
    else:
        session.current().errors["table"] = "Nothing was pasted: put rows or texts in the field."


def _linked() -> None:
    file = st.session_state.get("upload-links")
    staged = _shown_file() or _last_file()  # a file that could not be read since is not meant
    if file is None or not staged:
        return
    table = session.outline(session.current().view.table)
    options = dict(table.params.get("options") or {}) if table is not None else {}
    try:
        file.seek(0)
        _read(staged, options, limits.keep_file(file, file.name))
    except (BadInput, StoreError) as error:
        session.current().errors["table"] = str(error)
    else:
        st.session_state[GO_TO] = "map.py"


def _sample(sample_id: str) -> None:
    from analytics.data.operations import sample_request

    session.open_table(sample_request(sample_id))
    st.session_state[GO_TO] = "map.py"


def _last_file() -> dict:
    """The file opened last in this tab, read or not, else that of the table on screen; {} when
    there is none. It stays when the reader leaves this page, which empties the field for files."""
    here = session.current()
    staged = st.session_state.get(OPENED) or {}
    failed = "table" in here.errors and staged
    return staged if failed else _shown_file()


def _shown_file() -> dict:
    """The file of the table on screen; {} when it is a sample or there is none."""
    table = session.outline(session.current().view.table)
    shown = table.params if table is not None and table.method == "file" else {}
    return {k: shown[k] for k in ("content", "name") if k in shown}


def _options(staged: dict) -> None:
    """Corrections of what was detected."""
    source = _source()
    st.caption(safe_md(staged["name"]))
    separator = st.selectbox("Separator", list(SEPARATORS), key="read-separator")
    encoding = st.selectbox("Encoding", ("detect", *ENCODINGS), key="read-encoding")
    header = st.selectbox("First row", ("detect", "names", "data"), key="read-header")
    rows = st.selectbox("Each row is", list(ROWS), key="read-rows")
    options = {
        "separator": SEPARATORS[separator],
        "encoding": None if encoding == "detect" else encoding,
        "rows": ROWS[rows],
        "header": {"detect": None, "names": True, "data": False}[header],
    }
    if options["rows"] in ASKED:
        options |= _columns(source, options["rows"])
    for key, many, label in (("sheet", "sheets", "Sheet"), ("array", "arrays", "Array")):
        if len(source.get(many) or ()) > 1:
            options[key] = st.selectbox(label, source[many], key=f"read-{key}")
    chosen = {k: v for k, v in options.items() if v is not None}
    st.button("Read again", type="primary", on_click=_read, args=(staged, chosen, _added_links()))


def _columns(source: dict, rows: str) -> dict[str, str | None]:
    """Which columns of a file of events or readings say who, when and what."""
    table = session.load(session.current().view.table)
    names = source.get(rows, {}).get("columns") or (table.frame.columns if table else ())
    chosen = {}
    for role, label in ASKED[rows].items():
        options = (None, *names)
        say = menus.told_apart(options, lambda name: "detect" if name is None else name)
        chosen[role] = st.selectbox(label, options, format_func=say, key=f"read-{role}")
    if rows == "readings":
        values = st.multiselect(
            "How much", names, key="read-value", placeholder="detect",
            help="A column of numbers, or several, each a channel of its own. Signals get equally "
            "many samples at one interval.",
        )  # fmt: skip
        chosen["value"] = written(values) or None
    return chosen


def _source() -> dict:
    table = session.outline(session.current().view.table)
    return table.source if table is not None else {}


def _open(content, name: str) -> None:
    """Store the content and ask for its table; the map shows it as soon as it has been read."""
    try:
        if not isinstance(content, bytes):
            content.seek(0)
        _read(limits.keep_file(content, name), {})
    except (BadInput, StoreError) as error:
        session.current().errors["table"] = str(error)
        return
    st.session_state[GO_TO] = "map.py"


def _read(staged: dict, options: dict, links: dict | None = None) -> None:
    """Ask for the table of a stored file, with a stored file of links. Raises BadInput."""
    from analytics.data.operations import file_request

    session.open_table(file_request(staged, options, links))
    st.session_state[OPENED] = staged


def samples() -> None:
    """The shipped samples, one button each."""
    from analytics.data.samples import SAMPLES

    for start in range(0, len(SAMPLES), 3):
        for slot, sample in zip(st.columns(3), SAMPLES[start : start + 3], strict=False):
            with slot, st.container(border=True, height="stretch"):
                st.markdown(f"**{safe_md(sample.label)}**")
                st.caption(safe_md(sample.description))
                st.button("Open", key=f"sample-{sample.id}", on_click=_sample, args=(sample.id,))
