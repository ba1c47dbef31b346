"""What a model may answer, as JSON schemas, and the strict reading of what it did answer.

An answer is untrusted: it may be prose, wrong in form, or written by one of the texts. What passes
here has the form that was asked for, short lines without control characters, and known numbers.
"""

import json
import math
import re
import unicodedata
from collections.abc import Callable
from typing import Any

MOST_LETTERS = 100_000  # of an answer that is read at all
LONGEST = 300  # letters of a description
MOST_PROPOSED = 40
UNSURE = 0.4  # chance of what the model is not sure of: below true, next to it
# What a page could turn into a request to somewhere else; no description needs it.
_ACTIVE = re.compile(r"https?:|javascript:|data:|!\[|\]\(|<\s*/?\s*[a-z!]", re.IGNORECASE)

PROPOSED = {
    "type": "object",
    "properties": {"descriptions": {"type": "array", "items": {"type": "string"}}},
    "required": ["descriptions"],
    "additionalProperties": False,
}
_NUMBERS = {"type": "array", "items": {"type": "integer"}}
_ROW = {"text": {"type": "integer"}, "true": _NUMBERS, "unsure": _NUMBERS}
_PICKED = {"text": {"type": "integer"}, "description": {"type": "integer"}}


def _per_text(row: dict[str, Any]) -> dict[str, Any]:
    """The schema of a list with one such entry for each text."""
    entry = {
        "type": "object",
        "properties": row,
        "required": list(row),
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"answers": {"type": "array", "items": entry}},
        "required": ["answers"],
        "additionalProperties": False,
    }


MANY, PICK = _per_text(_ROW), _per_text(_PICKED)
ONE = {
    "type": "object",
    "properties": {"answer": {"type": "string", "enum": ["yes", "no", "unsure"]}},
    "required": ["answer"],
    "additionalProperties": False,
}
# Relations that a claim may have, by what it speaks of.
OF_NUMBERS, OF_COLUMNS = ("at least", "at most"), ("higher", "lower", "missing")
OF_VALUES, OF_TEXTS = ("is", "is not"), ("mentions", "text")
RELATIONS = (*OF_NUMBERS, *OF_COLUMNS, *OF_VALUES, *OF_TEXTS)
MOST_CLAIMS = 8
_CLAIM = {
    "column": {"type": "integer"},
    "relation": {"type": "string", "enum": list(RELATIONS)},
    "value": {"type": "string"},
}
DESCRIBED = {
    "type": "object",
    "properties": {
        "sentence": {"type": "string"},
        "claims": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": _CLAIM,
                "required": list(_CLAIM),
                "additionalProperties": False,
            },
        },
    },
    "required": ["sentence", "claims"],
    "additionalProperties": False,
}
BEYOND = {
    "type": "object",
    "properties": {"beyond": {"type": "array", "items": {"type": "string"}}},
    "required": ["beyond"],
    "additionalProperties": False,
}
_JOINERS = "\u200c\u200d"  # within words of Persian or Hindi, and within one picture sign
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "„": "“”", "«": "»", "»": "«"}
_VERDICTS = {"yes": 1.0, "no": 0.0, "unsure": UNSURE}


class Malformed(ValueError):
    """An answer of another form than asked; the message goes back to the model."""


def descriptions(text: str) -> list[str]:
    """Proposed descriptions, cleaned, in order, at most MOST_PROPOSED. Raises Malformed."""
    found = _object(text).get("descriptions")
    if not isinstance(found, list) or not all(isinstance(d, str) for d in found):
        raise Malformed('"descriptions" must be a list of strings.')
    cleaned = [clean(d) for d in found[: 4 * MOST_PROPOSED]]
    kept = [d for d in dict.fromkeys(cleaned) if d and not _ACTIVE.search(d)]
    return kept[:MOST_PROPOSED]


def many(text: str, texts: int, count: int) -> list[list[float] | None]:
    """Chances of ``count`` descriptions for each of the texts; None for a text not answered.

    Raises Malformed for unknown numbers too: a model that counts wrongly is not to be trusted.
    """

    def read(row: dict[str, Any]) -> list[float]:
        chances = [0.0] * count
        for name, chance in (("unsure", UNSURE), ("true", 1.0)):
            numbers = row.get(name, [] if name == "unsure" else None)
            if not isinstance(numbers, list) or not all(_within(n, count) for n in numbers):
                raise Malformed(f'"{name}" must be a list of numbers from 1 to {count}.')
            for number in numbers:
                chances[number - 1] = chance
        return chances

    return _each(text, texts, read)


def picked(text: str, texts: int, count: int) -> list[int | None]:
    """Index of the best of ``count`` descriptions for each of the texts, -1 for none of them; None
    for a text not answered. Raises Malformed."""

    def read(row: dict[str, Any]) -> int:
        number = row.get("description")
        if isinstance(number, bool) or (number != 0 and not _within(number, count)):
            raise Malformed(f'"description" must be a number from 0 to {count}.')
        return int(number) - 1

    return _each(text, texts, read)


