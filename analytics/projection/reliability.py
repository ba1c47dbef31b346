"""Do groups on the map exist in the data, and do groups in the data stay whole on the map?

Steadiness and cohesiveness: H. Jeon, H.-K. Ko, J. Jo, Y. Kim, J. Seo, Measuring and Explaining the
Inter-Cluster Reliability of Multidimensional Projections, IEEE TVCG 28(1) (VIS 2021). Groups are
drawn at random in one space, by walks along shared nearest neighbours, and clustered in the other;
the parts they fall into should be as far apart there as in the first. The settings are those of
the authors' public code: k = sqrt(n), alpha = 0.1, 150 draws, walks of 0.3 n steps, HDBSCAN.

Differs from it: seeded; the groups of the data are drawn once and used for every map of these
data, so that two maps are compared on the same draws; an interval over the draws; above
:data:`MOST_ROWS` rows a sample of the rows; scikit-learn's HDBSCAN.
"""

import warnings
from collections import deque
from typing import NamedTuple

import numpy as np

from analytics.errors import BadInput
from analytics.params import Param
from analytics.progress import Progress, part, silent
from analytics.projection.common import one_thread
from analytics.results import Score, ScoreCard

MOST_ROWS = 1_500  # more rows are sampled: the distances of all pairs are held
FEWEST_ROWS = 30
ALPHA = 0.1  # turns a similarity s into the distance 1 / (s + ALPHA)
WALK = 0.3  # steps of a walk, as a share of the rows
SMALLEST = 5  # rows of the smallest part that HDBSCAN finds
TRIES = 50  # starts tried for one draw before giving up

PARAMS = (
    Param(
        "draws",
        "int",
        150,
        "Draws",
        "How many random groups are followed from each space to the other.",
        20,
        2_000,
        basic=False,
    ),
)


class Space(NamedTuple):
    """One space, as shared nearest neighbours see it, for n rows.

    neighbours (n, k) row numbers, nearest first; similarity (n, n) float32, 0 to 1, 0 to itself;
    distance (n, n) float32, 1 / (similarity + ALPHA).
    """

    neighbours: np.ndarray
    similarity: np.ndarray
    distance: np.ndarray


class Data(NamedTuple):
    """The data side, shared by all maps of one data set: the rows used (m,), their space, and the
    random groups drawn in it (each an array of places in ``rows``)."""

    rows: np.ndarray
    space: Space
    groups: list[np.ndarray]
    n: int
    seed: int
    draws: int


class Kept(NamedTuple):
    """One of the two scores: value, half a 95 % interval, and how much each row took part in
    distortions (m,), 0 to 1."""

    value: float
    reach: float
    points: np.ndarray


def prepare(X, seed: int = 0, draws: int = 150, progress: Progress = silent) -> Data:
    """What every map of the prepared data X (n, d) is compared with. Raises BadInput."""
    X = np.asarray(X, np.float64)
    if X.ndim != 2 or not np.isfinite(X).all():
        raise BadInput("The data hold missing or infinite values: prepare the data again.")
    if len(X) < FEWEST_ROWS:
        raise BadInput(
            f"Steadiness and cohesiveness need at least {FEWEST_ROWS} rows, and there are {len(X)}."
        )
    progress(0.0, "Finding the groups of the data")
    random = np.random.default_rng(seed)
    rows = np.sort(random.permutation(len(X))[:MOST_ROWS])
    space = shared_neighbours(X[rows])
    groups = _draw(space, draws, np.random.default_rng([seed, 1]), part(progress, 0.2, 1.0))
    return Data(rows, space, groups, len(X), seed, draws)


def score(X, xy, draws: int = 150, seed: int = 0, progress: Progress = silent) -> ScoreCard:
    """Steadiness and cohesiveness of the map xy (n, 2) of the prepared data X (n, d).

    values : "steadiness", "cohesiveness" and "reliability", the F1 score of the two, each 0 to 1
    with a 95 % interval over the draws. points : the first two per row (NaN for rows not used).
    Raises BadInput when there are too few rows or X and xy do not belong together.
    """
    with one_thread():
        data = prepare(X, seed, draws, part(progress, 0.0, 0.4))
        return compare(data, xy, part(progress, 0.4, 1.0))


