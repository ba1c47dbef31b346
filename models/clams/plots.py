"""Two-Gaussian scatterplots to be judged: drawn by us, or those of ClustMe.

After the stimuli of M. Abbas et al., ClustMe, Computer Graphics Forum 38(3), 2019: 1,000 plots of
two Gaussians of varied distance, shape, turn, size and share.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from analytics.errors import BadInput
from analytics.perception import mixture as mix
from analytics.perception.cells import reduce
from analytics.perception.clams import drawn_as
from analytics.perception.mixture import Gaussians

POINTS = (60, 3_000)  # log-uniform
ELLIPTICITY = 16.0  # long over short axis, from 1, log-uniform
SIZE = 8.0  # of the second over the first, from 1 / SIZE, log-uniform
SHARES = 25.0  # of the larger over the smaller, from 1, log-uniform
APART = 4.0  # distance of the means over the sum of their reaches, at most; half below a quarter


def draw(count: int, seed: int = 0) -> list[np.ndarray]:
    """``count`` scatterplots (n, 2), each of two Gaussians."""
    rng = np.random.default_rng(seed)
    return [_one(rng) for _ in range(count)]


def _one(rng: np.random.Generator) -> np.ndarray:
    n = round(np.exp(rng.uniform(*np.log(POINTS))))
    odds = SHARES ** rng.uniform(-1, 1)
    first = min(max(round(n * odds / (1 + odds)), 3), n - 3)
    sizes = (1.0, SIZE ** rng.uniform(-1, 1))
    roots = [_root(rng, size) for size in sizes]
    angle = rng.uniform(0, 2 * np.pi)
    towards = np.array([np.cos(angle), np.sin(angle)])
    reach = sum(1.645 * np.linalg.norm(root.T @ towards) for root in roots)
    gap = APART * rng.random() ** 2 * reach * towards
    parts = [
        rng.normal(size=(k, 2)) @ root.T + shift
        for k, root, shift in zip((first, n - first), roots, (0 * gap, gap), strict=True)
    ]
    return np.concatenate(parts)


def _root(rng: np.random.Generator, size: float) -> np.ndarray:
    """Turned axes of a Gaussian whose axis product is ``size`` squared: (2, 2)."""
    stretch = np.sqrt(ELLIPTICITY ** rng.uniform(0, 1))
    turn = rng.uniform(0, np.pi)
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return size * turned * np.array([stretch, 1 / stretch])


def fit_two(plots: list[np.ndarray]) -> tuple[Gaussians, Gaussians]:
    """The two Gaussians that fit each plot best, its longer side as unit: m first ones, m second
    ones."""
    fits = []
    for points in plots:
        cells = reduce(points, drawn_as(points.min(axis=0), points.max(axis=0), 1.0))
        fits.append(mix.refine(cells, mix.fit_path(cells, 2)[0][1])[0])
    return tuple(
        Gaussians(*(np.stack([values[i] for values in part]) for part in zip(*fits, strict=True)))
        for i in (0, 1)
    )


def read_clustme(folder: str | Path) -> tuple[list[np.ndarray], np.ndarray, list[str]]:
    """The ClustMe plots and the share of people who saw one cluster in each.

    folder : holds ``metadata.csv`` with the columns ``XYposCSVfilename`` and ``probSingle`` (or
        ``probMore``, its complement), and ``scatterplots/NAME.csv`` with x and y.

    Returns plots, shares (m,), and a sentence for each row that could not be read. Raises BadInput
    when nothing can be.
    """
    folder = Path(folder)
    listing = folder / "metadata.csv"
    if not listing.is_file():
        raise BadInput(f"There is no {listing}: give the folder that holds metadata.csv.")
    table = pd.read_csv(listing)
    if "XYposCSVfilename" not in table or not {"probSingle", "probMore"} & set(table.columns):
        raise BadInput(
            f"{listing} has the columns {', '.join(map(str, table.columns))}, but it needs "
            "XYposCSVfilename and probSingle or probMore."
        )
    one = table["probSingle"] if "probSingle" in table else 1 - table["probMore"]
    plots, shares, unread = [], [], []
    for name, share in zip(table["XYposCSVfilename"].astype(str), one, strict=True):
        try:
            plots.append(_read(folder / "scatterplots", name))
            shares.append(_share(share, name))
        except BadInput as error:
            del plots[len(shares) :]
            unread.append(str(error))
    if not plots:
        raise BadInput(f"No plot of {listing} could be read. The first: {unread[0]}")
    return plots, np.array(shares), unread


def _read(folder: Path, name: str) -> np.ndarray:
    path = folder / (name if name.endswith(".csv") else f"{name}.csv")
    if folder.resolve() not in path.resolve().parents:
        raise BadInput(f"{name} leads out of {folder}.")
    if not path.is_file():
        raise BadInput(f"There is no {path}.")
    table = pd.read_csv(path)
    if table.shape[1] < 2:
        raise BadInput(f"{path} has one column, but x and y are needed.")
    columns = ["x", "y"] if {"x", "y"} <= set(table.columns) else list(table.columns[-2:])
    points = table[columns].apply(pd.to_numeric, errors="coerce").dropna().to_numpy(float)
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) < 6 or np.ptp(points, axis=0).max() == 0:
        raise BadInput(f"{path} has fewer than 6 points, or all of them at one place.")
    return points


def _share(value, name: str) -> float:
    share = float(pd.to_numeric(value, errors="coerce"))
    if not 0 <= share <= 1:
        raise BadInput(f"The share of people for {name} is {value!r}, but it is from 0 to 1.")
    return share
