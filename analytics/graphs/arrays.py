"""A graph inside an NPZ: which arrays are links, and which describe the nodes."""

from typing import Any

import numpy as np

from analytics.data.limits import check_size
from analytics.data.naming import Notes
from analytics.errors import BadInput
from analytics.graphs.links import usable

_EDGES = ("edges", "edge_index", "edge_list", "links")
_WEIGHTS = ("edge_weight", "edge_weights", "edge_attr", "weights", "weight")
_SPARSE = ("data", "indices", "indptr", "shape")
_MOST_NODES = 5_000_000


def part_graph(
    arrays: dict[str, np.ndarray], aside: dict[str, Any], notes: Notes
) -> dict[str, np.ndarray]:
    """The arrays that describe nodes; links go to ``aside`` as "pairs" (m, 2) and "weights".

    Links are an array of pairs named edges, edge_index, edge_list or links, or a square sparse
    matrix (``adj_data``, ``adj_indices``, ...; or plain ``data``, ``indices``, ...). Attributes may
    be a sparse matrix too (``attr_data``, ... or plain beside pairs); it is read as columns.
    Without links the arrays are given back as they are. Raises BadInput for a damaged matrix.
    """
    rest = dict(arrays)
    pairs, weights = _pairs(rest)
    plain = _sparse(rest, "") if pairs is None else None
    if pairs is None and _has(rest, "adj_"):
        pairs, weights = _of_matrix(_take(rest, "adj_"))
    elif pairs is None and plain is not None and plain[3][0] == plain[3][1]:
        pairs, weights = _of_matrix(_take(rest, ""))
    if pairs is None:
        return arrays
    for prefix in ("attr_", ""):
        if _has(rest, prefix):
            rest["X"] = _dense(_take(rest, prefix))
    n = _nodes(rest, pairs)
    nodes = {name: array for name, array in rest.items() if len(array) == n and array.ndim <= 2}
    if not nodes:
        nodes = {"node": np.arange(n)}
    left = [name for name in rest if name not in nodes]
    if left:
        notes.say(f"Arrays that hold no row per node were left out: {', '.join(left[:5])}.")
    aside.update(pairs=pairs, weights=weights)
    return nodes


def _pairs(rest: dict[str, np.ndarray]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Takes pairs of whole numbers, and their weights, out of the arrays."""
    for name in _EDGES:
        array = rest.get(name)
        if array is None or array.ndim != 2 or array.dtype.kind not in "iu" or 2 not in array.shape:
            continue
        del rest[name]
        pairs = (
            array.T if array.shape[1] != 2 or (name == "edge_index" and len(array) == 2) else array
        )
        known = (w for w in _WEIGHTS if w in rest)
        weight = next((w for w in known if rest[w].shape == (len(pairs),)), "")
        weights = rest.pop(weight) if weight else None
        return pairs.astype(np.int64), None if weights is None else _checked(weights)
    return None, None


def _has(rest: dict[str, np.ndarray], prefix: str) -> bool:
    return _sparse(rest, prefix) is not None


def _sparse(rest: dict[str, np.ndarray], prefix: str) -> tuple[np.ndarray, ...] | None:
    """The four arrays of a CSR matrix, or None."""
    four = tuple(rest.get(prefix + part) for part in _SPARSE)
    fits = all(array is not None and array.ndim == 1 for array in four)
    return four if fits and len(four[3]) == 2 else None


def _take(rest: dict[str, np.ndarray], prefix: str) -> Any:
    """A CSR matrix out of the arrays, checked. Raises BadInput."""
    from scipy.sparse import csr_array

    data, indices, indptr, shape = _sparse(rest, prefix)
    for part in _SPARSE:
        del rest[prefix + part]
    try:
        matrix = csr_array(
            (data.astype(np.float64), indices.astype(np.int64), indptr.astype(np.int64)),
            shape=tuple(int(s) for s in shape),
        )
        matrix.check_format(full_check=True)
    except (ValueError, TypeError, OverflowError):
        raise BadInput(
            f"The sparse matrix '{prefix}data' in the NPZ is damaged: save it again with "
            "scipy.sparse.save_npz."
        ) from None
    return matrix


def _dense(matrix: Any) -> np.ndarray:
    check_size(*matrix.shape)
    return matrix.astype(np.float32).toarray()


def _of_matrix(matrix: Any) -> tuple[np.ndarray, np.ndarray]:
    """Pairs and weights of the entries of a square matrix. Raises BadInput when it is not."""
    if matrix.shape[0] != matrix.shape[1]:
        raise BadInput(
            f"The matrix of links is {matrix.shape[0]:,} × {matrix.shape[1]:,}, but it needs one "
            "row and one column per node."
        )
    found = matrix.tocoo()
    kept = found.data != 0
    pairs = np.column_stack([found.row, found.col]).astype(np.int64)[kept]
    return pairs, _checked(found.data[kept])


def _checked(weights: np.ndarray) -> np.ndarray:
    """Weights float64, above 0. Raises BadInput."""
    if weights.dtype.kind not in "biuf":
        raise BadInput("The weights of the links are no numbers: save them as numbers.")
    weights = weights.astype(np.float64)
    return usable(weights, lambda i: f"entry {i:,} of the weights is {weights[i]:g}")


def _nodes(rest: dict[str, np.ndarray], pairs: np.ndarray) -> int:
    """How many nodes there are: the rows of X, else the length most arrays share that is enough
    for every link, else the highest number plus one. Raises BadInput."""
    highest = int(pairs.max(initial=-1)) + 1
    if "X" in rest:
        return len(rest["X"])
    lengths = [len(array) for array in rest.values() if len(array) >= highest]
    if lengths:
        return max(lengths, key=lambda n: (lengths.count(n), -n))
    if highest > _MOST_NODES:
        raise BadInput(
            f"A link names node {highest - 1:,}, but at most {_MOST_NODES:,} nodes can be used: "
            "number the nodes from 0 without gaps."
        )
    return highest
