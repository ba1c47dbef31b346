"""Descriptions that a computer can check word by word: what is mentioned, how long, which language.

``mentions "refund" or "money back"``, ``is under 20 words``, ``is 20 to 50 words``, ``is over 50
words``. They are true or false, never in between.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

_MENTIONS = re.compile(r"\b(mention|contain|say|include|quote|use)\w*\b[^\"“]*[\"“]", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“]([^\"“”]{1,100})[\"”]")
_UNDER = re.compile(r"\b(?:under|below|fewer than|less than|at most)\s+(\d+)\s+words?", re.I)
_OVER = re.compile(r"\b(?:over|above|more than|longer than|at least)\s+(\d+)\s+words?", re.I)
_BETWEEN = re.compile(r"\b(\d+)\s*(?:to|-|–|and)\s*(\d+)\s+words?", re.IGNORECASE)


def truth(description: str, texts: Sequence[str]) -> np.ndarray | None:
    """bool (n,): where a description of this kind is true; None when it is of another kind."""
    if _MENTIONS.search(description):
        return _mentions(_QUOTED.findall(description), texts)
    between, under, over = (p.search(description) for p in (_BETWEEN, _UNDER, _OVER))
    if not (between or under or over):
        return None
    words = lengths(texts)
    if between:
        low, high = sorted(int(n) for n in between.groups())
        return (words >= low) & (words <= high)
    inclusive = re.search(r"at (most|least)", description, re.IGNORECASE) is not None
    if under:
        return words < int(under[1]) + inclusive
    return words > int(over[1]) - inclusive


def quoted(description: str) -> list[str]:
    """The words that a description asks a text to mention."""
    return _QUOTED.findall(description) if _MENTIONS.search(description) else []


def lengths(texts: Sequence[str]) -> np.ndarray:
    """Words of each text, int (n,)."""
    return np.array([len(text.split()) for text in texts], int)


def bands(texts: Sequence[str], k: int) -> list[str]:
    """Words for at most k bands of length that hold about equally many texts each."""
    words = lengths(texts)
    lengths_ = np.unique(words)
    if k < 2 or len(lengths_) < 2:
        return []
    cuts = np.quantile(words, np.linspace(0, 1, k + 1)[1:-1]).round().astype(int)
    # When many texts are of the least length, the first band is of that length alone.
    cuts = sorted({int(c) for c in np.clip(cuts, lengths_[1], lengths_[-1])})
    inner = [f"{a} to {b - 1} words" for a, b in pairwise(cuts)]
    return [f"under {cuts[0]} words", *inner, f"at least {cuts[-1]} words"]


def _mentions(wanted: list[str], texts: Sequence[str]) -> np.ndarray:
    """Whether a text says one of the phrases as whole words, in any case."""
    phrases = "|".join(re.escape(phrase.strip()) for phrase in wanted if phrase.strip())
    if not phrases:
        return np.zeros(len(texts), bool)
    pattern = re.compile(rf"(?<!\w)(?:{phrases})(?!\w)", re.IGNORECASE)
    return np.array([bool(pattern.search(text)) for text in texts], bool)
