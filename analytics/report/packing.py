"""Rows as small as a browser can read them: typed arrays and dictionaries in one deflated block.

The block is a little-endian uint32, so many bytes of JSON, then the arrays that the JSON names,
each at a multiple of 8 bytes: ``{"kind": "u8", "u16", "u32", "f32" or "f64", "start", "count"}``.
"""

import base64
import json
import zlib
from typing import Any

import numpy as np
import pandas as pd

from analytics.figures import dates, theme

KINDS = {"u1": "u8", "u2": "u16", "u4": "u32", "f4": "f32", "f8": "f64"}
STEPS = 65_534  # of a coordinate between its two ends; 65,535 stands for no position
COLORED = 1_000  # a column of more different words than this is no colouring
LONG = 40


class Block:
    """Collects arrays; :meth:`text` gives all of them with a header as base64."""

    def __init__(self) -> None:
        self._arrays: list[tuple[dict, bytes]] = []

    def add(self, array: np.ndarray) -> dict[str, Any]:
        """Takes an array (n,) in; what the header says of it."""
        kind = array.dtype.str[1:]
        place = {"kind": KINDS[kind], "start": 0, "count": len(array)}
        self._arrays.append((place, np.ascontiguousarray(array, "<" + kind).tobytes()))
        return place

    def text(self, header: dict[str, Any]) -> str:
        """The whole block. The places of arrays in ``header`` are filled in."""
        at = 4 + len(self._json(header)) + 32 * len(self._arrays)  # room for the digits to come
        at += -at % 8
        start = at
        for place, raw in self._arrays:
            place["start"] = at
            at += len(raw) + -len(raw) % 8
        head = self._json(header).ljust(start - 4)
        parts = [len(head).to_bytes(4, "little"), head]
        for _, raw in self._arrays:
            parts += [raw, bytes(-len(raw) % 8)]
        return base64.b64encode(zlib.compress(b"".join(parts), 9)).decode()

    @staticmethod
    def _json(header: dict[str, Any]) -> bytes:
        return json.dumps(header, separators=(",", ":"), allow_nan=False).encode()


def coordinates(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Coordinates (n,) as uint16 steps between two ends; not finite ones as 65,535.

    An error of at most 1/131,068 of the extent: 0.5 px on a picture of 65,534 px.
    """
    values = np.asarray(values, np.float64)
    known = np.isfinite(values)
    share = (np.where(known, values, low) - low) / (high - low) if high > low else 0.0 * values
    steps = np.rint(np.where(known, share, 0.0) * STEPS)
    return np.where(known, steps, STEPS + 1).astype(np.uint16)


def column(block: Block, series: pd.Series, longest: int) -> dict[str, Any]:
    """A column as its header entry: numbers, or codes (0 = missing) of sorted words of at most
    ``longest`` characters; of dates, also the day of each word since 1970-01-01."""
    name = theme.clean(series.name, 60)
    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series):
        values, whole = _numbers(series)
        return {"name": name, "values": block.add(values), "whole": whole}
    texts = _texts(series, longest)
    known = sorted({text for text in texts if text is not None}, key=lambda t: (t.casefold(), t))
    codes = pd.Index(known, dtype=object).get_indexer(texts) + 1
    if not pd.api.types.is_datetime64_any_dtype(series) or not known:
        return words(block, name, codes, known)
    counted = np.zeros(len(known) + 1)
    counted[codes] = dates.days(pd.DatetimeIndex(series).tz_localize(None).to_numpy())
    return words(block, name, codes, known, days=block.add(counted[1:]), colored=True)


def words(block: Block, name: str, codes: np.ndarray, known: list[str], **more) -> dict[str, Any]:
    """The header entry of words by code: 1 for the first of ``known``, 0 for none."""
    size = np.uint8 if len(known) < 2**8 else np.uint16 if len(known) < 2**16 else np.uint32
    return {
        "name": name,
        "values": block.add(codes.astype(size)),
        "words": known,
        "colored": 1 < len(known) <= COLORED,
        "long": max(map(len, known), default=0) > LONG,
        **more,
    }


def _numbers(series: pd.Series) -> tuple[np.ndarray, bool]:
    """Numbers (n,) and whether all are whole. float32 holds the six digits that are shown; whole
    numbers beyond its exact range, and those too large for it, stay float64."""
    values = series.to_numpy(np.float64, na_value=np.nan)
    known = values[np.isfinite(values)]
    whole = bool(np.all(known == np.round(known)) and np.all(np.abs(known) < 1e15))
    largest = float(np.abs(known).max(initial=0.0))
    fits = largest < 2**24 if whole else largest < 1e38
    return values.astype(np.float32) if fits else values, whole


def _texts(series: pd.Series, longest: int) -> np.ndarray:
    """Cells as one printable line each, None where missing."""
    if pd.api.types.is_datetime64_any_dtype(series):
        midnight = series.dropna().dt.normalize().eq(series.dropna()).all()
        series = series.dt.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S")
    missing = series.isna().to_numpy(bool)
    made = [
        None if gone else theme.clean(v, longest) for v, gone in zip(series, missing, strict=True)
    ]
    return np.array(made, object)
