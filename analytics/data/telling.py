"""Only the columns that say most about the others (see ``analytics.data.quickselection``)."""

import numpy as np

from analytics.data import words
from analytics.progress import Progress

HIDDEN, BATCH = 1_000, 100
EPSILON = 13  # connections of a layer, per unit on its two sides
STEPS, SHORT, LONG = 6_000, 10, 100  # most steps; rounds of the two forms that the paper measures
MOST = 10_000  # rows that are ranked on


def keep(
    X: np.ndarray, names: list[str], count: int, seed: int, progress: Progress, notes: list[str]
) -> tuple[np.ndarray, list[str]]:
    """The ``count`` strongest columns of X (n, d), in their order, and their names."""
    from analytics.data.quickselection import strengths

    if count >= len(names):
        notes.append(f"All {words.count(len(names), 'column')} kept: {count:,} were asked for.")
        return X, names
    n, d = X.shape
    about = max(1, round(seconds(n, d)))
    progress(0.0, f"Ranking {d:,} columns, about {words.count(about, 'second')}")
    order = np.argsort(-strengths(X, seed, progress), kind="stable")[:count]
    notes.append(
        f"The {words.count(count, 'most telling column')} of {len(names):,} kept, by "
        f"QuickSelection, strongest first: {words.names([names[j] for j in order], 10)}."
    )
    if EPSILON * (d + HIDDEN) > d * HIDDEN / 2:
        notes.append(
            "With so few columns the network of QuickSelection is not sparse, and its ranking says "
            "little: it is meant for about 50 columns and more."
        )
    kept = np.sort(order)
    return np.ascontiguousarray(X[:, kept]), [names[j] for j in kept]


def rounds(n: int) -> int:
    """Rounds of training: 100, or with many rows as many as make ``STEPS`` steps, 10 at least."""
    return int(np.clip(STEPS // max(1, min(n, MOST) // BATCH), SHORT, LONG))


def seconds(n: int, d: int) -> float:
    """Roughly how long :func:`strengths` takes on one core."""
    connections = min(d * HIDDEN, EPSILON * (d + HIDDEN))
    steps = rounds(n) * max(1, min(n, MOST) // BATCH)
    return 1.0 + steps * (1.1e-7 * connections + 3e-4 + 2e-6 * d)
