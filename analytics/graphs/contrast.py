"""Contrastive clustering of a graph: SCGC, SCGC* and PamC, on plain layers.

G. Kulatilleke, M. Portmann, S. Chandra, SCGC: Self-supervised contrastive graph clustering, 2022,
arXiv:2204.12656, and Efficient block contrastive learning via parameter-free meta-node
approximation (PamC), 2022, arXiv:2209.14067. Written from the papers' formulas. The links enter
only through the loss, so a node is encoded from its own columns alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.progress import Progress, part, silent

LATENT = 10
BATCH = 1024
REFRESH = 10


@dataclass(frozen=True)
class Settings:
    """Of one fit. form : "scgc", "scgc_star" or "pamc". tau : factor of the cosine. contrast,
    target : weights of the two losses (alpha, beta). width : hidden units. pretrain, epochs :
    rounds of the autoencoder and of the fit."""

    form: str
    k: int
    tau: float = 0.5
    contrast: float = 1.0
    target: float = 0.1
    width: int = 256
    pretrain: int = 30
    epochs: int = 60


@dataclass(frozen=True, eq=False)
class Fitted:
    """z float32 (n, LATENT); q float32 (n, k) memberships; losses (epochs,)."""

    z: np.ndarray
    q: np.ndarray
    losses: np.ndarray


def steps(graph: Any, order: int, summed: bool) -> Any:
    """Nearness along the links: A^r, or A + A^2 + ... + A^r (influence, SCGC*), CSR float64 (n, n).

    A is the links with each node linked to itself, rows adding up to 1.
    """
    from scipy.sparse import diags_array, eye_array

    one = (graph + eye_array(graph.shape[0])).tocsr()
    one = (diags_array(1 / np.asarray(one.sum(axis=1)).ravel()) @ one).tocsr()
    power, total = one, one
    for _ in range(order - 1):
        power = power @ one
        total = total + power
    return (total if summed else power).tocsr()


def fit(
    X: np.ndarray, near: Any, settings: Settings, seed: int, progress: Progress = silent
) -> Fitted:
    """Encode the nodes so that near ones are alike, and pull them to k centres.

    X : (n, d). near : W, from :func:`steps`. The centres are found by k-means on the codes, every
    tenth epoch of the first half, in which nothing is pulled to them; the papers find them once,
    before the links are looked at. Raises what ``progress`` raises.
    """
    import torch
    from threadpoolctl import threadpool_limits

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # the order of sums must not depend on the machine
    try:
        with torch.random.fork_rng(devices=[]), threadpool_limits(1):
            torch.manual_seed(seed)
            return _fit(torch.tensor(X, dtype=torch.float32), near, settings, seed, progress)
    finally:
        torch.set_num_threads(threads)


def _fit(X, near, settings: Settings, seed: int, progress: Progress) -> Fitted:
    import torch
    from sklearn.cluster import KMeans

    encoder, decoder = _networks(X.shape[1], settings.width)
    _reconstruct(X, encoder, decoder, settings.pretrain, part(progress, 0.0, 0.3))
    centres = torch.nn.Parameter(torch.zeros(settings.k, LATENT))
    whole = settings.form == "scgc"
    parameters = [*encoder.parameters(), centres, *(decoder.parameters() if whole else ())]
    rate = torch.optim.Adam(parameters, lr=1e-3)
    contrast = _contrast(near, settings)
    half, losses = settings.epochs // 2, []
    for epoch in range(settings.epochs):
        progress(0.3 + 0.7 * epoch / settings.epochs, f"Epoch {epoch + 1} of {settings.epochs}")
        z = encoder(X)
        if epoch <= half and (epoch % REFRESH == 0 or epoch == half):
            codes = z.detach().numpy().astype(np.float64)
            found = KMeans(settings.k, n_init=20, random_state=seed).fit(codes)
            centres.data = torch.tensor(found.cluster_centers_, dtype=torch.float32)
        q = memberships(z, centres)
        p = sharpened(q.detach())
        pull = (p * (p / q).log()).sum(dim=1).mean()
        target = settings.target if epoch >= half else 0.0
        loss = settings.contrast * contrast(z, q.detach()) + target * pull
        if whole:
            loss = loss + torch.nn.functional.mse_loss(decoder(z), X)
        rate.zero_grad()
        loss.backward()
        rate.step()
        losses.append(float(loss.detach()))
    with torch.no_grad():
        z = encoder(X)
        q = memberships(z, centres)
    return Fitted(z.numpy(), q.numpy(), np.array(losses))


def _networks(d: int, width: int):
    from torch.nn import Linear, ReLU, Sequential

    return (
        Sequential(Linear(d, width), ReLU(), Linear(width, LATENT)),
        Sequential(Linear(LATENT, width), ReLU(), Linear(width, d)),
    )


def _reconstruct(X, encoder, decoder, epochs: int, progress: Progress) -> None:
    """Teach encoder and decoder to give the columns back."""
    import torch

    rate = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)
    for epoch in range(epochs):
        progress(epoch / epochs, f"Autoencoder, epoch {epoch + 1} of {epochs}")
        for rows in torch.randperm(len(X)).split(BATCH):
            loss = torch.nn.functional.mse_loss(decoder(encoder(X[rows])), X[rows])
            rate.zero_grad()
            loss.backward()
            rate.step()


def memberships(z, centres):
    """Soft memberships (n, k): Student's t with one degree of freedom round the centres."""
    import torch

    q = 1 / (1 + torch.cdist(z, centres) ** 2)
    return q / q.sum(dim=1, keepdim=True)


