"""Histories of events as columns that a person can read: what, after what, how soon, at what hour.

One row per entity. Counts and times enter comparisons as logarithms, because they range over powers
of ten; beside shares, which lie between 0 and 1, they then need no scaling.
"""

import numpy as np
import pandas as pd

from analytics.data import words
from analytics.data.events import Events

MOST_KINDS = 30  # events with a column of their own; the others share one
MOST_STEPS = 30  # pairs of events in a row with a column of their own
GAPS = (0.1, 0.5, 0.9)
SECOND = 1 / 3600  # in hours: shorter times between dates count as this
HOURS = (("night", 0, 6), ("morning", 6, 12), ("afternoon", 12, 18), ("evening", 18, 24))
OTHER = "any other"


def table(events: Events) -> tuple[pd.DataFrame, list[str], tuple[str, ...]]:
    """The table of entities, the columns to compare them by, and notes."""
    n, notes = len(events.names), list(events.notes)
    name = events.columns["entity"]
    count = np.bincount(events.who, minlength=n)
    start = np.concatenate([[0], np.cumsum(count)[:-1]])
    compared: dict[str, object] = {"events, log10": np.log10(count)}
    span = events.when[start + count - 1] - events.when[start]
    compared |= _times(events, n, span, notes)
    compared |= _shares(events, count, notes)
    compared |= _steps(events, count, notes)
    if events.dated:
        compared |= _hours(events, count)
    plain = {"events": count, "hours, first to last" if events.dated else "first to last": span}
    columns: dict[str, object] = {}
    for part in ({name: pd.array(list(events.names), dtype="str")}, compared, plain):
        columns |= {_free(k, columns): v for k, v in part.items()}
    used = list(columns)[1 : 1 + len(compared)]
    columns |= _carried(events, start, count, columns, notes)
    said = (
        f"Read as events: {words.name(name)} says who, {words.name(events.columns['time'])} when, "
        f"{words.name(events.columns['event'])} what. {len(events.who):,} events of {n:,} entities "
        f"and {words.count(len(events.kinds), 'kind')}; each row of the table is an entity."
    )
    return pd.DataFrame(columns), used, (said, *notes)


def _times(events: Events, n: int, span: np.ndarray, notes: list[str]) -> dict[str, np.ndarray]:
    """log10 of the time from first to last and of quantiles (linear) of the time between events."""
    inside = events.who[1:] == events.who[:-1]
    owner, gap = events.who[1:][inside], np.diff(events.when)[inside]
    positive = gap[gap > 0]
    least = SECOND if events.dated else float(positive.min(initial=np.inf))
    least = least if np.isfinite(least) else 1.0
    order = np.lexsort((gap, owner))
    owner, gap = owner[order], gap[order]
    size = np.bincount(owner, minlength=n)
    some = size > 0
    first = np.concatenate([[0], np.cumsum(size)[:-1]])[some]
    unit = "log10 hours" if events.dated else "log10"
    found = {f"{unit}, first to last": np.log10(np.maximum(span, least))}
    for share in GAPS:
        place = share * (size[some] - 1)
        low = np.floor(place).astype(np.int64)
        a, b = gap[first + low], gap[first + np.minimum(low + 1, size[some] - 1)]
        value = np.full(n, least)
        value[some] = np.maximum(a + (place - low) * (b - a), least)
        found[f"{unit} between events, {share:.0%} quantile"] = np.log10(value)
    if not some.all():
        notes.append(
            f"{words.count(int(np.sum(~some)), 'entity has', 'entities have')} a single event, so "
            "no time between events: it counts as the shortest there is."
        )
    return found


def _shares(events: Events, count: np.ndarray, notes: list[str]) -> dict[str, np.ndarray]:
    """Share of each kind of event among the events of an entity."""
    kept = min(len(events.kinds), MOST_KINDS)
    code = np.minimum(events.what, kept)
    names = [f"share of {_short(k)}" for k in events.kinds[:kept]]
    if kept < len(events.kinds):
        names.append(f"share of {OTHER} event")
        notes.append(
            f"The {kept} most frequent of {len(events.kinds):,} kinds of events have a column; the "
            "others share one."
        )
    return _divided(events.who, code, names, count)


def _steps(events: Events, count: np.ndarray, notes: list[str]) -> dict[str, np.ndarray]:
    """Share of each pair "a, then b" among the pairs of an entity; 0 for a single event."""
    inside = events.who[1:] == events.who[:-1]
    if not inside.any():
        return {}
    k = len(events.kinds)
    pair = (events.what[:-1] * k + events.what[1:])[inside]
    distinct, code = np.unique(pair, return_inverse=True)
    order = np.argsort(-np.bincount(code), kind="stable")[:MOST_STEPS]
    place = np.full(len(distinct), -1)
    place[order] = np.arange(len(order))
    code, owner = place[code], events.who[1:][inside]
    if len(distinct) > MOST_STEPS:
        notes.append(
            f"The {MOST_STEPS} most frequent of {len(distinct):,} pairs of events in a row have a "
            "column."
        )
    names = [
        f"{_short(events.kinds[p // k])}, then {_short(events.kinds[p % k])}"
        for p in distinct[order]
    ]
    shown = code >= 0
    return _divided(owner[shown], code[shown], names, np.maximum(count - 1, 1))


def _hours(events: Events, count: np.ndarray) -> dict[str, np.ndarray]:
    """Share of events by time of day and at weekends; none when the dates have no hours."""
    hour = events.when % 24
    if not np.any(hour > 0):
        return {}
    starts = np.array([low for _, low, _ in HOURS])
    code = np.searchsorted(starts, hour, side="right") - 1
    names = [f"share at {name}, {low} to {high} h" for name, low, high in HOURS]
    found = _divided(events.who, code, names, count)
    day = (np.floor(events.when / 24).astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
    weekend = np.bincount(events.who, day >= 5, minlength=len(count))
    return {**found, "share at weekends": weekend / count}


def _divided(owner, code, names: list[str], total) -> dict[str, np.ndarray]:
    """Counts of codes by owner over total, one column per name; equal names are numbered."""
    n, k = len(total), len(names)
    counts = np.bincount(owner * k + code, minlength=n * k).reshape(n, k)
    found: dict[str, np.ndarray] = {}
    for j, name in enumerate(names):
        found[_free(name, found)] = counts[:, j] / total
    return found


def _carried(events: Events, start, count, taken, notes: list[str]) -> dict[str, object]:
    """Other columns: kept where each entity has one value; numbers that vary by their mean."""
    found: dict[str, object] = {}
    lost = []
    for name, values in events.rest.items():
        codes, _ = pd.factorize(values)
        first = np.repeat(codes[start], count)
        target = _free(name, {**taken, **found})
        if bool(np.all(codes == first)):
            found[target] = values.iloc[start].reset_index(drop=True)
        elif pd.api.types.is_float_dtype(values.dtype) or pd.api.types.is_integer_dtype(
            values.dtype
        ):
            mean = values.groupby(events.who).mean()
            found[_free(f"{name}, mean", {**taken, **found})] = mean.to_numpy(
                np.float64, na_value=np.nan
            )
        else:
            lost.append(name)
    if lost:
        notes.append(
            f"Left out, because they differ between the events of an entity: {words.names(lost)}."
        )
    return found


def _short(kind: str) -> str:
    return " ".join(kind.split())[: words.LONGEST]


def _free(name: str, taken) -> str:
    number, wanted = 2, name
    while wanted in taken:
        wanted, number = f"{name} ({number})", number + 1
    return wanted
