"""What the distances are measured in: all columns, their first principal components, or the map."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.results import Dataset, Projection
from analytics.shares import percent

SPACES = ("full", "pca", "map")
DEFAULT_COMPONENTS = 10


def stage_params(
    dataset: Dataset,
    space: str = "full",
    projection: Projection | None = None,
    components: int | None = None,
) -> dict[str, Any]:
    """The checked request parameters of a space. Raises BadInput."""
    if space not in SPACES:
        raise BadInput(f"The space is {space!r}, but it is one of {', '.join(SPACES)}.")
    if space == "map" and projection is None:
        raise BadInput("To cluster the map, make a map first, or choose another space.")
    if space != "pca":
        return {"space": space}
    if components is None:
        components = min(DEFAULT_COMPONENTS, *dataset.X.shape)
    return {"space": space, "components": _components(components, dataset.X.shape)}


def parents_of(dataset: Dataset, space: str, projection: Projection | None) -> tuple[str, ...]:
    """The parent digests of a request in a space."""
    if space == "map" and projection is not None:
        return (dataset.digest, projection.digest)
    return (dataset.digest,)


def points(parents: Sequence[Any], params: dict[str, Any]) -> tuple[np.ndarray, str]:
    """The points of a space, float64 (n, d), and the sentence that names it.

    parents : (dataset,) or (dataset, projection). params : with "space" and "components".
    Raises BadInput.
    """
    dataset = parents[0]
    projection = next((p for p in parents[1:] if isinstance(p, Projection)), None)
    checked = stage_params(
        dataset, params.get("space", "full"), projection, params.get("components")
    )
    if checked["space"] == "map":
        if len(projection.xy) != len(dataset.X):
            raise BadInput(
                f"The map has {len(projection.xy):,} rows but the data has {dataset.n:,}: "
                "make the map again."
            )
        return np.asarray(projection.xy, np.float64), "Distances measured in the 2-D map."
    X = np.asarray(dataset.X, np.float64)
    if checked["space"] == "pca":
        return _pca(X, checked["components"])
    d = X.shape[1]
    return X, f"Distances measured in all {d} columns." if d != 1 else (
        "Distances measured in the one column there is."
    )


def _components(components: Any, shape: tuple[int, ...]) -> int:
    most = min(shape)
    whole = isinstance(components, (int, np.integer)) and not isinstance(components, bool)
    if not whole or not 1 <= components <= most:
        raise BadInput(
            f"The number of PCA components is {components!r}, but with {shape[0]:,} rows and "
            f"{shape[1]:,} columns it takes a whole number from 1 to {most}."
        )
    return int(components)


def _pca(X: np.ndarray, components: int) -> tuple[np.ndarray, str]:
    """The first principal components of X and their share of the variance."""
    words = f"Distances measured in the first {components} principal components"
    if components == 1:
        words = "Distances measured in the first principal component"
    if np.all(X[0] == X):
        return np.zeros((len(X), components)), words + "."
    model = principal(X, components)
    Y = np.ascontiguousarray(model.transform(X))
    share = float(model.explained_variance_ratio_.sum())
    return Y, f"{words}, which hold {percent(share)} of the variance."


def principal(X: np.ndarray, components: int):
    """The fitted PCA of scikit-learn behind the space "pca"."""
    from sklearn.decomposition import PCA

    from analytics.clustering.methods._common import quietly

    with quietly([]):
        # The solver may draw random numbers on large tables; its seed is fixed, since the space
        # is no part of the method.
        return PCA(components, random_state=0).fit(X)
