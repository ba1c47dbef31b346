"""How a text feels: nearer in meaning to glad, to displeased or to matter-of-fact sentences.

A cue, not a sentiment model: see ``docs/texts.md`` for how often it is right.
"""

import re
from collections.abc import Sequence

import numpy as np

from analytics.explanation.spaces import FEELING, Space, unit

# Sentences of each feeling that say nothing about any subject, and words that ask for it.
FEELINGS = {
    "positive": (
        "I am very happy with this.",
        "This is wonderful, thank you so much!",
        "I love it, great work.",
        "Excellent, it works perfectly.",
        "A pleasant surprise, I am delighted.",
    ),
    "negative": (
        "I am very unhappy with this.",
        "This is terrible, I want my money back!",
        "I hate it, never again.",
        "It does not work, what a disappointment.",
        "An unpleasant surprise, I am angry.",
    ),
    "neutral": (
        "The meeting takes place on Monday.",
        "How does this work?",
        "The report lists the figures of last year.",
        "There are two entrances to the building.",
        "When does it open?",
    ),
}
ROUNDING = 1e-5
_CALLED = {
    "positive": r"(?<!\w)(positiv|happy|glad|pleas|satisf|praise|joy|thank|good)",
    "negative": r"negativ|unhapp|dissatisf|displeas|angr|complain|disappoint|sad\b|bad\b|hate",
    "neutral": r"neutral|matter.of.fact|factual|objective|mixed",
}


def space(texts: Sequence[str], vectors: np.ndarray) -> Space:
    """Texts by their nearness to each feeling, relative to the other feelings and texts.

    vectors : sentence vectors of the texts by the sentence model.
    """
    from models import minilm

    said = [sentence for sentences in FEELINGS.values() for sentence in sentences]
    anchors = minilm.embed(said).reshape(len(FEELINGS), -1, vectors.shape[1]).mean(axis=1)
    near = vectors @ anchors.T
    near -= near.mean(axis=1, keepdims=True)
    shift, spread = near - near.mean(axis=0), near.std(axis=0)
    # Vectors are float32: less than this is rounding, which division would make loud.
    values = np.divide(shift, spread, out=np.zeros_like(shift), where=spread > ROUNDING)
    note = (
        "Feelings by nearness to glad, displeased and matter-of-fact sentences: a cue that is "
        "often wrong for single texts."
    )
    return Space(FEELING, unit(values).astype(np.float32), notes=(note,))


def directions() -> np.ndarray:
    """The direction of each feeling, float32 (3, 3)."""
    return np.eye(len(FEELINGS), dtype=np.float32)


def place(words: Sequence[str]) -> np.ndarray:
    """The directions of the feelings that words speak of; zero when they speak of none."""
    spoken = [[bool(re.search(_CALLED[f], w, re.IGNORECASE)) for f in FEELINGS] for w in words]
    return unit(np.array(spoken, np.float32).reshape(len(words), len(FEELINGS)))
