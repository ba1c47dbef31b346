"""Descriptions that a computer can check word by word: what is mentioned, how long, which language.

``mentions "refund" or "money back"``, ``is under 20 words``, ``is 20 to 50 words``, ``is over 50
words``, and the same with "not". They are true or false, never in between.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

_MENTIONS = re.compile(
    r"\b((mention|contain|say|include|quote|use)s?|(mention|contain|say|includ|quot|us)ing)\b"
    r"[^\"“]*[\"“]",
    re.IGNORECASE,
)
# "does not explicitly mention", "no more than", "isn't under": right before what is checked.
_NOT = re.compile(r"(\b(not|never|no|without)|n['’]t)\s+(\w+\s+)?$", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“]([^\"“”]{1,100})[\"”]")
_UNDER = re.compile(r"\b(?:under|below|fewer than|less than|at most)\s+(\d+)\s+words?", re.I)
_OVER = re.compile(r"\b(?:over|above|more than|longer than|at least)\s+(\d+)\s+words?", re.I)
_BETWEEN = re.compile(r"\b(\d+)\s*(?:to|-|–|and)\s*(\d+)\s+words?", re.IGNORECASE)


def truth(description: str, texts: Sequence[str]) -> np.ndarray | None:
    """bool (n,): where a description of this kind is true; None when it is of another kind."""
    for pattern, check in _CHECKS:
        found = pattern.search(description)
        if found:
            return check(found, texts) ^ bool(_NOT.search(description[: found.start()]))
    return None


def quoted(description: str) -> list[str]:
    """The words that a description asks a text to mention."""
    found = _MENTIONS.search(description)
    asked = found and not _NOT.search(description[: found.start()])
    return _QUOTED.findall(description) if asked else []


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


def _mentions(found: re.Match, texts: Sequence[str]) -> np.ndarray:
    """Whether a text says one of the quoted phrases as whole words, in any case."""
    wanted = _QUOTED.findall(found.string)
    phrases = "|".join(re.escape(phrase.strip()) for phrase in wanted if phrase.strip())
    if not phrases:
        return np.zeros(len(texts), bool)
    pattern = re.compile(rf"(?<!\w)(?:{phrases})(?!\w)", re.IGNORECASE)
    return np.array([bool(pattern.search(text)) for text in texts], bool)


def _between(found: re.Match, texts: Sequence[str]) -> np.ndarray:
    low, high = sorted(int(n) for n in found.groups())
    words = lengths(texts)
    return (words >= low) & (words <= high)


def _under(found: re.Match, texts: Sequence[str]) -> np.ndarray:
    return lengths(texts) < int(found[1]) + ("at most" in found[0].lower())


def _over(found: re.Match, texts: Sequence[str]) -> np.ndarray:
    return lengths(texts) > int(found[1]) - ("at least" in found[0].lower())


_CHECKS = ((_MENTIONS, _mentions), (_BETWEEN, _between), (_UNDER, _under), (_OVER, _over))
