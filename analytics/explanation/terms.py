"""Words that set a group of texts apart from the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

MOST_LETTERS = 20_000
MOST_TERMS = 50_000
# A word in more than this share of the texts says nothing about a part of them.
COMMON = 0.5
_WORD = r"(?u)\b[^\W\d_][^\W_]+\b"
PRIOR = 500.0  # texts' worth of belief that all groups use words alike


@dataclass(frozen=True)
class Counts:
    """said : bool-like sparse (n, terms), whether a text says a term. terms : their words."""

    said: object
    terms: np.ndarray

    @property
    def n(self) -> int:
        """Number of texts."""
        return self.said.shape[0]


def count(texts: Sequence[str]) -> Counts | None:
    """Which text says which words and pairs of words; None when there is nothing to count."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

    # Numbers and single letters name nothing; any script's letters count.
    counter = CountVectorizer(
        ngram_range=(1, 2),
        min_df=2 if len(texts) >= 20 else 1,
        max_features=MOST_TERMS,
        binary=True,
        stop_words=sorted(ENGLISH_STOP_WORDS | {"ll", "ve", "don", "quot"}),
        token_pattern=_WORD,
    )
    try:
        said = counter.fit_transform([text[:MOST_LETTERS] for text in texts])
    except ValueError:  # no text has a word that counts
        return None
    share = np.asarray(said.mean(axis=0)).ravel()
    kept = share <= (COMMON if len(texts) >= 20 else 1.0)
    return Counts(said[:, kept].tocsr(), counter.get_feature_names_out()[kept])


def distinctive(counts: Counts | None, members: np.ndarray, most: int = 10) -> list[str]:
    """The terms that members say more often than the others do, the most telling first.

    members : bool (n,). Ordered by the log odds ratio with an informative Dirichlet prior, over its
    standard deviation (Monroe, Colaresi & Quinn 2008, "Fightin' Words"). A term that is part of a
    longer one in the list, or the other way round, is left out.
    """
    if counts is None or not members.any():
        return []
    inside = np.asarray(counts.said[members].sum(axis=0), float).ravel()
    total = np.asarray(counts.said.sum(axis=0), float).ravel()
    prior = PRIOR * total / counts.n
    a, b = inside + prior, total - inside + prior
    na, nb = members.sum() + PRIOR, (~members).sum() + PRIOR
    odds = np.log(a / (na - a).clip(1e-9)) - np.log(b / (nb - b).clip(1e-9))
    z = odds / np.sqrt(1 / a + 1 / b)
    z[inside < 2] = -np.inf if members.sum() > 4 else z[inside < 2]
    found: list[str] = []
    for j in np.argsort(-z, kind="stable"):
        if len(found) == most or z[j] <= 0:
            break
        term = str(counts.terms[j])
        if not any(term in other or other in term for other in found):
            found.append(term)
    return found
