"""Sequences of letters (DNA, RNA, proteins) as shares of their pieces of k letters.

k-mer profiles (Blaisdell 1986, PNAS 83:5155) stand here for learned vectors of sequences.
"""

import numpy as np
import pandas as pd

from analytics.data import words
from analytics.errors import BadInput
from analytics.progress import Progress

MOST = 4_096  # pieces with a column of their own: all of DNA up to six letters
LONGEST = 100_000  # letters of a sequence that are read
_DNA = "ACGT"
_LIKE_DNA = 0.95  # share of letters, from which on a column is read as DNA


def by_kmers(
    column: str, values: pd.Series, k: int, progress: Progress, notes: list[str]
) -> tuple[list[str], np.ndarray]:
    """Names and float64 (n, m) shares of each piece of k letters, rows adding up to 1 or zero.

    Upper and lower case are one; in DNA U counts as T and pieces with another letter (N) are left
    out. Both strands are not joined. Raises BadInput when no sequence has k letters.
    """
    from sklearn.feature_extraction.text import CountVectorizer

    progress(0.0, f"Counting pieces of {k} letters in {words.name(column)}")
    cut = values.fillna("").str.slice(0, LONGEST).str.upper()
    letters = cut.str.replace(r"[^A-Z]", "", regex=True)
    text = "".join(letters)
    dna = bool(text) and sum(map(text.count, "ACGTUN")) >= _LIKE_DNA * len(text)
    if dna:
        # Whatever is no base becomes a space, which no piece crosses.
        letters = letters.str.replace("U", "T").str.replace(f"[^{_DNA}]", " ", regex=True)
    counter = CountVectorizer(
        analyzer=lambda row: _pieces(row, k), max_features=MOST, dtype=np.float64
    )
    try:
        counts = counter.fit_transform(letters)
    except ValueError:
        raise BadInput(
            f"No sequence in {words.name(column)} has {k} letters in a row: choose shorter pieces, "
            "or another column."
        ) from None
    total = np.asarray(counts.sum(axis=1))
    shares = counts.toarray() / np.where(total > 0, total, 1.0)
    short = int((total == 0).sum())
    kind = "DNA" if dna else "letters"
    notes.append(
        f"Sequences in {words.name(column)} compared by shares of pieces of {k} {kind} each: "
        f"{shares.shape[1]:,} different ones."
    )
    if short:
        notes.append(f"{words.count(short, 'sequence')} shorter than {k} letters count as nothing.")
    progress(1.0, "Sequences counted")
    return [f"{column}: {piece}" for piece in counter.get_feature_names_out()], shares


def _pieces(row: str, k: int) -> list[str]:
    """All pieces of k letters that hold no space."""
    return [part[i : i + k] for part in row.split(" ") for i in range(len(part) - k + 1)]
