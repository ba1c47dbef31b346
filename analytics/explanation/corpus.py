"""The distinct texts of a column, and which of them each row holds."""

import numpy as np
import pandas as pd

from analytics.data import words
from analytics.errors import BadInput
from analytics.results import Explanation, Record

MOST_TEXTS = 100_000
MOST_WITH_SAMPLE = 1_000_000
MOST_LETTERS = 20_000  # kept of each text


def texts_of(source: Record, column: str, sample: int | None, seed: int):
    """The distinct texts that a run reads, the place of each row's text, notes, and how many texts
    there are in all. Raises BadInput."""
    most = MOST_TEXTS if sample is None else MOST_WITH_SAMPLE
    texts, place, notes = distinct(source, column, most)
    every = len(texts)
    if sample is not None and sample < every:
        texts, place = _sampled(texts, place, sample, seed)
        notes = [f"A first look at {len(texts):,} of {every:,} texts.", *notes]
    return texts, place, notes, every


def distinct(
    source: Record, column: str, most: int = MOST_TEXTS
) -> tuple[list[str], np.ndarray, list[str]]:
    """Distinct texts of a column, the index of each row's text (-1 for a blank cell), and notes.

    Raises BadInput when the column is not there or has no or too many texts.
    """
    if column not in source.frame:
        known = words.names(list(source.frame.columns), 8)
        raise BadInput(f"There is no column {words.name(column)}: choose one of {known}.")
    found, codes = of_cells(source.frame[column])
    if not len(found):
        raise BadInput(f"Every cell of {words.name(column)} is empty: choose another column.")
    if len(found) > most:
        raise BadInput(
            f"{words.name(column)} has {len(found):,} different texts, and at most {most:,} can be "
            "explained at once: explain a sample of them first."
        )
    blank, repeated = int((codes < 0).sum()), len(codes) - int((codes < 0).sum()) - len(found)
    notes = []
    if blank:
        notes.append(f"{words.count(blank, 'row')} without text left unexplained.")
    if repeated:
        notes.append(f"Rows that repeat a text share its judgement: {repeated:,}.")
    return found, codes, notes


def of_cells(cells: pd.Series) -> tuple[list[str], np.ndarray]:
    """Distinct texts of cells, and the index of each cell's text, int32, -1 for a blank one."""
    text = cells.astype("str").where(cells.notna(), "").str.slice(0, MOST_LETTERS).str.strip()
    codes, found = pd.factorize(text.where(text != "", None))
    return [str(t) for t in found], codes.astype(np.int32)


def held(found: Explanation, source: Record) -> list[str]:
    """The distinct texts that an explanation was made of, in its order."""
    texts, place, _ = distinct(source, found.column, MOST_WITH_SAMPLE)
    rows = np.flatnonzero(found.place >= 0)[::-1]
    first = np.zeros(len(found.scores), int)
    first[found.place[rows]] = rows
    return [texts[place[row]] for row in first]


def _sampled(texts: list[str], place: np.ndarray, most: int, seed: int):
    kept = np.sort(np.random.default_rng(seed).permutation(len(texts))[:most])
    return only(texts, place, kept)


def only(texts: list[str], place: np.ndarray, kept: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Some of the texts, and where each row's text is among them, -1 when it is not."""
    where = np.full(len(texts) + 1, -1, np.int32)  # the last one for blank cells
    where[kept] = np.arange(len(kept))
    return [texts[i] for i in kept], where[place]


def weights(place: np.ndarray, texts: list[str]) -> np.ndarray:
    """How often each distinct text occurs."""
    return np.bincount(place[place >= 0], minlength=len(texts)).astype(float)
