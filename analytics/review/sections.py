"""The parts of a review, in their order, and what an owner may write into them."""

import unicodedata
from collections.abc import Mapping
from typing import Any

from analytics.errors import BadInput
from analytics.store.fields import TURNING

MOST_TEXT = 4_000  # characters of one part
# id -> heading. The engine writes each from the record; its owner may write it anew.
SECTIONS = {
    "question": "The question",
    "data": "The data",
    "picture": "The picture",
    "ticks": "What each cluster has earned",
    "tried": "What was tried",
    "uncertain": "What is uncertain",
    "decide": "What to decide",
}


def check_text(text: Any, what: str, most: int = MOST_TEXT) -> str:
    """Text of 1 to ``most`` characters, its lines kept, control characters taken out.

    Raises BadInput.
    """
    kept = (
        "".join(_kept(char) for char in text.replace("\r\n", "\n")) if isinstance(text, str) else ""
    )
    lines = "\n".join(line.rstrip() for line in kept.split("\n")).strip("\n")
    if not lines.strip():
        raise BadInput(f"The {what} is empty: write something.")
    if len(lines) > most:
        raise BadInput(
            f"The {what} has {len(lines):,} characters, but it takes at most {most:,}: shorten it."
        )
    return lines


def _kept(char: str) -> str:
    """The character, a space for a tab, "" for what cannot be shown or turns the line around."""
    if char == "\n":
        return char
    if char in "\t\r\u2028\u2029":
        return " "
    return "" if unicodedata.category(char) in ("Cc", "Cs") or char in TURNING else char


def check_texts(texts: Any) -> dict[str, str]:
    """What the owner wrote, by part. Raises BadInput for a part that does not exist."""
    if not isinstance(texts, Mapping) or not set(texts) <= set(SECTIONS):
        raise BadInput("A part of the review is not known: reload the page.")
    return {name: check_text(text, f"part “{SECTIONS[name]}”") for name, text in texts.items()}
