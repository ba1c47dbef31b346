"""New classes beside known ones: NCD k-means, NCD spectral, PBN; their tuning by hiding classes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.clustering import novel
from analytics.clustering.methods._common import groups_param
from analytics.errors import BadInput
from analytics.params import Param
from analytics.progress import Progress, part
from analytics.registry import Method
from analytics.results import Clustering, Dataset

_FOLDS = 2  # of the tuning
_TUNING_EPOCHS = 60
_MOST_COMPONENTS = 60


@dataclass(frozen=True)
class Task:
    """Rows with a known class and rows of new ones. codes (n,): class 0 .. c - 1, -1 for new."""

    X: np.ndarray
    codes: np.ndarray

    @property
    def new(self) -> np.ndarray:
        return self.codes < 0


def task(X: np.ndarray, dataset: Dataset, hide: int) -> Task:
    """What is known after hiding the last ``hide`` classes. Raises BadInput."""
    labels = np.asarray(dataset.labels)
    present = np.unique(labels[labels >= 0])
    if hide >= len(present):
        raise BadInput(
            f"{hide} classes are to be hidden, but there are {len(present)} in "
            f"{dataset.label_column or 'the label column'} and one at least must stay: hide fewer."
        )
    kept = present[: len(present) - hide]
    codes = np.where(np.isin(labels, kept), np.searchsorted(kept, labels), -1)
    if (codes >= 0).all():
        raise BadInput(
            "Every row has a label, so there is nothing to find: leave the label empty where it is "
            "not known, or hide some classes to see whether they would be found."
        )
    return Task(X / (np.abs(X).max() or 1.0), codes.astype(np.int64))


def _found(
    work: Task,
    Z: np.ndarray,
    params: dict[str, Any],
    seed: int,
    progress: Progress,
    dataset: Dataset,
    notes: list[str],
) -> Clustering:
    """New groups of the unlabelled rows in a space Z (n, p), beside the known classes."""
    new, k = Z[work.new], params["n_clusters"]
    if k is None:
        k = min(novel.number_of_classes(new, seed, progress), len(new))
        notes.append(
            f"{k} new groups by the highest silhouette of 2 to {novel.MOST_CLASSES}. In columns "
            "this is often too many; PBN estimates better. Say how many where you know."
        )
    if k > len(new):
        raise BadInput(f"{k} new groups were asked for but {len(new):,} rows have no label.")
    known = int(work.codes.max()) + 1
    labels = work.codes.copy()
    centers, _ = novel.kmeans(Z[~work.new], work.codes[~work.new], new, k, seed)
    labels[work.new] = known + novel.nearest(new, centers)
    notes.insert(
        0,
        f"{known} known classes are kept; the {len(new):,} rows without a label fall into {k} new "
        "groups. Agreement with the labels counts the known rows too.",
    )
    truth = np.asarray(dataset.labels)[work.new]
    if params["hide"] and (truth >= 0).any():
        from analytics.clustering.agreement import compare

        f1 = compare(truth[truth >= 0], labels[work.new][truth >= 0])["macro_f1"]
        notes.insert(1, f"Of the hidden classes alone, the macro-F1 is {f1:.3f}.")
    return Clustering(labels=labels, notes=tuple(notes))


def ncd_kmeans(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """NCD k-means in the prepared columns."""
    work = task(X, dataset, params["hide"])
    progress(0.1, "NCD k-means")
    return _found(work, work.X, params, seed, part(progress, 0.1, 0.9), dataset, [])


def ncd_spectral(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """NCD k-means among eigenvectors of the graph of all rows."""
    work, notes = task(X, dataset, params["hide"]), []
    least, components = params["min_dist"], params["n_components"]
    if components is None:
        known = int(work.codes.max()) + 1
        components = known + (params["n_clusters"] or known)
    if params["tries"]:

        def draw(rng):
            return float(rng.uniform(0.01, 0.95)), int(rng.integers(2, _MOST_COMPONENTS + 1))

        def space(X, codes, drawn, said):
            said(0.0, "A graph with hidden classes")
            return novel.spectral_space(X, drawn[0], min(drawn[1], len(X) - 1))

        found = _tuned(work, params["tries"], seed, part(progress, 0.0, 0.8), draw, space)
        if found is not None:
            least, components = found[0]
            notes.append(
                f"Tuned by hiding known classes ({found[1]:.2f} of their rows right): similarity "
                f"{least:.3g}, {components} eigenvectors."
            )
        else:
            notes.append(_TOO_FEW)
    progress(0.8, f"Graph of {len(X):,} rows")
    Z = novel.spectral_space(work.X, least, min(components, max(1, len(X) - 1)))
    return _found(work, Z, params, seed, part(progress, 0.9, 1.0), dataset, notes)


def pbn(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """NCD k-means among the codes of networks that know the known classes (PBN)."""
    from analytics.clustering import pbn as networks

    work, notes = task(X, dataset, params["hide"]), []
    spread = work.X.std(axis=0)
    Z = np.divide(work.X - work.X.mean(axis=0), spread, out=np.zeros_like(work.X), where=spread > 0)
    latent = params["latent"] or min(58, max(2, Z.shape[1]))
    setting = networks.Settings(
        latent, params["weight"], params["rate"], params["dropout"], params["epochs"]
    )
    if params["tries"]:

        def draw(rng):
            drawn = (rng.uniform(0.01, 0.9), 10 ** rng.uniform(-3.5, -2), rng.uniform(0, 0.5))
            return networks.Settings(
                latent, *map(float, drawn), min(_TUNING_EPOCHS, setting.epochs)
            )

        def space(X, codes, drawn, said):
            return networks.codes_of_several(X, codes, drawn, 1, seed, said)[0]

        found = _tuned(
            Task(Z, work.codes), params["tries"], seed, part(progress, 0.0, 0.5), draw, space
        )
        if found is not None:
            best = found[0]
            setting = networks.Settings(
                latent, best.weight, best.rate, best.dropout, setting.epochs
            )
            notes.append(
                f"Tuned by hiding known classes ({found[1]:.2f} of their rows right): weight "
                f"{best.weight:.3f}, learning rate {best.rate:.2g}, dropout {best.dropout:.2f}."
            )
        else:
            notes.append(_TOO_FEW)
    said = part(progress, 0.5 if params["tries"] else 0.0, 0.9)
    code = networks.codes_of_several(Z, work.codes, setting, params["networks"], seed, said)[0]
    return _found(work, code, params, seed, part(progress, 0.9, 1.0), dataset, notes)


_TOO_FEW = "Not tuned: hiding classes takes at least three known ones."


def _tuned(work: Task, tries: int, seed: int, progress: Progress, draw: Callable, space: Callable):
    """(setting, share right) of the best of ``tries`` settings, or None with too few classes.

    In each fold half of the known classes are hidden and sought again as if they were new; the
    rows of new classes take no part, so nothing is learnt from them. The share is of the best
    matching of groups and hidden classes (ACC).
    """
    from scipy.optimize import linear_sum_assignment

    known = ~work.new
    X, codes = work.X[known], work.codes[known]
    rng = np.random.default_rng(seed)
    best = None
    for i in range(tries):
        setting, shares = draw(rng), []
        for j, (kept, out) in enumerate(novel.hidden(codes, _FOLDS, seed)):
            said = part(progress, (i + j / _FOLDS) / tries, (i + (j + 1) / _FOLDS) / tries)
            classes, truth = np.unique(codes[out], return_inverse=True)
            shown = np.where(kept, np.searchsorted(np.unique(codes[kept]), codes), -1)
            Z = space(X, shown, setting, said)
            centers, _ = novel.kmeans(Z[kept], shown[kept], Z[out], len(classes), seed)
            table = np.zeros((len(classes), len(classes)))
            np.add.at(table, (truth, novel.nearest(Z[out], centers)), 1)
            shares.append(table[linear_sum_assignment(-table)].sum() / len(truth))
        if not shares:
            return None
        if best is None or np.mean(shares) > best[1]:
            best = setting, float(np.mean(shares))
    return best


_NEW = groups_param(
    None,
    help="How many groups the rows without a label form. None: by the highest silhouette.",
    optional=True,
)
_HIDE = Param(
    "hide",
    "int",
    0,
    "Hide classes",
    "To try it out: rows of this many classes, the last ones by name, count as not labelled.",
    0,
    999,
)
_TRIES = Param(
    "tries",
    "int",
    0,
    "Tuning",
    "Settings tried by hiding known classes and seeking them again; 0: the settings below.",
    0,
    200,
    basic=False,
)
_PAPER = "Troisemaine et al. 2024, doi:10.1007/s10618-024-01025-y"

METHODS = (
    Method(
        "ncdkmeans",
        "NCD k-means",
        "clustering",
        "Some rows have a class, the others are of new ones: k-means finds these, starting away "
        "from the known classes. In a second; rows without a label must not be of known classes.",
        ncd_kmeans,
        params=(_NEW, _HIDE),
        needs=("table", "labels"),
        cost=lambda n, d, p: 0.2 + (1e-7 if p["n_clusters"] else 2e-6) * n * d,
        reference=_PAPER,
        order=200,
        family="labels",
        measured="Optdigits, 5 of 10 classes new: 95.4 % right, k-means 78.4 %; but k-means chosen "
        "by the sum of distances, as here, reaches 95.5 % too. Letter 36 % (36), HAR 66 % (61).",
    ),
    Method(
        "ncdspectral",
        "NCD spectral",
        "clustering",
        "The same in the eigenvectors of a graph of all rows, labelled or not. Follows bent "
        "classes; up to 5,000 rows.",
        ncd_spectral,
        params=(
            _NEW,
            _HIDE,
            _TRIES,
            Param(
                "min_dist",
                "float",
                0.5,
                "Least similarity",
                "Width of the graph: the square of the similarity of the longest link that holds "
                "it together.",
                0.001,
                0.999,
                basic=False,
            ),
            Param(
                "n_components",
                "int",
                None,
                "Eigenvectors",
                "Columns of the space. None: the number of known and new classes.",
                1,
                200,
                optional=True,
                basic=False,
            ),
        ),
        needs=("table", "labels"),
        cost=lambda n, d, p: 0.5 + (1 + 2 * p["tries"]) * (4e-11 * n**3 + 1e-8 * n * n),
        reference=_PAPER,
        max_rows=5_000,
        order=202,
        family="labels",
        measured="Optdigits, 5 of 10 classes new: 96.1 % right, k-means 78.4 %. Tuned by hiding "
        "classes: CNAE-9 57 % (26), HAR 67 % (61), letter 37 % (36).",
    ),
    Method(
        "pbn",
        "PBN (network that knows the classes)",
        "clustering",
        "An autoencoder that also learns the known classes; new ones are sought in its code. "
        "Estimates their number best; takes seconds to minutes.",
        pbn,
        params=(
            _NEW,
            _HIDE,
            _TRIES,
            Param(
                "networks",
                "int",
                3,
                "Networks",
                "Networks whose codes are put side by side; the paper has one.",
                1,
                20,
            ),
            Param("epochs", "int", 200, "Rounds", "Over all rows.", 1, 2_000, basic=False),
            Param(
                "latent",
                "int",
                None,
                "Code",
                "Width of the code. None: as many as columns, at most 58.",
                1,
                512,
                optional=True,
                basic=False,
            ),
            Param(
                "weight",
                "float",
                0.064,
                "Weight of the classes",
                "Against the reconstruction, which is a sum over all columns.",
                0,
                1,
                basic=False,
            ),
            Param("rate", "float", 8.8e-4, "Learning rate", "Of AdamW.", 1e-6, 1, basic=False),
            Param("dropout", "float", 0.086, "Dropout", "Units left out.", 0, 0.95, basic=False),
        ),
        needs=("table", "labels"),
        cost=lambda n, d, p: (
            3 + (p["networks"] * p["epochs"] + 120 * p["tries"]) * n * (1e-6 + 5e-8 * d)
        ),
        reference=_PAPER,
        max_rows=100_000,
        order=204,
        family="labels",
        measured="Optdigits, 5 of 10 classes new: 95.1 % right (one network 93.2), k-means 78.4 %; "
        "their number found in five of five runs. HAR 97 % (61), CNAE-9 39 % (26), letter 36 % "
        "(36).",
    ),
)
