"""The beginning of a delimited text: what stands above its rows, and how these are laid out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics.data import sniff
from analytics.data.limits import check_size
from analytics.data.naming import Notes, numbered, shorten, tidy_names
from analytics.errors import BadInput

# Words for separators, for people and for the command line.
SEPARATORS = {
    "comma": ",", "semicolon": ";", "tab": "\t", "\\t": "\t", "pipe": "|", "space": " ", "none": "",
}  # fmt: skip
_SAMPLE = 256 * 1024
_SAMPLE_MAX = 32 * 2**20
QUOTES = "check the quotation marks there."


@dataclass(frozen=True)
class Head:
    """How a text is laid out, told from its beginning. start, line: the byte and the line (from 1)
    where its rows begin. separator: "" when each line is one cell."""

    start: int
    line: int
    header: bool
    names: tuple[str, ...]
    separator: str
    decimal: str
    spaced: bool


def head(text: bytes, extension: str, options: Mapping[str, Any], notes: Notes) -> Head:
    """The layout of a text by its first part, whole lines of UTF-8. Raises BadInput."""
    start, line, header, names, _, found, sample = look(text, extension, options, notes)
    decimal = options.get("decimal") or sniff.decimal_sign(found.rows, found.separator)
    spaced = sniff.spaced(sample, found.separator)
    tidy = tuple(tidy_names(names, notes))
    return Head(start, line, header, tidy, found.separator, decimal, spaced)


def look(text: bytes, extension: str, options: Mapping[str, Any], notes: Notes):
    """(first byte and line of the rows, whether names stand above them, the names, cells per row,
    the layout, the sample it was told from)."""
    start, line, declared, comment = _preamble(text, notes)
    named_csv = extension in ("csv", "tsv", "tab")
    separator = separator_of(options.get("separator"), declared)
    sample, whole = _sample(text, start)
    found = sniff.layout(sample, whole, separator, named_csv)
    if not found.rows:
        raise BadInput(f"No row can be told from the text that starts in line {line:,}: {QUOTES}")
    if found.skipped:
        notes.say(
            f"The text above the table was left out: '{shorten(found.skipped[0])}' "
            f"({len(found.skipped)} of the first lines)."
        )
        start, line = _after(text, start, line, found.skipped)
    header = options.get("header")
    if header is None:
        header = sniff.has_header(found.rows, named_csv)
    names, width = _names(found, header, comment, notes)
    if header:
        start, line = _after(text, start, line, ["".join(found.rows[0])])
    return start, line, header, names, width, found, sample


def separator_of(option: str | None, declared: str | None) -> str | None:
    """The chosen separator as one character ("" for none), or None to detect it."""
    if option is None:
        return declared
    chosen = SEPARATORS.get(option.strip().lower(), option)
    if chosen != "" and (
        len(chosen) != 1
        or chosen.isalnum()
        or chosen in "\"'.+-_"
        or (chosen < " " and chosen != "\t")
    ):
        raise BadInput(
            f"The separator {shorten(option)!r} cannot be used: "
            "give comma, semicolon, tab, pipe, space, none or one other sign."
        )
    return chosen


def _preamble(text: bytes, notes: Notes) -> tuple[int, int, str | None, str]:
    """(where the table starts, its line number, separator of a "sep=" line, last comment)."""
    start, line, separator, comments = 0, 1, None, []
    while start < len(text):
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        raw = text[start : min(end, start + 100_000)].strip()
        if raw.startswith(b"#"):
            comments.append(raw.decode("utf-8", "replace").lstrip("# "))
        elif raw.lower().startswith(b"sep=") and len(raw) == 5:
            separator = chr(raw[4])
        elif raw:
            break
        start, line = min(end + 1, len(text)), line + 1
    if comments:
        notes.say(
            f"Comment lines above the table were left out ({len(comments)}): "
            f"'{shorten(comments[0])}'."
        )
    if start >= len(text):
        what = "only comment lines" if comments else "no text"
        raise BadInput(f"The file is empty (it holds {what}): choose a file with rows of data.")
    return start, line, separator, comments[-1] if comments else ""


def _sample(text: bytes, start: int) -> tuple[str, bool]:
    """The start of the table, at least a few lines of it, and whether that is all."""
    size = _SAMPLE
    while size < _SAMPLE_MAX and start + size < len(text):
        if text.count(b"\n", start, start + size) >= 8:
            break
        size *= 4
    whole = start + size >= len(text)
    return text[start : start + size].decode("utf-8", "ignore"), whole


def _after(text: bytes, start: int, line: int, records: Sequence[str]) -> tuple[int, int]:
    """The position and line number behind some records (which may hold line ends)."""
    for record in records:
        skip = record.count("\n") + 1
        while start < len(text) and skip:
            end = text.find(b"\n", start)
            end = len(text) if end < 0 else end
            if text[start:end].strip() or skip <= record.count("\n"):
                skip -= 1
            start, line = min(end + 1, len(text)), line + 1
    return start, line


def _names(found: sniff.Layout, header: bool, comment: str, notes: Notes) -> tuple[list[str], int]:
    """Column names as written, and the number of cells a row must have."""
    width = found.width
    if not header:
        if width == 1 and not found.separator and sniff.kind(found.rows[0][0]) == "word":
            return ["text"], 1
        words = next(sniff.split(comment, found.separator), []) if comment else []
        if width > 1 and len(words) == width and all(sniff.kind(w) == "word" for w in words):
            notes.say("The column names were taken from the comment above the table.")
            return words, width
        return numbered(width), width
    names = list(found.rows[0])
    while len(names) > width and not names[-1].strip():
        names.pop()
    if len(names) == width - 1:
        # As R writes tables: row names without a name; or every row ends with a separator.
        ended = all(not row[-1].strip() for row in found.rows[1:] if len(row) == width)
        names = [*names, ""] if ended else ["row", *names]
    width = max(width, len(names))
    check_size(0, width)
    return names + [""] * (width - len(names)), width
