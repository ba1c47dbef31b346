"""Texts as vectors by meaning: the sentence model when it is installed, else shared words."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.progress import Progress, silent

MINILM, WORDS = "all-MiniLM-L6-v2", "TF-IDF and SVD"


@dataclass(frozen=True)
class Vectors:
    """values : float32 (n, d), rows of unit length, or zero where nothing is known of a text.
    model : MINILM or WORDS. notes : sentences for the reader."""

    values: np.ndarray
    model: str
    notes: tuple[str, ...] = ()


def vectors(
    texts: Sequence[str], seed: int = 0, progress: Progress = silent, model: str | None = None
) -> Vectors:
    """Vectors that are close when texts mean the like.

    model : MINILM, WORDS, or None for MINILM when it is installed. The words model is fitted to
    these texts, so vectors of two calls cannot be compared with it. Raises BadInput when it finds
    no letter or digit, RuntimeError when MINILM is asked for and is not installed.
    """
    from models import minilm

    if model == MINILM or (model is None and minilm.available()):
        note = (
            f"Texts compared by meaning: {MINILM}, which reads up to {minilm.MOST_TOKENS} tokens "
            "and knows English best."
        )
        return Vectors(minilm.embed(texts, progress), MINILM, (note,))
    import pandas as pd

    from analytics.data.texts import by_words

    notes: list[str] = []
    values = by_words("text", pd.Series(list(texts), dtype="str"), seed, progress, notes)[1]
    return Vectors(values.astype(np.float32), WORDS, tuple(notes))
