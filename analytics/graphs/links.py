"""From two columns that name nodes to the links of a graph, with everything left out said."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.data import words
from analytics.errors import BadInput

MOST_LINKS = 20_000_000
# Names of the two columns of a list of links, and of a column that names nodes.
PAIRS = (("source", "target"), ("from", "to"), ("src", "dst"), ("source", "destination"),
         ("node1", "node2"), ("node_1", "node_2"), ("u", "v"))  # fmt: skip
WEIGHTS = ("weight", "weights", "value", "w", "strength")
ID_NAMES = ("id", "node", "node_id", "nodeid", "name", "key")


@dataclass(frozen=True, eq=False)
class Links:
    """Links between n nodes. edges int32 (m, 2), see :mod:`analytics.graphs`; weights float32 (m,)
    or None; notes : sentences on what was left out or joined."""

    edges: np.ndarray
    weights: np.ndarray | None
    notes: tuple[str, ...] = ()


def pair_of(frame: pd.DataFrame) -> tuple[str, str] | None:
    """The two columns of a table that, by their names, are the ends of links, or None."""
    lower = {c.strip().lower(): c for c in frame.columns}
    return next(((lower[a], lower[b]) for a, b in PAIRS if a in lower and b in lower), None)


def is_list(frame: pd.DataFrame) -> bool:
    """Whether a table is a list of links and nothing else: by the names of its columns, and
    because no number with a fraction, a measurement, names a node."""
    pair = pair_of(frame)
    rest = [c.strip().lower() for c in frame.columns if c not in (pair or ())]
    named = pair is not None and (not rest or (len(rest) == 1 and rest[0] in WEIGHTS))
    return named and not any(_measured(frame[c]) for c in pair)


def _measured(series: pd.Series) -> bool:
    if not pd.api.types.is_float_dtype(series):
        return False
    numbers = series.to_numpy(float, na_value=np.nan)
    return bool(np.any(np.isfinite(numbers) & (numbers % 1 != 0)))


def columns_of(frame: pd.DataFrame) -> tuple[str, str, str]:
    """The columns (one end, other end, weight or "") of a list of links. Raises BadInput.

    By name where the names are known; else the first two, and the third when it holds numbers.
    """
    if frame.shape[1] < 2:
        raise BadInput(
            "A list of links needs two columns, one for each end, but there is one: "
            "check the separator."
        )
    pair = pair_of(frame) or tuple(frame.columns[:2])
    rest = [c for c in frame.columns if c not in pair]
    named = next((c for c in rest if c.strip().lower() in WEIGHTS), "")
    numeric = rest[:1] and pd.api.types.is_numeric_dtype(frame[rest[0]])
    bare = numeric and frame.shape[1] == 3
    return (*pair, named or (rest[0] if bare else ""))


def of_frame(frame: pd.DataFrame, nodes: pd.DataFrame | None) -> tuple[Links, pd.Index, str]:
    """Links of a list, the names of its nodes in row order, and the column that holds them.

    nodes : the table of nodes, or None when the list alone makes them, in sorted order. The column
    "" stands for row numbers. Raises BadInput.
    """
    one, other, weight = columns_of(frame)
    ends = [_keys(frame[c]) for c in (one, other)]
    missing = ends[0].isna() | ends[1].isna()
    notes = []
    if missing.any():
        notes.append(f"{words.count(int(missing.sum()), 'link')} without two ends left out.")
    weights = _weights(frame[weight], weight) if weight else None
    if nodes is None:
        distinct = pd.unique(pd.concat(ends).dropna())
        names, column = pd.Index(sorted(distinct, key=_natural)), "node"
    else:
        names, column = _naming(nodes, ends)
    place = [pd.Index(names).get_indexer(end) for end in ends]
    pairs = np.column_stack(place)[~missing.to_numpy()]
    kept = weights[~missing.to_numpy()] if weights is not None else None
    unknown = (pairs < 0).any(axis=1)
    if unknown.any():
        notes.append(_unknown(unknown, pairs, frame[~missing.to_numpy()], (one, other), column))
        pairs, kept = pairs[~unknown], kept[~unknown] if kept is not None else None
    links = tidy(pairs, kept, len(names))
    return Links(links.edges, links.weights, (*notes, *links.notes)), names, column


def tidy(pairs: np.ndarray, weights: np.ndarray | None, n: int) -> Links:
    """Pairs of node numbers (m, 2), given in any order and as often as they like, as links.

    A link given twice in one direction counts once, or adds up its weights; of the two directions
    the larger weight holds. Raises BadInput for numbers outside 0 .. n - 1 and for no link at all.
    """
    pairs = np.asarray(pairs, np.int64).reshape(-1, 2)
    if len(pairs) > MOST_LINKS:
        raise BadInput(
            f"There are {len(pairs):,} links, but at most {MOST_LINKS:,} can be used: "
            "keep the heaviest, or take fewer nodes."
        )
    if len(pairs) and (pairs.min() < 0 or pairs.max() >= n):
        worst = pairs.max() if pairs.max() >= n else pairs.min()
        raise BadInput(
            f"A link names node {worst}, but the nodes are numbered from 0 to {n - 1:,}: "
            "correct the list."
        )
    notes = []
    loops = pairs[:, 0] == pairs[:, 1]
    if loops.any():
        notes.append(f"{words.count(int(loops.sum()), 'link')} of a node with itself left out.")
        pairs, weights = pairs[~loops], weights[~loops] if weights is not None else None
    if not len(pairs):
        raise BadInput("No link between two different nodes is left: check the list of links.")
    ways, amounts, repeats = _added(pairs, weights, n)
    if repeats:
        how = "count once" if weights is None else "have their weights added up"
        notes.append(f"{words.count(repeats, 'repeated link')}: links given again {how}.")
    low, high = np.minimum(*ways.T), np.maximum(*ways.T)
    key, back = np.unique(low * n + high, return_inverse=True)
    largest = np.zeros(len(key))
    np.maximum.at(largest, back, amounts)
    both = len(ways) - len(key)
    notes.append(_direction(both, len(key), weights is not None))
    edges = np.column_stack([key // n, key % n]).astype(np.int32)
    given = weights is not None and not np.all(largest == 1)
    return Links(edges, largest.astype(np.float32) if given else None, tuple(filter(None, notes)))


def among(
    edges: np.ndarray, weights: np.ndarray | None, rows: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray | None]:
    """The links among some of n rows, numbered by their place in ``rows`` (m,), sorted anew."""
    place = np.full(n, -1, np.int64)
    place[rows] = np.arange(len(rows))
    pairs = place[edges]
    inside = (pairs >= 0).all(axis=1)
    pairs = np.sort(pairs[inside], axis=1)
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    kept = None if weights is None else weights[inside][order]
    return pairs[order].astype(np.int32), kept


def _added(pairs, weights, n: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Distinct directed pairs, their weights (1 each without), and how many were repeats."""
    key, back = np.unique(pairs[:, 0] * n + pairs[:, 1], return_inverse=True)
    amounts = np.ones(len(key)) if weights is None else np.bincount(back, weights, len(key))
    return np.column_stack([key // n, key % n]), amounts, len(pairs) - len(key)


def _direction(both: int, links: int, weighted: bool) -> str:
    """What became of the direction of the links."""
    if both == links:
        return ""  # every link is listed both ways: the list has no direction
    words_ = "Links are read without direction"
    if not both:
        return f"{words_}."
    heavier = ", with the larger weight" if weighted else ""
    return f"{words_}: {both:,} of {links:,} were given both ways and count once{heavier}."


def _keys(values: pd.Series) -> pd.Series:
    """Names of nodes as text, so that 7, 7.0 and "7" are one node."""
    from analytics.data.types import to_text

    return to_text(values).str.strip()


def _natural(text: str) -> tuple:
    return (0, int(text), "") if text.isdecimal() and len(text) < 18 else (1, 0, text)


def _weights(values: pd.Series, name: str) -> np.ndarray:
    """Weights float64 (m,), above 0. Raises BadInput naming the first that is not."""
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(np.float64)
    return usable(
        numbers,
        lambda i: f"row {i + 1:,} of {words.name(name)} holds {words.name(values.iloc[i])}",
    )


def usable(weights: np.ndarray, said: Callable[[int], str]) -> np.ndarray:
    """Weights if all can be used. said : where a weight is and what. Raises BadInput."""
    wrong = np.flatnonzero(~((weights > 0) & (weights < 1e30)))
    if len(wrong):
        raise BadInput(
            f"A weight of a link is a number above 0 and below 1e30, but {said(int(wrong[0]))}: "
            "correct or remove it."
        )
    return weights


def _naming(nodes: pd.DataFrame, ends: list[pd.Series]) -> tuple[pd.Index, str]:
    """The names of the nodes: the column, or the row numbers, that knows most ends of links.

    Raises BadInput when no column has one value per row and none knows half of the links.
    """
    wanted = pd.unique(pd.concat(ends).dropna())
    best: tuple[float, int, pd.Index, str] = (-1.0, 0, pd.Index([]), "")
    for name, keys in _namings(nodes):
        known = float(np.mean(keys.get_indexer(wanted) >= 0)) if len(wanted) else 0.0
        rank = int(name.strip().lower() in ID_NAMES)
        if (known, rank) > best[:2]:
            best = (known, rank, keys, name)
    if best[0] < 0.5:
        shown = words.names([str(w) for w in wanted[:3]])
        raise BadInput(
            f"The links name nodes ({shown}) that no column of the table holds once per row: "
            "give the table of nodes a column with these names."
        )
    return best[2], best[3]


def _namings(nodes: pd.DataFrame) -> Iterator[tuple[str, pd.Index]]:
    """The columns with one value per row, as names; then the row numbers, as ""."""
    for name in nodes.columns[:200]:
        values = nodes[name]
        keys = pd.Index(_keys(values)) if values.notna().all() and values.is_unique else None
        if keys is not None and keys.is_unique:
            yield name, keys
    yield "", pd.Index([str(i) for i in range(len(nodes))])


def _unknown(unknown, pairs, frame, ends, column: str) -> str:
    """Which links name a node that is not there."""
    first = int(np.flatnonzero(unknown)[0])
    end = ends[0] if pairs[first, 0] < 0 else ends[1]
    where = f"column {words.name(column)}" if column else "the numbers of the rows"
    return (
        f"{words.count(int(unknown.sum()), 'link')} left out, because an end is not in {where} of "
        f"the nodes; the first is {words.name(frame[end].iloc[first])} in row "
        f"{int(frame.index[first]) + 1:,}."
    )
