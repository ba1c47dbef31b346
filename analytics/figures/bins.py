"""Columns cut into bins and categories for histograms."""

from typing import Any

import numpy as np
import pandas as pd

from analytics.figures import theme

MAX_CATEGORIES = 16
MAX_BINS = 40


def number_bins(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str]] | None:
    """(bin of each row or -1, edges (b + 1,), no names), or None without finite values.

    Few different whole numbers get a bin each; else the Freedman-Diaconis and Sturges rules
    decide, within 5 to 40 bins.
    """
    known = np.isfinite(values)
    shown = values[known]
    if not len(shown):
        return None
    different = np.unique(shown[:100_000])
    whole = bool(np.all(shown == np.round(shown))) and np.ptp(shown) < 30
    if whole:
        edges = np.arange(shown.min() - 0.5, shown.max() + 1.0)
    elif len(different) == 1 and different[0] == shown.max() == shown.min():
        pad = max(abs(float(different[0])) * 1e-3, 0.5)
        edges = np.array([different[0] - pad, different[0] + pad])
    else:
        edges = np.linspace(shown.min(), shown.max(), _bin_count(shown) + 1)
    codes = np.full(len(values), -1, np.int64)
    found = np.searchsorted(edges, shown, side="right") - 1
    codes[known] = np.clip(found, 0, len(edges) - 2)
    return codes, edges, []


def _bin_count(values: np.ndarray) -> int:
    low, high = np.quantile(values, (0.25, 0.75))
    width = 2 * (high - low) / np.cbrt(len(values))
    rule = (values.max() - values.min()) / width if width > 0 else 0
    return int(np.clip(max(rule, np.log2(len(values)) + 1), 5, MAX_BINS))


def categories(values: Any) -> tuple[np.ndarray, np.ndarray, list[str]] | None:
    """(category of each row or -1, no edges, names), most frequent first, the rest as one."""
    column = pd.Series(values).reset_index(drop=True)
    known = column.notna()
    if not known.any():
        return None
    codes, names = pd.factorize(column[known].astype(str))
    counts = np.bincount(codes, minlength=len(names))
    order = np.lexsort((np.arange(len(names)), -counts))
    kept = order if len(order) <= MAX_CATEGORIES else order[: MAX_CATEGORIES - 1]
    place = np.full(len(names), len(kept))
    place[kept] = np.arange(len(kept))
    out = np.full(len(column), -1, np.int64)
    out[known.to_numpy()] = place[codes]
    texts = [theme.escape(names[i], 28) for i in kept]
    if len(kept) < len(order):
        texts.append(f"{len(order) - len(kept):,} others")
    return out, np.zeros(0), texts
