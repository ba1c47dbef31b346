"""Whatever somebody has at hand as a staged file: a path, a data frame, an array."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from analytics import settings
from analytics.data.uploads import stage
from analytics.errors import BadInput


def staged(source: Any, name: str) -> dict[str, Any]:
    """A path, a data frame or an array as a staged file. Raises BadInput."""
    if isinstance(source, (pd.DataFrame, np.ndarray)):
        return stage(*_serialised(source, name), settings.home())
    if isinstance(source, (str, Path)):
        return _stage_file(Path(source), name)
    raise BadInput(
        f"Data cannot be read from a {type(source).__name__}: give a path, 'sample:NAME', "
        "a data frame or an array."
    )


def _stage_file(path: Path, name: str) -> dict[str, Any]:
    if path.is_dir():
        raise BadInput(
            f"{path.name or str(path)!r} is a folder, which cannot be read whole: draw a sample of "
            "its files, by 'sample' or analytics.sample, and work with that."
        )
    try:
        file = path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a name with a null byte
        why = getattr(error, "strerror", None) or "it cannot be opened"
        raise BadInput(f"The file {path.name!r} cannot be read ({why}): check its path.") from None
    with file:
        return stage(file, name or path.name, settings.home())


def _serialised(source: pd.DataFrame | np.ndarray, name: str) -> tuple[bytes, str]:
    buffer = io.BytesIO()
    if isinstance(source, np.ndarray):
        if source.dtype.hasobject:
            raise BadInput("The array holds Python objects: give numbers.")
        np.save(buffer, source, allow_pickle=False)
        return buffer.getvalue(), name or "array.npy"
    frame = source.rename(columns=str)
    try:
        frame.to_parquet(buffer, index=False)
    except (ValueError, TypeError, OverflowError, NotImplementedError, KeyError) as error:
        reason = (str(error).splitlines() or ["unknown type"])[0][:120]
        raise BadInput(f"The data frame cannot be stored ({reason}): use plain columns.") from None
    return buffer.getvalue(), name or "frame.parquet"