def compare(data: Data, xy, progress: Progress = silent) -> ScoreCard:
    """The scores of :func:`score` for one more map of the same data."""
    xy = np.asarray(xy, np.float64)
    if xy.shape != (data.n, 2) or not np.isfinite(xy).all():
        raise BadInput(
            f"The map is not one of {data.n:,} finite rows: draw the map of these data again."
        )
    with one_thread():
        drawn = shared_neighbours(xy[data.rows])
        random = np.random.default_rng([data.seed, 2])
        groups = _draw(drawn, data.draws, random, part(progress, 0.0, 0.3))
        steady = _follow(groups, drawn, data.space, part(progress, 0.3, 0.65))
        whole = _follow(data.groups, data.space, drawn, part(progress, 0.65, 1.0))
    return _card(data, steady, whole)


def shared_neighbours(points: np.ndarray) -> Space:
    """The space of points (n, d) with k = sqrt(n) neighbours.

    Similarity: sum over shared neighbours of (k + 1 - rank) (k + 1 - rank'), ranks from 0, over the
    largest such sum (after R. Jarvis and E. Patrick 1973 and L. Ertöz et al. 2003).
    """
    from scipy.spatial.distance import cdist

    n = len(points)
    k = max(2, int(np.sqrt(n)))
    far = cdist(points, points)
    np.fill_diagonal(far, np.inf)
    neighbours = np.argsort(far, axis=1, kind="stable")[:, :k]
    ranks = np.zeros((n, n), np.float32)
    np.put_along_axis(ranks, neighbours, np.arange(k + 1, 1, -1, dtype=np.float32)[None, :], 1)
    similarity = ranks @ ranks.T
    np.fill_diagonal(similarity, 0)
    similarity /= max(float(similarity.max()), 1e-12)
    return Space(neighbours, similarity, 1 / (similarity + np.float32(ALPHA)))


def _draw(
    space: Space, draws: int, random: np.random.Generator, progress: Progress
) -> list[np.ndarray]:
    """Random groups: all rows met on a walk that follows a neighbour with the probability of its
    similarity. Groups too small to be clustered are drawn again."""
    n, k = space.neighbours.shape
    near = np.take_along_axis(space.similarity, space.neighbours, axis=1)
    groups: list[np.ndarray] = []
    for tried in range(TRIES * draws):
        if len(groups) == draws:
            break
        if tried % 25 == 0:
            progress(len(groups) / draws, f"Drawing groups, {len(groups)} of {draws}")
        start = int(random.integers(n))
        queue, steps = deque([start]), 0
        met = np.zeros(n, bool)
        met[start] = True
        while queue and steps < WALK * n:
            at = queue.popleft()
            passed = space.neighbours[at][random.random(k) < near[at]]
            met[passed] = True
            queue.extend(passed.tolist())
            steps += len(passed)
        if met.sum() > SMALLEST:
            groups.append(np.flatnonzero(met))
    return groups


def _follow(groups: list[np.ndarray], home: Space, other: Space, progress: Progress) -> Kept:
    """How well groups of ``home`` hold together in ``other``.

    Each is clustered there; a pair of parts that lies farther apart there than at home is distorted
    by the difference, as a share of the largest difference of any two rows. The score is 1 minus
    the mean distortion of such pairs, weighted by the product of their sizes.
    """
    largest = float((other.distance - home.distance).max())
    sums, weights = np.zeros(len(groups)), np.zeros(len(groups))
    blame, times = np.zeros(len(home.distance)), np.zeros(len(home.distance))
    for g, rows in enumerate(groups):
        if g % 10 == 0:
            progress(g / len(groups), f"Following groups to the other space, {g} of {len(groups)}")
        parts = _parts(other.distance[np.ix_(rows, rows)])
        order = np.argsort(parts, kind="stable")
        sorted_rows, starts = rows[order], np.flatnonzero(np.diff(parts[order], prepend=-1))
        sizes = np.diff([*starts, len(rows)])
        apart = _apart(other.similarity, sorted_rows, starts, sizes)
        apart -= _apart(home.similarity, sorted_rows, starts, sizes)
        weight = np.outer(sizes, sizes) * (apart > 0)
        np.fill_diagonal(weight, 0)
        distortion = weight * apart / max(largest, 1e-12)
        sums[g], weights[g] = distortion.sum() / 2, weight.sum() / 2
        blame[sorted_rows] += np.repeat(distortion.sum(axis=1) / sizes / len(rows), sizes)
        times[sorted_rows] += 1
    points = np.divide(blame, times, out=np.full(len(blame), np.nan), where=times > 0)
    total = weights.sum()
    if total == 0:
        return Kept(1.0, 0.0, points)
    lost = sums.sum() / total
    reach = 1.96 * float(np.sqrt(np.sum((sums - lost * weights) ** 2)) / total)
    return Kept(float(np.clip(1 - lost, 0, 1)), reach, points)