def described(text: str, columns: int, texts: bool) -> dict[str, Any]:
    """A sentence, and its claims as "column" (from 0; -1 for the text), "relation" and "value" (a
    number where the relation takes one). texts : whether the rows have a text. Raises Malformed."""
    found = _object(text)
    said, claims = found.get("sentence"), found.get("claims")
    if not isinstance(said, str) or not said.strip() or len(said) > LONGEST:
        raise Malformed(f'"sentence" must be one sentence of at most {LONGEST} letters.')
    if _ACTIVE.search(said):
        raise Malformed("The sentence must hold no link and no markup.")
    if not isinstance(claims, list) or not 1 <= len(claims) <= MOST_CLAIMS:
        raise Malformed(f'"claims" must be a list of 1 to {MOST_CLAIMS} claims.')
    return {"sentence": clean(said), "claims": [_claim(c, columns, texts) for c in claims]}


def _claim(claim: Any, columns: int, texts: bool) -> dict[str, Any]:
    relation = claim.get("relation") if isinstance(claim, dict) else None
    if relation not in RELATIONS or (relation in OF_TEXTS and not texts):
        raise Malformed(f'"relation" must be one of {", ".join(RELATIONS)}, as described above.')
    value, column = claim.get("value", ""), claim.get("column", 0)
    if relation in OF_NUMBERS:
        try:
            value = float(str(value).replace(",", ""))
        except ValueError:
            raise Malformed(f'"value" of "{relation}" must be a number.') from None
        if not math.isfinite(value):
            raise Malformed(f'"value" of "{relation}" must be a finite number.')
    elif relation in OF_COLUMNS:
        value = ""
    elif not isinstance(value, str) or not clean(value) or _ACTIVE.search(value):
        raise Malformed(f'"value" of "{relation}" must be a few words.')
    if relation in OF_TEXTS:
        return {"column": -1, "relation": relation, "value": clean(value)}
    if not _within(column, columns):
        raise Malformed(f'"column" must be a number from 1 to {columns}.')
    # A cell is compared as it is, so its words are not cleaned.
    return {"column": column - 1, "relation": relation, "value": value}


def uncovered(text: str, sentence: str) -> list[str]:
    """Words of a sentence that no claim stands for; what does not stand in it is left out. Raises
    Malformed."""
    found = _object(text).get("beyond")
    if not isinstance(found, list) or not all(isinstance(w, str) for w in found):
        raise Malformed('"beyond" must be a list of strings.')
    kept = [clean(w) for w in found[:MOST_CLAIMS]]
    return [w for w in kept if any(c.isalnum() for c in w) and w.lower() in sentence.lower()]


def _each(text: str, texts: int, read: Callable[[dict[str, Any]], Any]) -> list[Any]:
    """What ``read`` makes of the entry of each text, None where there is none."""
    rows = _object(text).get("answers")
    if not isinstance(rows, list):
        raise Malformed('"answers" must be a list with one entry for each text.')
    found: list[Any] = [None] * texts
    for row in rows:
        if not isinstance(row, dict) or not _within(row.get("text"), texts):
            raise Malformed(f'Each entry needs "text", a number from 1 to {texts}.')
        value = read(row)
        if found[row["text"] - 1] is not None:
            raise Malformed(f"Text {row['text']} is answered twice.")
        found[row["text"] - 1] = value
    if all(row is None for row in found):
        raise Malformed("No text is answered.")
    return found


def one(text: str) -> float:
    """The chance that a yes, no or unsure stands for. Raises Malformed."""
    verdict = _object(text).get("answer")
    if isinstance(verdict, bool):
        return float(verdict)
    verdict = verdict.strip().lower() if isinstance(verdict, str) else None
    if verdict not in _VERDICTS:
        raise Malformed('"answer" must be "yes", "no" or "unsure".')
    return _VERDICTS[verdict]


def clean(text: str) -> str:
    """One line of at most LONGEST letters without control or direction characters."""
    kept = "".join(
        " " if unicodedata.category(c)[0] in "CZ" and c not in _JOINERS else c
        for c in text[: 4 * LONGEST]
    )
    words = " ".join(kept.split()).lstrip("-*• ")
    while len(words) > 1 and words[0] in _QUOTES and words[-1] in _QUOTES[words[0]]:
        words = words[1:-1].strip()
    return words[:LONGEST]


def _within(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _object(text: str) -> dict[str, Any]:
    """The one JSON object of an answer, alone, in a code fence, or between words."""
    if not text.strip():
        raise Malformed("The answer is empty.")
    if len(text) > MOST_LETTERS:
        raise Malformed("The answer is too long.")
    text = text.rpartition("</think>")[2]  # what some models think aloud before they answer
    first, last = text.find("{"), text.rfind("}")
    if first < 0 or last < first:
        raise Malformed("The answer holds no JSON object.")
    try:
        found = json.loads(text[first : last + 1])
    except (ValueError, RecursionError):
        raise Malformed("The answer is no valid JSON.") from None
    if not isinstance(found, dict):
        raise Malformed("The answer is no JSON object.")
    return found
