"""A first recipe for a table: guesses from names, kinds and ranges, all of them correctable."""

import re
from typing import Any

import numpy as np
import pandas as pd

from analytics.data import encode, matrices, readings, texts
from analytics.data import vectors as vector_columns
from analytics.data.scale import LARGEST

SMALL_CATEGORY = 20
MOST_LABELS = 50

# Names that usually hold a known grouping, surest first.
LABEL_NAMES = (
    "label", "labels", "class", "classes", "target", "species", "cultivar", "diagnosis", "digit",
    "category", "cluster", "topic", "group", "type", "kind", "y",
)  # fmt: skip
DOMAIN_NAMES = ("domain", "batch")

# Column pairs that are ready positions: (x, y, whether they were computed from other columns).
PAIRS = (
    ("x", "y", False),
    ("longitude", "latitude", False),
    ("lon", "lat", False),
    ("lng", "lat", False),
    ("easting", "northing", False),
    *(
        (f"{name}{gap}{a}", f"{name}{gap}{b}", True)
        for name in ("umap", "tsne", "t-sne", "pca", "pc", "projection")
        for gap in ("", "_", "-", " ")
        for a, b in (("x", "y"), ("0", "1"), ("1", "2"))
    ),
    ("projection_x", "projection_y", True),
)
_AXIS = re.compile(r"^(.*?)(x|y|\d+)$")


def suggest(
    frame: pd.DataFrame,
    kinds: dict[str, str],
    vectors: dict[str, list[str]],
    source: dict[str, Any],
) -> dict[str, Any]:
    """A complete recipe (see :mod:`analytics.data.prepare`); ``features`` is empty when no column
    can be one.

    Features are the largest vector block; else numbers, booleans and small categories; else the
    text; else whatever categories there are. Known groupings, identifiers, dates and constants
    stay out.
    """
    label_like = _label_like(frame, kinds)
    pair = _pair(kinds)
    inside = {c for columns in vectors.values() for c in columns}
    block = max(vectors.values(), key=len, default=[])
    graph = source.get("links", {})  # its columns: how many links a node has, and its name
    named = {graph.get("column", ""), graph.get("by", "")}
    reserved = {*label_like, *(pair[:2] if pair and pair[2] else ()), *named}
    histories = source.get("events", {}).get("compared", ())  # columns made from lists of events
    numbers = [
        c
        for c in histories or frame.columns
        if kinds[c] in ("number", "boolean") and c not in inside and c not in reserved
    ]
    varying = _varying(frame, numbers)
    if pair is None and "links" not in source:  # a graph has a layout of its own
        pair = _two_numbers(varying, kinds)
    if pair and np.nanmax(np.abs(encode.numbers(frame, [*pair[:2]])), initial=0.0) > LARGEST:
        pair = None  # coordinates are not scaled, so these could not be drawn
    prose = [c for c, k in kinds.items() if k == "text"]
    features = block or varying or (list(pair[:2]) if pair else [])
    if features and not block and not histories:
        chosen = {*features, *_small_categories(frame, kinds, reserved)}
        features = [c for c in frame.columns if c in chosen]
    features = features or prose[:1] or _small_categories(frame, kinds, named, MOST_LABELS)
    channels = readings.channels(source)
    if channels:
        features = [c for columns in channels.values() for c in columns]
    infinite_or_missing = _has_gaps(frame, [*features, *(pair[:2] if pair else ())], kinds)
    return {
        "features": list(features),
        "types": {},
        "text": prose[0] if prose else "",
        "label": next((c for c in label_like if c not in features), ""),
        "domain": next((c for c in frame.columns if c.lower() in DOMAIN_NAMES), ""),
        "x": pair[0] if pair else "",
        "y": pair[1] if pair else "",
        "image": _image(block, vectors, source) if features is block else [],
        "missing": "median" if infinite_or_missing else "drop",
        "scale": "none" if histories else _scale(frame, features, block, pair, kinds),
        "encode": "onehot",
        "texts_by": _texts_by(frame, [c for c in features if c in prose]),
        "sample": 0,
        **({"signals": "all", "signals_of": "both"} if channels else {}),
    }


def _texts_by(frame: pd.DataFrame, columns: list[str]) -> str:
    """By meaning when that does not make the first map wait."""
    few = columns and sum(frame[c].nunique() for c in columns) <= texts.FEW
    return "meaning" if few and texts.model_installed() else "words"


