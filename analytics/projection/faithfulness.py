"""How well a map keeps the distances of the prepared data, overall and row by row.

Four questions: are neighbours on the map neighbours in the data (trustworthiness), are neighbours
in the data neighbours on the map (continuity), how far are the distances off (stress), and is their
order kept (rank correlation, Shepard 1962). Up to :data:`EXACT` rows everything is exact; above
that, samples are used and the notes say of what size; above :data:`MOST` rows, no others are
looked at than a sample of so many.
"""

from dataclasses import dataclass, replace

import numpy as np

from analytics.errors import BadInput
from analytics.params import Param
from analytics.progress import Progress, part, silent
from analytics.projection.common import one_thread
from analytics.results import Score, ScoreCard

EXACT = 3_000  # rows up to which every pair is used
MOST = 1_000_000  # rows looked at: 66 s at 20 columns, and every further row costs as much
SQUARE = 2_000  # rows whose pairs give stress and rank correlation of larger data
LANDMARKS = (200, 1_000, 100_000_000)  # least, most, and most pairs when every row is compared
QUERIES = (200, 500, 30_000_000)  # the same for rows that are compared with all others
SHEPARD = 2_000  # pairs kept for the Shepard diagram
_CELLS = 400_000  # distances held at once; small enough to stay near the processor

PARAMS = (
    Param(
        "k",
        "int",
        15,
        "Neighbours",
        "How many nearest neighbours trustworthiness and continuity look at.",
        1,
        1_000,
    ),
)


@dataclass
class _Rows:
    """Per-row terms: trustworthiness, continuity, rank correlation, and the sums of squared
    map distances, squared data distances and their products. All float64 (rows,)."""

    trust: np.ndarray
    continuity: np.ndarray
    correlation: np.ndarray
    map2: np.ndarray
    data2: np.ndarray
    both: np.ndarray


