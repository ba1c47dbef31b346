"""What the acts make, so that a check can tell whether it is whole."""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from analytics.digest import of_json
from analytics.results import Projection
from analytics.store.artifacts import Artifacts
from tests.faults.databases import opened

Ack = dict[str, Any]


@lru_cache(maxsize=1)
def kept(home: Path):
    """The engine of a program, the same one while it runs."""
    return opened(home)


def result(of: Any) -> Projection:
    """A result whose numbers follow from its digest's seed."""
    number = int(of_json(of)[:6], 16)
    return Projection(digest=of_json(of), xy=np.full((4_000, 2), number, np.float32), seed=number)


def whole(artifacts: Artifacts, digest: str) -> bool:
    """Whether a result is stored, unharmed, and holds its own numbers."""
    found = artifacts.intact(digest) and Artifacts(artifacts.folder).load(digest)
    return bool(found) and bool((found.xy == found.seed).all())


def text_of(*of: Any) -> str:
    return hashlib.sha256(repr(of).encode()).hexdigest() * 20
