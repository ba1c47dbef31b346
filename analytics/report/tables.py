"""Rows with their groups, as taken away: CSV and Parquet."""

import io

import numpy as np
import pandas as pd

from analytics.results import NOISE, Clustering, Dataset, Projection

# A spreadsheet runs a cell that starts with one of these as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def labels_table(
    dataset: Dataset,
    projection: Projection | None,
    clustering: Clustering | None,
    mask: np.ndarray | None = None,
) -> pd.DataFrame:
    """One line per row of the dataset.

    Columns: ``row`` (zero-based row of the source table), ``cluster`` (numbered from 1 as on the
    page, 0 = noise), ``selected`` when ``mask`` (bool (n,)) is given, ``x``, ``y`` of the map, then
    the original columns. Of an original column with one of these names, the name ends in "_data".
    """
    ours: dict[str, np.ndarray] = {"row": dataset.rows}
    if clustering is not None:
        ours["cluster"] = np.where(clustering.labels == NOISE, 0, clustering.labels + 1)
    if mask is not None:
        ours["selected"] = mask
    if projection is not None:
        ours["x"], ours["y"] = projection.xy[:, 0], projection.xy[:, 1]
    taken = set(ours)
    original = dataset.frame.reset_index(drop=True)
    original = original.rename(columns={c: f"{c}_data" for c in original.columns if c in taken})
    return pd.concat([pd.DataFrame(ours), original], axis=1)


def to_csv(table: pd.DataFrame) -> bytes:
    """CSV in UTF-8. Texts that a spreadsheet would run as a formula get a leading apostrophe."""
    safe = table.copy()
    for name in safe.columns:
        if pd.api.types.is_string_dtype(safe[name]) or safe[name].dtype == object:
            text = safe[name].astype("string")
            risky = text.str.startswith(_FORMULA).fillna(False).to_numpy(bool)
            if risky.any():
                safe[name] = text.where(~risky, "'" + text)
    buffer = io.StringIO()
    safe.rename(columns=_safe_name).to_csv(buffer, index=False)
    return buffer.getvalue().encode("utf-8")


def _safe_name(name: object) -> str:
    text = str(name)
    return "'" + text if text.startswith(_FORMULA) else text
