"""Rows with their groups, as taken away: CSV and Parquet."""

import csv
import io
import re

import numpy as np
import pandas as pd

from analytics.clustering.rarity import RARITY, weights
from analytics.results import NOISE, Clustering, Dataset, Projection

# A spreadsheet runs a cell that starts with one of these as a formula; the wide forms are those
# of East Asian keyboards. What already has apostrophes before it gets one more, so that taking one
# away gives the text back. Numbers written as text, such as -5 and +1.2e3, stay as they are.
FORMULA = r"^'*[=+\-@\t\r\n＝＋－＠]"
NUMBER = r"^[+\-]?([0-9]+([.,][0-9]+)*|[.,][0-9]+)([eE][+\-]?[0-9]+)?%?$"
_FORMULA, _NUMBER = re.compile(FORMULA), re.compile(NUMBER)
KEPT_TEXT = "In CSV, a text that a spreadsheet would run as a formula has an apostrophe before it."


def labels_table(
    dataset: Dataset,
    projection: Projection | None,
    clustering: Clustering | None,
    mask: np.ndarray | None = None,
    layer: str = "",
    rows: np.ndarray | None = None,
) -> pd.DataFrame:
    """One line per row of the dataset, or only per row of ``rows`` (numbers from 0).

    Columns: ``row`` (zero-based row of the source table), ``cluster`` (numbered from 1 as on the
    page, -1 = noise), ``cluster_name`` and ``tags`` where people gave some, ``selected`` when
    ``mask`` (bool (n,)) is given, ``rarity_weight`` while that ``layer`` is shown,
    ``x``, ``y`` of the map, then the original columns. An original column with one of these names
    gets "_data" behind it.
    """
    part = slice(None) if rows is None else rows
    ours: dict[str, np.ndarray] = {"row": dataset.rows[part]}
    if clustering is not None:
        labels = clustering.labels[part]
        ours["cluster"] = np.where(labels == NOISE, NOISE, labels + 1)
        ours |= _by_hand(clustering, part)
    if mask is not None:
        ours["selected"] = mask[part]
    if layer == RARITY and clustering is not None:
        ours["rarity_weight"] = weights(clustering.labels)[part]
    if projection is not None:
        ours["x"], ours["y"] = projection.xy[part, 0], projection.xy[part, 1]
    original = dataset.frame.iloc[part].reset_index(drop=True)
    renamed, taken = {}, {*ours, *original.columns}
    for name in original.columns:
        if name in ours:
            free = f"{name}_data"
            while free in taken:
                free += "_"
            taken.add(free)
            renamed[name] = free
    return pd.concat([pd.DataFrame(ours), original.rename(columns=renamed)], axis=1)


def _by_hand(clustering: Clustering, part) -> dict[str, np.ndarray]:
    """The names of the groups and the tags of the rows, where people gave some."""
    found = {}
    if clustering.names:
        names = clustering.group_names
        found["cluster_name"] = np.array([names[int(g)] for g in clustering.labels[part]], object)
    if clustering.tags:
        held = clustering.extras["tags"][part].astype(bool)
        said = [
            ", ".join(t for t, on in zip(clustering.tags, row, strict=True) if on) for row in held
        ]
        found["tags"] = np.array(said, object)
    return found


def to_csv(table: pd.DataFrame) -> bytes:
    """CSV in UTF-8, the one way in which tables leave. Texts that a spreadsheet would run as a
    formula get a leading apostrophe, which :func:`text_of` takes away."""
    safe, kinds = table.rename(columns=lambda name: guarded(str(name))), pd.api.types
    # Left unquoted, as the writer does, a carriage return would begin a new line.
    returns = any("\r" in str(name) for name in safe.columns)
    for place in range(safe.shape[1]):
        column = safe.iloc[:, place]
        if kinds.is_numeric_dtype(column) or kinds.is_datetime64_any_dtype(column):
            continue
        text = column.astype("string")
        risky = text.str.match(_FORMULA).fillna(False).to_numpy(bool)
        if risky.any():
            safe.isetitem(place, text.map(guarded, na_action="ignore"))
        returns = returns or bool(text.str.contains("\r", regex=False).any())
    buffer = io.StringIO()
    quoting = csv.QUOTE_NONNUMERIC if returns else csv.QUOTE_MINIMAL
    safe.to_csv(buffer, index=False, quoting=quoting)
    return buffer.getvalue().encode("utf-8", "replace")


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet runs."""
    return "'" + text if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def text_of(cell: str) -> str:
    """The text that :func:`guarded` made a cell of."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
