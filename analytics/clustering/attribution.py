"""What each column adds to the answer of a classifier, row by row.

Of two classes the second one, by name, is what columns speak for or against in every row; of more
classes it is the answer of the row.
"""

import numpy as np

from analytics.clustering.surrogate import Task
from analytics.progress import Progress

STEPS = 32  # of the path from the mean row, midpoints
_BLOCK = 2_048


def linear(Z: np.ndarray, task: Task, progress: Progress) -> tuple[np.ndarray, np.ndarray]:
    """Exact parts of a logistic regression: (n, d), and the answers int (n,).

    Column j adds w_j (z_j - mean_j) to the lead of the class over the mean of all classes; that
    is its Shapley value when columns are independent (Lundberg & Lee 2017, corollary 1).
    """
    from sklearn.linear_model import LogisticRegression

    from analytics.clustering.methods._common import quietly

    progress(None, "Learning the labels")
    with quietly([]):
        model = LogisticRegression(max_iter=2_000).fit(Z[task.learn], task.y[task.learn])
        answered = np.searchsorted(model.classes_, model.predict(Z))
    W = model.coef_ if len(model.coef_) > 1 else np.vstack([-model.coef_, model.coef_]) / 2
    W = W - W.mean(axis=0)
    about = answered if task.classes > 2 else np.ones(len(Z), int)
    return (Z - Z[task.learn].mean(axis=0)) * W[about], answered


def integrated(
    net, Z: np.ndarray, start: np.ndarray, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Integrated gradients (n, d) of a torch network from ``start`` (d,), and its answers.

    Sundararajan, Taly & Yan 2017: parts add up to the lead of the class over the mean of all
    classes, less the same lead at ``start``, up to the rule of midpoints.
    """
    import torch

    base = torch.from_numpy(start.astype(np.float32))
    found, answers = [], []
    for at in range(0, len(Z), _BLOCK):
        progress(at / len(Z), f"Attributions of {at:,} of {len(Z):,} rows")
        x = torch.from_numpy(Z[at : at + _BLOCK])
        with torch.no_grad():
            scores = net(x)
            chosen = scores.argmax(dim=1)
            about = chosen if scores.shape[1] > 2 else torch.ones_like(chosen)
        slope = torch.zeros_like(x)
        for step in range(STEPS):
            point = (base + (step + 0.5) / STEPS * (x - base)).requires_grad_(True)
            scores = net(point)
            lead = scores.gather(1, about[:, None]).ravel() - scores.mean(dim=1)
            slope += torch.autograd.grad(lead.sum(), point)[0]
        found.append(((x - base) * slope / STEPS).detach().numpy())
        answers.append(chosen.numpy())
    return np.concatenate(found).astype(np.float64), np.concatenate(answers)


def pushes(parts: np.ndarray, labels: np.ndarray, k: int) -> np.ndarray:
    """Mean part of each column in each group, (k, d)."""
    return np.stack([parts[labels == g].mean(axis=0) for g in range(k)])
