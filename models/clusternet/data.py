"""Training plots on disk: made here, from the published PSC layout, or from the neutral format.

A shard is one ``.npz``: points float32 (p, m, 2), labels int16 (p, people, m), sizes (p,) the
points in use (the rest is padding), family (p,). The neutral format is one ``.npz`` per plot with
``points`` (n, 2) and ``labels`` (annotators, n), -1 = not grouped.
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np

from analytics.errors import BadInput
from analytics.study.plots import check
from models.clusternet.annotators import LEFT_OUT, annotate
from models.clusternet.scatterplots import HELD_OUT, make

WIDTH = 2048  # points kept per plot
PEOPLE = 13
PER_SHARD = 100
VALIDATION_SEED = 1_000_000
_PSC_LISTS = ("train.txt", "valid.txt", "test.txt")


def annotated(seed: int, family: str = "") -> tuple[np.ndarray, np.ndarray, str]:
    """One made plot: at most WIDTH points (m, 2), labels (PEOPLE, m), its family."""
    plot = make(seed, family)
    rng = np.random.default_rng([7, seed])
    labels = annotate(plot.points, plot.components, rng, PEOPLE)
    kept = rng.permutation(len(plot.points))[:WIDTH]
    return plot.points[kept].astype(np.float32), labels[:, kept].astype(np.int16), plot.family


def pack(plots: list[tuple[np.ndarray, np.ndarray, str]]) -> dict[str, np.ndarray]:
    """The arrays of a shard. People beyond the fewest of any plot are left out."""
    people = min(len(labels) for _, labels, _ in plots)
    points = np.zeros((len(plots), WIDTH, 2), np.float32)
    groups = np.full((len(plots), people, WIDTH), LEFT_OUT, np.int16)
    sizes = np.zeros(len(plots), np.int32)
    for i, (p, labels, _) in enumerate(plots):
        kept = np.random.default_rng(i).permutation(len(p))[:WIDTH]
        sizes[i] = len(kept)
        points[i, : sizes[i]] = p[kept]
        groups[i, :, : sizes[i]] = labels[:people, kept]
    family = np.array([f for _, _, f in plots])
    return {"points": points, "labels": groups, "sizes": sizes, "family": family}


def write_shard(path: Path, seeds: list[tuple[int, str]]) -> None:
    """Make the plots of (seed, family) pairs and write them, whole or not at all."""
    arrays = pack([annotated(seed, family) for seed, family in seeds])
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez_compressed(file, **arrays)
    os.replace(part, path)


def read_shard(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a shard."""
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def shard_seeds(number: int) -> list[tuple[int, str]]:
    """Seeds of training shard ``number``."""
    return [(number * PER_SHARD + i, "") for i in range(PER_SHARD)]


def validation_seeds(plots: int = 200) -> dict[str, list[tuple[int, str]]]:
    """Seeds of plots never trained on: of the trained families, and of those held out."""
    known = [(VALIDATION_SEED + i, "") for i in range(plots)]
    unknown = [
        (VALIDATION_SEED + plots + i, HELD_OUT[i % len(HELD_OUT)]) for i in range(plots // 2)
    ]
    return {"known": known, "held-out": unknown}


# --- people's own groupings ---------------------------------------------------------------------


def read_neutral(folder: Path) -> list[tuple[np.ndarray, np.ndarray, str]]:
    """Every ``.npz`` of a folder in the neutral format. Raises BadInput naming the bad one."""
    paths = sorted(Path(folder).glob("*.npz"))
    if not paths:
        raise BadInput(f"{folder} holds no .npz files: give the folder of annotated plots.")
    found = []
    for path in paths:
        arrays = _load(path)
        if not isinstance(arrays, dict) or not {"points", "labels"} <= set(arrays):
            raise BadInput(f"{path.name} must hold the arrays 'points' and 'labels'.")
        found.append((*check(arrays["points"], arrays["labels"], path.name), "people"))
    return found


def read_psc(folder: Path, which: str = "train") -> list[tuple[np.ndarray, np.ndarray, str]]:
    """The plots that ``train.txt``, ``valid.txt`` or ``test.txt`` of a PSC folder names.

    ``data/NAME.npy`` holds one row per point: x, y, then one column per annotator, as floats or
    whole numbers; -1 and NaN mean "not grouped". Names may carry ``.npy`` or ``data/``. Raises
    BadInput naming what is missing or cannot be read so.
    """
    folder = Path(folder)
    names = _names(folder / f"{which}.txt")
    found = []
    for name in names:
        stem = name.removeprefix("data/").removesuffix(".npy")
        path = folder / "data" / f"{stem}.npy"
        if "/" in stem or ".." in stem or not path.is_file():
            raise BadInput(f"{which}.txt names '{name[:80]}', but data/ holds no such .npy file.")
        table = _load(path)
        if not isinstance(table, np.ndarray) or table.ndim != 2 or table.dtype.kind not in "fiu":
            raise BadInput(f"{path.name} is not a table of numbers: its layout is not known here.")
        table = table.T if table.shape[0] < table.shape[1] else table
        if table.shape[1] < 3:
            raise BadInput(
                f"{path.name} has {table.shape[1]} columns, but x, y and at least one annotator "
                "are needed."
            )
        labels = np.where(np.isnan(table[:, 2:].astype(float)), LEFT_OUT, table[:, 2:]).T
        found.append((*check(table[:, :2], labels, path.name), "people"))
    return found


def _names(path: Path) -> list[str]:
    try:
        names = path.read_text("utf-8").split()
    except (OSError, UnicodeDecodeError):
        lists = ", ".join(_PSC_LISTS)
        raise BadInput(f"{path} cannot be read: a PSC folder holds {lists} and data/.") from None
    if not names:
        raise BadInput(f"{path.name} names no plots.")
    return names


def _load(path: Path):
    try:
        found = np.load(path, allow_pickle=False)
        if isinstance(found, np.ndarray):
            return found
        with found:
            return {name: found[name] for name in found.files}
    except (OSError, ValueError, EOFError, KeyError) as error:
        why = (str(error).splitlines() or ["damaged"])[0][:100]
        raise BadInput(f"{path.name} cannot be read ({why}).") from None


def main(arguments: list[str] | None = None) -> int:
    """``python -m models.clusternet.data --out DIR --shards N``: make training shards ahead."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--shards", type=int, default=60)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args(arguments)
    for name, seeds in validation_seeds().items():
        if options.first == 0 and not (options.out / f"{name}.npz").exists():
            write_shard(options.out / f"{name}.npz", seeds)
    for number in range(options.first, options.first + options.shards):
        path = options.out / f"train-{number:04d}.npz"
        if not path.exists():
            write_shard(path, shard_seeds(number))
            print(f"{path.name} written", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
