"""Texts as vectors: by meaning with a sentence model, or by shared words without one.

By words: TF-IDF, then truncated SVD (Deerwester et al. 1990, "Indexing by latent semantic
analysis"). By meaning: see ``models/minilm.py``.
"""

import re

import numpy as np
import pandas as pd

from analytics.data import words
from analytics.errors import BadInput
from analytics.progress import Progress

DIMENSIONS = 50
FEW = 2_000  # different texts that the sentence model reads in about 20 s
MOST_TERMS = 50_000
LONGEST = 20_000  # characters of a text that are read
MOST_PIECES = 5_000_000  # characters in all, beyond which whole words are counted
_MANY = 50  # texts, from which on a term must occur twice


def model_installed() -> bool:
    """Whether :func:`by_meaning` has its model."""
    from models import minilm

    return minilm.available()


def by_meaning(
    column: str, values: pd.Series, seed: int, progress: Progress, notes: list[str]
) -> tuple[list[str], np.ndarray]:
    """Names and float64 (n, at most 50) columns: the principal directions of sentence vectors.

    Without the model the texts are compared by words, and a note says so. Raises BadInput when no
    text holds a letter or digit.
    """
    from sklearn.decomposition import PCA

    from models import minilm

    if not minilm.available():
        notes.append("The sentence model is not installed, so meaning cannot be compared.")
        return by_words(column, values, seed, progress, notes)
    texts = values.fillna("").str.slice(0, LONGEST).tolist()
    said = np.array([any(c.isalnum() for c in text) for text in texts])
    if not said.any():
        raise _nothing_shared(column)
    vectors = minilm.embed(texts, progress)
    vectors[~said] = vectors[said].mean(axis=0)  # nothing is known of them: in the middle
    least = min(DIMENSIONS, *vectors.shape)
    with np.errstate(invalid="ignore", divide="ignore"):  # equal texts have no variance
        turned = PCA(least, random_state=seed).fit_transform(vectors.astype(float))
    notes.append(
        f"Texts in {words.name(column)} compared by meaning: sentence vectors of all-MiniLM-L6-v2, "
        f"which knows English best, reduced to {least} dimensions."
    )
    return _named(column, turned)


def by_words(
    column: str, values: pd.Series, seed: int, progress: Progress, notes: list[str]
) -> tuple[list[str], np.ndarray]:
    """Names and float64 (n, at most 50) columns, each row of unit length (or zero, no known term).

    Terms are pieces of 3 to 5 letters, or words and word pairs when there is much text; common
    English words are left out. Raises BadInput when no text holds a letter or digit.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    progress(0.0, f"Counting words in {words.name(column)}")
    texts = values.fillna("").str.slice(0, LONGEST).tolist()
    terms = _terms(texts)
    if terms is None:
        raise _nothing_shared(column)
    progress(0.5, f"Reducing {terms.shape[1]:,} terms")
    if terms.shape[1] <= DIMENSIONS:
        vectors = terms.toarray()
    else:
        k = min(DIMENSIONS, len(texts))
        with np.errstate(invalid="ignore", divide="ignore"):  # equal texts have no variance
            vectors = normalize(TruncatedSVD(k, random_state=seed).fit_transform(terms))
    notes.append(
        f"Texts in {words.name(column)} compared by the words, or pieces of words, they share: "
        f"TF-IDF over {terms.shape[1]:,} terms, reduced to {vectors.shape[1]} dimensions. "
        "Meaning beyond shared words is not seen."
    )
    progress(1.0, "Texts encoded")
    return _named(column, vectors)


def _named(column: str, vectors: np.ndarray) -> tuple[list[str], np.ndarray]:
    return [f"{column}: direction {j + 1}" for j in range(vectors.shape[1])], vectors


def _nothing_shared(column: str) -> BadInput:
    return BadInput(
        f"The texts in {words.name(column)} share no letters or digits, so they cannot be "
        "compared: choose another column."
    )


def _terms(texts: list[str]):
    """Sparse TF-IDF (n, terms), or None when there is not one term."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

    tokens = [re.findall(r"\w+", text.lower()) for text in texts]
    telling = [" ".join(t for t in row if t not in ENGLISH_STOP_WORDS) for row in tokens]
    if not any(telling):
        telling = [" ".join(row) for row in tokens]
    filled = sum(map(bool, telling))
    if not filled:
        return None
    # Pieces of words join "deliver" with "delivery" and need no spaces, but cost ten times more.
    forms = [("char_wb", (3, 5)), ("word", (1, 2))]
    if sum(map(len, telling)) > MOST_PIECES:
        forms.reverse()
    many = filled >= _MANY
    for analyzer, span in forms:
        vectorizer = TfidfVectorizer(
            analyzer=analyzer,
            ngram_range=span,
            sublinear_tf=True,
            max_features=MOST_TERMS,
            min_df=2 if many else 1,
            max_df=0.5 if many else 1.0,
        )
        try:
            return vectorizer.fit_transform(telling)
        except ValueError:
            continue  # every term is too rare or too common in this form
    return None
