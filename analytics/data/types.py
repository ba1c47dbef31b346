"""What each column is: inferred when a table is read, corrected by the user.

Kinds: ``number``; ``category`` (few different values); ``text`` (sentences); ``date``;
``boolean``; ``empty`` (no value at all); ``identifier`` (names a row and says nothing else about
it). A boolean column is bool, or float 0/1 when cells are missing.
"""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from analytics.data import dates, vectors, words
from analytics.errors import BadInput

KINDS = ("number", "category", "text", "date", "boolean", "empty", "identifier")

LEAST_SHARE = 0.95  # of the filled cells must be numbers, or dates
LEAST_ROWS_OF_IDENTIFIER = 10
_SAMPLE = 2_000
_ID_NAME = re.compile(
    r"^(.*[ _\-.])?(id|uuid|guid|index|key|rowid|row|rownames|no|nr)$|^unnamed: 0$"
)
_AXES = {"x", "y", "z", "lon", "lng", "lat", "longitude", "latitude", "time", "t"}
_TRUE = {"true", "yes", "y", "t", "1", "1.0", "on"}
_FALSE = {"false", "no", "n", "f", "0", "0.0", "off"}

Kinds = dict[str, str]


def infer(frame: pd.DataFrame) -> tuple[pd.DataFrame, Kinds, dict[str, list[str]], list[str]]:
    """Types of a table as read.

    Returns the frame with numbers, dates and booleans in their own dtypes, column -> kind, vector
    blocks (name -> columns, see :mod:`analytics.data.vectors`) and notes on what was changed.
    """
    frame, notes = plain(frame)
    frame, blocks, more = vectors.expand(frame)
    notes += more
    in_lists = {column for columns in blocks.values() for column in columns}
    kinds: Kinds = {}
    changed: dict[str, pd.Series] = {}
    some = frame.notna().any()
    for column, values in frame.items():
        if not some[column]:
            kinds[column] = "empty"
        elif isinstance(values.dtype, pd.StringDtype):
            kinds[column], new, note = _of_strings(column, values)
            if new is not values:
                changed[column] = new
            if note:
                notes.append(note)
        else:
            kinds[column] = "number" if column in in_lists else _of_values(column, values)
    if changed:
        frame = frame.copy(deep=False)
        for column, values in changed.items():
            frame[column] = values
    _rescue(frame, kinds, notes)
    usable = [c for c, k in kinds.items() if k == "number" and c not in in_lists]
    for name, columns in vectors.blocks(usable).items():
        blocks[name if name not in blocks else f"{name} (2)"] = columns
        notes.append(
            f"The {len(columns):,} columns from {words.name(columns[0])} to "
            f"{words.name(columns[-1])} are taken as one vector."
        )
    return frame, kinds, blocks, notes


