"""The language of each text, by py3langid (BSD-3; Lui & Baldwin, ACL 2012, "langid.py")."""

import csv
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

LEAST_SHARE = 0.005  # languages of fewer texts than this are taken for mistakes, when others fit
MOST_LETTERS = 2000  # read of each text
_NAMES = Path(__file__).resolve().parents[2] / "assets" / "words" / "languages.csv"


def detect(texts: Sequence[str]) -> list[str]:
    """ISO 639 code of the most likely language of each text; "" for a text without letters.

    Done twice: languages that hardly occur at first are not allowed the second time, so a short
    text goes to a language that this corpus is written in.
    """
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    known = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    known.set_languages([code for code in known.labels if code in names()])
    cut = [_plain(text) for text in texts]
    first = [known.classify(text)[0] if text else "" for text in cut]
    count = Counter(code for code in first if code)
    least = max(2, LEAST_SHARE * count.total())
    common = [code for code, times in count.items() if times >= least]
    if not common or len(common) == len(count):
        return first
    known.set_languages(common)
    return [
        code if code in common or not text else known.classify(text)[0]
        for code, text in zip(first, cut, strict=True)
    ]


def groups(codes: Sequence[str], least: int) -> np.ndarray:
    """int (n,): the languages of at least ``least`` texts numbered from 0, all others -1."""
    count = Counter(codes)
    order = {c: i for i, c in enumerate(c for c, t in count.most_common() if c and t >= least)}
    return np.array([order.get(code, -1) for code in codes], int)


@cache
def names() -> dict[str, str]:
    """Code -> English name."""
    return {row["code"]: row["name"] for row in _rows()}


def code(name: str) -> str:
    """The code of a language by its English or own name; "" when unknown."""
    wanted = name.strip().casefold()
    for row in _rows():
        if wanted in (row["name"].casefold(), row["own"].casefold(), row["code"]):
            return row["code"]
    return ""


@cache
def _rows() -> tuple[dict[str, str], ...]:
    with open(_NAMES, encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def _plain(text: str) -> str:
    """The start of a text; capitals mislead the identifier, so a shouted text is lowered."""
    text = text[:MOST_LETTERS].strip()
    capitals = sum(c.isupper() for c in text)
    text = text.lower() if capitals > 0.5 * sum(c.isalpha() for c in text) else text
    return text if any(c.isalpha() for c in text) else ""
