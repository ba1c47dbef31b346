"""Scatterplots in files: a folder, or a zip of them. Each file is read as any other is."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from analytics.data import archives, readers, types, words
from analytics.data.naming import printable, shorten
from analytics.errors import BadInput, StoreError
from analytics.pictures.ranking import Plot
from analytics.progress import silent

MOST_FILES = 500


def axes(frame: pd.DataFrame, kinds: dict[str, str], name: str) -> list[str]:
    """The first two numeric columns that do not just number the rows. Raises BadInput."""
    check = pd.api.types
    numeric = [
        c for c in frame if check.is_numeric_dtype(frame[c]) and not check.is_bool_dtype(frame[c])
    ]
    names = [c for c in numeric if kinds.get(c) != "identifier"][:2]
    names = names if len(names) == 2 else numeric[:2]
    if len(names) < 2:
        raise BadInput(
            f"{name} has {words.count(len(names), 'numeric column')}, but a scatterplot takes two: "
            "choose another file."
        )
    return names


def in_folder(folder: Path) -> list[Path]:
    """The data files of a folder, by name, folders inside it not. Raises BadInput."""
    try:
        found = sorted(
            p
            for p in folder.iterdir()
            if p.is_file() and not p.name.startswith(".") and _ending(p.name) in readers.FORMATS
        )
    except OSError as error:
        raise BadInput(
            f"The folder {shorten(str(folder))} cannot be read ({error.strerror}): check its path."
        ) from None
    if not found:
        raise BadInput(
            f"The folder {shorten(str(folder))} holds no data file: put CSV or other tables in it."
        )
    return _at_most(found)


def _ending(name: str) -> str:
    return name.rpartition(".")[2].lower()


def _at_most(found: list) -> list:
    if len(found) > MOST_FILES:
        raise BadInput(
            f"There are {len(found):,} files, but at most {MOST_FILES} are ranked at once: "
            "take fewer."
        )
    return found


def of_folder(paths: list[Path]) -> Iterator[Plot]:
    """The plot of each file; one that cannot be read says why."""
    for path in paths:
        yield read_plot(path, path.name)


def members(path: Path) -> list[str]:
    """The names of the data files in a zip, sorted. Raises BadInput."""
    found = [n for n in _names(path) if _ending(n) in readers.FORMATS]
    if not found:
        raise BadInput("The zip holds no data file: put CSV or other tables in it.")
    return _at_most(found)


def left_out(path: Path) -> tuple[str, ...]:
    """A sentence about the files of a zip that are no data files, when there are any."""
    others = [printable(n) for n in _names(path) if _ending(n) not in readers.FORMATS]
    if not others:
        return ()
    files = words.count(len(others), "file of another kind was", "files of other kinds were")
    return (f"{files} left out: {words.names(others)}.",)


def _names(path: Path) -> list[str]:
    with archives.open_zip(path) as archive:
        return sorted(m.filename for m in archives.members(archive))


def of_zip(path: Path, names: list[str]) -> Iterator[Plot]:
    """The plots of these members of a zip, unpacked one at a time."""
    with archives.open_zip(path) as archive, tempfile.TemporaryDirectory() as folder:
        for name in names:
            target = Path(folder) / "member"
            shown = name.replace("\\", "/").rpartition("/")[2]
            try:
                archives.unzip(archive, archive.getinfo(name), target, silent)
            except BadInput as error:
                yield Plot(printable(shown), None, problem=str(error), source={"file": shown})
                continue
            plot = read_plot(target, shown)
            yield plot._replace(source={**plot.source, "member": name})


def content_of(path: Path, member: str) -> bytes:
    """One file of a zip. Raises BadInput when it is not in there or damaged."""
    with archives.open_zip(path) as archive, tempfile.TemporaryDirectory() as folder:
        if member not in archive.namelist():
            raise BadInput(f"The zip holds no file '{shorten(member)}': rank the files again.")
        target = Path(folder) / "member"
        archives.unzip(archive, archive.getinfo(member), target, silent)
        return target.read_bytes()


def read_plot(path: Path, name: str) -> Plot:
    """The first two numeric columns of a file as a plot with equal units on both axes."""
    name = printable(name)
    try:
        frame, _, _ = readers.read_file(path, name)
        frame, kinds, _ = types.infer(frame)[:3]
        x, y = axes(frame, kinds, name)
        xy = frame[[x, y]].to_numpy(np.float64, na_value=np.nan)
        whole = np.isfinite(xy).all(axis=1)
        if whole.sum() < 2:
            raise BadInput(
                f"{name} has fewer than two rows with two finite numbers: choose another file."
            )
    except (BadInput, StoreError) as error:
        return Plot(name, None, problem=str(error), source={"file": name})
    left_out = int((~whole).sum())
    source = {"file": name, "x": str(x), "y": str(y), "left_out": left_out}
    return Plot(name, xy[whole], 1.0, source)
