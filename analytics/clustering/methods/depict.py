"""DEPICT: a denoising autoencoder with a softmax head that learns from its own, evened answers."""

from itertools import pairwise
from typing import Any

import numpy as np

from analytics.clustering.methods._common import groups_param, quietly, whole
from analytics.params import Param
from analytics.progress import Progress, part
from analytics.registry import Method
from analytics.results import Clustering, Dataset

_HIDDEN = (256, 128)
_NOISE = 0.1  # share of inputs and of units left out on the noisy path
_INNER = 0.1  # weight of rebuilding the hidden layers
_HEAD = 30  # rounds in which the head learns the labels of k-means
_RATE, _LATE = 1e-3, 2e-4  # steps of learning before and with the groups


def depict(
    X: np.ndarray, params: dict[str, Any], seed: int, progress: Progress, dataset: Dataset
) -> Clustering:
    """Noisy and clean paths through one encoder; the noisy one learns targets of the clean one.

    Ghasedi Dizaji, Herandi, Deng, Cai & Huang, Deep clustering via joint convolutional autoencoder
    embedding and relative entropy minimization, ICCV 2017. Departures: dense layers instead of
    convolutions, since rows need not be pictures; k-means gives the first labels; a fixed number of
    rounds. Targets are those of the paper, or those of its published code.
    extras "soft" (n, k) and "prototypes" (k, d), what the mean code of each group decodes to.
    """
    import torch
    from torch.nn import functional as f

    from analytics.clustering import nets

    n, k = len(X), params["n_clusters"]
    if k in (1, n):
        return Clustering(labels=whole(n) if k == 1 else np.arange(n, dtype=np.int32))
    notes: list[str] = []
    Z, mean, scale = nets.scaled(X)
    with nets.seeded(seed):
        data = torch.from_numpy(Z)
        net = _Network((X.shape[1], *_HIDDEN, params["latent"]), k)
        body = [*net.encoder.parameters(), *net.decoder.parameters()]
        first = part(progress, 0, 0.5)
        nets.train(body, lambda rows: net.rebuilt(data[rows])[0], n, params["warm_up"], first,
                   "Learning to rebuild rows", _RATE)  # fmt: skip
        with torch.no_grad():
            start = _start(net.clean(data)[-1].numpy(), k, seed, notes)
        known = torch.from_numpy(start.astype(np.int64))

        def named(rows):
            with torch.no_grad():
                z = net.clean(data[rows])[-1]
            return f.cross_entropy(net.head(z), known[rows])

        middle = part(progress, 0.5, 0.6)
        nets.train(
            net.head.parameters(), named, n, _HEAD, middle, "Learning the first groups", 0.02
        )
        _together(net, data, params, part(progress, 0.6, 1))
        with torch.no_grad():
            z = net.clean(data)[-1]
            soft = f.softmax(net.head(z).double(), dim=1).numpy()
            labels = soft.argmax(axis=1)
            codes = torch.stack(
                [z[labels == g].mean(dim=0) if (labels == g).any() else z[0] for g in range(k)]
            )
            prototypes = nets.unscaled(net.decode(codes), mean, scale)
    notes.append(f"{int(np.sum(labels != start)):,} of {n:,} rows left the group of the start.")
    extras = {"soft": soft, "prototypes": prototypes}
    return Clustering(labels=labels, extras=extras, notes=tuple(notes))


class _Network:
    """Encoder, decoder and head; the last layer of the encoder is tanh, as published."""

    def __init__(self, sizes: tuple[int, ...], k: int):
        from torch import nn

        pairs = list(pairwise(sizes))
        self.encoder = nn.ModuleList(nn.Linear(a, b) for a, b in pairs)
        self.decoder = nn.ModuleList(nn.Linear(b, a) for a, b in reversed(pairs))
        self.head = nn.Linear(sizes[-1], k)

    def clean(self, x, noise: float = 0.0) -> list:
        """The layers of rows, from the rows themselves to the code."""
        import torch
        from torch.nn import functional as f

        layers = [x]
        for i, layer in enumerate(self.encoder):
            h = layer(f.dropout(layers[-1], noise) if noise else layers[-1])
            layers.append(torch.tanh(h) if i == len(self.encoder) - 1 else torch.relu(h))
        return layers

    def decode(self, z, inner: list | None = None):
        """Rows from codes; what is rebuilt of the hidden layers goes to ``inner``."""
        import torch

        for i, layer in enumerate(self.decoder):
            z = layer(z)
            if i < len(self.decoder) - 1:
                z = torch.relu(z)
                if inner is not None:
                    inner.append(z)
        return z

    def rebuilt(self, x):
        """The loss of rebuilding rows and hidden layers from the noisy path, and its code."""
        from torch.nn import functional as f

        target, code, inner = self.clean(x), self.clean(x, _NOISE)[-1], []
        lost = f.mse_loss(self.decode(code, inner), x)
        for made, wanted in zip(inner, reversed(target[1:-1]), strict=True):
            lost = lost + _INNER * f.mse_loss(made, wanted.detach())
        return lost, code


