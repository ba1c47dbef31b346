"""What is made of the features before rows are compared: statistics of signals, fewer columns."""

import streamlit as st

from analytics.results import Table
from pages.ui.words import about_seconds


def more(table: Table, base: dict, chosen: list[str], key: str) -> dict:
    """Choices of the recipe, one fold away. base : the recipe in use; chosen : its features."""
    with st.expander("Signals, fewer columns", expanded=bool({"keep", "signals"} & base.keys())):
        return {**_signals(base, key), "keep": _keep(table, base, chosen, key)}


SIGNALS = {
    "no": "no signals: compare the numbers",
    "all": "all statistics",
    "location": "mean, median",
    "spread": "standard deviation, interquartile range",
    "shape": "skewness, kurtosis",
    "energy": "root mean square, crest factor",
}
SIDES = {"both": "time and spectrum", "time": "the course in time", "spectrum": "the spectrum"}


def _signals(base: dict, key: str) -> dict:
    help_ = "Its numbers are samples in the order of time; rows are compared by statistics of them."
    chosen = _choice("Each row is a signal", SIGNALS, base.get("signals"), f"signals-{key}", help_)
    if chosen == "no":
        return {"signals": "no"}
    of = _choice("Statistics of", SIDES, base.get("signals_of"), f"signals-of-{key}")
    return {"signals": chosen, "signals_of": of}


def letters(base: dict, key: str) -> int:
    """How long the pieces of sequences are."""
    return int(
        st.number_input(
            "Letters of a piece",
            1,
            8,
            int(base.get("kmer", 4)),
            key=f"kmer-{key}",
            help="4 for DNA, 2 for proteins.",
        )
    )


def _choice(label: str, options: dict[str, str], value, key: str, help_: str | None = None) -> str:
    """A select box over value -> words, at ``value`` or else the first."""
    keys = list(options)
    start = keys.index(value) if value in keys else 0
    return st.selectbox(label, keys, index=start, format_func=options.get, key=key, help=help_)


def _keep(table: Table, base: dict, chosen: list[str], key: str) -> int:
    kept = st.number_input(
        "Keep the most telling columns (0 = all)",
        0,
        20_000,
        int(base.get("keep", 0)),
        key=f"keep-{key}",
        help="A small network learns to rebuild the rows; the columns it leans on most are kept "
        "(QuickSelection). Labels are not used.",
    )
    if kept:
        from analytics.data.telling import seconds

        rows = base.get("sample") or len(table.frame)
        st.caption(f"Ranking the columns: {about_seconds(seconds(rows, len(chosen)))}.")
    return int(kept)
