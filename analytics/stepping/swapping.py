"""FasterPAM step by step: a point takes the place of a medoid at once when that lowers the loss.

E. Schubert, P. Rousseeuw, Fast and eager k-medoids clustering, Information Systems 101, 2021,
doi:10.1016/j.is.2021.101804. The same search as ``analytics.clustering.pam``, which is compiled and
so not for a page; with the same seed it makes the same swaps.
"""

import numpy as np

from analytics.stepping.step import Step, counted, joined, name, unplaced

_TINY = 1e-9  # relative gain below which a swap is rounding
_MOST_SWAPS = 10_000


def steps(X: np.ndarray, k: int, start: str, rng: np.random.Generator) -> list[Step]:
    """The steps on X (n, 2), n >= 1. start : "random" or "build"; value : the sum of distances to
    the nearest medoid, which never grows."""
    n, k = len(X), min(k, len(X))
    # As exact as the compiled search, so that both see the same ties.
    D = np.sqrt(((X[:, None] - X[None]) ** 2).sum(axis=2)).astype(np.float32).astype(float)
    made = [Step(f"{counted(n, 'point')} and {counted(k, 'medoid')} to choose.", unplaced(n))]
    if start == "random":
        medoids = rng.choice(n, k, replace=False)
        words = f"{counted(k, 'medoid')} drawn at random among the points."
        made.append(_step(words, X, D, medoids, medoids))
    else:
        medoids = _build(X, D, k, made)
    medoids = _swap(X, D, medoids, rng.permutation(n), made)
    words = f"A whole round of {counted(n, 'point')} found no swap that lowers the sum: settled."
    return [*made, _step(words, X, D, medoids, [])]


def _step(words: str, X, D, medoids, lit, lines=()) -> Step:
    labels = D[medoids].argmin(axis=0)
    labels[medoids] = np.arange(len(medoids))  # also where two medoids lie at one place
    value = float(D[medoids].min(axis=0).sum())
    return Step(
        words, labels, value, X[medoids], lit=np.array(lit, int), lines=np.reshape(lines, (-1, 4))
    )


def _build(X, D, k: int, made: list[Step]) -> np.ndarray:
    """The greedy start of PAM: each medoid is the one that lowers the sum most. ints (k,)."""
    chosen = [int(D.sum(axis=1).argmin())]
    words = f"Medoid 1 is {name(chosen[0])}, the one with the smallest sum of distances to all."
    made.append(_step(words, X, D, chosen, chosen))
    for i in range(1, k):
        nearest = D[chosen].min(axis=0)
        gains = np.maximum(nearest - D, 0).sum(axis=1)
        gains[chosen] = -1.0
        chosen.append(int(gains.argmax()))
        words = f"Medoid {i + 1} is {name(chosen[-1])}: no other lowers the sum of distances more "
        words += f"(by {gains.max():.3f})."
        made.append(_step(words, X, D, chosen, chosen[-1:]))
    return np.array(chosen)


def _swap(X, D, medoids: np.ndarray, order: np.ndarray, made: list[Step]) -> np.ndarray:
    """Swap whatever helps, until a whole round of candidates changes nothing."""
    n, medoids = len(D), medoids.copy()
    since = position = tried = swaps = 0
    total = D[medoids].min(axis=0).sum()
    while since < n and swaps < _MOST_SWAPS:
        row = int(order[position])
        position, since = (position + 1) % n, since + 1
        if row in medoids:
            continue
        gain, slot = change(D, medoids, row)
        if gain >= -_TINY * max(total, 1e-300):
            tried += 1
            continue
        old, medoids[slot] = int(medoids[slot]), row
        total = D[medoids].min(axis=0).sum()
        before = f"{counted(tried, 'candidate')} gained nothing. " if tried else ""
        words = f"{before}{name(row).capitalize()} takes the place of {name(old)} as medoid "
        words += f"{slot + 1}: the sum of distances falls by {-gain:.3f} to {total:.3f}."
        made.append(_step(words, X, D, medoids, [row, old], joined(X[old], X[row])))
        since, tried, swaps = 0, 0, swaps + 1
    return medoids


def change(D: np.ndarray, medoids: np.ndarray, row: int) -> tuple[float, int]:
    """Change of the sum of distances when a row takes the place of the medoid it costs least to
    give up: (change, slot). All k medoids are tried in one pass (FastPAM1)."""
    held = np.sort(D[medoids], axis=0)[:2]
    near, line = D[medoids].argmin(axis=0), D[row]
    if len(medoids) == 1:
        return float(line.sum() - held[0].sum()), 0
    dn, ds = held
    closer = line < dn
    # Given up, a medoid leaves its points to their second nearest or to the candidate.
    own = np.where(closer, 0.0, np.minimum(line, ds) - dn)
    loss = np.bincount(near, own, len(medoids)) + np.where(closer, line - dn, 0.0).sum()
    return float(loss.min()), int(loss.argmin())