def _start(codes: np.ndarray, k: int, seed: int, notes: list[str]) -> np.ndarray:
    from sklearn.cluster import KMeans

    with quietly(notes):
        return KMeans(k, n_init=10, random_state=seed).fit(codes).labels_


def targets(p: np.ndarray, form: str) -> np.ndarray:
    """What the noisy path is to answer, (n, k), from the answers p (n, k) of the clean path.

    "paper" : p over the square root of the group's sum (equation 6); "code": p squared over it.
    """
    sums = np.maximum(p.sum(axis=0), 1e-12)
    raised = p / np.sqrt(sums) if form == "paper" else p**2 / sums
    return raised / np.maximum(raised.sum(axis=1, keepdims=True), 1e-300)


def _together(net: _Network, data, params: dict[str, Any], progress: Progress) -> None:
    """Rounds of targets from the clean path, learned by the noisy one beside rebuilding."""
    import torch
    from torch.nn import functional as f

    from analytics.clustering import nets

    weights = [*net.encoder.parameters(), *net.decoder.parameters(), *net.head.parameters()]
    optimiser = torch.optim.Adam(weights, lr=_LATE)
    rounds, size = params["rounds"], min(nets.BATCH, max(16, len(data) // 7))
    for turn in range(rounds):
        progress(turn / rounds, f"Learning groups, round {turn + 1:,} of {rounds:,}")
        with torch.no_grad():
            p = f.softmax(net.head(net.clean(data)[-1]).double(), dim=1).numpy()
        goal = torch.from_numpy(targets(p, params["target"])).float()
        for rows in nets.batches(len(data), size):
            optimiser.zero_grad()
            lost, code = net.rebuilt(data[rows])
            answer = f.log_softmax(net.head(code), dim=1)
            (lost - (goal[rows] * answer).sum(dim=1).mean()).backward()
            optimiser.step()


def _cost(n: int, d: int, p: dict) -> float:
    weights = d * _HIDDEN[0] + _HIDDEN[0] * _HIDDEN[1] + _HIDDEN[1] * p["latent"]
    return 3 + 6e-10 * n * (p["warm_up"] + p["rounds"]) * weights + 1e-5 * n


METHODS = (
    Method(
        "depict",
        "DEPICT (denoising network)",
        "clustering",
        "A network learns to rebuild rows from damaged ones and to give damaged rows the group of "
        "whole ones, with sizes kept even. Each group has a prototype.",
        depict,
        params=(
            groups_param(),
            Param("latent", "int", 10, "Code", "Numbers in the code of a row.", 1, 256),
            Param("warm_up", "int", 100, "Rounds before", "To learn the codes.", 1, 5_000),
            Param("rounds", "int", 100, "Rounds together", "With the groups.", 0, 5_000),
            Param(
                "target",
                "choice",
                "paper",
                "Targets",
                "paper: answers over the root of group sizes; code: squared answers over sizes, as "
                "its authors' program has it.",
                choices=("paper", "code"),
                basic=False,
            ),
        ),
        cost=_cost,
        reference="Ghasedi Dizaji et al. 2017, ICCV, arXiv:1704.06327",
        max_rows=200_000,
        order=215,
        family="neural",
        measured="ACC on the digits (3 seeds) 0.801 with the paper's targets, 0.817 with its "
        "program's, from a start of 0.797, k-means 0.788; Fashion images 0.530, 0.546, 0.531 and "
        "0.515. The paper's 0.965 is on MNIST.",
    ),
)
