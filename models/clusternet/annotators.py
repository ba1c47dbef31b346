"""Simulated people who group the points of a scatterplot.

Two kinds of people, from two published findings. Some follow the plotted density
(:mod:`models.clusternet.mergetree`). Some recognise the shapes a plot was made of and see two as
one when they are mistaken for each other too often (DEMP, the rule that agreed best with 34 people
on 1,000 plots: Abbas et al., ClustMe, CGF 38(3), 2019); the overlap at which half of them see one
group, and its spread, are those of ``analytics.perception.separability``. Every person has their
own smoothing, thresholds, smallest group and habit with outliers.
"""

from dataclasses import dataclass

import numpy as np

from models.clusternet import mergetree

LEFT_OUT = -1
MOST_POINTS = 1500  # a person looks at this many points at most; the others follow the nearest
EVEN_OVERLAP = 0.05
OVERLAP_SLOPE = 1.2
_VOTERS = 10


@dataclass(frozen=True)
class Person:
    """One simulated person.

    neighbours, blurs : smoothing scales in the order they are used: nearest points, then blurs as
    shares of the longer side. mark : size of a mark, same unit. depth, caution, dominance,
    smallest (as a share of the points) : see ``mergetree.split``. overlap : misclassified share
    from which two shapes are one. leaves_out : whether outliers stay in no group.
    """

    neighbours: tuple[int, ...]
    blurs: tuple[float, ...]
    mark: float
    depth: float
    caution: float
    dominance: float
    smallest: float
    overlap: float
    leaves_out: bool


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def person(rng: np.random.Generator) -> Person:
    """Draw one person."""
    first = round(_between(rng, 4, 9))
    neighbours = [first]
    for _ in range(int(rng.integers(0, 3))):
        neighbours.append(int(neighbours[-1] * rng.choice([2, 3, 4])))
    blurs = sorted(
        (_between(rng, 0.02, 0.08) for _ in range(int(rng.integers(0, 3)))), reverse=True
    )
    odds = rng.logistic(np.log(EVEN_OVERLAP), OVERLAP_SLOPE)
    return Person(
        neighbours=tuple(k for k in neighbours if k <= mergetree.MOST_NEIGHBOURS),
        blurs=tuple(blurs),
        mark=_between(rng, 0.001, 0.01),
        depth=_between(rng, 0.05, 0.25),
        caution=float(rng.uniform(0.65, 1.15)),
        dominance=float(max(0.0, rng.uniform(-0.15, 0.15))),
        smallest=_between(rng, 0.004, 0.012),
        overlap=float(min(np.exp(odds), 0.6)),
        leaves_out=bool(rng.random() < 0.4),
    )


def by_density(plot: mergetree.Plot, who: Person) -> np.ndarray:
    """Groups (n,) of one person who follows the density; LEFT_OUT for outliers they leave out."""
    n = len(plot.points)
    levels = [mergetree.neighbour_level(plot, k, who.mark) for k in who.neighbours]
    levels += [mergetree.blurred_level(plot, blur) for blur in who.blurs]
    smallest = max(4.0, who.smallest * n)
    groups = mergetree.split(plot, levels, who.depth, who.caution, who.dominance, smallest)
    if who.leaves_out:
        groups = np.where(_far_off(plot), LEFT_OUT, groups)
    return _numbered(groups)


def _far_off(plot: mergetree.Plot, times: float = 5.0) -> np.ndarray:
    """Points (n,) whose nearest neighbours are several times farther away than is usual here."""
    reach = np.sqrt(plot.near[:, min(3, plot.near.shape[1] - 1)])
    far = reach > times * np.median(reach)
    return far if far.mean() < 0.1 else np.zeros(len(far), bool)


