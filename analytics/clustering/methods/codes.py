"""Reduce, then k-means: principal components, an autoencoder, or a chain of autoencoders."""

from itertools import pairwise
from typing import Any

import numpy as np

from analytics.clustering.methods._common import clamp, groups_param, quietly
from analytics.params import Param
from analytics.progress import Progress, part
from analytics.registry import Method
from analytics.results import Clustering, Dataset
from analytics.shares import percent

_HIDDEN = 128


def codes(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """k-means of short codes, after the stacked autoencoders for remote sensing.

    A chain halves the width (on a log scale) with each of three autoencoders, every one trained on
    the codes of the one before; "autoencoder" is one with a hidden layer. Reconstruction only.
    extras "prototypes" (k, d) : what the centres of the codes decode to.
    """
    from sklearn.cluster import KMeans

    notes: list[str] = []
    width = clamp("code", params["code"], min(X.shape), notes)
    reduce = {"pca": _pca, "autoencoder": _one, "stacked": _chain}[params["reducer"]]
    Z, decode, kept = reduce(X, width, params, seed, part(progress, 0, 0.9))
    progress(0.9, f"k-means of codes of {width} numbers")
    with quietly(notes):
        model = KMeans(params["n_clusters"], n_init=10, random_state=seed).fit(Z)
    notes.append(f"Codes of {width} numbers keep {percent(max(0.0, kept))} of the variance.")
    return Clustering(
        labels=model.labels_,
        extras={"prototypes": decode(model.cluster_centers_)},
        notes=tuple(notes),
    )


def _pca(X, width: int, params, seed: int, progress: Progress):
    """Scores, the way back, and the share of the variance."""
    from sklearn.decomposition import PCA

    from analytics.clustering.nets import scaled

    progress(0.0, f"{width} principal components")
    Z, mean, scale = scaled(X)
    with quietly([]):
        model = PCA(width, svd_solver="full").fit(Z.astype(np.float64))
    scores = model.transform(Z.astype(np.float64))
    share = float(model.explained_variance_ratio_.sum())
    return scores, lambda c: model.inverse_transform(c) * scale + mean, share


def _one(X, width: int, params, seed: int, progress: Progress):
    return _trained(X, [(X.shape[1], _HIDDEN, width)], params["rounds"], seed, progress)


def _chain(X, width: int, params, seed: int, progress: Progress):
    steps = np.geomspace(X.shape[1], width, 4).round().astype(int)
    pairs = [(int(a), int(b)) for a, b in pairwise(steps)]
    return _trained(X, pairs, params["rounds"], seed, progress)


def _trained(X, shapes: list[tuple[int, ...]], rounds: int, seed: int, progress: Progress):
    """Codes of autoencoders of these shapes one after another, the way back, and what is kept."""
    import torch
    from torch import nn
    from torch.nn import functional as f

    from analytics.clustering import nets

    Z, mean, scale = nets.scaled(X)
    first = data = torch.from_numpy(Z)
    decoders = []
    with nets.seeded(seed):
        for i, shape in enumerate(shapes):
            last = i == len(shapes) - 1
            encoder = nets.dense(shape, None if last else nn.Tanh())
            decoder = nets.dense(shape[::-1])
            weights = [*encoder.parameters(), *decoder.parameters()]

            def lost(rows, encoder=encoder, decoder=decoder, data=data):
                return f.mse_loss(decoder(encoder(data[rows])), data[rows])

            words = f"Autoencoder {i + 1} of {len(shapes)}"
            own = part(progress, i / len(shapes), (i + 1) / len(shapes))
            nets.train(weights, lost, len(Z), rounds, own, words)
            with torch.no_grad():
                data = encoder(data)
            decoders.insert(0, decoder)

    def back(c):
        for decoder in decoders:
            c = decoder(c)
        return c

    def decode(centers):
        with nets.seeded(seed), torch.no_grad():
            return nets.unscaled(back(torch.from_numpy(centers.astype(np.float32))), mean, scale)

    with nets.seeded(seed), torch.no_grad():
        kept = 1 - float(f.mse_loss(back(data), first))
    return data.double().numpy(), decode, kept


METHODS = (
    Method(
        "codes",
        "Autoencoder + k-means",
        "clustering",
        "Shortens rows to a few numbers by principal components, an autoencoder or a chain of "
        "autoencoders, then k-means; groups have prototypes to look at. For bands of pictures and "
        "wide tables; often no better than k-means on the columns.",
        codes,
        params=(
            groups_param(),
            Param(
                "reducer",
                "choice",
                "stacked",
                "Shorten by",
                "stacked: each autoencoder learns from the codes of the one before.",
                choices=("stacked", "autoencoder", "pca"),
            ),
            Param("code", "int", 5, "Code", "Numbers in the code of a row.", 1, 256),
            Param(
                "rounds",
                "int",
                100,
                "Rounds",
                "Rounds over all rows for each autoencoder.",
                1,
                5_000,
                depends_on=("reducer", ("stacked", "autoencoder")),
            ),
        ),
        cost=lambda n, d, p: (
            2 + 4e-10 * n * p.get("rounds", 1) * (3 * d + 300) * min(d, 300) + 2e-7 * n * d
        ),
        reference="Stacked autoencoders for geological maps from remote sensing (repository); "
        "Hinton & Salakhutdinov 2006, doi:10.1126/science.1127647",
        max_rows=200_000,
        order=220,
        family="neural",
        measured="ACC with codes of five numbers: picture statistics 0.671 stacked, 0.575 by one "
        "autoencoder, 0.567 by components, k-means 0.594; digits 0.608, 0.745 and 0.662, where "
        "k-means on the columns has 0.788.",
    ),
)
