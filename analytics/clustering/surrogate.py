"""A small classifier trained on the label column, for methods that group rows by how it decides.

Torch functions are to be called inside :func:`analytics.clustering.nets.seeded`.
"""

from dataclasses import dataclass

import numpy as np

from analytics.errors import BadInput
from analytics.progress import Progress
from analytics.results import Dataset
from analytics.shares import percent

HELD_OUT = 0.3
DECAY = 1e-3  # of the weights, per step, as a share of the loss


@dataclass(frozen=True, eq=False)
class Task:
    """What is learned. y : int (n,), 0 .. C - 1, -1 where not known. learn, test : rows of known
    label, learned from and held out. names : the classes."""

    y: np.ndarray
    learn: np.ndarray
    test: np.ndarray
    names: tuple[str, ...]

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.names)


def task_of(dataset: Dataset, seed: int) -> Task:
    """The labels with 30 % of each class held out, at least one row of each learned from.

    Raises BadInput for fewer than two classes, which leave nothing to decide.
    """
    given = np.asarray(dataset.labels)
    known = np.flatnonzero(given >= 0)
    present, codes = np.unique(given[known], return_inverse=True)
    if len(present) < 2:
        raise BadInput(
            "The labels name one class only, so there is nothing to decide: choose a label column "
            "with at least two."
        )
    y = np.full(len(given), -1)
    y[known] = codes
    rng = np.random.default_rng(seed)
    test = []
    for c in range(len(present)):
        rows = rng.permutation(known[codes == c])
        test.append(rows[: int(HELD_OUT * len(rows))])
    held = np.sort(np.concatenate(test))
    names = tuple(str(dataset.label_names[p]) for p in present)
    return Task(y, np.setdiff1d(known, held), held, names)


def trained(Z: np.ndarray, task: Task, hidden: int, epochs: int, progress: Progress):
    """A perceptron (d, hidden, C) with one ReLU layer, a torch module, by cross-entropy.

    Z : float32 (n, d). The weights decay, so that rows left out are told as well.
    """
    import torch
    from torch.nn import functional as f

    from analytics.clustering import nets

    net = nets.dense((Z.shape[1], hidden, task.classes))
    x, y = torch.from_numpy(Z[task.learn]), torch.from_numpy(task.y[task.learn])
    weights = [p for p in net.parameters() if p.ndim > 1]

    def lost(rows):
        penalty = sum((w**2).sum() for w in weights)
        return f.cross_entropy(net(x[rows]), y[rows]) + DECAY * penalty

    nets.train(net.parameters(), lost, len(x), epochs, progress, "Learning the labels")
    return net


def accuracy(task: Task, answered: np.ndarray) -> str:
    """How often the classifier is right on rows held out, in words."""
    if not len(task.test):
        return f"No label was held out, so how well {task.classes} classes are told is not known."
    right = float(np.mean(answered[task.test] == task.y[task.test]))
    largest = float(np.bincount(task.y[task.test]).max() / len(task.test))
    return (
        f"The classifier names {percent(right)} of {len(task.test):,} rows held out rightly (the "
        f"largest class alone: {percent(largest)})."
    )
