"""What the texts of a cluster speak of: its key terms, and a list of words that picks them out.

Terms are ranked by the log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi & Quinn
2008, "Fightin' Words", equations 15, 16 and 22), inside against outside. Departure: a term counts
once per text, so that one text that repeats a word does not decide.

The list is a rule: a text belongs if it holds at least one of at most ten terms. It is built
greedily by F1 and scored on texts left out when it was built.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cache

import numpy as np

from analytics.data.texts import LONGEST
from analytics.explanation import verdict
from analytics.explanation.verdict import Quality
from analytics.progress import Progress, silent
from analytics.results import NOISE

SHOWN = 10
MOST_TERMS = 30_000
LEAST_RATIO = 2.0  # share inside over share outside: leaves out words common in any language
CANDIDATES, LONGEST_LIST, LEAST_GAIN = 100, 10, 0.01
PRIOR = 0.05  # weight of the prior: pseudo-texts per text of the corpus
# Scripts written without spaces: pairs of signs stand for words (Thai to Khmer; kana and Han).
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff"


@dataclass(frozen=True)
class Term:
    """A term of a cluster. z : log-odds ratio in standard errors. inside, outside : shares of the
    texts that hold it."""

    term: str
    z: float
    inside: float
    outside: float

    def to_json(self) -> dict:
        """A plain dict."""
        return asdict(self)


@dataclass(frozen=True)
class Topic:
    """A cluster in words. mentions : a text that holds one of these belongs; fitted on all texts,
    held_out on texts left out when the list was made (5 folds), confused as in
    ``verdict.confused``."""

    label: int
    terms: tuple[Term, ...]
    mentions: tuple[str, ...]
    fitted: Quality
    held_out: Quality
    confused: tuple[tuple[int, int], ...]


@cache
def _patterns() -> tuple[re.Pattern, re.Pattern]:
    """A word (letters with their marks, inner apostrophes and hyphens), a run of unspaced signs."""
    marks = "".join(
        re.escape(chr(code))
        for code in range(0x20000)
        if unicodedata.category(chr(code)) in ("Mn", "Mc")
    )
    letter = rf"[\w{marks}]"
    word = re.compile(rf"[{_UNSPACED}{marks}]+|{letter}+(?:['’\-]{letter}+)*")
    return word, re.compile(rf"[{_UNSPACED}]")


def words_of(text: str) -> list[str]:
    """The words of a text in any script, lower case, without those that are digits only."""
    word, unspaced = _patterns()
    found: list[str] = []
    for piece in word.findall(text[:LONGEST].casefold()):
        parts = _split(piece, unspaced)
        found += [p for p in parts if not p.isdigit() and p.strip("_")]
    return found


def _split(piece: str, unspaced: re.Pattern) -> Iterator[str]:
    """A word as it is; a run of unspaced signs as its overlapping pairs."""
    if not unspaced.match(piece) or len(piece) <= 2:
        yield piece
        return
    yield from (piece[i : i + 2] for i in range(len(piece) - 1))


def keyterms(
    texts: Sequence[str],
    labels: np.ndarray,
    folds: np.ndarray,
    progress: Progress = silent,
) -> list[Topic]:
    """Each cluster in words; [] when the texts share no term. labels, folds : int (n,), see
    :mod:`analytics.explanation.verdict`; -1 is noise, which belongs to the rest."""
    progress(0.0, "Counting words")
    held = counted(texts)
    names = [int(label) for label in np.unique(labels) if label != NOISE]
    if held is None or len(names) < 1:
        return []
    matrix, terms = held
    topics = []
    for done, label in enumerate(names):
        progress(0.3 + 0.7 * done / len(names), f"Terms of cluster {done + 1} of {len(names)}")
        topics.append(_topic(matrix, terms, label, labels, folds))
    return topics


def counted(texts: Sequence[str]):
    """Sparse 0/1 float32 (n, terms) by column and the terms, or None when no term is shared."""
    from sklearn.feature_extraction.text import CountVectorizer

    least = 1 if len(texts) < 10 else 2
    counter = CountVectorizer(
        analyzer=_terms_of, binary=True, min_df=least, max_features=MOST_TERMS, dtype=np.float32
    )
    try:
        matrix = counter.fit_transform(texts)
    except ValueError:  # no term, or each in one text only
        return None
    return matrix.tocsc(), np.array(counter.get_feature_names_out(), object)


def _terms_of(text: str) -> list[str]:
    """Words and pairs of neighbouring words."""
    words = words_of(text)
    return words + [f"{a} {b}" for a, b in itertools.pairwise(words)]


def log_odds(inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    """z (terms,) of texts inside and outside that hold each term (Monroe et al., equation 22)."""
    both = inside + outside
    prior = PRIOR * both + 0.01
    total = prior.sum()
    a, b = inside + prior, outside + prior
    rest = [np.maximum(n.sum() + total - own, 0.01) for n, own in ((inside, a), (outside, b))]
    delta = np.log(a / rest[0]) - np.log(b / rest[1])
    return delta / np.sqrt(1 / a + 1 / b)


def _counts(matrix, member: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Texts inside and outside that hold each term, of the rows."""
    inside = matrix.T @ (member & rows).astype(np.float32)
    return inside.astype(float), (matrix.T @ (~member & rows).astype(np.float32)).astype(float)


