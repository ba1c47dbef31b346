"""Contrastive components: directions that vary in some rows and not in a background."""

import numpy as np

from analytics.errors import BadInput
from analytics.params import Param
from analytics.projection.common import computed, steady
from analytics.registry import Method
from analytics.results import Dataset, Projection


def _cpca(dataset: Dataset, params: dict, seed: int, progress) -> Projection:
    """The notes name the background, the variances along the axes and the heaviest columns."""

    def draw(X, params, seed, progress, notes):
        target, name = _split(dataset, params["background"])
        progress(0.2, f"Variances of {int(target.sum()):,} rows and of the background")
        return contrast(X, target, params["alpha"], notes, name, dataset.columns)

    return computed(draw, always=True)(dataset, params, seed, progress)


def _split(dataset: Dataset, place: int) -> tuple[np.ndarray, str]:
    """Which rows are no background, bool (n,), and the background's name. Raises BadInput."""
    domain = np.asarray(dataset.domain)
    present = np.unique(domain[domain >= 0])
    if not 1 <= place <= len(present):
        raise BadInput(
            f"Domain {place} is to be the background but there are only {len(present)}: choose "
            f"from 1 to {len(present)}, in the order of their names."
        )
    code = present[place - 1]
    target = domain != code
    if min(target.sum(), (~target).sum()) < 2:
        raise BadInput("The background and the other rows need at least 2 rows each.")
    return target, dataset.domain_names[code]


def contrast(X, target, alpha: float, notes: list[str], name: str, columns=()) -> np.ndarray:
    """All rows (n, 2) along the two largest eigenvectors of C_target - alpha C_background.

    Both covariances round their own means. The largest absolute weight of each axis is positive.
    """
    Z, factor = steady(X)
    inside, outside = Z[target], Z[~target]
    a, b = np.cov(inside, rowvar=False, ddof=0), np.cov(outside, rowvar=False, ddof=0)
    _, vectors = np.linalg.eigh(np.atleast_2d(a - alpha * b))
    axes = vectors[:, ::-1][:, :2]
    largest = np.abs(axes).argmax(axis=0)
    axes = axes * np.where(axes[largest, [0, 1]] < 0, -1.0, 1.0)
    for axis, v in zip("xy", axes.T, strict=True):
        ours, theirs = v @ a @ v, v @ b @ v
        ratio = f"{ours / theirs:.3g} times" if theirs > 1e-12 * max(ours, 1e-300) else "not"
        words = f"Along {axis} the rows vary {ratio} as much as the background ({name[:40]})."
        if ratio == "not":
            words = f"Along {axis} the background ({name[:40]}) does not vary."
        if len(columns) == len(v):
            top = np.argsort(-np.abs(v), kind="stable")[:3]
            words += " Largest weights: " + ", ".join(f"{columns[j][:40]} {v[j]:+.2f}" for j in top)
            words += "."
        notes.append(words)
    return (Z - inside.mean(axis=0)) @ axes / factor


METHODS = (
    Method(
        id="cpca",
        label="Contrastive PCA",
        kind="projection",
        summary="The flat view of what varies in some rows but not in a background domain: groups "
        "that a strong shared variation hides. Overlays what both have; needs a domain column.",
        run=_cpca,
        params=(
            Param(
                "alpha",
                "float",
                2.0,
                "Contrast",
                "How much variance of the background counts against a direction; 0 is PCA of the "
                "other rows.",
                0,
                1e6,
            ),
            Param(
                "background",
                "int",
                1,
                "Background",
                "Which domain is the background, in the order of their names.",
                1,
                1_000,
            ),
        ),
        needs=("table", "domain"),
        cost=lambda n, d, params: 0.05 + 4e-9 * n * d * d + 1e-8 * d**3,
        reference="Abid, Zhang, Bagaria and Zou 2018, Exploring patterns enriched in a dataset "
        "with contrastive principal component analysis, doi:10.1038/s41467-018-04608-8",
        seeded=False,
        order=15,
    ),
)
