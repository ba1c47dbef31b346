"""How a delimited text is laid out: separator, decimal sign, header. Guessed from its start."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, zip_longest

from analytics.data.inference import MISSING

CANDIDATES = ("\t", ";", ",", "|", " ")
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?|[+-]?(inf|infinity)", re.I)
_REAL = re.compile(r"[+-]?\d*\.\d+([eE][+-]?\d+)?")
_COMMA = re.compile(r"[+-]?(\d[\d.]*)?,\d+([eE][+-]?\d+)?")
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
_GROUPED = re.compile(r"[+-]?\d{1,3}([.,]\d{3})+([.,]\d+)?")
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([ T]\d{1,2}:.*)?|\d{1,2}:\d{2}(:\d{2}.*)?")
_EMPTY = frozenset(MISSING) | {"?"}
_STEADY = 0.9  # share of rows with the same number of cells that counts as regular


@dataclass(frozen=True)
class Layout:
    """separator: one character, " " for runs of blanks, or "" when every line is one cell.
    width: cells per row. skipped: leading lines that are no part of the table."""

    separator: str
    width: int
    rows: tuple[tuple[str, ...], ...]
    skipped: tuple[str, ...] = ()


def split(text: str, separator: str) -> Iterator[list[str]]:
    """The records of a text, quotes honoured, empty lines dropped,
    blanks before a cell dropped. May raise csv.Error."""
    lines = io.StringIO(text, newline="\n")
    if not separator:
        return ([line.rstrip("\n")] for line in lines if line.strip())
    if separator == " ":
        blanks = (line.replace("\t", " ").strip() + "\n" for line in lines)
        return (row for row in csv.reader(blanks, delimiter=" ", skipinitialspace=True) if row)
    return (row for row in csv.reader(lines, delimiter=separator, skipinitialspace=True) if row)


def spaced(text: str, separator: str) -> bool:
    """Whether nearly every separator is followed by a blank."""
    if separator in ("", " ", "\t"):
        return False
    return text.count(separator + " ") > 0.8 * text.count(separator)


def layout(sample: str, whole: bool, separator: str | None, named_csv: bool) -> Layout:
    """The layout of a sample that starts at a line start.

    whole : the sample is all there is; otherwise its last record may be cut and is ignored.
    separator : the chosen one, or None. named_csv : the file's name says it is a CSV or TSV.
    """
    if separator is not None:
        rows = _rows(sample, separator, whole)
        return _trimmed(separator, rows)
    best: tuple[tuple, Layout] | None = None
    for candidate in CANDIDATES:
        rows = _rows(sample, candidate, whole)
        score = _score(rows, candidate, sample, named_csv)
        if score is not None and (best is None or score > best[0]):
            best = (score, _trimmed(candidate, rows))
    if best is not None:
        return best[1]
    quoted = _rows(sample, ",", whole)
    if '"' in sample and quoted and all(len(row) == 1 for row in quoted):
        return Layout(",", 1, tuple(map(tuple, quoted)))
    return Layout("", 1, tuple(map(tuple, _rows(sample, "", whole))))


def _rows(sample: str, separator: str, whole: bool, limit: int = 400) -> list[list[str]]:
    rows: list[list[str]] = []
    ended = True
    try:
        for row in split(sample, separator):
            rows.append(row)
            if len(rows) >= limit:
                ended = False
                break
    except csv.Error:
        pass
    if ended and not whole and len(rows) > 1:
        rows.pop()
    return rows


def _mode(rows: Sequence[Sequence[str]]) -> int:
    """The most frequent number of cells per row; of equally frequent ones the larger."""
    counts = Counter(map(len, rows))
    return max(counts, key=lambda width: (counts[width], width), default=0)


def _score(rows: list[list[str]], separator: str, sample: str, named_csv: bool) -> tuple | None:
    """How well a separator explains the rows (larger is better), or None when it does not."""
    width = _mode(rows)
    if width < 2:
        return None
    titles = _titles(rows, width)
    body = rows[titles + 1 :] or rows
    regular = [row for row in body if len(row) == width]
    steady = len(regular) / len(body)
    numbers = _share(regular)
    if separator == " " and not (steady >= 0.95 and numbers > 0.5):
        return None
    if steady < _STEADY:
        # Prose has commas too. A table shows itself by its name or numbers, and in its first row.
        if titles or not (named_csv or numbers > 0.3) or steady < 0.4:
            return None
    elif not named_csv and not numbers and _prose(regular, spaced(sample, separator)):
        return None
    return (steady >= _STEADY, separator != " ", round(steady, 2) + 0.5 * numbers)


def _prose(rows: list[list[str]], blanks: bool) -> bool:
    """Whether the pieces read like parts of sentences: a blank after each comma, many words."""
    words = [len(cell.split()) for row in rows for cell in row]
    return blanks and sum(words) > 2 * len(words)


def _trimmed(separator: str, rows: list[list[str]]) -> Layout:
    """The layout without a title above the table: leading one-cell rows of a wider table."""
    width = _mode(rows)
    start = _titles(rows, width)
    titles = tuple(row[0] for row in rows[:start])
    return Layout(separator, width, tuple(map(tuple, rows[start:])), titles)


def _titles(rows: Sequence[Sequence[str]], width: int) -> int:
    """How many one-cell rows stand above a wider table (at most 20)."""
    start = 0
    while width > 1 and start < min(20, len(rows) - 1) and len(rows[start]) == 1:
        start += 1
    return start


def _share(rows: Sequence[Sequence[str]]) -> float:
    kinds = [kind(cell) for row in rows[:100] for cell in row[:200]]
    known = [k for k in kinds if k != "empty"]
    return sum(k != "word" for k in known) / len(known) if known else 0.0


def kind(cell: str) -> str:
    """What a cell looks like: "number", "date", "empty" or "word"."""
    cell = cell.strip()
    if cell in _EMPTY:
        return "empty"
    if _NUMBER.fullmatch(cell) or _GROUPED.fullmatch(cell):
        return "number"
    return "date" if _DATE.fullmatch(cell) else "word"


def decimal_sign(rows: Sequence[Sequence[str]], separator: str) -> str:
    """ "," when more cells look like 1,5 than like 1.5 (never for comma-separated text).

    Columns of words have no say, and cells that may as well hold thousands (12.345) only where no
    other cell has one.
    """
    if separator in ("", ","):
        return "."
    columns = zip_longest(*(row[:200] for row in rows), fillvalue="")
    cells = [cell for column in columns for cell in _numbers(column)]
    for known in ([cell for cell in cells if not _THOUSANDS.fullmatch(cell)], cells):
        commas = sum(bool(_COMMA.fullmatch(cell)) for cell in known)
        points = sum(bool(_REAL.fullmatch(cell)) for cell in known)
        if commas != points:
            return "," if commas > points else "."
    return "."


def _numbers(column: Sequence[str]) -> list[str]:
    """The cells of a column that are numbers, none when fewer than half of the known ones are."""
    known = [cell for cell in map(str.strip, column) if cell not in _EMPTY]
    found = [cell for cell in known if kind(cell) == "number"]
    return found if 2 * len(found) >= len(known) else []


def real_columns(rows: Sequence[Sequence[str]], width: int) -> tuple[int, ...]:
    """The columns whose known cells are all numbers with a decimal point, at least one of them."""
    found = []
    for j in range(width):
        cells = [row[j].strip() for row in rows[:50] if j < len(row)]
        known = [cell for cell in cells if cell not in _EMPTY or cell == "?"]
        if known and all(_REAL.fullmatch(cell) for cell in known):
            found.append(j)
    return tuple(found)


def has_header(rows: Sequence[Sequence[str]], named_csv: bool = True) -> bool:
    """Whether the first row holds column names rather than values."""
    if not rows:
        return False
    first = [kind(cell) for cell in rows[0]]
    if len(rows) == 1:
        return named_csv and all(k in ("word", "empty") for k in first) and "word" in first
    body = rows[1 : 2 + max(4, min(200, 40_000 // len(first)))]
    typed = [j for j in range(len(first)) if _typed([row[j] for row in body if j < len(row)])]
    named = sum(first[j] == "word" for j in typed)
    valued = sum(first[j] in ("number", "date") for j in typed)
    if named and named >= valued:
        return True
    if valued:
        return _counts(rows, [j for j in typed if first[j] == "number"])
    return not typed and _all_words(rows, first, named_csv)


def _typed(cells: Sequence[str]) -> bool:
    """Whether most cells of a column are numbers or dates."""
    kinds = [k for k in map(kind, cells) if k != "empty"]
    return bool(kinds) and sum(k != "word" for k in kinds) >= 0.8 * len(kinds)


def _counts(rows: Sequence[Sequence[str]], at: list[int]) -> bool:
    """Whether numbers in the first row are a count (0, 1, 2 as pandas writes, or years) that the
    values below do not continue."""
    steps = _steps(rows[0], at)
    if steps is None:
        return False
    start, step = steps
    below = {row[j] for row in rows[1:20] for j in at if j < len(row)}
    if start == 0 and step == 1 and any("." in cell for cell in below):
        return True
    long_enough = len(at) >= 3 and ((step == 1 and start <= 1) or 1500 <= start <= 2200)
    return long_enough and all(_steps(row, at) is None for row in rows[1:20])


def _steps(row: Sequence[str], at: list[int]) -> tuple[int, int] | None:
    """(first, step) when the cells are whole numbers that rise by one constant step."""
    cells = [row[j].strip() for j in at if j < len(row)]
    if not cells or len(cells) != len(at) or not all(re.fullmatch(r"\d{1,9}", c) for c in cells):
        return None
    numbers = [int(c) for c in cells]
    steps = {b - a for a, b in pairwise(numbers)} or {1}
    step = steps.pop()
    return (numbers[0], step) if not steps and step > 0 else None


def _all_words(rows: Sequence[Sequence[str]], first: list[str], named_csv: bool) -> bool:
    """Header or not when nothing in the table is a number: names are unique and do not recur."""
    names = [cell.strip() for cell in rows[0]]
    if len(names) == 1:
        return named_csv and len(names[0].split()) <= 3 and (names[0],) not in map(tuple, rows[1:])
    if len(set(names)) != len(names) or "word" not in first:
        return False
    return not any(
        j < len(row) and name and row[j].strip() == name
        for row in rows[1:]
        for j, name in enumerate(names)
    )
