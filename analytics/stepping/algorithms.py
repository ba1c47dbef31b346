"""The algorithms that can be watched: what each takes, and how a run of one is made."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.digest import of_bytes, of_json
from analytics.errors import BadInput
from analytics.params import Param, validate
from analytics.stepping import agglomerating, board, dbscan, kmeans, shifting, swapping
from analytics.stepping.step import MOST_STEPS, Step, counted, shorten

MOST_POINTS = 400  # watched; more painted ones are sampled


@dataclass(frozen=True, eq=False)
class Run:
    """All steps of an algorithm on points (n, 2). tree (n - 1, 4) : merges, of agglomeration only.
    notes : what was sampled or left out. The last step holds the result."""

    algorithm: str
    points: np.ndarray
    params: dict[str, Any]
    seed: int
    steps: tuple[Step, ...]
    tree: np.ndarray
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Algorithm:
    """value : what the curve shows. signs : what the marks of the picture mean. function : (points,
    params, rng) -> steps and tree."""

    id: str
    label: str
    summary: str
    value: str
    signs: str
    params: tuple[Param, ...]
    function: Callable[[np.ndarray, dict, np.random.Generator], tuple[list[Step], np.ndarray]]
    reference: str
    seeded: bool = False


_NO_TREE = np.zeros((0, 4))
_GROUPS = Param("k", "int", 3, "Groups", "How many groups to make.", 1, 12)


def _kmeans(X, p, rng):
    return kmeans.steps(X, p["k"], p["start"], rng), _NO_TREE


def _dbscan(X, p, rng):
    return dbscan.steps(X, p["eps"], p["min_samples"]), _NO_TREE


def _agglomeration(X, p, rng):
    tree = agglomerating.tree(X, p["linkage"])
    return agglomerating.steps(X, tree, p["k"], p["linkage"]), tree


def _meanshift(X, p, rng):
    return shifting.steps(X, p["bandwidth"]), _NO_TREE


def _fasterpam(X, p, rng):
    return swapping.steps(X, p["k"], p["start"], rng), _NO_TREE


_ROWS = (
    Algorithm(
        "kmeans",
        "k-means",
        "Centres and groups improve each other: points join the nearest centre, centres move to "
        "the mean of their points.",
        "Sum of squared distances to the centres",
        "Crosses are centres, lines how they moved, rings the points that changed group.",
        (
            _GROUPS,
            Param(
                "start",
                "choice",
                "k-means++",
                "First centres",
                "k-means++ draws points that lie far from each other; random draws any.",
                choices=("k-means++", "random"),
            ),
        ),
        _kmeans,
        "Lloyd 1982, doi:10.1109/TIT.1982.1056489; Arthur & Vassilvitskii 2007",
        seeded=True,
    ),
    Algorithm(
        "dbscan",
        "DBSCAN",
        "Groups are places where points lie close together; what lies alone is noise.",
        "Points in groups",
        "The ring is the point visited, the circle its radius; thin rings wait in the queue. "
        "Core points are large, border points small, noise is hollow and grey.",
        (
            Param(
                "eps",
                "float",
                0.07,
                "Radius (eps)",
                "How far neighbours may lie, as a share of the board's side.",
                0.01,
                0.5,
            ),
            Param(
                "min_samples",
                "int",
                4,
                "Neighbours needed",
                "Points within the radius, itself counted, that make a core point.",
                1,
                30,
            ),
        ),
        _dbscan,
        "Ester, Kriegel, Sander & Xu 1996",
    ),
    Algorithm(
        "agglomeration",
        "Agglomeration",
        "Every point starts as a group; the two closest groups merge, again and again.",
        "Height of the last merge",
        "Rings are the points that merged, the line the distance of the two groups. "
        "Small dots are still alone.",
        (
            Param("k", "int", 3, "Groups", "Merging stops at this number.", 1, 12),
            Param(
                "linkage",
                "choice",
                "ward",
                "Distance of two groups",
                "Growth of the spread (ward), the furthest pair (complete), the mean of all pairs "
                "(average), or the nearest pair (single).",
                choices=("ward", "complete", "average", "single"),
            ),
        ),
        _agglomeration,
        "Ward 1963, doi:10.1080/01621459.1963.10500845; Müllner 2011, arXiv:1109.2378",
    ),
    Algorithm(
        "meanshift",
        "Mean shift",
        "A window at every point climbs to where points are densest; each peak is a group.",
        "Mean density under the windows",
        "Small crosses are the middles of the windows, lines the way they came; "
        "the circle is one window.",
        (
            Param(
                "bandwidth",
                "float",
                0.15,
                "Radius of the windows",
                "As a share of the board's side. Wide windows see few peaks.",
                0.03,
                0.6,
            ),
        ),
        _meanshift,
        "Cheng 1995, doi:10.1109/34.400568; Comaniciu & Meer 2002, doi:10.1109/34.1000236",
    ),
    Algorithm(
        "fasterpam",
        "k-medoids (FasterPAM)",
        "Real points stand for the groups; any point that serves better takes a place at once.",
        "Sum of distances to the medoids",
        "Crosses are medoids, the line leads from the one given up to the new one.",
        (
            _GROUPS,
            Param(
                "start",
                "choice",
                "random",
                "First medoids",
                "Random points, or chosen one by one so that each lowers the sum most (build).",
                choices=("random", "build"),
            ),
        ),
        _fasterpam,
        "Schubert & Rousseeuw 2021, doi:10.1016/j.is.2021.101804",
        seeded=True,
    ),
)
ALGORITHMS = {row.id: row for row in _ROWS}


def get(algorithm: str) -> Algorithm:
    """One row of :data:`ALGORITHMS`. Raises BadInput."""
    if algorithm not in ALGORITHMS:
        raise BadInput(
            f"There is no '{algorithm}' to watch: choose one of {', '.join(ALGORITHMS)}."
        )
    return ALGORITHMS[algorithm]


def digest(points: np.ndarray, algorithm: str, params: dict, seed: int) -> str:
    """What names a run: same points, algorithm, parameters and seed, same steps."""
    data = of_bytes(np.ascontiguousarray(points, np.float64).tobytes())
    return of_json(["stepping", 1, data, algorithm, params, seed])


def run(points: Any, algorithm: str, params: dict | None = None, seed: int = 0) -> Run:
    """Every step of an algorithm on painted points, at most 240.

    points : pairs in the unit square; more than 400 are sampled, which the notes say. Raises
    BadInput for points or parameters that cannot be used.
    """
    row, xy, notes = get(algorithm), board.check(points), []
    values = validate(row.params, params)
    if not len(xy):
        raise BadInput("The board is empty: paint some points, or start from a set.")
    if len(xy) > MOST_POINTS:
        notes.append(f"{MOST_POINTS} of {len(xy):,} points, drawn at random, take part.")
        chosen = np.random.default_rng(0).choice(len(xy), MOST_POINTS, replace=False)
        xy = xy[np.sort(chosen)]
    made, tree = row.function(xy, values, np.random.default_rng(seed))
    shown = shorten(made)
    if len(shown) < len(made):
        left = counted(len(made) - len(shown), "small step")
        notes.append(f"{left} of {len(made):,} left out, so that {MOST_STEPS} remain.")
    return Run(algorithm, xy, values, seed, tuple(shown), tree, tuple(notes))
