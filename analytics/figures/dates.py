"""Dates on axes and colour bars: they are drawn as days since 1970-01-01 and told as dates."""

from typing import Any

import numpy as np

_YEAR, _MONTH, _HOURS = 365.2425, 30.436875, 24
# Steps between ticks, smallest first; years go on in steps of 1, 2 or 5 times 10^e.
_HOUR_STEPS = (1 / 60, 1 / 12, 1 / 4, 1 / 2, 1, 3, 6, 12)
_DAY_STEPS = (1, 2, 7, 14)
_MONTH_STEPS = (1, 2, 3, 6)


def are_dates(values: Any) -> bool:
    """Whether these are dates, an array of datetime64."""
    return getattr(getattr(values, "dtype", None), "kind", "") == "M"


def days(values: np.ndarray) -> np.ndarray:
    """Dates (n,) as days since 1970-01-01, float64; NaN where there is none."""
    found = values.astype("datetime64[us]")
    counted = found.astype(np.int64) / 86_400e6
    return np.where(np.isnat(found), np.nan, counted)


def word(day: float, step: float = 1.0) -> str:
    """A day in ISO form; with the time of day where ticks are less than a day apart, and with
    seconds where they are less than a minute."""
    moment = np.datetime64(round(day * 86_400), "s")
    if step >= 1:
        return str(moment.astype("datetime64[D]"))
    return str(moment if step < 1 / 1_440 else moment.astype("datetime64[m]")).replace("T", " ")


def ticks(low: float, high: float, most: int = 6) -> list[tuple[float, str]]:
    """At most about ``most`` round dates between two days, each with what it is called: a year, a
    month ("2021-03"), a day or a day with its hour."""
    rough = (high - low) / max(most, 1)
    if not (np.isfinite([low, high]).all() and rough > 0):
        return [(low, word(low))] if np.isfinite(low) else []
    if rough > 6 * _MONTH:
        power = 10.0 ** np.floor(np.log10(max(rough / _YEAR, 1)))
        step = next(f * power for f in (1, 2, 5, 10) if f * power >= rough / _YEAR)
        return _calendar(low, high, "Y", max(int(step), 1))
    if rough > _DAY_STEPS[-1]:
        return _calendar(low, high, "M", next(s for s in _MONTH_STEPS if s * _MONTH >= rough))
    steps = (*(s / _HOURS for s in _HOUR_STEPS), *_DAY_STEPS)
    step = next(s for s in steps if s >= rough or s == _DAY_STEPS[-1])
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    found = [(i * step, word(i * step, step)) for i in range(first, min(last, first + 60) + 1)]
    return found or [(low, word(low, 0)), (high, word(high, 0))]


def as_ticks(low: float, high: float) -> dict[str, Any]:
    """These ticks as plotly takes them. A date axis of plotly's own could not keep its scale to the
    other one, so days stay numbers with the names of round dates."""
    at, words = zip(*ticks(low, high), strict=True)
    return {"tickmode": "array", "tickvals": at, "ticktext": words}


def _calendar(low: float, high: float, unit: str, step: int) -> list[tuple[float, str]]:
    """Every ``step`` years or months, counted from year 0."""
    since = 1970 * (1 if unit == "Y" else 12)
    first, last = (
        int(np.datetime64(round(end * 86_400), "s").astype(f"datetime64[{unit}]").astype(int))
        for end in (low, high)
    )
    found = []
    for at in range(-(-(first + since) // step) * step - since, last + 1, step):
        moment = np.datetime64(at, unit)
        day = float(moment.astype("datetime64[D]").astype(int))
        if low <= day <= high:
            found.append((day, str(moment)))
    return found
