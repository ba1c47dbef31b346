"""What is made of the features before rows are compared: fewer columns."""

import streamlit as st

from analytics.results import Table
from pages.ui.words import about_seconds


def more(table: Table, base: dict, chosen: list[str], key: str) -> dict:
    """Choices of the recipe, one fold away. base : the recipe in use; chosen : its features."""
    with st.expander("Fewer columns", expanded="keep" in base):
        return {"keep": _keep(table, base, chosen, key)}


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
