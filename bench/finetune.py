"""Does fine-tuning move the models towards a habit? ``python -m bench.finetune [--steps N]``.

A simulated study: 20 generated plots, each grouped by 10 simulated people with one known habit:
they see groups as one whose centres lie within a third of the plot's side of each other. The
shipped models do not have it. Both are fine-tuned on 15 plots and measured on the 5 others, for
each quarter of the plots.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

from models import finetune

REACH = 0.33  # of the plot's longer side
PLOTS, PEOPLE = 20, 10
FIRST_SEED = 5_000_000  # of no plot that the shipped weights learned from


def lumped(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Groups (n,) with those joined, one after the other, whose centres are near each other."""
    from scipy.cluster.hierarchy import fcluster, linkage

    names = np.unique(labels[labels >= 0])
    if len(names) < 2:
        return labels
    centres = np.stack([points[labels == name].mean(axis=0) for name in names])
    together = fcluster(
        linkage(centres, "single"), REACH * np.ptp(points, axis=0).max(), "distance"
    )
    joined = np.full(len(labels), -1, labels.dtype)
    for name, group in zip(names, together, strict=True):
        joined[labels == name] = group - 1
    return joined


def study(folder: Path, plots: int = PLOTS, people: int = PEOPLE, most: int = 600) -> None:
    """Write the simulated study in the neutral format."""
    from models.clusternet.data import annotated

    for i in range(plots):
        points, labels, family = annotated(FIRST_SEED + i)
        points, labels = points[:most].astype(float), labels[:people, :most]
        grouped = np.stack([lumped(points, row) for row in labels])
        np.savez(folder / f"{i:02d}-{family}.npz", points=points, labels=grouped)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--made", type=int, default=20)
    parser.add_argument("--folds", type=int, default=finetune.FOLDS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "study"
        source.mkdir()
        study(source)
        for fold in range(options.folds):
            out = Path(folder) / str(fold)
            report = finetune.run(source, out, steps=options.steps, made=options.made, fold=fold)
            print(f"\n== quarter {fold + 1} held out\n{finetune.table(report)}", flush=True)


if __name__ == "__main__":
    main()