def confusion(points: np.ndarray, components: np.ndarray) -> np.ndarray:
    """Counts (k, k): points of component a whose nearest points belong mostly to b.

    components : (n,), 0 .. k - 1, LEFT_OUT for background, which has no vote. Each vote is between
    the point's own component and one other.
    """
    from scipy.spatial import cKDTree

    of, kept = components[components >= 0], points[components >= 0]
    k = int(of.max()) + 1
    near = cKDTree(kept).query(kept, min(_VOTERS + 1, len(kept)))[1][:, 1:]
    votes = np.zeros((len(kept), k))
    for column in near.T:
        votes[np.arange(len(kept)), of[column]] += 1
    own = votes[np.arange(len(kept)), of][:, None]
    mistaken = (votes > own) + 0.5 * ((votes == own) & (votes > 0))
    mistaken[np.arange(len(kept)), of] = 0
    counts = np.zeros((k, k))
    np.add.at(counts, of, mistaken)
    return counts


def by_shape(components: np.ndarray, counts: np.ndarray, who: Person) -> np.ndarray:
    """Groups (n,) of one person who sees the components, the overlapping ones as one.

    The most confused pair is joined first, then all counts are taken anew (DEMP merging, Hennig
    2010); counts : see :func:`confusion`. Background keeps LEFT_OUT.
    """
    counts = counts.copy()
    size = np.bincount(components[components >= 0], minlength=len(counts)).astype(float)
    name = np.arange(len(counts))
    while True:
        share = counts / np.maximum(size, 1)[:, None]
        share = np.maximum(share, share.T)
        np.fill_diagonal(share, 0)
        a, b = np.unravel_index(share.argmax(), share.shape)
        if share[a, b] <= who.overlap:
            break
        counts[a] += counts[b]
        counts[:, a] += counts[:, b]
        counts[b], counts[:, b], counts[a, a] = 0, 0, 0
        size[a] += size[b]
        size[b] = 0
        name[name == b] = a
    return np.where(components >= 0, name[np.maximum(components, 0)], LEFT_OUT)


def annotate(
    points: np.ndarray,
    components: np.ndarray | None,
    rng: np.random.Generator,
    people: int = 13,
    shape_share: float = 0.75,
) -> np.ndarray:
    """Groupings (people, n) int16 of one plot, LEFT_OUT where a person leaves a point out.

    components : (n,) what the plot was made of, or None: then all people follow the density.
    shape_share : share of the people who go by shape.
    """
    n = len(points)
    seen = rng.permutation(n)[:MOST_POINTS]
    plot = mergetree.prepare(points[seen])
    shapes = None if components is None else components[seen]
    counts = None if shapes is None else confusion(plot.points, shapes)
    by_shapes = 0 if shapes is None else round(people * shape_share)
    rows = []
    for i in range(people):
        who = person(rng)
        if i < by_shapes:
            groups = by_shape(shapes, counts, who)
            if not who.leaves_out:
                groups = _filled(plot.points, groups)
            groups = _numbered(groups)
        else:
            groups = by_density(plot, who)
        rows.append(groups)
    return _followed(points, seen, np.array(rows, np.int16))


def _filled(points: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Points that were left out take the group of the nearest point that was not."""
    from scipy.spatial import cKDTree

    out = groups == LEFT_OUT
    if out.all() or not out.any():
        return groups
    groups = groups.copy()
    groups[out] = groups[~out][cKDTree(points[~out]).query(points[out])[1]]
    return groups


def _followed(points: np.ndarray, seen: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Groupings of all points from those of the seen ones."""
    from scipy.spatial import cKDTree

    if len(seen) == len(points):
        return rows[:, np.argsort(seen)]
    return rows[:, cKDTree(points[seen]).query(points)[1]]


def _numbered(groups: np.ndarray) -> np.ndarray:
    """Groups renumbered 0, 1, ...; LEFT_OUT stays."""
    kept = groups != LEFT_OUT
    numbered = np.full(len(groups), LEFT_OUT)
    numbered[kept] = np.unique(groups[kept], return_inverse=True)[1]
    return numbered
