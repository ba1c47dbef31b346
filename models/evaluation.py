"""Where the evaluation data is: real plots and labels that are no part of this project."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def place(name: str) -> Path:
    """Where a folder of the evaluation data would be: in the folder that the variable EVAL_DATA
    names, else in ``../shared/data``."""
    return Path(os.environ.get("EVAL_DATA") or ROOT.parent / "shared" / "data") / name


def folder(name: str) -> Path | None:
    """A folder of the evaluation data, or None when it is not here."""
    return place(name) if place(name).is_dir() else None
