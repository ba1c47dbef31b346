"""The form a text is written in, by its own marks: lines, rhymes, speakers, tags, lists.

Nothing here reads what a text says. Each text is a row of marks, standardised within its language,
and each known form is a direction among them.
"""

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from analytics.explanation import languages
from analytics.explanation.spaces import FORM, LEAST_GROUP, Space, unit

MOST_LETTERS = 4000
MOST_DEVIATIONS = 3.0  # a single loud mark must not drown the others
_LISTS = Path(__file__).resolve().parents[2] / "assets" / "words"

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SCENE = re.compile(r"^\W*(INT|EXT|INT/EXT|FADE (IN|OUT)|CUT TO|SCENE|ACT|ESCENA|SZENE|SCÈNE)\b")
_SPEAKER = re.compile(r"^\s*[\w .'()-]{1,40}:(\s|$)")
_BULLET = re.compile(r"^\s*([-*•–]|\d{1,2}[.)])\s+\S")
_TAG = re.compile(r"(?<!\w)[#@]\w+")
_LINK = re.compile(r"https?://|www\.")
_CODE = re.compile(r"[{}]|[=!<>]=|\(\)|\bdef \b|\breturn\b|</?\w+>")
_EMOJI = re.compile("[\U0001f300-\U0001faff\u2600-\u27bf]|[:;]-?[)(DP]")
# Both look at single letters, so that a run of thousands of signs takes no longer than words do.
_END = re.compile(r"[.!?…](?=\s|$)")
_TO_LAST_LETTER = re.compile(r".*[^\W\d_]", re.DOTALL)
_GREETING = re.compile(
    r"^\s*(dear|hi|hello|hallo|liebe|sehr geehrte|bonjour|cher|chère|hola|estimad|querid)\b|"
    r"\b(regards|sincerely|grüße|cordialement|saludos|yours)\b",
    re.IGNORECASE,
)
MARKS = (
    "lines",
    "words per line",
    "lines without a full stop",
    "rhyming lines",
    "lines in capitals",
    "scene headings",
    "speakers",
    "brackets",
    "quotation marks",
    "tags",
    "links",
    "emoji",
    "exclamation marks",
    "question marks",
    "digits",
    "list items",
    "words",
    "words per sentence",
    "letters per word",
    "slang",
    "I and you",
    "greetings",
    "code",
    "repeated words",
)

# Each known form: the marks it has more or less of than other texts.
FORMS: dict[str, dict[str, float]] = {
    "a screenplay or script": {
        "scene headings": 3, "lines in capitals": 2, "speakers": 1, "brackets": 1, "words": 1,
        "lines": 1,
    },
    "a dialogue": {"speakers": 3, "question marks": 1, "quotation marks": 1, "I and you": 1},
    "a poem": {
        "rhyming lines": 1, "lines without a full stop": 2, "words per line": -1, "slang": -1,
        "lines": 1,
    },
    "rap or song lyrics": {
        "rhyming lines": 2, "slang": 3, "lines without a full stop": 1, "I and you": 2,
        "repeated words": 1, "exclamation marks": 1, "lines": 1,
    },
    "a social media post": {
        "tags": 3, "emoji": 2, "links": 1, "lines": -1, "words": -1, "exclamation marks": 1,
    },
    "plain prose": {
        "lines": -2, "words per line": 2, "lines without a full stop": -1, "words per sentence": 1,
        "rhyming lines": -1,
    },
    "a list or instructions": {"list items": 3, "lines": 1, "words per line": -1},
    "a letter or e-mail": {"greetings": 3, "I and you": 1, "lines": 1},
    "a question": {"question marks": 3, "words": -1},
    "news or quoted speech": {"quotation marks": 2, "digits": 1, "words per sentence": 1},
    "program code": {"code": 3, "brackets": 1, "lines without a full stop": 1},
    "a headline or title": {"words": -3, "lines without a full stop": 1, "lines": -2},
    "formal or scholarly prose": {
        "letters per word": 2, "words per sentence": 2, "I and you": -1, "slang": -1, "lines": -1,
    },
}  # fmt: skip

# Marks without which a text cannot be of a form.
NEEDED = {
    "a screenplay or script": "scene headings",
    "a dialogue": "speakers",
    "a list or instructions": "list items",
    "a letter or e-mail": "greetings",
    "a question": "question marks",
    "program code": "code",
}
LEAST_SHARE = 0.02  # texts with the needed mark, below which a form is not proposed

