"""People's own groupings of a map, read from the neutral format, as one side of a comparison.

The format is that of a study's export: see ``analytics.study.files``.
"""

from pathlib import Path

import numpy as np

from analytics.comparing.consensus import consensus
from analytics.errors import BadInput
from analytics.progress import Progress, silent
from analytics.results import NOISE, UNLABELLED, Score, ScoreCard
from analytics.study.agreement import ari_of, with_others
from analytics.study.files import held_in

_NEAR = 1e-4  # of the side of the box: float32 and rounding in a file


def collected(path: Path, xy: np.ndarray, progress: Progress = silent) -> ScoreCard:
    """The groupings of a file that were made on this map.

    xy : (n, 2). tables : "groupings" (people, n), NOISE where a person grouped a point with none,
    UNLABELLED for points that were not shown; "consensus" (1, n), what people have in common.
    points : "changes" (n,), how often a point changes sides between people. values : "people", mean
    ARI of two people. Raises BadInput when no plot of the file is this map.
    """
    why = ""
    for name, points, labels, rows in held_in(path, "The file"):
        try:
            groupings = placed(points, labels, rows, xy, name)
        except BadInput as error:
            why = why or str(error)
            continue
        shown = groupings[0] != UNLABELLED
        common = consensus(groupings[:, shown], "half", progress=progress)
        # Equal rows are joined first: also those that only half of the people put into a group.
        left_out = (groupings[:, shown] == NOISE).mean(axis=0) >= 0.5
        together = np.where(left_out, NOISE, common.labels)
        labels_of, changes = np.full(len(xy), UNLABELLED, np.int32), np.zeros(len(xy), np.float32)
        labels_of[shown], changes[shown] = with_others(together), common.changes
        between = pairwise(groupings[:, shown])
        return ScoreCard(
            values={"people": mean_score(between, "Two people (ARI)")},
            points={"changes": changes},
            tables={"groupings": groupings, "consensus": labels_of[None]},
            notes=(f"{len(groupings)} people grouped {int(shown.sum()):,} points, in {name}.",),
        )
    raise BadInput(why or "The file holds no plot that people grouped: see docs/compare.md.")


def placed(
    points: np.ndarray, labels: np.ndarray, rows: np.ndarray | None, xy: np.ndarray, name: str
) -> np.ndarray:
    """Groupings (people, n) in the order of the map's rows. Raises BadInput for another plot."""
    if rows is None:
        if len(points) != len(xy):
            raise BadInput(
                f"{name} has {len(points):,} points and the map {len(xy):,}: show the map that "
                "people grouped, or add 'rows' to the file, the row of the map for each point."
            )
        rows = np.arange(len(xy))
    if len(rows) != len(points) or len(np.unique(rows)) != len(rows):
        raise BadInput(f"{name}: 'rows' must name each point's row of the map once.")
    if len(rows) and (rows.min() < 0 or rows.max() >= len(xy)):
        raise BadInput(f"{name}: 'rows' names rows that this map does not have.")
    if not _same_picture(points, xy[rows]):
        raise BadInput(
            f"{name} was grouped on another picture: its points lie elsewhere than on this map."
        )
    found = np.full((len(labels), len(xy)), UNLABELLED, np.int32)
    found[:, rows] = np.where(labels < 0, NOISE, labels)
    return found


def _same_picture(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two plots are equal up to shift and scale of each axis."""

    def boxed(points: np.ndarray) -> np.ndarray:
        points = points.astype(float)
        span = np.ptp(points, axis=0)
        return (points - points.min(axis=0)) / np.where(span > 0, span, 1)

    return bool(len(a) and np.abs(boxed(a) - boxed(b)).max() <= _NEAR)


def pairwise(groupings: np.ndarray) -> np.ndarray:
    """ARI of every two of r groupings (r, n): (r, r)."""
    r = len(groupings)
    found = np.eye(r)
    for i in range(r):
        for j in range(i + 1, r):
            found[i, j] = found[j, i] = ari(groupings[i], groupings[j])
    return found


def ari(a: np.ndarray, b: np.ndarray) -> float:
    """Adjusted Rand index over the rows known to both, as in a study: a point in no group is a
    group of its own. NaN without such rows."""
    known = (a != UNLABELLED) & (b != UNLABELLED)
    if not known.any():
        return float("nan")
    return ari_of(a[known], b[known])


def mean_score(between: np.ndarray, label: str) -> Score:
    """The mean over pairs of a matrix (r, r) of agreements, with its 95 % bootstrap over people."""
    r = len(between)
    if r < 2:
        return Score(None, label=label, help="One person alone agrees with nobody.")
    value = float(between[np.triu_indices(r, 1)].mean())
    rng, drawn = np.random.default_rng(0), []
    for _ in range(200):
        picked = rng.integers(0, r, r)
        pairs = between[np.ix_(picked, picked)][picked[:, None] != picked[None, :]]
        drawn += [float(pairs.mean())] if len(pairs) else []
    low, high = np.percentile(drawn, [2.5, 97.5]) if drawn else (value, value)
    return Score(value, min(float(low), value), max(float(high), value), label)


def against(labels: np.ndarray, groupings: np.ndarray, label: str) -> Score:
    """Mean ARI of a grouping (n,) with each person (people, n), with its 95 % bootstrap."""
    each = np.array([ari(labels, person) for person in groupings])
    each = each[np.isfinite(each)]
    if not len(each):
        return Score(None, label=label)
    value = float(each.mean())
    rng = np.random.default_rng(0)
    drawn = each[rng.integers(0, len(each), (200, len(each)))].mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Score(value, min(float(low), value), max(float(high), value), label)
