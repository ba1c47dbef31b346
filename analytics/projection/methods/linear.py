"""Linear maps: principal components and random directions."""

import numpy as np

from analytics.errors import BadInput
from analytics.params import Param
from analytics.projection.common import computed, steady
from analytics.registry import Method
from analytics.results import Dataset, Projection
from analytics.shares import percent

_FULL = 500  # up to this many rows or columns, all components are computed exactly


def _pca(dataset: Dataset, params: dict, seed: int, progress) -> Projection:
    """Principal components; the notes name the columns with the largest weights."""

    def draw(X, params, seed, progress, notes):
        return principal(X, params, notes, dataset.columns)

    return computed(draw, always=True)(dataset, params, seed, progress)


def principal(X: np.ndarray, params: dict, notes: list[str], columns=()) -> np.ndarray:
    """Two principal components (n, 2) of X (n, d), float64 throughout.

    The largest absolute weight of each component is positive (the first of equals), so that a map
    is not mirrored between machines. Raises BadInput for a component the data do not have.
    """
    wanted = (params["x_component"], params["y_component"])
    limit = min(X.shape[0] - 1, X.shape[1]) if X.shape[0] > 2 else min(X.shape)
    if max(wanted) > limit:
        raise BadInput(
            f"Component {max(wanted)} was asked for, but these data have only {limit}: "
            f"choose components from 1 to {limit}."
        )
    X, factor = steady(X)
    scores, weights, share = components(X, max(wanted))
    pick = [component - 1 for component in wanted]
    xy, weights, share = scores[:, pick] / factor, weights[pick], share[pick]
    size = np.abs(weights)
    largest = np.argmax(size >= size.max(axis=1, keepdims=True) * (1 - 1e-6), axis=1)
    xy = xy * np.where(weights[[0, 1], largest] < 0, -1.0, 1.0)
    xy[:, share < 1e-15] = 0.0  # rounding noise around an axis that carries nothing
    _describe(notes, wanted, weights, largest, share, columns)
    if params["whiten"]:
        spread = xy.std(axis=0)
        xy = xy / np.where(spread > 0, spread, 1.0)
        notes.append("Both axes are scaled to a standard deviation of 1.")
    return xy


def components(X: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores (n, count), weights (count, d) and shares of the variance (count,)."""
    from sklearn.decomposition import PCA

    n, d = X.shape
    solver = "arpack"
    if min(n, d) <= _FULL or count >= min(n, d):
        solver = "covariance_eigh" if n >= d else "full"
    model = PCA(count, svd_solver=solver, random_state=0)
    scores = model.fit_transform(X)
    return scores, model.components_, model.explained_variance_ratio_


def _describe(notes, wanted, weights, largest, share, columns) -> None:
    """Say how much variance the axes carry and which columns weigh most on them."""
    parts = [f"{percent(float(s), 1)} along {axis}" for axis, s in zip("xy", share, strict=True)]
    notes.append(
        f"The map keeps {percent(float(share.sum()), 1)} of the variance: {', '.join(parts)}."
    )
    if len(columns) != weights.shape[1]:
        return
    for axis, component, row, flip, kept in zip("xy", wanted, weights, largest, share, strict=True):
        if kept < 1e-15:
            continue
        sign = -1.0 if row[flip] < 0 else 1.0
        top = np.argsort(-np.abs(row), kind="stable")[:3]
        words = ", ".join(f"{columns[j][:40]} {sign * row[j]:+.2f}" for j in top)
        notes.append(f"Largest weights on {axis} (component {component}): {words}.")


def _random(X, params, seed, progress, notes) -> np.ndarray:
    """Two random directions with independent normal entries (Johnson and Lindenstrauss)."""
    from sklearn.random_projection import GaussianRandomProjection

    X, factor = steady(X)
    model = GaussianRandomProjection(n_components=2, random_state=seed)
    notes.append("Two random directions; another seed shows another side of the data.")
    return model.fit_transform(X) / factor


def _component(name: str, default: int, label: str) -> Param:
    return Param(
        name, "int", default, label, "Which principal component to show.", 1, 50, basic=False
    )


METHODS = (
    Method(
        id="pca",
        label="PCA",
        kind="projection",
        summary="The flat view with the largest spread; keeps the broad layout and true scale, "
        "but overlays groups that differ in less spread directions.",
        run=_pca,
        params=(
            _component("x_component", 1, "Component along x"),
            _component("y_component", 2, "Component along y"),
            Param(
                "whiten",
                "bool",
                False,
                "Equal spread on both axes",
                "Scale both axes to a standard deviation of 1; distances then lose their unit.",
                basic=False,
            ),
        ),
        cost=lambda n, d, params: 0.02 + 2e-9 * n * d * min(n, d, 500),
        reference="Pearson 1901, On lines and planes of closest fit, doi:10.1080/14786440109462720",
        seeded=False,
        order=10,
    ),
    Method(
        id="random",
        label="Random projection",
        kind="projection",
        summary="Two random directions; cheap at any size and a baseline for the others, "
        "but keeps distances only roughly and hides most groups.",
        run=computed(_random, always=True),
        cost=lambda n, d, params: 0.01 + 4e-9 * n * d,
        reference="Johnson and Lindenstrauss 1984, Extensions of Lipschitz mappings into a "
        "Hilbert space, doi:10.1090/conm/026/737400",
        order=80,
    ),
)
