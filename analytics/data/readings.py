"""Readings of signals, one per row of a file (whose, when, how much), as one row per signal.

Signals may start at different times, be read at different intervals and end early or late; here
they get samples at one interval, as many for each, so that statistics of them can be compared.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analytics.data import events, limits, types, words
from analytics.data.naming import list_of
from analytics.data.signals import LEAST
from analytics.errors import BadInput
from analytics.progress import Progress, silent
from analytics.shares import percent

ROLES = ("entity", "time", "value")
NAMES = {
    "entity": (
        "id", "signal", "signal_id", "series", "series_id", "unique_id", "unit", "unit_id",
        "machine", "machine_id", "sensor", "sensor_id", "meter", "meter_id", "subject",
        "subject_id", "recording", "run", *events.NAMES["entity"],
    ),
    "time": (*events.NAMES["time"], "t", "seconds", "sec", "ms", "step", "cycle"),
    "value": ("value", "values", "reading", "amplitude", "measurement"),
}  # fmt: skip
_ASKED = {"entity": "whose reading it is", "time": "when it was taken"}
MOST = 10_000  # samples of all channels of a signal
TWICE = 0.1  # share of readings at the time of another one, up to which their mean is taken
EVEN = 1.5  # largest time between readings over the mean, up to which these count as even
SHORT = 0.5  # share of the usual length, under which a signal is left out


def hint(frame: pd.DataFrame) -> str:
    """A sentence for a table that looks like readings of signals, or ""."""
    found = events.by_name(frame, NAMES)
    if len(found) < len(ROLES):
        return ""
    if len(frame) < LEAST * max(2, frame[found["entity"]].nunique()):
        return ""
    return (
        f"This looks like readings of signals ({words.names(list(found.values()))}). To compare "
        "whole signals, read it again with 'Each row is: a reading of a signal' "
        "(--read rows=readings)."
    )


def channels(source: Mapping[str, Any]) -> dict[str, list[str]]:
    """Channel -> its columns in the order of time, of a table made here; {} for any other."""
    made = source.get("readings")
    return _columns(made["values"], made["samples"]) if made else {}


def _columns(values: list[str], samples: int) -> dict[str, list[str]]:
    return {v: [f"{v} {j + 1}" for j in range(samples)] for v in values}


def of_frame(
    frame: pd.DataFrame, given: Mapping[str, str], progress: Progress = silent
) -> tuple[pd.DataFrame, dict[str, Any], tuple[str, ...]]:
    """The table of signals in the order of the file, plain facts on it, and notes.

    given : role -> column, as far as chosen; "value" may name several, separated by commas.
    Without it, every column of numbers that changes within a signal is a channel. Columns with one
    value per signal are kept. Raises BadInput.
    """
    frame, _ = types.plain(frame)
    names = [str(c) for c in frame.columns]
    entity, time = _roles(frame, given)
    rest, kinds, _, _ = types.infer(frame.drop(columns=[entity, time]))
    timed, time_kinds, _, _ = types.infer(frame[[time]])
    when, dated = events.times(timed, time_kinds, time)
    who, whose = pd.factorize(events.keys(frame[entity]))
    fixed = _fixed(rest, who)
    values = _values(rest, kinds, fixed, frame, given, (entity, time))
    data = rest[values].to_numpy(np.float64, na_value=np.nan)
    data = np.where(np.isfinite(data), data, np.nan)
    notes: list[str] = []
    who, when, data, rows = _whole(who, when, data, (entity, time, values), notes)
    who, when, data, rows = _once(who, when, data, rows, whose, notes)
    found, count = np.unique(who, return_counts=True)
    if len(found) < 2:
        raise BadInput(
            f"The readings belong to {words.count(len(found), 'signal')} ({words.name(entity)}), "
            "but at least 2 are needed to compare: choose the column that says whose readings "
            "they are (--read entity=COLUMN)."
        )
    start = np.cumsum(count) - count
    interval, length = _clock(when, start, count)
    kept, samples = _length(length, found, whose, len(values), notes)
    limits.check_size(len(kept), samples * len(values))
    grid = _sampled(when, data, start[kept], count[kept], interval, samples, notes, progress)
    lost = [c for c, same in fixed.items() if not same and c not in values]
    if lost:
        notes.append(f"Left out, because they change within a signal: {words.names(lost)}.")
    said = (
        f"Read as signals: {words.name(entity)} says whose, {words.name(time)} when, "
        f"{words.names(values)} how much. {len(who):,} readings of {len(found):,} signals; each "
        f"row of the table is a signal with {samples:,} samples"
        f"{' of each' if len(values) > 1 else ''}, one every {_shown(interval, dated, time)}."
    )
    facts = {
        "columns": names, "entity": entity, "time": time, "values": values, "samples": samples,
        "interval": interval,
    }  # fmt: skip
    beside = {entity: pd.array(list(whose[found[kept]]), dtype="str")}
    same = rest[[c for c, one in fixed.items() if one]].take(rows[start[kept]])
    beside |= dict(same.reset_index(drop=True).items())
    return _table(beside, grid, _columns(values, samples)), facts, (said, *notes)


def _table(beside: dict[str, Any], grid: np.ndarray, made: dict[str, list[str]]) -> pd.DataFrame:
    """One row per signal: what is known of it, then its samples."""
    columns: dict[str, Any] = {}
    for c, names in enumerate(made.values()):
        columns |= dict(zip(names, grid[:, c].T, strict=True))
    return pd.DataFrame({**{_free(n, columns): v for n, v in beside.items()}, **columns})


def _free(name: str, taken) -> str:
    return name if name not in taken else _free(f"{name} (column)", taken)


def _roles(frame: pd.DataFrame, given: Mapping[str, str]) -> list[str]:
    """The columns of whose and when: as given, else by name, else the first of three."""
    if frame.shape[1] < len(ROLES):
        raise BadInput(
            f"Readings of signals need three columns (whose, when, how much), but there "
            f"{'is' if frame.shape[1] == 1 else 'are'} {frame.shape[1]}: check the separator."
        )
    known, chosen = events.by_name(frame, NAMES), {}
    for role in _ASKED:
        wanted = given.get(role, "")
        if wanted and wanted not in frame.columns:
            raise BadInput(
                f"There is no column {words.name(wanted)} for {role}: choose one of "
                f"{words.names(list(frame.columns), 8)}."
            )
        chosen[role] = wanted
    for role in _ASKED:
        if not chosen[role] and known.get(role) not in (None, *chosen.values()):
            chosen[role] = known[role]
    if frame.shape[1] == len(ROLES):
        taken = {*chosen.values(), *_listed(given, frame)}
        left = [c for c in frame.columns if c not in taken]
        for role in _ASKED:
            chosen[role] = chosen[role] or (left.pop(0) if left else "")
    for role, column in chosen.items():
        if not column:
            raise BadInput(
                f"No column is known to say {_ASKED[role]} ({role}): choose it "
                f"(--read {role}=COLUMN)."
            )
    if chosen["entity"] == chosen["time"]:
        raise BadInput("Whose and when are two different columns: choose each once.")
    return list(chosen.values())


def _listed(given: Mapping[str, str], frame: pd.DataFrame) -> list[str]:
    """The columns of values that were chosen."""
    wanted = given.get("value", "")
    return [wanted] if wanted in frame.columns else list(dict.fromkeys(list_of(wanted)))


def _fixed(rest: pd.DataFrame, who: np.ndarray) -> dict[str, bool]:
    """Column -> whether it has one value per signal."""
    known = np.flatnonzero(who >= 0)
    owner = who[known]
    fixed = {}
    for column, values in rest.items():
        codes = pd.factorize(values)[0][known]
        first = np.zeros(int(owner.max(initial=-1)) + 1, codes.dtype)
        first[owner[::-1]] = codes[::-1]
        fixed[str(column)] = bool(np.all(codes == first[owner]))
    return fixed


def _values(rest, kinds, fixed, frame: pd.DataFrame, given, taken) -> list[str]:
    """The columns that are channels. Raises BadInput."""
    for column in (chosen := _listed(given, frame)):
        if column not in frame.columns:
            raise BadInput(
                f"There is no column {words.name(column)} for value: choose one of "
                f"{words.names(list(frame.columns), 8)}."
            )
        if column in taken:
            raise BadInput(
                f"The column {words.name(column)} says whose or when, so it cannot be the value "
                "too: choose another column (--read value=COLUMN)."
            )
        if kinds.get(column) not in ("number", "identifier") or not pd.api.types.is_numeric_dtype(
            rest[column].dtype
        ):
            cells = frame[column].dropna()
            odd = cells[pd.to_numeric(cells, errors="coerce").isna()]
            shown = (
                f"; row {odd.index[0] + 1:,} holds {words.name(odd.iloc[0])}" if len(odd) else ""
            )
            raise BadInput(
                f"The column {words.name(column)} holds no numbers{shown}: choose another column "
                "(--read value=COLUMN)."
            )
    if chosen:
        return chosen
    found = [c for c, same in fixed.items() if not same and kinds[c] == "number"]
    if not found:
        raise BadInput(
            "No column of numbers changes within a signal: choose what was read "
            "(--read value=COLUMN), or another column for whose (--read entity=COLUMN)."
        )
    return found


def _whole(who, when, data, columns, notes: list[str]):
    """Readings that say whose, when and at least one value, by signal and time, with their rows."""
    whole = (who >= 0) & np.isfinite(when) & np.isfinite(data).any(axis=1)
    lost = int(np.sum(~whole))
    if lost:
        entity, time, values = columns
        or_values = " and ".join(values[:3])
        notes.append(
            f"{words.count(lost, 'reading')} without {entity}, {time} or {or_values} left out; the "
            f"first is row {int(np.argmin(whole)) + 1:,}."
        )
    rows = np.flatnonzero(whole)
    rows = rows[np.lexsort((when[rows], who[rows]))]
    return who[rows], when[rows], data[rows], rows


def _once(who, when, data, rows, whose, notes: list[str]):
    """One reading per signal and time: the mean of a few that share theirs."""
    again = np.zeros(len(who), bool)
    again[1:] = (who[1:] == who[:-1]) & (when[1:] == when[:-1])
    count = int(again.sum())
    if not count:
        return who, when, data, rows
    if count > TWICE * len(who):
        second = int(np.argmax(again))
        raise BadInput(
            f"{count:,} of {len(who):,} readings have the time of another reading of the same "
            f"signal, first {words.name(whose[who[second]])} in rows {rows[second - 1] + 1:,} and "
            f"{rows[second] + 1:,}: give one row per signal and time, with a column for each "
            "channel, or choose other columns for whose and when."
        )
    notes.append(
        f"{words.count(count, 'reading has', 'readings have')} the time of another one of the same "
        "signal: their mean is taken."
    )
    one = np.cumsum(~again) - 1
    means = pd.DataFrame(data).groupby(one).mean().to_numpy()
    return who[~again], when[~again], means, rows[~again]


def _clock(when, start, count) -> tuple[float, np.ndarray]:
    """The usual time between readings, and how many samples at that interval each signal has.

    Of one signal it is the mean, so that rounded times do no harm, unless a time is over EVEN times
    the mean, as where readings are lost: then it is the median. Over all signals it is the median.
    Raises BadInput.
    """
    owner = np.repeat(np.arange(len(count)), count)
    inside = owner[1:] == owner[:-1]
    if not inside.any():
        raise BadInput(
            "Each signal has a single reading: choose the column that says whose readings they are "
            "(--read entity=COLUMN)."
        )
    apart = pd.Series(np.diff(when)[inside]).groupby(owner[1:][inside]).agg(["median", "max"])
    span = when[start + count - 1] - when[start]
    mean = span[apart.index] / (count[apart.index] - 1)
    interval = float(np.median(np.where(apart["max"] <= EVEN * mean, mean, apart["median"])))
    return interval, np.floor(span / interval + 0.5) + 1


def _length(length, found, whose, width: int, notes: list[str]) -> tuple[np.ndarray, int]:
    """The signals that are long enough, and the samples that all of these have. Raises BadInput."""
    usual = float(np.median(length))
    if usual < LEAST:
        raise BadInput(
            f"A signal needs at least {LEAST} samples, but half of these {len(length):,} have "
            f"{usual:,.0f} or fewer: choose the column that says whose readings they are "
            "(--read entity=COLUMN)."
        )
    most = MOST // width
    if most < LEAST:
        raise BadInput(
            f"{width:,} columns of values are too many to compare signals by: choose some "
            "(--read value=A,B)."
        )
    enough = length >= max(LEAST, SHORT * usual)
    kept = np.flatnonzero(enough)
    if len(kept) < 2:
        raise BadInput(
            f"Of {len(length):,} signals a single one has {percent(SHORT)} of the usual "
            f"{usual:,.0f} samples, and at least 2 are needed to compare: choose the column that "
            "says whose readings they are (--read entity=COLUMN)."
        )
    if len(kept) < len(length):
        left_out = words.names([whose[i] for i in found[~enough]])
        notes.append(
            f"{words.count(len(length) - len(kept), 'signal')} left out, because shorter than half "
            f"of the usual {usual:,.0f} samples: {left_out}."
        )
    low, high = float(length[kept].min()), float(length[kept].max())
    samples = int(min(low, most))
    if high > samples:
        long = f"{low:,.0f}" if low == high else f"{low:,.0f} to {high:,.0f}"
        why = f"more than {most:,}" if low > most else "the shortest has no more"
        notes.append(
            f"Signals last for {long} samples; the first {samples:,} of each are compared ({why})."
        )
    return kept, samples


def _sampled(when, data, start, count, interval, samples, notes, progress: Progress) -> np.ndarray:
    """(n, channels, samples) at even times from the first reading of each signal on.

    Readings within half an interval of these times are taken as they are; otherwise values lie on
    straight lines between readings. NaN for a channel without a reading.
    """
    grid = np.empty((len(start), data.shape[1], samples))
    times = interval * np.arange(samples)
    between = 0
    for i, (first, many) in enumerate(zip(start, count, strict=True)):
        if i % 1_000 == 0:
            progress(i / len(start), "Sampling the signals")
        clock, values = when[first : first + many] - when[first], data[first : first + many]
        own = clock[:samples]
        if many >= samples and np.all(np.abs(own - times) <= 0.5 * interval):
            part = values[:samples]
            if np.isfinite(part).all():
                grid[i] = part.T
                continue
            clock, values = times, part
        between += 1
        for c, column in enumerate(values.T):
            there = np.isfinite(column)
            grid[i, c] = np.interp(times, clock[there], column[there]) if there.any() else np.nan
    if between:
        notes.append(
            f"{between:,} of {words.count(len(start), 'signal')} were not read at every sample: "
            "values between readings are on straight lines."
        )
    return grid


def _shown(interval: float, dated: bool, time: str) -> str:
    """An interval with its unit; the numbers of dates are hours."""
    if dated:
        return f"{interval * 3600:.4g} seconds"
    return f"{interval:.4g} (in the unit of {words.name(time)})"