def sharpened(q):
    """The target p = q^2 / column sum, rows scaled to 1 (Xie et al. 2016, eq. 3)."""
    p = q**2 / q.sum(dim=0)
    return p / p.sum(dim=1, keepdim=True)


def _contrast(near: Any, settings: Settings) -> Callable:
    """The contrastive loss as ``loss(z, q)``."""
    import torch

    if settings.form == "pamc":
        found = near.tocoo()
        row, column = (torch.tensor(v.astype(np.int64)) for v in (found.row, found.col))
        weight = torch.tensor(found.data.astype(np.float32))
        return lambda z, q: by_blocks(z, q, row, column, weight, settings.tau)
    dense = torch.tensor(near.toarray().astype(np.float32))
    return lambda z, q: by_pairs(z, dense, settings.tau)


def by_pairs(z, near, tau: float):
    """-mean log(sum_j W_ij e^{tau cos_ij} / sum_j e^{tau cos_ij}), where the cosine of a node with
    itself counts 0. near : W (n, n)."""
    import torch

    unit = torch.nn.functional.normalize(z, dim=1)
    alike = unit @ unit.T
    alike = torch.exp(tau * (alike - torch.diag(torch.diagonal(alike))))
    return -torch.log((near * alike).sum(dim=1) / alike.sum(dim=1)).mean()


def by_blocks(z, q, row, column, weight, tau: float):
    """PamC: the pairs of all nodes are replaced by those of the k sums of the nodes of a group.

    row, column, weight : the entries of W.
    """
    import torch

    unit = torch.nn.functional.normalize(z, dim=1)
    alike = weight * torch.exp(tau * (unit[row] * unit[column]).sum(dim=1) * (row != column))
    positive = torch.zeros(len(z), dtype=z.dtype).index_add(0, row, alike)
    group = torch.nn.functional.one_hot(q.argmax(dim=1), q.shape[1]).to(z.dtype)
    blocks = torch.nn.functional.normalize(group.T @ z, dim=1)
    between = blocks @ blocks.T
    negative = torch.exp(tau * (between - torch.diag(torch.diagonal(between)))).sum()
    return -torch.log(positive).mean() + torch.log(negative)
