"""People's own groupings of a map, read from the neutral format, as one side of a comparison.

The format: ``.npz`` with ``points`` (n, 2) and ``labels`` (annotators, n), -1 = not grouped, and
optionally ``rows`` (n,), which rows of the map the points are; or a zip of such files.
"""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from analytics.comparing.consensus import consensus
from analytics.errors import BadInput
from analytics.progress import Progress, silent
from analytics.results import NOISE, UNLABELLED, Score, ScoreCard
from analytics.study.agreement import scores_of, with_others

MOST_BYTES = 500_000_000
MOST_FILES = 500
MOST_PEOPLE = 500
_NEAR = 1e-4  # of the side of the box: float32 and rounding in a file


def collected(path: Path, xy: np.ndarray, progress: Progress = silent) -> ScoreCard:
    """The groupings of a file that were made on this map.

    xy : (n, 2). tables : "groupings" (people, n), NOISE where a person grouped a point with none,
    UNLABELLED for points that were not shown; "consensus" (1, n), what people have in common.
    points : "changes" (n,), how often a point changes sides between people. values : "people", mean
    ARI of two people. Raises BadInput when no plot of the file is this map.
    """
    why = ""
    for name, points, labels, rows in _plots(path):
        try:
            groupings = placed(points, labels, rows, xy, name)
        except BadInput as error:
            why = why or str(error)
            continue
        shown = groupings[0] != UNLABELLED
        common = consensus(groupings[:, shown], "half", progress=progress)
        labels_of, changes = np.full(len(xy), UNLABELLED, np.int32), np.zeros(len(xy), np.float32)
        labels_of[shown], changes[shown] = with_others(common.labels), common.changes
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
    return scores_of(a[known], b[known])[1]


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


def _plots(path: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray | None]]:
    """Name, points, labels and rows of every plot in a file. Raises BadInput."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [i for i in archive.infolist() if i.filename.lower().endswith(".npz")]
            if not members:
                yield _plot(path.read_bytes(), "The file")
                return
            if len(members) > MOST_FILES or sum(i.file_size for i in members) > MOST_BYTES:
                raise BadInput(f"The zip is too large: at most {MOST_FILES} plots and 500 MB.")
            for info in members:
                yield _plot(archive.read(info), Path(info.filename).name)
    except (OSError, zipfile.BadZipFile, zipfile.LargeZipFile, RuntimeError):
        raise BadInput(
            "The file is no .npz and no zip of such files: give groupings in the neutral format, "
            "see docs/compare.md."
        ) from None


def _plot(data: bytes, name: str) -> tuple[str, np.ndarray, np.ndarray, np.ndarray | None]:
    from analytics.data.naming import printable

    name = printable(name)[:80]
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            if sum(i.file_size for i in packed.infolist()) > MOST_BYTES:
                raise BadInput(f"{name} unpacks to more than 500 MB.")
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            held = {key: file[key] for key in ("points", "labels", "rows") if key in file.files}
    except BadInput:
        raise
    except Exception:
        raise BadInput(f"{name} cannot be read as .npz: save it again without pickle.") from None
    points, labels = held.get("points"), held.get("labels")
    if points is None or labels is None:
        raise BadInput(f"{name} lacks 'points' or 'labels': see docs/compare.md.")
    labels = np.atleast_2d(labels)
    if points.ndim != 2 or points.shape[1] != 2 or points.dtype.kind not in "fiu":
        raise BadInput(f"{name}: 'points' must be numbers of shape (n, 2), not {points.shape}.")
    if labels.ndim != 2 or labels.dtype.kind not in "iu" or labels.shape[1] != len(points):
        raise BadInput(f"{name}: 'labels' must be whole numbers, one row per person.")
    if not 1 <= len(labels) <= MOST_PEOPLE or not np.isfinite(points).all():
        raise BadInput(f"{name}: the points must be finite, from 1 to {MOST_PEOPLE} people.")
    if labels.size and (labels.min() < NOISE or labels.max() > 100_000):
        raise BadInput(f"{name}: a label must lie between -1 and 100,000.")
    rows = held.get("rows")
    if rows is not None and (rows.ndim != 1 or rows.dtype.kind not in "iu"):
        raise BadInput(f"{name}: 'rows' must be whole numbers.")
    return name, points, labels.astype(np.int64), rows