def _label_like(frame: pd.DataFrame, kinds: dict[str, str]) -> list[str]:
    """Columns that look like known groupings, surest first."""
    has_x = any(c.lower() == "x" for c in frame.columns)
    found = []
    for column, kind in kinds.items():
        last = re.split(r"[ _\-.]", column.strip().lower())[-1]
        known = column.strip().lower() if column.strip().lower() in LABEL_NAMES else last
        if known not in LABEL_NAMES or (known == "y" and has_x):
            continue
        values = frame[column]
        whole = values.dtype.kind in "iub" or kind in ("category", "boolean")
        if not whole and kind == "number":
            filled = values.dropna()
            whole = bool(np.isfinite(filled).all() and (filled == np.floor(filled)).all())
        if whole and kind in ("number", "category", "boolean"):
            distinct = values.nunique()
            if 2 <= distinct <= min(MOST_LABELS, max(2, len(frame) // 2)):
                found.append((LABEL_NAMES.index(known), column))
    return [column for _, column in sorted(found, key=lambda item: item[0])]


def _pair(kinds: dict[str, str]) -> tuple[str, str, bool] | None:
    """A named pair of position columns, or None."""
    numeric = {c.strip().lower(): c for c, k in kinds.items() if k == "number"}
    for x, y, computed in PAIRS:
        if x in numeric and y in numeric:
            return numeric[x], numeric[y], computed
    return None


def _two_numbers(varying: list[str], kinds: dict[str, str]) -> tuple[str, str, bool] | None:
    """The only two numeric features, as a ready plane."""
    numeric = [c for c in varying if kinds[c] == "number"]
    return (numeric[0], numeric[1], False) if len(numeric) == 2 else None


def _varying(frame: pd.DataFrame, columns: list[str]) -> list[str]:
    """The columns that hold at least two different values."""
    if not columns:
        return []
    low, high = frame[columns].min(), frame[columns].max()
    return [c for c in columns if low[c] != high[c]]


def _small_categories(
    frame: pd.DataFrame, kinds: dict[str, str], without, most: int = SMALL_CATEGORY
) -> list[str]:
    return [
        c
        for c, k in kinds.items()
        if k == "category" and c not in without and 2 <= frame[c].nunique() <= most
    ]


def _has_gaps(frame: pd.DataFrame, columns: list[str], kinds: dict[str, str]) -> bool:
    part = frame[[c for c in dict.fromkeys(columns) if kinds[c] != "text"]]
    numeric = part.select_dtypes("number")
    return bool(part.isna().any().any() or np.isinf(numeric.to_numpy()).any())


def _image(block: list[str], vectors: dict[str, list[str]], source: dict[str, Any]) -> list[int]:
    """[width, height] when the largest block is known or named to be pixels."""
    shape = source.get("image_shape") or vector_columns.grid_shape(block)
    if shape and len(shape) == 2 and int(shape[0]) * int(shape[1]) == len(block):
        return [int(shape[0]), int(shape[1])]
    name = next((n for n, columns in vectors.items() if columns is block), "").lower()
    side = int(np.sqrt(len(block)))
    pixels = any(word in name for word in ("pixel", "px", "img", "image"))
    return [side, side] if pixels and side * side == len(block) else []


def _scale(frame, features, block, pair, kinds) -> str:
    """ "none" where the columns share one unit, else "standard"."""
    numeric = [c for c in features if kinds[c] in ("number", "boolean")]
    if not numeric or matrices.are_distances(frame, features, kinds):
        return "none"
    values = encode.numbers(frame, numeric)
    values = values[:, ~np.isnan(values).all(axis=0)]
    if np.nanmax(np.abs(values), initial=0.0) > LARGEST:
        return "standard"
    spread = np.nanstd(values, axis=0)
    spread = spread[spread > 0]
    if len(spread) == 0:
        return "none"
    if features is block:
        return "none" if spread.max() <= 100 * np.median(spread) else "standard"
    if pair and set(features) == set(pair[:2]):
        named = (pair[0].strip().lower(), pair[1].strip().lower()) in {p[:2] for p in PAIRS}
        one, other = _AXIS.match(pair[0].lower()), _AXIS.match(pair[1].lower())
        alike = named or bool(one and other and one.group(1) == other.group(1))
        return "none" if alike and spread.max() <= 10 * spread.min() else "standard"
    return "standard"
