"""NPY and NPZ to a frame. Shapes are checked against the bytes there are before allocating."""

import math
import re
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from analytics.data import archives
from analytics.data.limits import check_size
from analytics.data.naming import Notes, numbered, shorten, some, tidy_names
from analytics.errors import BadInput
from analytics.progress import Progress, silent

_HEADER = 200_000  # bytes; a structured array with thousands of fields stays below
_NAME_KEYS = ("feature_names", "columns", "column_names", "names")


def read_npy(path: Path, notes: Notes) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The frame of one array, and the image shape if its rows are images. Raises BadInput."""
    with path.open("rb") as file:
        array = load(file, path.stat().st_size, "")
    return _frame(array, "x", None, notes)


def load(file: BinaryIO, size: int, key: str) -> np.ndarray:
    """The array in an NPY file of ``size`` bytes. Raises BadInput. ``key``: its name in an NPZ."""
    what = f"The array '{shorten(key)}'" if key else "The array"
    try:
        version = np.lib.format.read_magic(file)
        reader = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            reader = np.lib.format.read_array_header_2_0
        shape, _, dtype = reader(file, max_header_size=_HEADER)
    except BadInput:
        raise
    except Exception:
        # The header is a Python literal; what a damaged one raises is not documented.
        raise BadInput(f"{what} has a damaged header: save it again with numpy.save.") from None
    if dtype.hasobject:
        raise BadInput(
            f"{what} holds Python objects, which are not read because they can run code: "
            "save it as numbers, or as strings with astype(str)."
        )
    count = math.prod(shape)
    there = size - file.tell()
    if min(shape, default=0) < 0 or count * dtype.itemsize > there:
        raise BadInput(
            f"{what} declares {' × '.join(map(str, shape))} values, but only {there:,} bytes "
            "follow: it is incomplete, so save it again."
        )
    check_size(shape[0] if shape else 0, count // max(1, shape[0] if shape else 1))
    file.seek(0)
    return np.lib.format.read_array(file, allow_pickle=False, max_header_size=_HEADER)


def read_npz(
    path: Path,
    wanted: str | None,
    notes: Notes,
    progress: Progress,
    aside: dict[str, Any] | None = None,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """The frame of an NPZ: one main array, and the columns of equal length beside it.

    wanted : name of the main array; None takes the first table-like one. aside : takes the links
    of a graph, see :mod:`analytics.graphs.arrays`. Raises BadInput.
    """
    arrays = named(path, progress)
    names = list(arrays)
    if wanted is None and aside is not None:
        from analytics.graphs.arrays import part_graph

        arrays = part_graph(arrays, aside, notes)
    main = _main(arrays, wanted)
    source: dict[str, Any] = {"arrays": names, "array": main}
    rows = len(arrays[main])
    width = math.prod(arrays[main].shape[1:])
    titles = next((_titles(arrays[k], width) for k in _NAME_KEYS if k in arrays), None)
    used = [main] + [
        k for k in arrays
        if k != main and len(arrays[k]) == rows and not (titles and k in _NAME_KEYS)
        and (arrays[k].ndim == 1 or wanted is None)
    ]  # fmt: skip
    frames = []
    for key in used:
        part, extra = _frame(arrays[key], _prefix(key), titles if key == main else None, notes)
        frames.append(part)
        if key == main:
            source.update(extra)
    left = [k for k in arrays if k not in used and not (titles and k in _NAME_KEYS)]
    if left:
        notes.say(
            f"Read the array '{shorten(main)}' with {rows:,} rows; "
            f"arrays of another length were left out: {some(left)}."
        )
    frame = pd.concat(frames, axis=1) if len(frames) > 1 else frames[0]
    check_size(*frame.shape)
    frame.columns = tidy_names(frame.columns, notes)
    return frame, source


def named(path: Path, progress: Progress = silent) -> dict[str, np.ndarray]:
    """The arrays of an NPZ by name, single values left out. Raises BadInput."""
    arrays: dict[str, np.ndarray] = {}
    with archives.open_zip(path) as archive:
        infos = archives.members(archive)
        if sum(info.file_size for info in infos) > archives.budget(path.stat().st_size):
            raise BadInput(
                "The arrays of the NPZ unpack to far more than the file should hold: "
                "save fewer of them with numpy.savez."
            )
        for i, info in enumerate(infos):
            progress(0.1 + 0.7 * i / len(infos), f"Reading {shorten(info.filename)}")
            array = _member(archive, info)
            if array is not None:
                arrays[info.filename.removesuffix(".npy")] = array
    if not arrays:
        raise BadInput("The NPZ holds single values only: save arrays with one row per item.")
    return arrays


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> np.ndarray | None:
    """One array of an NPZ; None for a single value. Raises BadInput."""
    archives.check_member(info)
    try:
        with archive.open(info) as file:
            array = load(file, info.file_size, info.filename.removesuffix(".npy"))
    except archives.BROKEN as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput("The NPZ is damaged or incomplete: save it again.") from None
    return array if array.ndim else None


def _main(arrays: dict[str, np.ndarray], wanted: str | None) -> str:
    """The name of the array that gives the rows. Raises BadInput."""
    if wanted is not None:
        if wanted not in arrays:
            raise BadInput(
                f"There is no array '{shorten(wanted)}' in the file: "
                f"it holds {some(list(arrays), 8)}."
            )
        return wanted
    wide = [k for k, a in arrays.items() if a.ndim > 1 and a.dtype.kind in "biuf"]
    if wide:
        return "X" if "X" in wide else wide[0]
    lengths = [len(a) for a in arrays.values()]
    common = max(lengths, key=lambda n: (lengths.count(n), n))
    return next(k for k, a in arrays.items() if len(a) == common)


def _titles(array: np.ndarray, width: int) -> list[str] | None:
    """Column names from an array of strings, if there is one for every column."""
    if array.ndim != 1 or len(array) != width or width < 2 or array.dtype.kind not in "US":
        return None
    return _strings(array)


def _prefix(key: str) -> str:
    return "x" if key == "X" or re.fullmatch(r"arr_\d+", key) else key


def _frame(
    array: np.ndarray, prefix: str, titles: list[str] | None, notes: Notes
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """One array as columns: structured fields, a vector, a matrix, or flattened images."""
    extra: dict[str, Any] = {}
    if array.ndim == 0:
        raise BadInput("The array is a single value: give one row per item.")
    if len(array) == 0 or array.size == 0:
        raise BadInput("The array is empty: give one row per item.")
    if array.dtype.names:
        parts = [_frame(array[field], field, None, notes)[0] for field in array.dtype.names]
        frame = pd.concat(parts, axis=1)
        frame.columns = tidy_names(frame.columns, notes)
        return frame, extra
    if array.ndim > 2:
        shape = tuple(s for s in array.shape[1:] if s > 1) or (1,)
        words = " × ".join(map(str, array.shape))
        array = array.reshape(len(array), -1)
        if len(shape) == 2:
            extra["image_shape"] = [shape[1], shape[0]]
            notes.say(
                f"The array is {words}; each row is read as an image "
                f"{shape[1]} wide and {shape[0]} high."
            )
        else:
            notes.say(f"The array is {words}; each row is flattened to {array.shape[1]:,} columns.")
    if array.ndim == 1:
        name = prefix if prefix != "x" else numbered(1)[0]
        return pd.DataFrame({name: _column(array)}), extra
    names = titles or [f"{prefix}{'' if prefix == 'x' else '_'}{j}" for j in range(array.shape[1])]
    check_size(*array.shape)
    if array.dtype.kind in "biuf":
        return pd.DataFrame(_column(array), columns=tidy_names(names, notes)), extra
    columns = {j: _column(array[:, j]) for j in range(array.shape[1])}
    frame = pd.DataFrame(columns)
    frame.columns = tidy_names(names, notes)
    return frame, extra


def _column(array: np.ndarray) -> Any:
    """Values in one of the allowed types: wider numbers, native byte order, text, dates."""
    kind, size = array.dtype.kind, array.dtype.itemsize
    if kind in "US":
        return pd.Series(_strings(array), dtype="str")
    if kind == "M":
        return array.astype("datetime64[us]")
    if kind == "m":
        return array.astype("timedelta64[us]") / np.timedelta64(1, "s")
    target = {"b": "?", "i": "i8", "u": "u8" if size == 8 else "i8"}.get(kind)
    if kind == "f":
        target = "f4" if size <= 4 else "f8"
    if target is None:
        what = "complex numbers" if kind == "c" else "raw bytes"
        raise BadInput(f"The array holds {what}: save it as real numbers or strings.")
    with np.errstate(over="ignore"):
        return array.astype(np.dtype(target))


def _strings(array: np.ndarray) -> list[str]:
    if array.dtype.kind == "S":
        return [cell.decode("utf-8", "replace") for cell in array.tolist()]
    return [cell.encode("utf-8", "replace").decode() for cell in array.tolist()]
