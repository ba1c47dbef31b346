"""What may go into the database: names, ids and plain JSON, checked in one place."""

import json
import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from analytics.digest import is_digest
from analytics.errors import BadInput

MAX_NAME = 120
MAX_STATE_BYTES = 1_000_000
MAX_RUN_BYTES = 8_000_000  # The recipe of a table with 20,000 columns names each of them.
MAX_DEPTH = 40
_ID = re.compile(r"[A-Za-z0-9_-]{16,32}")
# Marks that turn the reading direction around make one name look like another.
TURNING = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_COPY = re.compile(r" \(copy(?: [0-9]+)?\)$")


def new_id(letter: str) -> str:
    """An id nobody can guess (128 random bits), safe in a URL, starting with a letter."""
    return letter + secrets.token_urlsafe(16)


def is_id(text: Any) -> bool:
    """Whether ``text`` has the form of an id."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def tidy(text: Any) -> str:
    """One line of text: spaces joined, control and direction marks removed."""
    kept = []
    for char in str(text):
        category = unicodedata.category(char)
        if char.isspace() or category in ("Zl", "Zp"):
            kept.append(" ")
        elif category not in ("Cc", "Cs") and char not in TURNING:
            kept.append(char)
    return " ".join("".join(kept).split())


def check_name(name: Any, what: str = "name") -> str:
    """A tidy name of 1 to 120 characters. Raises BadInput."""
    text = tidy(name) if isinstance(name, str) else ""
    if not text:
        raise BadInput(f"The {what} is empty: give it 1 to {MAX_NAME} characters.")
    if len(text) > MAX_NAME:
        raise BadInput(
            f"The {what} has {len(text)} characters, but it takes 1 to {MAX_NAME}: shorten it."
        )
    return text


def shortened(text: Any, limit: int = MAX_NAME) -> str:
    """A tidy text cut to ``limit`` characters, for names that nobody typed."""
    line = tidy(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def copy_name(name: str, taken: Iterable[str]) -> str:
    """The first free name of "Name (copy)", "Name (copy 2)" ..."""
    used = set(taken)
    base = _COPY.sub("", name)
    number = 1
    while True:
        suffix = " (copy)" if number == 1 else f" (copy {number})"
        candidate = base[: MAX_NAME - len(suffix)].rstrip() + suffix
        if candidate not in used:
            return candidate
        number += 1


def check_json(value: Any, what: str, limit: int = MAX_STATE_BYTES) -> Any:
    """Plain JSON (tuples become lists, keys texts) of at most ``limit`` bytes. Raises BadInput."""
    try:
        _check_shape(value, what, limit)
        text = json.dumps(value, ensure_ascii=True, allow_nan=False)
        plain = json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(
            f"{what} holds something that cannot be saved (only texts, finite numbers, true, "
            "false, none, lists and tables can): reload the page and try again."
        ) from None
    if len(text) > limit:
        raise BadInput(
            f"{what} takes {len(text) / 1e6:.1f} MB, but at most {limit / 1e6:g} MB can be saved: "
            "use fewer columns or selections."
        )
    return plain


def check_state(state: Any) -> dict[str, Any]:
    """The canonical state of a view. Raises BadInput."""
    if not isinstance(state, Mapping):
        raise BadInput("The view is not a table of names and values: reload the page.")
    return check_json(dict(state), "The view")


def _check_shape(value: Any, what: str, limit: int) -> None:
    level, depth = [value], 0
    while level:
        if len(level) > limit:  # Every item takes at least a byte.
            raise BadInput(f"{what} holds more than {limit:,} items: remove some of them.")
        if depth > MAX_DEPTH:
            raise BadInput(f"{what} is nested more than {MAX_DEPTH} levels deep: reload the page.")
        children: list[Any] = []
        for item in level:
            if isinstance(item, Mapping):
                children.extend(item.values())
            elif isinstance(item, (list, tuple)):
                children.extend(item)
        level, depth = children, depth + 1


def digests_in(value: Any) -> Iterator[str]:
    """Every text in a JSON value that is a digest, keys included."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            waiting.extend(item.keys())
            waiting.extend(item.values())
        elif isinstance(item, (list, tuple)):
            waiting.extend(item)
        elif is_digest(item):
            yield item