def _topic(matrix, terms: np.ndarray, label: int, labels: np.ndarray, folds: np.ndarray) -> Topic:
    member, all_rows = labels == label, np.ones(len(labels), bool)
    chosen = _mentions(matrix, member, all_rows)
    left_out = np.zeros(len(labels), bool)
    for fold in np.unique(folds):
        test = folds == fold
        left_out |= test & _holds(matrix, _mentions(matrix, member, ~test))
    return Topic(
        label,
        key_terms(matrix, terms, member, all_rows),
        tuple(str(terms[i]) for i in chosen),
        verdict.quality(_holds(matrix, chosen), member),
        verdict.quality(left_out, member),
        tuple(verdict.confused(left_out, labels, label)),
    )


def _ranked(matrix, member, rows) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Columns of the telling terms by falling z; z and the shares inside and outside of all."""
    inside, outside = _counts(matrix, member, rows)
    z = log_odds(inside, outside)
    shares = inside / (member & rows).sum(), outside / max(1, (~member & rows).sum())
    telling = (z > 0) & (shares[0] >= LEAST_RATIO * shares[1])
    order = np.argsort(-z, kind="stable")
    return order[telling[order]], z, *shares


def telling(held, member: np.ndarray, most: int) -> list[str]:
    """At most so many key terms of some texts, without common English words. held : what
    :func:`counted` gave. member : bool (n,)."""
    if held is None or not member.any():
        return []
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    found = key_terms(*held, member, np.ones(len(member), bool), ENGLISH_STOP_WORDS)
    return [term.term for term in found[:most]]


def key_terms(matrix, terms, member, rows, without=frozenset()) -> tuple[Term, ...]:
    """The terms of highest z; none that is part of, or holds, one before it, or one of the words
    that it is to be without."""
    order, z, inside, outside = _ranked(matrix, member, rows)
    kept: list[Term] = []
    for i in order:
        term = str(terms[i])
        padded = f" {term} "
        if without and any(word in without or len(word) < 2 for word in term.split()):
            continue
        if any(padded in f" {k.term} " or f" {k.term} " in padded for k in kept):
            continue
        kept.append(Term(term, float(z[i]), float(inside[i]), float(outside[i])))
        if len(kept) == SHOWN:
            break
    return tuple(kept)


def _mentions(matrix, member: np.ndarray, rows: np.ndarray) -> list[int]:
    """Columns of the terms of which a member holds one, greedily by F1 over the rows."""
    if not (member & rows).any() or not (~member & rows).any():
        return []
    candidates = _ranked(matrix, member, rows)[0][:CANDIDATES].tolist()
    holds = matrix[:, candidates].toarray()[rows] > 0
    mine, size = member[rows], int((member & rows).sum())
    found, chosen, best = np.zeros(len(mine), bool), [], 0.0
    while len(chosen) < LONGEST_LIST and candidates:
        either = holds | found[:, None]
        f1 = 2 * either[mine].sum(axis=0) / (either.sum(axis=0) + size)
        at = int(np.argmax(f1))
        if f1[at] < best + LEAST_GAIN:
            break
        best, found = float(f1[at]), either[:, at]
        chosen.append(candidates[at])
    return chosen


def _holds(matrix, columns: list[int]) -> np.ndarray:
    """Which texts hold one of the terms, bool (n,)."""
    if not columns:
        return np.zeros(matrix.shape[0], bool)
    return np.asarray(matrix[:, columns].sum(axis=1)).ravel() > 0
