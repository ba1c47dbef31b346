"""Groupings of people in the neutral format, out of a study and into one.

One ``.npz`` per plot with ``points`` (n, 2) and ``labels`` (annotators, n), -1 = not grouped; a
study is a zip of them, with ``ratings.csv`` beside. What this writes, ``models.clusternet.train
--npz`` and :func:`read` take.
"""

import io
import re
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.data import archives, arrays
from analytics.data.naming import printable, shorten
from analytics.errors import BadInput
from analytics.progress import silent
from analytics.report.tables import to_csv
from analytics.study.plots import Plot, check, plot_of
from analytics.study.store import MOST_PLOTS, Collected
from analytics.study.taking_part import MOST_PEOPLE

_MOMENT = (2000, 1, 1, 0, 0, 0)  # of every member: equal answers give equal bytes


def export(collected: list[Collected]) -> bytes:
    """A study as a zip; plots without answers are left out. Raises BadInput when none has any.

    ``points`` are in the coordinates of the map. ``rows`` says which rows of the map they are.
    """
    kept = [(i, c) for i, c in enumerate(collected) if len(c.labels)]
    if not kept:
        raise BadInput("Nobody has grouped a plot of this study yet: there is nothing to export.")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for i, c in kept:
            held = io.BytesIO()
            np.savez(held, points=c.plot.xy, labels=c.labels, rows=c.plot.rows)
            _put(archive, f"{member(i, c.plot.name)}.npz", held.getvalue())
        _put(archive, "ratings.csv", _ratings(kept))
    return buffer.getvalue()


def member(position: int, name: str) -> str:
    """The file name of a plot, without its ending: safe on every system."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40]
    return f"{position + 1:02d}-{plain or 'plot'}"


def _put(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    info = zipfile.ZipInfo(name, _MOMENT)
    info.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(info, data)


def _ratings(kept: list[tuple[int, Collected]]) -> bytes:
    """One line per person and plot; ``annotator`` is the row of ``labels``."""
    lines = []
    for i, c in kept:
        for row, (person, rating) in enumerate(zip(c.numbers, c.ratings, strict=True)):
            felt = "" if rating is None else rating
            lines.append((member(i, c.plot.name), row, person, felt, int(c.finished[row])))
    names = ["plot", "annotator", "person", "ambiguity_felt", "finished"]
    return to_csv(pd.DataFrame(lines, columns=names))


class Held(NamedTuple):
    """One plot of a file: name; points float64 (n, 2); labels int16 (people, n), NOISE for no
    group; rows (n,), which rows of a map the points are, or None where the file does not say."""

    name: str
    points: np.ndarray
    labels: np.ndarray
    rows: np.ndarray | None


def held_in(path: Path, name: str) -> list[Held]:
    """The plots of an ``.npz`` in the neutral format, or of a zip of such files. Raises BadInput
    naming what cannot be read; ``name`` is that of the file."""
    try:
        opened = archives.open_zip(path)
    except BadInput:
        raise BadInput(
            f"{shorten(printable(name))} is no .npz and no zip of such files: give groupings in "
            "the neutral format, see docs/study.md."
        ) from None
    with opened as archive, tempfile.TemporaryDirectory() as folder:
        names = [m.filename for m in archives.members(archive)]
        inner = sorted(n for n in names if n.lower().endswith(".npz"))
        if not inner and not any(n.lower().endswith(".npy") for n in names):
            raise BadInput(
                f"{shorten(printable(name))} holds neither arrays nor an .npz: give groupings in "
                "the neutral format, see docs/study.md."
            )
        if not inner:
            return [_held(path, printable(name))]
        if len(inner) > MOST_PLOTS:
            raise BadInput(
                f"The zip holds {len(inner)} plots, but a study takes at most {MOST_PLOTS}: "
                "take fewer."
            )
        found = []
        for i, one in enumerate(inner):
            target = Path(folder) / f"{i}.npz"
            archives.unzip(archive, archive.getinfo(one), target, silent)
            found.append(_held(target, printable(one.replace("\\", "/").rpartition("/")[2])))
            target.unlink()
    return found


def _held(path: Path, name: str) -> Held:
    found, shown = arrays.named(path), shorten(name)
    if not {"points", "labels"} <= set(found):
        raise BadInput(f"{shown} must hold the arrays 'points' and 'labels': see docs/study.md.")
    points, labels = check(found["points"], found["labels"], shown)
    if len(labels) > MOST_PEOPLE:
        raise BadInput(f"{shown} has {len(labels):,} annotators: {MOST_PEOPLE:,} fit.")
    rows = found.get("rows")
    if rows is not None and (rows.ndim != 1 or rows.dtype.kind not in "iu"):
        raise BadInput(f"{shown}: 'rows' must be whole numbers.")
    return Held(name, points, labels, rows)


def read(path: Path, name: str) -> list[tuple[Plot, np.ndarray]]:
    """The plots of a file as a study shows them, with the labels (people, n) of each: see
    :func:`held_in`. Raises BadInput."""
    found = []
    for held in held_in(path, name):
        title = re.sub(r"(?i)\.npz$", "", held.name)[:120] or "plot"
        plot = plot_of(title, held.points)
        found.append((plot, held.labels[:, plot.rows]))
    return found