def score(X, xy, k: int = 15, seed: int = 0, progress: Progress = silent) -> ScoreCard:
    """Faithfulness of the map xy (n, 2) to the prepared data X (n, d).

    values, points : "trustworthiness", "continuity" (0 to 1; Venna and Kaski 2001), "stress"
        (Kruskal 1964, stress-1, 0 to 1; per row "stress_share", shares of its square that add up
        to 1) and "distance_correlation" (Spearman, -1 to 1; per row of its own distances).
    tables["shepard"] : float32 (m, 2) pairs of data distance and map distance.
    Rows left out of a sample are NaN in all ``points``.
    Raises BadInput when X and xy do not belong together or are not finite.
    """
    X, xy = _checked(X, xy)
    n = len(X)
    if n > MOST:
        return _of_part(X, xy, k, seed, progress)
    X, xy = _centred(X), _centred(xy)
    notes = ["Compared with the prepared data, all its columns, Euclidean distance."]
    if n < 3:
        notes.append("Fewer than three rows leave nothing to compare.")
        return _card([None] * 4, k, _empty(n), np.zeros((0, 2)), notes)
    if np.all(X[0] == X):
        notes.append("All rows are equal, so there are no distances to keep.")
        return _card([None] * 4, k, _empty(n), np.zeros((0, 2)), notes)
    used = min(k, (n - 1) // 2)
    if used < k:
        notes.append(f"Neighbours was lowered from {k} to {used}, the most {n} rows allow.")
    random = np.random.default_rng(seed)
    with one_thread(), np.errstate(all="ignore"):
        if n <= EXACT:
            rows = queries = _compare(X, xy, np.arange(n), np.arange(n), used, random, progress)
            square = np.arange(n)
        else:
            rows, queries, square = _sampled(X, xy, used, random, notes, progress)
        stress, shepard, pairs = _distances_kept(X[square], xy[square], random)
    trust, continuity = _mean(queries.trust), _mean(queries.continuity)
    progress(1.0, "Faithfulness ready")
    return _card([trust, continuity, stress, shepard], used, rows, pairs, notes)


def _checked(X, xy) -> tuple[np.ndarray, np.ndarray]:
    """Both as they are, if they are numbers for the same rows. Raises BadInput."""
    X, xy = np.asarray(X), np.asarray(xy)
    if X.ndim != 2 or xy.ndim != 2 or xy.shape[1] != 2 or len(X) != len(xy):
        raise BadInput(
            f"The map has {len(xy):,} rows and the data {len(X):,}: draw the map of these data."
        )
    if not (np.isfinite(X).all() and np.isfinite(xy).all()):
        raise BadInput(
            "The map or the data hold missing or infinite values: prepare the data again."
        )
    return X, xy


def _centred(values: np.ndarray) -> np.ndarray:
    """As float64, moved to the mean, which no distance notices."""
    values = values.astype(np.float64)
    return values - values.mean(axis=0) if len(values) else values


def _of_part(X, xy, k, seed, progress) -> ScoreCard:
    """The scores of MOST random rows."""
    n = len(X)
    rows = np.sort(np.random.default_rng(seed).choice(n, MOST, replace=False, shuffle=False))
    card = score(X[rows], xy[rows], k, seed, progress)
    points = {}
    for name, values in card.points.items():
        points[name] = np.full(n, np.nan, np.float32)
        points[name][rows] = values
    note = (
        f"Measured on {MOST:,} of {n:,} rows, drawn at random; the others have no value per row, "
        f"and a row's {k} nearest of those drawn stand for about {round(k * n / MOST):,} rows."
    )
    return replace(card, points=points, notes=(note, *card.notes))


def _sampled(X, xy, k, random, notes, progress) -> tuple[_Rows, _Rows, np.ndarray]:
    """Every row against landmarks, some rows against all, and a sample of rows for the pairs."""
    n = len(X)
    shuffled = random.permutation(n)
    landmarks = np.sort(shuffled[: _budget(n, LANDMARKS)])
    queries = np.sort(shuffled[: _budget(n, QUERIES)])
    square = np.sort(shuffled[:SQUARE])
    notes.append(
        f"Overall trustworthiness and continuity: {len(queries):,} of {n:,} rows, each against "
        f"all rows. Stress and distance correlation: all pairs of {len(square):,} rows."
    )
    m = len(landmarks)
    near = min(k, (m - 1) // 2)
    notes.append(
        f"Values per row: each of the {n:,} rows against {m:,} random rows, so its {near} nearest "
        f"stand for about {round(near * n / m):,} neighbours."
    )
    every = np.arange(n)
    of_all = _compare(X, xy, every, landmarks, near, random, part(progress, 0.0, 0.6))
    of_some = _compare(X, xy, queries, every, k, random, part(progress, 0.6, 0.95))
    return of_all, of_some, square


def _budget(n: int, limits: tuple[int, int, int]) -> int:
    least, most, pairs = limits
    return int(np.clip(pairs // n, least, most))


def _compare(X, xy, rows, columns, k, random, progress) -> _Rows:
    """The per-row terms of ``rows`` against ``columns``, both row numbers, in bounded memory.

    The columns are shuffled first, so that equal distances are ranked at random and not in the
    order of the file.
    """
    columns = random.permutation(columns)
    place = np.full(len(X), -1)
    place[columns] = np.arange(len(columns))
    others = X[columns], xy[columns]
    step = max(1, _CELLS // len(columns))
    blocks = []
    for start in range(0, len(rows), step):
        stop = min(start + step, len(rows))
        progress(start / len(rows), f"Comparing rows {start + 1:,} to {stop:,} of {len(rows):,}")
        chosen = rows[start:stop]
        data = _distances(X[chosen], others[0])
        drawn = _distances(xy[chosen], others[1])
        blocks.append(_terms(data, drawn, place[chosen], k))
    return _Rows(*(np.concatenate(values) for values in zip(*blocks, strict=True)))


def _distances(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Euclidean distances (a, b) of the rows of A and B, by one matrix product."""
    squares = A @ B.T
    squares *= -2.0
    squares += np.einsum("ij,ij->i", A, A)[:, None]
    squares += np.einsum("ij,ij->i", B, B)[None, :]
    np.maximum(squares, 0.0, out=squares)
    return np.sqrt(squares, out=squares)


def _terms(data, drawn, own, k) -> tuple[np.ndarray, ...]:
    """The fields of :class:`_Rows` for distances (rows, columns).

    own : the column (rows,) that is the row itself, or -1.
    """
    itself = np.flatnonzero(own >= 0), own[own >= 0]
    data[itself] = drawn[itself] = 0.0
    sums = [np.einsum("ij,ij->i", a, b) for a, b in ((drawn, drawn), (data, data), (data, drawn))]
    far = data.max(axis=1), drawn.max(axis=1)
    data[itself] = drawn[itself] = np.inf
    others = data.shape[1] - (own >= 0)
    flat = (others < 2) | _flat(data, far[0]) | _flat(drawn, far[1])
    (order_data, rank_data), (order_map, rank_map) = _ranks(data), _ranks(drawn)
    # Venna and Kaski 2001, eq. 1 and 2, per row; "others" is their N - 1.
    worst = k * (2 * others - 3 * k + 1) / 2
    intruders = np.take_along_axis(rank_data, order_map[:, :k], 1) - k
    missing = np.take_along_axis(rank_map, order_data[:, :k], 1) - k
    trust = 1 - np.maximum(intruders, 0).sum(axis=1) / worst
    continuity = 1 - np.maximum(missing, 0).sum(axis=1) / worst
    # Spearman without ties. The row itself is last in both orders, so the sum of products of the
    # others' ranks is the whole sum less that of the last place.
    products = np.einsum("ij,ij->i", rank_data, rank_map)
    products -= np.where(own >= 0, float(data.shape[1]) ** 2, 0.0)
    m = others.astype(np.float64)
    rho = (products - m * (m + 1) ** 2 / 4) / (m * (m * m - 1) / 12)
    return trust, continuity, np.where(flat, np.nan, rho), *sums


def _flat(distances: np.ndarray, farthest: np.ndarray) -> np.ndarray:
    """Rows whose distances to all others are equal up to rounding, so that no order exists."""
    return farthest - distances.min(axis=1) <= 1e-7 * farthest


def _ranks(distances: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns of every row from near to far, and the rank of every column, 1 for the nearest."""
    order = np.argsort(distances, axis=1)
    ranks = np.empty(distances.shape)
    np.put_along_axis(ranks, order, np.arange(1.0, distances.shape[1] + 1)[None], 1)
    return order, ranks


def _distances_kept(X, xy, random) -> tuple[tuple, tuple, np.ndarray]:
    """(stress, low, high), (rank correlation, low, high) and pairs for the Shepard diagram."""
    i, j = np.triu_indices(len(X), 1)
    data, drawn = _distances(X, X)[i, j], _distances(xy, xy)[i, j]
    pairs = random.permutation(len(data))[:SHEPARD]
    pairs = np.column_stack([data[pairs], drawn[pairs]])
    if data.max() > 0 == drawn.max():
        return (1.0, None, None), (None, None, None), pairs
    return _stress(data, drawn, i, j), _rank_correlation(data, drawn, i, j), pairs


def _stress(data, drawn, i, j) -> tuple[float, float, float]:
    """Kruskal's stress-1 of the pairs (i, j) with the map scaled by the best factor.

    It is sqrt(1 - s^2), s the cosine between the two lists of distances.
    """
    u = data / np.sqrt(data @ data / len(data))
    v = drawn / np.sqrt(drawn @ drawn / len(drawn))
    s = float(np.clip(u @ v / len(u), 0.0, 1.0))
    reach = _reach(u * v - s * (u * u + v * v) / 2, i, j)
    ends = (s, min(1.0, s + reach), max(0.0, s - reach))  # a wider angle is more stress
    return tuple(float(np.sqrt(1 - c * c)) for c in ends)


def _rank_correlation(data, drawn, i, j) -> tuple[float | None, float | None, float | None]:
    """Spearman's correlation of the pairs (i, j); None where one side has no order.

    The interval counts both how a pair's own ranks matter and how it shifts the ranks of others:
    with F and G the ranks as shares, the correlation is 12 mean(F G) - 3 without ties.
    """
    from scipy.stats import rankdata

    m = len(data)
    F, G = rankdata(data) / m, rankdata(drawn) / m
    f, g = F - F.mean(), G - G.mean()
    spread = float(np.sqrt((f @ f) * (g @ g)))
    if spread <= 0:
        return None, None, None
    value = float(np.clip(f @ g / spread, -1.0, 1.0))
    pull = F * G + _above(data, G) + _above(drawn, F)
    reach = _reach(12 * (pull - pull.mean()), i, j)
    return value, max(-1.0, value - reach), min(1.0, value + reach)


def _above(by: np.ndarray, values: np.ndarray) -> np.ndarray:
    """For every entry, the mean over all entries of ``values`` where ``by`` is at least its own."""
    order = np.argsort(by)
    above = np.empty(len(by))
    above[order] = np.cumsum(values[order][::-1])[::-1] / len(by)
    return above


def _reach(pull: np.ndarray, i, j) -> float:
    """Half a 95 % interval over rows by the infinitesimal jackknife.

    pull : by how much every pair (i, j) moves the result. A pair belongs to two rows, so a row
    moves it by twice the mean of its pairs.
    """
    n = int(j[-1]) + 1
    influence = 2 * (np.bincount(i, pull, n) + np.bincount(j, pull, n)) / (n - 1)
    return 1.96 * float(np.sqrt(influence @ influence)) / n


def _mean(values: np.ndarray) -> tuple[float, float, float]:
    """Mean of per-row values in [0, 1] with its 95 % interval over rows."""
    mean = float(values.mean())
    reach = 1.96 * float(values.std(ddof=1) / np.sqrt(len(values)))
    return mean, max(0.0, mean - reach), min(1.0, mean + reach)


def _empty(n: int) -> _Rows:
    return _Rows(*(np.full(n, np.nan) for _ in range(6)))


def _share(rows: _Rows) -> np.ndarray:
    """Each row's share of the squared differences after the best scaling of the map."""
    total = rows.map2.sum()
    scale = rows.both.sum() / total if total > 0 else 0.0
    rest = np.maximum(rows.data2 - 2 * scale * rows.both + scale**2 * rows.map2, 0.0)
    # Below rounding of the sums there is no stress to share.
    total = rest.sum()
    return rest / total if total > 1e-12 * rows.data2.sum() else rest * 0.0


_ABOUT = (
    (
        "trustworthiness",
        "Trustworthiness",
        "higher",
        "How rarely rows that look like the {k} nearest neighbours on the map are far apart in "
        "the data; 1 is never (Venna and Kaski 2001).",
    ),
    (
        "continuity",
        "Continuity",
        "higher",
        "How rarely the {k} nearest neighbours in the data are torn apart on the map; 1 is never "
        "(Venna and Kaski 2001).",
    ),
    (
        "stress",
        "Stress (Kruskal)",
        "lower",
        "How far map distances are from data distances after the map is scaled to fit best; "
        "0 is exact, 1 is no relation (Kruskal 1964, stress-1).",
    ),
    (
        "distance_correlation",
        "Distance correlation (Spearman)",
        "higher",
        "Whether pairs farther apart in the data are farther apart on the map: Spearman's rank "
        "correlation of all pair distances (Shepard 1962).",
    ),
)


def _card(overall, k: int, rows: _Rows, pairs: np.ndarray, notes: list[str]) -> ScoreCard:
    values = {}
    for (name, label, better, help_), numbers in zip(_ABOUT, overall, strict=True):
        value, low, high = numbers or (None, None, None)
        values[name] = Score(value, low, high, label, better, help_.format(k=k))
    per_row = {
        "trustworthiness": rows.trust,
        "continuity": rows.continuity,
        "stress_share": _share(rows),
        "distance_correlation": rows.correlation,
    }
    return ScoreCard(
        values=values,
        points={name: column.astype(np.float32) for name, column in per_row.items()},
        tables={"shepard": pairs.astype(np.float32)},
        notes=tuple(notes),
    )