def _parts(distance: np.ndarray) -> np.ndarray:
    """Parts (m,) that HDBSCAN finds, from 0; every noise row is a part of its own."""
    from sklearn.cluster import HDBSCAN

    distance = distance.astype(np.float64)
    np.fill_diagonal(distance, 0)
    # Here a row counts among its own samples, in the authors' library it does not: hence + 1.
    method = HDBSCAN(
        min_cluster_size=SMALLEST,
        min_samples=SMALLEST + 1,
        metric="precomputed",
        allow_single_cluster=True,
        copy=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        labels = method.fit(distance).labels_.astype(np.int64)
    noise = labels < 0
    labels[noise] = labels.max() + 1 + np.arange(noise.sum())
    return labels


def _apart(similarity: np.ndarray, rows: np.ndarray, starts: np.ndarray, sizes) -> np.ndarray:
    """Distances between parts: 1 / (mean similarity of their rows + ALPHA)."""
    inside = similarity[np.ix_(rows, rows)].astype(np.float64)
    sums = np.add.reduceat(np.add.reduceat(inside, starts, axis=0), starts, axis=1)
    return 1 / (sums / np.outer(sizes, sizes) + ALPHA)


_ABOUT = {
    "steadiness": (
        "Steadiness",
        "Whether groups seen on the map exist in the data: 1 when none of them is made of parts "
        "that lie apart in the data (Jeon et al. 2021).",
    ),
    "cohesiveness": (
        "Cohesiveness",
        "Whether groups of the data stay whole on the map: 1 when none of them is torn into parts "
        "that lie apart on the map (Jeon et al. 2021).",
    ),
    "reliability": (
        "Steadiness and cohesiveness (F1)",
        "The harmonic mean of the two: high only when both are.",
    ),
}


def _card(data: Data, steady: Kept, whole: Kept) -> ScoreCard:
    both = steady.value + whole.value
    f1 = 2 * steady.value * whole.value / both if both > 0 else 0.0
    pulls = (2 * whole.value**2, 2 * steady.value**2)  # its derivatives, times both squared
    reach = np.hypot(pulls[0] * steady.reach, pulls[1] * whole.reach) / max(both, 1e-12) ** 2
    numbers = ((steady.value, steady.reach), (whole.value, whole.reach), (f1, float(reach)))
    values = {
        name: Score(value, max(0.0, value - half), min(1.0, value + half), label, "higher", help_)
        for (value, half), (name, (label, help_)) in zip(numbers, _ABOUT.items(), strict=True)
    }
    notes = [
        f"From {data.draws} random groups drawn in the data and {data.draws} on the map, with "
        f"{data.space.neighbours.shape[1]} neighbours each."
    ]
    if len(data.rows) < data.n:
        notes.append(f"{len(data.rows):,} of {data.n:,} rows used, chosen at random.")
    points = {}
    for name, kept in (("steadiness", steady), ("cohesiveness", whole)):
        points[name] = np.full(data.n, np.nan, np.float32)
        points[name][data.rows] = 1 - kept.points
    return ScoreCard(values=values, points=points, notes=tuple(notes))
