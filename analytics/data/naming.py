"""Column names, and the notes a reader leaves about what it did."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from analytics.data.limits import MAX_NAME
from analytics.errors import BadInput

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Signs that turn the direction of all that follows, other words on the same line too. Letters that
# are read from the right need none of them.
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]+")


class Notes:
    """Collects notes; one sentence for all columns that share a remark."""

    def __init__(self):
        self._said: list[str] = []
        self._columns: dict[str, list[str]] = {}

    def say(self, sentence: str) -> None:
        """Add a sentence once."""
        if sentence not in self._said:
            self._said.append(sentence)

    def column(self, remark: str, name: str) -> None:
        """Add a column to a remark; ``remark`` has ``{columns}`` where the names go."""
        self._columns.setdefault(remark, []).append(name)

    def all(self) -> list[str]:
        """The sentences in the order they came up."""
        return self._said + [r.format(columns=some(n)) for r, n in self._columns.items()]


def some(names: Sequence[str], shown: int = 3) -> str:
    """A few names in quotes, and how many more there are."""
    words = ", ".join(f"'{shorten(n)}'" for n in names[:shown])
    return words + (f" and {len(names) - shown:,} more" if len(names) > shown else "")


def shorten(text: str, length: int = 40) -> str:
    """One line of at most ``length`` characters, safe to put into a sentence."""
    text = printable(text)
    return text if len(text) <= length else text[: length - 1] + "…"


def printable(text: Any) -> str:
    """The text without control characters, lone surrogates and signs that turn the direction of
    writing, on one line."""
    text = str(text).encode("utf-8", "replace").decode("utf-8")
    return _CONTROL.sub(" ", TURNING.sub("", text)).strip()


def tidy_names(names: Iterable[Any], notes: Notes) -> list[str]:
    """Unique, non-empty names of at most MAX_NAME characters; changes are noted."""
    clean, unnamed, cut, doubled, turned = [], [], [], [], []
    for position, raw in enumerate(names, start=1):
        name = printable("" if raw is None else raw)
        if name and TURNING.search(str(raw)):
            turned.append(name)
        if not name:
            name = f"column {position}"
            unnamed.append(name)
        elif len(name) > MAX_NAME:
            name = name[: MAX_NAME - 1] + "…"
            cut.append(name)
        clean.append(name)
    taken = set(clean)
    seen: set[str] = set()
    for i, name in enumerate(clean):
        if name in seen:
            number = 2
            while f"{name} ({number})" in taken:
                number += 1
            clean[i] = f"{name} ({number})"
            taken.add(clean[i])
            doubled.append(clean[i])
        seen.add(name)
    if unnamed:
        notes.say(f"Columns without a name were given one: {some(unnamed)}.")
    if turned:
        notes.say(f"Signs that turn the line around were left out of names: {some(turned)}.")
    if cut:
        notes.say(f"Column names over {MAX_NAME} characters were cut: {some(cut)}.")
    if doubled:
        notes.say(f"Column names used more than once were numbered: {some(doubled)}.")
    return clean


def different(names: Iterable[str]) -> list[str]:
    """The names with " (2)" and so on at those that were there before."""
    seen: dict[str, None] = {}
    for wanted in names:
        name, number = wanted, 2
        while name in seen:
            name, number = f"{wanted} ({number})", number + 1
        seen[name] = None
    return list(seen)


def numbered(count: int) -> list[str]:
    """Names for columns that have none: "column 1", "column 2", ..."""
    return [f"column {i}" for i in range(1, count + 1)]


def list_of(text: str) -> list[str]:
    """Column names separated by commas; one that holds a comma is put in double quotes."""
    try:
        cells = next(csv.reader([text], skipinitialspace=True), [])
    except csv.Error:
        raise BadInput("A list of columns is names separated by commas, on one line.") from None
    return [c.strip() for c in cells if c.strip()]


def written(names: Sequence[str]) -> str:
    """Names as :func:`list_of` reads them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(names)
    return line.getvalue()
