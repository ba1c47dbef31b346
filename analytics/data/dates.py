"""Dates in text: a fixed list of written forms, tried in order, never guessed freely.

Every form is a pattern that the cells must match and a format for ``pandas.to_datetime``; so
parsing is bounded and the form that was used can be named.
"""

import pandas as pd

from analytics.data import words

LEAST_SHARE = 0.95
_SAMPLE = 400
_TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?"
_ISO_TIME = r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
_ISO = r"\d{4}-\d{1,2}(?:-\d{1,2}" + _ISO_TIME + ")?"

# (pattern, format of the day, how it is called). ISO first; day before month where both would do.
FORMS = (
    (_ISO, "ISO8601", "year-month-day"),
    (r"\d{4}/\d{1,2}/\d{1,2}" + _TIME, "%Y/%m/%d", "year/month/day"),
    (r"\d{1,2}\.\d{1,2}\.\d{4}" + _TIME, "%d.%m.%Y", "day.month.year"),
    (r"\d{1,2}/\d{1,2}/\d{4}" + _TIME, "%d/%m/%Y", "day/month/year"),
    (r"\d{1,2}/\d{1,2}/\d{4}" + _TIME, "%m/%d/%Y", "month/day/year"),
    (r"\d{1,2}-\d{1,2}-\d{4}" + _TIME, "%d-%m-%Y", "day-month-year"),
    (r"\d{1,2}-\d{1,2}-\d{4}" + _TIME, "%m-%d-%Y", "month-day-year"),
    (r"\d{1,2} [A-Za-z]{3} \d{4}" + _TIME, "%d %b %Y", "day month year"),
    (r"\d{1,2} [A-Za-z]{3,9} \d{4}" + _TIME, "%d %B %Y", "day month year"),
    (r"[A-Za-z]{3} \d{1,2}, \d{4}" + _TIME, "%b %d, %Y", "month day, year"),
    (r"[A-Za-z]{3,9} \d{1,2}, \d{4}" + _TIME, "%B %d, %Y", "month day, year"),
)


def parse(column: pd.Series, least: float = LEAST_SHARE) -> tuple[pd.Series, str] | None:
    """The dates of a text column and the form they are written in, or None.

    Cells that do not follow the form become missing; ``least`` is the share of filled cells that
    must follow it. Times with a zone are turned into UTC. Result dtype: datetime64[us].
    """
    filled = column.dropna()
    if filled.empty:
        return None
    step = max(1, len(filled) // _SAMPLE)
    sample = filled.iloc[::step].str.strip()
    best, best_share = None, 0.0
    for pattern, form, label in FORMS:
        if not (sample.str.fullmatch(pattern).mean() >= min(least, 0.5)):
            continue
        share = float(_convert(sample, form).notna().mean())
        if share > best_share:
            best, best_share = (form, label), share
    if best is None:
        return None
    dates = _convert(column.str.strip(), best[0])
    if dates.notna().sum() < least * len(filled):
        return None
    return dates, best[1]


def _convert(column: pd.Series, form: str) -> pd.Series:
    """Dates by one form; whatever does not fit becomes missing."""
    if form == "ISO8601":
        dates = _to_datetime(column, form)
    else:
        dates = _to_datetime(column, form)
        for time in (" %H:%M", " %H:%M:%S"):
            rest = dates.isna() & column.notna()
            if not rest.any():
                break
            dates[rest] = _to_datetime(column[rest], form + time)
    return dates


def _to_datetime(column: pd.Series, form: str) -> pd.Series:
    dates = pd.to_datetime(column, format=form, errors="coerce", utc=True)
    return dates.dt.tz_localize(None).dt.as_unit("us")


def note(column: str, form: str, lost: int) -> str:
    """What was done to a column that was read as dates."""
    text = f"{words.name(column)} read as dates written {form}"
    if lost:
        text += f"; {words.count(lost, 'cell')} that do not fit became missing"
    return text + "."