# Words by which people may ask for a form.
_CALLED = {
    "a screenplay or script": r"screenplay|script|stage play|drama|film",
    "a dialogue": r"dialog|conversation|chat|interview",
    "a poem": r"poem|poetry|verse|rhyme",
    "rap or song lyrics": r"\brap\b|song|lyric|hip.?hop",
    "a social media post": r"twitter|tweet|social|\bpost\b|hashtag",
    "plain prose": r"prose|plain|paragraph|statement|article",
    "a list or instructions": r"list|instruction|bullet|steps|how.?to",
    "a letter or e-mail": r"letter|e-?mail",
    "a question": r"question",
    "news or quoted speech": r"news|report|quot",
    "program code": r"code|program",
    "a headline or title": r"headline|title",
    "formal or scholarly prose": r"formal|academic|scholar|scientific",
}


def space(texts: Sequence[str]) -> Space:
    """Texts by the marks of their form."""
    marks = np.array([_marks(text[:MOST_LETTERS]) for text in texts])
    groups = languages.groups(languages.detect(texts), LEAST_GROUP)
    values = np.zeros_like(marks)
    for group in range(-1, groups.max() + 1):
        rows = groups == group
        if rows.sum() >= 2:
            spread = marks[rows].std(axis=0)
            shift = marks[rows] - marks[rows].mean(axis=0)
            values[rows] = np.divide(shift, spread, out=shift * 0, where=spread > 1e-6)
    values = values.clip(-MOST_DEVIATIONS, MOST_DEVIATIONS)
    note = "Texts compared by marks of their form (lines, rhymes, speakers, tags), not by meaning."
    turn = {"marks": marks.astype(np.float32)}
    return Space(FORM, unit(values).astype(np.float32), turn, (note,))


def present(marks: np.ndarray) -> list[str]:
    """The known forms whose needed mark is in enough of the texts."""
    share = dict(zip(MARKS, (marks > 0).mean(axis=0), strict=True))
    return [name for name in FORMS if share.get(NEEDED.get(name, "words"), 1) >= LEAST_SHARE]


def directions() -> np.ndarray:
    """The direction of each known form among the marks, float32 (forms, marks)."""
    rows = [[cues.get(mark, 0.0) for mark in MARKS] for cues in FORMS.values()]
    return unit(np.array(rows)).astype(np.float32)


def place(words: Sequence[str]) -> np.ndarray:
    """The directions of the forms that words speak of; zero when they speak of none."""
    known = directions()
    rows = np.zeros((len(words), len(MARKS)), np.float32)
    for row, said in zip(rows, words, strict=True):
        spoken = [bool(re.search(_CALLED[name], said, re.IGNORECASE)) for name in FORMS]
        if any(spoken):
            row[:] = unit(known[spoken].mean(axis=0))
    return rows


def _marks(text: str) -> list[float]:
    lines = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    words = _WORD.findall(text)
    low = [word.casefold().replace("’", "'") for word in words]
    many, n = max(1, len(words)), len(lines)
    ends = max(1, len(_END.findall(text)))

    def share(pattern: re.Pattern) -> float:
        return sum(bool(pattern.search(line)) for line in lines) / n

    return [
        float(np.log1p(n)),
        float(np.log1p(many / n)),
        sum(not line.endswith((".", "!", "?", '"', "…")) for line in lines) / n,
        _rhymes(lines),
        sum(line.isupper() for line in lines) / n,
        share(_SCENE),
        share(_SPEAKER),
        (text.count("(") + text.count("[")) / many,
        sum(text.count(mark) for mark in '"“”«»„') / many,
        len(_TAG.findall(text)) / many,
        float(bool(_LINK.search(text))),
        len(_EMOJI.findall(text)) / many,
        text.count("!") / ends,
        text.count("?") / ends,
        sum(c.isdigit() for c in text) / max(1, len(text)),
        share(_BULLET),
        float(np.log1p(len(words))),
        float(np.log1p(many / ends)),
        sum(map(len, words)) / many,
        sum(word in _words("slang") for word in low) / many,
        sum(word in _words("personal") for word in low) / many,
        float(bool(_GREETING.search(text))),
        len(_CODE.findall(text)) / many,
        1 - len(set(low)) / many,
    ]


def _rhymes(lines: list[str]) -> float:
    """Share of lines that end like one of the next two."""
    words = [_TO_LAST_LETTER.match(line) for line in lines]
    ends = [found[0].casefold() if found else "" for found in words]
    hits = 0
    for i, end in enumerate(ends):
        later = ends[i + 1 : i + 3]
        hits += len(end) > 3 and any(o != end and o[-3:] == end[-3:] for o in later)
    return hits / len(lines)


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset((_LISTS / f"{name}.txt").read_text(encoding="utf-8").split())
