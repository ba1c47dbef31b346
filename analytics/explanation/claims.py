"""Claims about a group in a small closed form, and whether the rows bear them out.

A claim is true or false of each row. It holds when it is true of most members and more often of
them than of the other rows, beyond what chance explains.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from analytics.data import words as naming
from analytics.data.types import to_text
from analytics.explanation.verdict import wilson
from analytics.shares import percent

MOST = 0.7  # share of the members that a claim must be true of
HALF = 0.5  # and all claims of a sentence together
_NUMBER = re.compile(r"(?<![\w.])[-−]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\d]|\.\d)")


@dataclass(frozen=True)
class Claim:
    """relation : see ``analytics.language.answers.RELATIONS``. column : "" for the text of a row.
    value : a number or words, "" where the relation takes none."""

    relation: str
    column: str = ""
    value: float | str = ""


@dataclass(frozen=True)
class Verdict:
    """How often a claim is true: shares of the members, of as many nearest other rows, and of all
    other rows (None where only some rows were looked at). members, nearest, others : how many rows
    each share is of. error, error_interval : of who judged, None where rows were read off. why : it
    fails, "" when it holds.
    """

    words: str
    inside: float | None = None
    near: float | None = None
    outside: float | None = None
    members: int = 0
    nearest: int = 0
    others: int = 0
    error: float | None = None
    error_interval: tuple[float, float] | None = None
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """A plain dict; "holds": whether it does."""
        return {**asdict(self), "holds": not self.why}


def words(claim: Claim) -> str:
    """A claim as one line; its names and values are raw text."""
    value = f"{claim.value:,.6g}" if isinstance(claim.value, float) else claim.value
    if claim.relation == "text":
        return f"the text: {value}"
    if claim.relation == "mentions":
        return f"the text mentions “{value}”"
    if claim.relation == "missing":
        return f"{claim.column} is missing"
    if claim.relation in ("higher", "lower"):
        return f"{claim.column} is {claim.relation} than is usual elsewhere"
    relation = "" if claim.relation == "is" else claim.relation.removeprefix("is ") + " "
    return f"{claim.column} is {relation}{value}"


def truth(
    claim: Claim, frame: pd.DataFrame, texts: Sequence[str], members: np.ndarray
) -> np.ndarray | str:
    """Whether a claim is true of each row, bool (n,); or why that cannot be read off. A row without
    a value fulfils "missing" and nothing else. "higher": above the median of the other rows."""
    if claim.relation == "mentions":
        pattern = re.compile(rf"(?<!\w){re.escape(str(claim.value))}(?!\w)", re.IGNORECASE)
        return np.array([bool(pattern.search(text)) for text in texts], bool)
    cells = frame[claim.column]
    given = cells.notna().to_numpy(bool)
    if claim.relation == "missing":
        return ~given
    if claim.relation in ("is", "is not"):
        same = to_text(cells).str.strip().str.casefold() == str(claim.value).strip().casefold()
        found = same.fillna(False).to_numpy(bool)
        if not found.any():
            return f"{naming.name(claim.column)} never holds {naming.name(claim.value)}"
        return given & (found if claim.relation == "is" else ~found)
    if not pd.api.types.is_numeric_dtype(cells) or pd.api.types.is_bool_dtype(cells):
        return f"{naming.name(claim.column)} holds no numbers"
    values = cells.to_numpy(np.float64, na_value=np.nan)
    bound = claim.value
    if claim.relation in ("higher", "lower"):
        elsewhere = values[~members & np.isfinite(values)]
        bound = float(np.median(elsewhere)) if len(elsewhere) else math.nan
    with np.errstate(invalid="ignore"):
        above = {"at least": values >= bound, "higher": values > bound, "lower": values < bound}
        return above.get(claim.relation, values <= bound)


def judged(said: str, true: np.ndarray, members: np.ndarray, near: np.ndarray) -> Verdict:
    """The verdict on a claim that is true of the rows ``true``, bool (n,). near : row numbers."""
    inside, close, rest = true[members], true[near], true[~members]
    shares = [float(part.mean()) if len(part) else None for part in (inside, close, rest)]
    verdict = Verdict(said, *shares, len(inside), len(close), len(rest))
    return replace(verdict, why=_why(inside, rest, MOST, "elsewhere"))


def sampled(said: str, inside: np.ndarray, near: np.ndarray, error) -> Verdict:
    """The verdict on a claim that was judged of some members and some nearest other rows, as
    bools. error : (share, interval) of the judge, or None."""
    share, interval = error or (None, None)
    verdict = Verdict(
        said,
        float(inside.mean()) if len(inside) else None,
        float(near.mean()) if len(near) else None,
        members=len(inside),
        nearest=len(near),
        error=share,
        error_interval=interval,
    )
    if not len(inside) or not len(near):
        return replace(verdict, why="it could not be judged")
    return replace(verdict, why=_why(inside, near, MOST, "of the nearest rows outside"))


def together(true: np.ndarray, members: np.ndarray, near: np.ndarray) -> Verdict:
    """The verdict on all claims at once: they have to tell members from the nearest other rows."""
    verdict = judged("all of it", true, members, near)
    return replace(
        verdict, why=_why(true[members], true[near], HALF, "of the nearest rows outside")
    )


def _why(inside: np.ndarray, outside: np.ndarray, least: float, where: str) -> str:
    """Why a claim fails that is true of these rows; "" when it holds."""
    if not len(inside) or inside.mean() < least:
        return f"it is true of {_percent(inside)} of the group"
    if not len(outside):
        return "there is no other row to tell the group from"
    if higher(inside, outside)[0] <= 0:
        return f"it is true of {_percent(inside)} of the group and {_percent(outside)} {where}"
    return ""


def _percent(true: np.ndarray) -> str:
    return percent(float(true.mean())) if len(true) else "no row"


def higher(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    """95 % interval of the difference of two shares, of bools (n,) and (m,) (Newcombe 1998, the
    tenth of his methods, from two Wilson intervals)."""
    difference = float(a.mean() - b.mean())
    (low_a, high_a), (low_b, high_b) = (wilson(int(x.sum()), len(x)) for x in (a, b))
    down = math.hypot(a.mean() - low_a, high_b - b.mean())
    up = math.hypot(high_a - a.mean(), b.mean() - low_b)
    return difference - down, difference + up


def unknown_numbers(sentence: str, facts: Sequence[str], names: Sequence[str]) -> list[str]:
    """Numbers of a sentence that stand in none of the facts. A number may be rounded to no fewer
    than two digits; "95 %" may stand for 0.95. names : of columns, in which digits are no numbers.
    Numbers written as words are not seen."""
    known = [_value(found) for fact in facts for found in _NUMBER.findall(_without(fact, names))]
    strange = []
    bare = _without(sentence, names)
    for match in _NUMBER.finditer(bare):
        percent = bare[match.end() :].lstrip().startswith("%")
        if not any(_stands_for(match[0], value, percent) for value in known):
            strange.append(match[0])
    return strange


def _stands_for(written: str, value: float, percent: bool) -> bool:
    number, places = _value(written), len(written.partition(".")[2])
    digits = len(re.sub(r"\D", "", written).lstrip("0"))
    for one in (value, 100 * value) if percent else (value,):
        if math.isclose(one, number, rel_tol=1e-9, abs_tol=1e-12):
            return True
        if digits >= 2 and abs(one - number) <= 0.5 * 10**-places * (1 + 1e-9):
            return True
    return False


def _value(written: str) -> float:
    return float(written.replace(",", "").replace("−", "-"))


def _without(text: str, names: Sequence[str]) -> str:
    """A text with the names of columns taken out, the longest first."""
    for name in sorted(filter(None, names), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", text, flags=re.IGNORECASE)
    return text


def unclaimed(sentence: str, claims: Sequence[Claim], columns: Sequence[str]) -> list[str]:
    """Columns that a sentence names and no claim speaks of."""
    claimed = {claim.column for claim in claims}
    return [
        column
        for column in columns
        if column not in claimed
        and len(column) > 2
        and re.search(rf"(?<!\w){re.escape(column)}(?!\w)", sentence, re.IGNORECASE)
        and not any(column in other for other in claimed)
    ]
