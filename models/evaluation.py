"""Where the evaluation data is: real plots and labels that are no part of this project."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def folder(name: str) -> Path | None:
    """A folder of the evaluation data, or None when it is not here.

    It is looked for in the folder that the variable EVAL_DATA names, else in ``../shared/data``.
    """
    base = Path(os.environ.get("EVAL_DATA") or ROOT.parent / "shared" / "data")
    return base / name if (base / name).is_dir() else None
