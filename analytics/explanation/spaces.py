"""Spaces in which texts that agree in one aspect are near: by meaning, form or feeling."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from analytics.explanation import languages, sentences

MEANING, WORDS, FORM, FEELING = "meaning", "words", "form", "feeling"
# Principal directions of meaning that are kept: one for 20 texts, within these limits, because the
# weak directions of few texts are noise, which damping the strong ones would let speak.
FEWEST, MOST, TEXTS_EACH = 10, 50, 20
WHITENING = 0.5  # directions are divided by their standard deviation to this power
LEAST_GROUP = 20  # texts of a language, from which on its own mean is taken away
_TOPICS = Path(__file__).resolve().parents[2] / "assets" / "words" / "topics.txt"


@dataclass(frozen=True)
class Space:
    """kind : MEANING, WORDS, FORM or FEELING. values : float32 (n, d), rows of unit length, or zero
    where nothing is known of a text. turn : arrays that bring a description into the space. full :
    the same before it was turned to few directions, (n, D), or None. notes : sentences for the
    reader."""

    kind: str
    values: np.ndarray
    turn: dict[str, np.ndarray] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    full: np.ndarray | None = None


def unit(rows: np.ndarray) -> np.ndarray:
    """Rows of length 1; zero rows stay."""
    length = np.linalg.norm(rows, axis=-1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 1e-9)


def meaning(texts: Sequence[str], made: sentences.Vectors, seed: int = 0) -> Space:
    """What texts are about, whatever the language they are written in.

    Their sentence vectors, less the mean of each language (so that language is no direction any
    more), turned to their principal directions, the strong ones damped: the "whitening" of Su et
    al. 2021 (arXiv 2103.15316), by half.
    """
    codes = np.array(languages.detect(texts), "U8")
    groups = languages.groups(codes, LEAST_GROUP)
    own = [groups == group for group in range(groups.max() + 1)]
    turn = {
        "centre": made.values.mean(axis=0),
        "languages": np.array([codes[rows][0] for rows in own], "U8"),
        "means": np.array([made.values[rows].mean(axis=0) for rows in own]),
    }
    values = _centred(made.values, codes, turn)
    turn |= _principal(values, seed)
    notes = list(made.notes)
    if groups.max() > 0:
        notes.append(
            f"{groups.max() + 1} languages: each one's mean was taken away, so that texts are near "
            "by what they say."
        )
    kind = MEANING if made.model == sentences.MINILM else WORDS
    return Space(kind, _turned(values, turn), turn, tuple(notes), values)


def more(space: Space, texts: Sequence[str], vectors: np.ndarray) -> np.ndarray:
    """Further texts in a space of meaning: float32 (n, d), as rows of ``values`` are."""
    codes = np.array(languages.detect(texts), "U8")
    return _turned(_centred(vectors, codes, space.turn), space.turn)


def _centred(vectors: np.ndarray, codes: np.ndarray, turn: dict[str, np.ndarray]) -> np.ndarray:
    """Unit vectors, less the mean of each text's language, or of all texts for a rare one."""
    less = np.broadcast_to(turn["centre"], vectors.shape).copy()
    for code, mean in zip(turn["languages"], turn["means"], strict=True):
        less[codes == code] = mean
    values = vectors - less
    values[~vectors.any(axis=1)] = 0
    return unit(values)


def place(space: Space, words: Sequence[str], texts: Sequence[str]) -> np.ndarray:
    """Where descriptions stand: float32 (m, d), unit rows, zero when they mean nothing here.

    texts : those of the space, in which words are looked up when there is no sentence model.
    """
    if space.kind == MEANING:
        from models import minilm

        return _turned(unit(minilm.embed(words) - space.turn["centre"]), space.turn)
    if space.kind == WORDS:
        return _said(texts, space.values, words)
    from analytics.explanation import feelings, forms

    return (forms if space.kind == FORM else feelings).place(words)


def names(space: Space) -> tuple[tuple[str, ...], np.ndarray]:
    """Words that can name a group, and the likeness of each text to each, (n, names).

    By the full vectors: with few directions, a name may stand near texts by chance.
    """
    if space.kind != MEANING or space.full is None:
        return (), np.zeros((len(space.values), 0))
    called, vectors = topics()
    places = unit(vectors - space.turn["centre"])
    return called, space.full @ unit(places - places.mean(axis=0)).T


def _said(texts: Sequence[str], values: np.ndarray, words: Sequence[str]) -> np.ndarray:
    """The mean place of the texts that say the words, rare words counting more."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    counter = TfidfVectorizer(stop_words="english", sublinear_tf=True)
    try:
        said = counter.fit_transform(texts)
    except ValueError:  # no text has a word that counts
        return np.zeros((len(words), values.shape[1]), np.float32)
    return unit(np.asarray(counter.transform(words) @ (said.T @ values), np.float32))


def _principal(values: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    from sklearn.decomposition import PCA

    count = min(MOST, max(FEWEST, len(values) // TEXTS_EACH))
    fitted = PCA(min(count, *values.shape), random_state=seed).fit(values)
    spread = np.sqrt(fitted.explained_variance_)
    kept = np.isfinite(spread) & (spread > 1e-6)
    axes = fitted.components_[kept] / spread[kept, None] ** WHITENING
    return {"mean": fitted.mean_.astype(np.float32), "axes": axes.astype(np.float32)}


def _turned(vectors: np.ndarray, turn: dict[str, np.ndarray]) -> np.ndarray:
    # A row of zeros is a text of which nothing is known, not one at the mean.
    known = vectors.any(axis=1, keepdims=True)
    return unit(np.where(known, (vectors - turn["mean"]) @ turn["axes"].T, 0)).astype(np.float32)


@cache
def topics() -> tuple[tuple[str, ...], np.ndarray]:
    """Names of topics, and the sentence vector of each with the words that explain it."""
    from models import minilm

    lines = [line for line in _TOPICS.read_text(encoding="utf-8").splitlines() if line.strip()]
    called = tuple(line.split(":")[0] for line in lines)
    return called, minilm.embed([line.replace(":", ",") for line in lines])