def plain(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The frame with only integer, float, boolean, text and date columns and a plain row index.

    Blank cells of text become missing. Raises BadInput for column names that are no different
    texts and for values that are neither.
    """
    frame = frame.reset_index(drop=True)
    frame.columns = [str(column) for column in frame.columns]
    if not frame.columns.is_unique:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise BadInput(f"Two columns are named {words.name(twice)}: rename one of them.")
    notes: list[str] = []
    for position, dtype in enumerate(frame.dtypes):
        if isinstance(dtype, np.dtype) and dtype.kind in "iufbM" and dtype.itemsize <= 8:
            continue
        column = frame.columns[position]
        values = _plain_column(column, frame[column])
        if isinstance(values.dtype, pd.StringDtype):
            blank = values.str.strip() == ""
            values = values.mask(blank) if blank.any() else values
        frame[column] = values
    return frame, notes


def _plain_column(column: str, values: pd.Series) -> pd.Series:
    """One column in one of the plain dtypes."""
    types, dtype = pd.api.types, values.dtype
    if types.is_complex_dtype(dtype):
        raise BadInput(
            f"Column {words.name(column)} holds complex numbers: "
            "split it into a real and an imaginary column."
        )
    if types.is_bool_dtype(dtype) or types.is_numeric_dtype(dtype):
        return _plain_numbers(values)
    if isinstance(dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    elif isinstance(dtype, pd.PeriodDtype):
        values = values.dt.to_timestamp()
    elif types.is_timedelta64_dtype(dtype):
        values = values.dt.total_seconds()
    elif dtype != "str":
        values = values.astype(object).map(str).mask(values.isna()).astype("str")
    return values


def _plain_numbers(values: pd.Series) -> pd.Series:
    """Numbers or booleans of an extension type in the smallest plain dtype that holds them."""
    types, dtype = pd.api.types, values.dtype
    if values.hasnans or types.is_float_dtype(dtype):
        return pd.Series(values.to_numpy(np.float64, na_value=np.nan), index=values.index)
    if types.is_bool_dtype(dtype):
        return values.astype(bool)
    if types.is_integer_dtype(dtype):
        return values.astype("uint64" if types.is_unsigned_integer_dtype(dtype) else "int64")
    return values.astype("float64")


def _of_strings(column: str, values: pd.Series) -> tuple[str, pd.Series, str]:
    """(kind, values in their own dtype, note or "") of a text column with at least one value."""
    filled = values.dropna()
    sample = filled.iloc[:: max(1, len(filled) // _SAMPLE)]
    numbers = _as_numbers(column, values, filled, sample)
    if numbers is not None:
        return _of_values(column, numbers[0]), *numbers
    if len(filled) == len(values) and set(sample.str.lower()) <= {"true", "false"}:
        lower = values.str.lower()
        if lower.isin(["true", "false"]).all():
            return "boolean", lower == "true", ""
    found = dates.parse(values)
    if found is not None:
        lost = int(found[0].isna().sum() - values.isna().sum())
        return "date", found[0], dates.note(column, found[1], lost)
    distinct = filled.nunique()
    if _is_prose(sample) and distinct > 0.5 * len(filled):
        return "text", values, ""
    named_id = bool(_ID_NAME.match(column.lower()))
    if distinct == len(filled) and (named_id or len(filled) >= LEAST_ROWS_OF_IDENTIFIER):
        return "identifier", values, ""
    return "category", values, ""


def _as_numbers(column, values, filled, sample) -> tuple[pd.Series, str] | None:
    """Numbers of a text column and a note, when nearly all its cells are numbers."""
    if not pd.to_numeric(sample, errors="coerce").notna().mean() >= LEAST_SHARE - 0.05:
        return None
    if sample.str.fullmatch(r"0\d+").mean() >= 0.5:
        return None  # codes such as 00123 lose their zeros as numbers
    numbers = pd.to_numeric(values, errors="coerce")
    bad = filled[numbers[filled.index].isna()]
    if len(bad) > (1 - LEAST_SHARE) * len(filled):
        return None
    if isinstance(numbers.dtype, pd.api.extensions.ExtensionDtype):
        numbers = _plain_column(column, numbers)
    if bad.empty:
        return numbers, ""
    return numbers, (
        f"{words.name(column)} read as numbers: {words.count(len(bad), 'cell')} such as "
        f"{words.name(bad.iloc[0])} became missing."
    )


def _is_prose(sample: pd.Series) -> bool:
    """Whether cells read as sentences: several words each, or a script written without spaces."""
    length = float(sample.str.len().mean())
    if length < 15:
        return False
    if float(sample.str.count(r"\S+").mean()) >= 3:
        return True
    joined = "".join(sample.iloc[:200])
    return sum(ch >= "\u2e80" for ch in joined) > 0.3 * len(joined)


def _of_values(column: str, values: pd.Series) -> str:
    """The kind of a column that is not text."""
    kind = values.dtype.kind
    if kind == "b":
        return "boolean"
    if kind == "M":
        return "date"
    if kind in "iu" and _is_counter(column, values.to_numpy()):
        return "identifier"
    return "number"


def _is_counter(column: str, values: np.ndarray) -> bool:
    """Whether whole numbers only number the rows: 0 to n - 1, 1 to n, or different "id"s."""
    n = len(values)
    name = column.strip().lower()
    if n < LEAST_ROWS_OF_IDENTIFIER or name in _AXES:
        return False
    low, high = int(values.min()), int(values.max())
    spans = low in (0, 1) and high == low + n - 1
    if not spans and not _ID_NAME.match(name):
        return False
    return len(np.unique(values)) == n


def _rescue(frame: pd.DataFrame, kinds: Kinds, notes: list[str]) -> None:
    """When a table holds nothing but identifiers and dates, use the identifiers after all."""
    if any(kind in ("number", "category", "text", "boolean") for kind in kinds.values()):
        return
    for column, kind in kinds.items():
        if kind == "identifier":
            is_text = isinstance(frame[column].dtype, pd.StringDtype)
            kinds[column] = "text" if is_text else "number"
            notes.append(
                f"{words.name(column)} looks like an identifier, but the table holds nothing "
                f"else: taken as {kinds[column]}."
            )


def apply(frame: pd.DataFrame, changes: Mapping[str, str]) -> pd.DataFrame:
    """The frame after the user's corrections, column -> kind.

    A date made a number counts days since 1970-01-01. Raises BadInput naming the column, the
    first cell that does not fit and its row (counted from 1, below the header).
    """
    frame = frame.copy(deep=False)
    for column, kind in changes.items():
        if column not in frame.columns:
            raise BadInput(f"There is no column {words.name(column)}: choose one of the table's.")
        if kind not in _CONVERT:
            allowed = ", ".join(_CONVERT)
            raise BadInput(
                f"Column {words.name(column)} cannot be made {words.name(kind)}: "
                f"choose one of {allowed}."
            )
        values = frame[column]
        new = _CONVERT[kind](values)
        _refuse_lost(column, kind, values, new)
        frame[column] = new
    return frame


def converted(values: pd.Series, kind: str) -> pd.Series:
    """One column in another kind; cells that do not fit are missing."""
    return _CONVERT[kind](values)


def _refuse_lost(column: str, kind: str, old: pd.Series, new: pd.Series) -> None:
    lost = np.flatnonzero(old.notna().to_numpy() & new.isna().to_numpy())
    if len(lost):
        raise BadInput(
            f"Column {words.name(column)} cannot be made {kind}: row {lost[0] + 1:,} holds "
            f"{words.name(old.iloc[lost[0]])}; keep the type or mend the cells."
        )


def _to_number(values: pd.Series) -> pd.Series:
    if isinstance(values.dtype, pd.StringDtype):
        return _plain_column(str(values.name), pd.to_numeric(values, errors="coerce"))
    if values.dtype.kind == "M":
        return days(values)
    return values.astype("int64") if values.dtype.kind == "b" else values


def days(values: pd.Series) -> pd.Series:
    """Dates of any year as days since 1970-01-01, float64; NaN where there is none. Rounded as
    whole nanoseconds are, which pandas itself would count in, but which end in the year 2262."""
    counted = values.astype("datetime64[us]").astype("int64") * 1e3 / 86_400e9
    return counted.where(values.notna())


def to_text(values: pd.Series) -> pd.Series:
    """Cells as text, whole numbers without ".0" and dates without a time that is all zero."""
    if isinstance(values.dtype, pd.StringDtype):
        return values
    codes, distinct = pd.factorize(values)
    if values.dtype.kind == "f":
        texts = [f"{v:.0f}" if abs(v) < 1e15 and v == int(v) else repr(float(v)) for v in distinct]
    elif values.dtype.kind == "M":
        whole = (distinct == distinct.normalize()).all()
        texts = list(distinct.strftime("%Y-%m-%d" if whole else "%Y-%m-%d %H:%M:%S"))
    else:
        texts = [str(v) for v in distinct]
    cells = pd.array(texts, dtype="str").take(codes, allow_fill=True)
    return pd.Series(cells, index=values.index, name=values.name)


def _to_date(values: pd.Series) -> pd.Series:
    if values.dtype.kind == "M":
        return values
    if isinstance(values.dtype, pd.StringDtype):
        found = dates.parse(values, least=0.5)
        return found[0] if found else pd.Series(pd.NaT, index=values.index)
    # Whole numbers are years (1999) or year, month and day (19991231), nothing else.
    text = to_text(values)
    year = pd.to_datetime(text.where(text.str.fullmatch(r"\d{4}")), format="%Y", errors="coerce")
    day = pd.to_datetime(text.where(text.str.fullmatch(r"\d{8}")), format="%Y%m%d", errors="coerce")
    return year.fillna(day)


def _to_boolean(values: pd.Series) -> pd.Series:
    if values.dtype.kind == "b":
        return values
    text = to_text(values).str.strip().str.lower()
    known = text.isin(_TRUE | _FALSE)
    truth = text.isin(_TRUE)
    return truth if known.all() else truth.astype("float64").where(known)


_CONVERT = {
    "number": _to_number,
    "category": to_text,
    "text": to_text,
    "date": _to_date,
    "boolean": _to_boolean,
    "identifier": lambda values: values,
}
