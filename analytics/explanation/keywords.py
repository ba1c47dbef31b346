"""Topics given by keywords: each text goes to the topic whose texts it resembles most.

Lbl2Vec (Schopf, Braun, Matthes, WEBIST 2021, "Lbl2Vec: An Embedding-Based Approach for Unsupervised
Document Retrieval on Predefined Topics"): a topic's keywords are a direction, the texts nearest to
it are its examples, and the mean of the examples is the topic. Departures: sentence vectors
instead of Doc2Vec; without a wish, half of an equal share of the texts are examples of each topic
(the published default takes a single one); no outlier cleaning.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analytics.errors import BadInput
from analytics.explanation import sentences
from analytics.progress import Progress, silent

MOST_TOPICS, MOST_KEYWORDS = 100, 100
LEAST_COSINE = 1e-4  # below it a keyword and a text have nothing in common


@dataclass(frozen=True)
class Topics:
    """scores : float32 (n, topics), cosine -1 to 1 between each text and each topic.
    examples : one int array per topic, rows whose mean is the topic, nearest to its keywords first.
    model, notes : as in :class:`analytics.explanation.sentences.Vectors`."""

    scores: np.ndarray
    examples: tuple[np.ndarray, ...]
    model: str
    notes: tuple[str, ...]


def topics(
    texts: Sequence[str],
    keywords: Sequence[Sequence[str]],
    *,
    documents: int | None = None,
    seed: int = 0,
    progress: Progress = silent,
    model: str | None = None,
    made: sentences.Vectors | None = None,
) -> Topics:
    """How much each text belongs to each topic.

    texts : n. keywords : words or phrases of each topic, at least one each. documents : examples
    per topic, 1 to n; None is half of an equal share. model : see
    :func:`analytics.explanation.sentences.vectors`. made : vectors of the texts by the sentence
    model, when they are at hand. Groups: ``select.assign(scores, threshold)``
    gives the best topic per text, or -1 below the threshold. Raises BadInput.
    """
    texts = list(texts)
    phrases = [[word.strip() for word in words if word.strip()] for words in keywords]
    check(len(texts), phrases, documents)
    distinct = list(dict.fromkeys(word for words in phrases for word in words))
    if made is not None and made.model == sentences.MINILM:
        more = sentences.vectors(distinct, seed, progress, sentences.MINILM).values
        made = sentences.Vectors(np.concatenate([made.values, more]), made.model, made.notes)
    else:
        made = sentences.vectors(texts + distinct, seed, progress, model)
    place = {word: len(texts) + i for i, word in enumerate(distinct)}
    wanted = [made.values[[place[word] for word in words]] for words in phrases]
    for number, words in enumerate(wanted, start=1):
        if (made.values[: len(texts)] @ words.T).max() < LEAST_COSINE:
            raise BadInput(f"No text resembles a keyword of topic {number}: give it others.")
    scores, examples = resemblance(made.values[: len(texts)], wanted, documents)
    return Topics(scores, examples, made.model, made.notes)


def resemblance(
    vectors: np.ndarray, keywords: Sequence[np.ndarray], documents: int | None = None
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Cosine of every text with every topic, float32 (n, topics), and the examples of each topic.

    vectors : (n, d) unit rows. keywords : one (words, d) array per topic. Equally near texts are
    taken in order. Zero rows have cosine 0.
    """
    count = documents or max(1, len(vectors) // (2 * len(keywords)))
    near = vectors @ _unit(np.stack([words.mean(axis=0) for words in keywords])).T
    examples = tuple(np.argsort(-column, kind="stable")[:count] for column in near.T)
    centres = _unit(np.stack([vectors[rows].mean(axis=0) for rows in examples]))
    return (vectors @ centres.T).astype(np.float32), examples


def _unit(rows: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, length, out=np.zeros_like(rows), where=length > 0)


def check(n: int, phrases: Sequence[Sequence[str]], documents: int | None) -> None:
    """Raises BadInput when n texts cannot be sorted into topics of these words."""
    if n == 0:
        raise BadInput("There are no texts to sort into topics.")
    if not 1 <= len(phrases) <= MOST_TOPICS:
        raise BadInput(f"{len(phrases)} topics were given: give 1 to {MOST_TOPICS}.")
    for number, words in enumerate(phrases, start=1):
        if not 1 <= len(words) <= MOST_KEYWORDS:
            raise BadInput(
                f"Topic {number} has {len(words)} keywords: give it 1 to {MOST_KEYWORDS}."
            )
    if documents is not None and not 1 <= documents <= n:
        raise BadInput(f"{documents} examples per topic were asked for: choose 1 to {n}.")
