"""Files in the server's folder, larger than a browser can send: looked at in one pass, sampled."""

import pandas as pd
import streamlit as st

from analytics.bigdata import rows, sampling, where
from analytics.bigdata.survey import survey_request
from analytics.data import words
from analytics.errors import BadInput
from pages.ui import frame, session, wholefile
from pages.ui.words import safe_md

LOOKED = "server-file"
EVENLY = "no column: every row has the same chance"


def fold() -> None:
    """The files that are offered; nothing where the server offers none."""
    try:
        if where.folder() is None:
            return
        places = where.listed()
    except BadInput as error:
        frame.sentence(str(error), "warning")
        return
    looked = st.session_state.get(LOOKED)
    with st.expander("A file on the server", expanded=looked is not None):
        if looked is not None and looked not in (p.name for p in places):
            st.warning(f"'{safe_md(looked)}' is no longer in the folder of the server.")
        if not places:
            st.caption("The folder of the server holds no Parquet or CSV file yet.")
            return
        by_name = {p.name: p for p in places}
        name = st.selectbox(
            "File",
            list(by_name),
            key="server-file-name",
            format_func=lambda n: _named(by_name[n]),
        )
        st.caption("It is read piece by piece, not loaded whole.")
        if st.button("Look at this file"):
            st.session_state[LOOKED] = name
        if st.session_state.get(LOOKED) == name:
            _look(by_name[name])


def _named(place: where.Place) -> str:
    files = f"folder of {words.count(place.files, 'file')}, " if place.files else ""
    return f"{place.name}, {files}{place.stamp[0] / 2**20:,.1f} MB"


def _look(place: where.Place) -> None:
    request = survey_request(place)
    found = frame.try_ask(request)
    if found is None:
        frame.soon(request, "What is in it stands here as soon as it has been read.")
        return
    facts = found.facts
    st.markdown(safe_md(f"{facts['rows']:,} rows, {facts['columns']:,} columns."))
    st.dataframe(table(facts["by_column"]), hide_index=True, key=f"survey-{found.digest}")
    for note in facts["notes"]:
        st.caption(safe_md(note))
    _sample(facts, found.digest)
    wholefile.panel(place, facts, found.digest)


def table(by_column: dict) -> pd.DataFrame:
    """The facts of the columns, approximate ones marked."""

    def shown(one: dict, key: str) -> str:
        value = one.get(key)
        if value is None:
            return ""
        about = "≈ " if key in one["approximate"] else ""
        return f"{about}{value:,.6g}" if isinstance(value, (int, float)) else f"{about}{value}"

    lines = []
    for name, one in by_column.items():
        top = one["top"][0] if one["top"] else ("", 0)
        least = "≥ " if one["top_within"] else ""
        lines.append(
            {
                "column": name,
                "type": one["kind"],
                "missing": one["missing"],
                "different": shown(one, "distinct"),
                "least": shown(one, "min"),
                "median": shown(one, "median"),
                "largest": shown(one, "max"),
                "mean": shown(one, "mean"),
                "deviation": shown(one, "std"),
                "most frequent": f"{top[0]} ({least}{top[1]:,})" if one["top"] else "",
            }
        )
    return pd.DataFrame(lines)


def _sample(facts: dict, key: str) -> None:
    """How many rows to work with, and how they are drawn."""
    few = [c for c, f in facts["by_column"].items() if 1 < f["distinct"] <= rows.MOST_VALUES]
    left, middle, right = st.columns([1, 2, 1])
    most = min(facts["rows"], sampling.MOST_ROWS)
    left.number_input(
        "Rows", 2, max(2, most), min(sampling.DEFAULT_ROWS, max(2, most)), key=f"rows-{key}"
    )
    middle.selectbox("In the proportions of", [EVENLY, *few], key=f"by-{key}")
    right.number_input("Seed", 0, 2**32 - 1, 0, key=f"seed-{key}")
    st.button(
        "Open a sample",
        type="primary",
        on_click=_open,
        args=(facts, key),
    )


def _open(facts: dict, key: str) -> None:
    from pages.ui.opening import GO_TO

    # What is set now: arguments would be of the run before, when a field is left by the press.
    count, by, seed = (st.session_state[f"{name}-{key}"] for name in ("rows", "by", "seed"))
    by = "" if by == EVENLY else by
    try:
        wanted = sampling.sample_request(facts["content"], facts["name"], int(count), by, int(seed))
        session.open_table(wanted)
    except BadInput as error:
        session.current().errors["table"] = str(error)
    else:
        st.session_state[GO_TO] = "map.py"
