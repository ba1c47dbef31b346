"""A page on paper: tables that Streamlit paints on a canvas, and plots as wide as the screen, are
cut by a sheet."""

import pandas as pd
import streamlit as st

from pages.ui import frame
from pages.ui.words import escape

MOST_ROWS = 20
_COMPONENT = st.components.v2.component(
    "gestalt_paper", js=(frame.ASSETS / "theme" / "paper.js").read_text("utf-8")
)


def fit() -> None:
    """Have the plots of this page take the width of the sheet while the browser prints."""
    with st.container(key="paper-watch"):  # takes no room, see assets/app.css
        _COMPONENT(key="paper")


def twin(frame: pd.DataFrame, most: int = MOST_ROWS) -> None:
    """The same as the table drawn just before, for the printer alone (see ``assets/app.css``); of a
    long one the first ``most`` rows."""
    heads = "".join(_head(name, frame[name]) for name in frame.columns)
    rows = zip(*(frame[c].iloc[:most] for c in frame.columns), strict=True)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    more = len(frame) - most
    said = f"<p>The first {most} of {len(frame):,} rows.</p>" if more > 0 else ""
    st.html(
        f"<div class='on-paper'><table><thead><tr>{heads}</tr></thead>{body}</table>{said}</div>"
    )


def _head(name: object, cells: pd.Series) -> str:
    """The head of a column, above its numbers."""
    whole = " class='whole'" if pd.api.types.is_numeric_dtype(cells) else ""
    return f"<th{whole}>{escape(str(name))}</th>"


def _cell(value) -> str:
    """Numbers are never broken, long words where they must."""
    if pd.isna(value):
        return "<td></td>"
    if isinstance(value, (int, float)):
        shown = f"{value:,.5g}" if isinstance(value, float) else f"{value:,}"
        return f"<td class='whole'>{shown}</td>"
    return f"<td>{escape(str(value))}</td>"
