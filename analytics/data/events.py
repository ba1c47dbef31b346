"""Events of somebody, one per row of a file: which column says who, when and what.

The table that comes out has one row per entity; ``analytics.data.sequences`` makes its columns.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.data import types, words
from analytics.errors import BadInput

ROLES = ("entity", "time", "event")
_ASKED = {"entity": "who", "time": "when", "event": "what"}
# Names by which a column is known, in lower case with "_" for spaces.
NAMES = {
    "entity": (
        "entity", "user", "user_id", "userid", "customer", "customer_id", "client", "client_id",
        "account", "account_id", "visitor", "visitor_id", "patient", "patient_id", "case",
        "case_id", "session", "session_id", "device", "device_id", "who",
    ),
    "time": (
        "time", "timestamp", "datetime", "date", "when", "ts", "event_time", "created_at",
        "occurred_at",
    ),
    "event": (
        "event", "event_type", "event_name", "action", "activity", "operation", "what",
    ),
}  # fmt: skip
REPEATS = 2.0  # events per entity, from which on a table is said to look like a list of events


@dataclass(frozen=True, eq=False)
class Events:
    """Events by entity and then time.

    who : int (m,), rows of ``names``, ascending. when : float (m,), hours since 1970, or the
    numbers of the column. what : int (m,), codes into ``kinds``. dated : whether times are dates.
    rest : the other columns, in the order of the events. columns : role -> column.
    """

    who: np.ndarray
    when: np.ndarray
    what: np.ndarray
    names: tuple[str, ...]
    kinds: tuple[str, ...]
    dated: bool
    rest: pd.DataFrame
    columns: dict[str, str]
    notes: tuple[str, ...]


def by_name(frame: pd.DataFrame, names: Mapping[str, tuple[str, ...]] = NAMES) -> dict[str, str]:
    """Role -> column for the roles that a name of a column tells."""
    lower = {c.strip().lower().replace(" ", "_"): c for c in reversed(frame.columns)}
    found = {}
    for role, known in names.items():
        found[role] = next((lower[name] for name in known if name in lower), "")
    return {role: column for role, column in found.items() if column}


def is_list(frame: pd.DataFrame) -> bool:
    """Whether a table is a list of events and nothing else, by the names of its three columns."""
    return frame.shape[1] == len(ROLES) and len(by_name(frame)) == len(ROLES)


def hint(frame: pd.DataFrame) -> str:
    """A sentence for a table with more columns that looks like a list of events, or ""."""
    found = by_name(frame)
    if len(found) < len(ROLES):
        return ""
    if len(frame) < REPEATS * max(1, frame[found["entity"]].nunique()):
        return ""
    return (
        f"This looks like a list of events ({words.names(list(found.values()))}). To compare whole "
        "histories, read it again with 'Each row is: an event' (--read rows=events)."
    )


def of_frame(frame: pd.DataFrame, given: Mapping[str, str]) -> Events:
    """The events of a table. given : role -> column, as far as chosen. Raises BadInput.

    Rows without an entity, a time or an event are left out and counted in the notes.
    """
    frame, _ = types.plain(frame)
    columns = choose(frame, given)
    timed, kinds, _, _ = types.infer(frame[[columns["time"]]])
    when, dated = times(timed, kinds, columns["time"])
    who, what = (keys(frame[columns[role]]) for role in ("entity", "event"))
    whole = who.notna().to_numpy() & what.notna().to_numpy() & np.isfinite(when)
    notes = []
    lost = int(np.sum(~whole))
    if lost:
        first = int(np.argmin(whole)) + 1
        notes.append(
            f"{words.count(lost, 'event')} without {columns['entity']}, {columns['time']} or "
            f"{columns['event']} left out; the first is row {first:,}."
        )
    rows = np.flatnonzero(whole)
    codes, names = pd.factorize(who.iloc[rows], sort=True)
    if len(names) < 2:
        raise BadInput(
            f"The events belong to {words.count(len(names), 'entity', 'entities')} "
            f"({words.name(columns['entity'])}), but at least 2 are needed to compare: choose the "
            "column that says whose events they are (--read entity=COLUMN)."
        )
    order = np.lexsort((when[rows], codes))  # stable: equal times keep the order of the file
    rows, codes = rows[order], codes[order]
    kind, kind_names = _by_count(what.iloc[rows])
    rest, _, _, _ = types.infer(frame.drop(columns=list(columns.values())))
    return Events(
        who=codes, when=when[rows], what=kind, names=tuple(names), kinds=kind_names, dated=dated,
        rest=rest.iloc[rows].reset_index(drop=True),
        columns=columns, notes=tuple(notes),
    )  # fmt: skip


def choose(frame: pd.DataFrame, given: Mapping[str, str]) -> dict[str, str]:
    """Role -> column: as given, else by name, else in this order in a table of three columns."""
    if frame.shape[1] < len(ROLES):
        raise BadInput(
            f"A list of events needs three columns (who, when, what), but there "
            f"{'is' if frame.shape[1] == 1 else 'are'} {frame.shape[1]}: check the separator."
        )
    columns = {}
    for role in ROLES:
        wanted = given.get(role, "")
        if wanted and wanted not in frame.columns:
            raise BadInput(
                f"There is no column {words.name(wanted)} for {role}: choose one of "
                f"{words.names(list(frame.columns), 8)}."
            )
        columns[role] = wanted
    for role, column in by_name(frame).items():
        if not columns[role] and column not in columns.values():
            columns[role] = column
    left = [c for c in frame.columns if c not in columns.values()]
    open_roles = [role for role in ROLES if not columns[role]]
    if open_roles and frame.shape[1] == len(ROLES):
        columns.update(zip(open_roles, left, strict=True))
    elif open_roles:
        role = open_roles[0]
        raise BadInput(
            f"No column is known to say {_ASKED[role]} ({role}): choose it (--read {role}=COLUMN)."
        )
    if len(set(columns.values())) < len(ROLES):
        raise BadInput("Who, when and what are three different columns: choose each once.")
    return columns


def times(frame: pd.DataFrame, kinds: Mapping[str, str], name: str) -> tuple[np.ndarray, bool]:
    """Hours since 1970 for dates, numbers as they are, NaN where missing; and whether dates."""
    values = frame.iloc[:, 0]
    if kinds.get(name) == "date":
        hours = values.to_numpy("datetime64[us]").astype(np.int64) / 3.6e9
        return np.where(values.isna(), np.nan, hours), True
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        numbers = values.to_numpy(np.float64, na_value=np.nan)
        if np.isfinite(numbers).any():
            return np.where(np.abs(numbers) < 1e30, numbers, np.nan), False
    filled = values.dropna()
    shown = ""
    if len(filled):
        shown = f"; row {int(filled.index[0]) + 1:,} holds {words.name(filled.iloc[0])}"
    raise BadInput(
        f"The column {words.name(name)} holds no times{shown}: write dates as 2026-01-31 13:45, or "
        "numbers, or choose another column (--read time=COLUMN)."
    )


def keys(values: pd.Series) -> pd.Series:
    """Cells as text, so that 7, 7.0 and "7" are one; empty ones are missing."""
    text = types.to_text(values).str.strip()
    return text.mask(text == "")


def _by_count(what: pd.Series) -> tuple[np.ndarray, tuple[str, ...]]:
    """Codes by falling count, ties by name, and the names."""
    codes, names = pd.factorize(what, sort=True)
    order = np.argsort(-np.bincount(codes, minlength=len(names)), kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    return place[codes], tuple(names[order])
