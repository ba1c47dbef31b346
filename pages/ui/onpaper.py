"""Tables on paper: Streamlit paints its own on a canvas, which a sheet cuts."""

import pandas as pd
import streamlit as st

from pages.ui.words import escape

MOST_ROWS = 20


def twin(frame: pd.DataFrame, most: int = MOST_ROWS) -> None:
    """The same as the table drawn just before, for the printer alone (see ``assets/app.css``); of a
    long one the first ``most`` rows."""
    heads = "".join(_head(name, frame[name]) for name in frame.columns)
    rows = zip(*(frame[c].iloc[:most] for c in frame.columns), strict=True)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    more = len(frame) - most
    said = f"<p>The first {most} of {len(frame):,} rows.</p>" if more > 0 else ""
    st.html(f"<div class='on-paper'><table><tr>{heads}</tr>{body}</table>{said}</div>")


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
