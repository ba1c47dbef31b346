"""What people would make of a picture: how ambiguous it is, and which groups they would see."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from analytics.api.stored import default_store, keep
from analytics.operations import execute
from analytics.perception import operations as perception
from analytics.progress import Progress, silent
from analytics.results import Ambiguity, Grouping, Projection
from analytics.store.artifacts import Artifacts


def clams(
    source: Projection | pd.DataFrame | np.ndarray | str | Path,
    *,
    axes: Sequence[str] = (),
    aspect: float | None = None,
    seed: int = 0,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> Ambiguity:
    """The CLAMS ambiguity of a map, or of points (n, 2), which are not stored; or of two columns
    (``axes``) of all rows of a path of Parquet or CSV, which is read piece by piece.

    For points that are too many to hold, add up ``analytics.perception.clams.tally`` over their
    parts and give the sum to ``clams_of_tally`` there.
    """
    if isinstance(source, (str, Path)):
        from analytics.bigdata import scoring, where

        place = where.tell(where.named(source))
        shape = 1.0 if aspect is None else aspect
        wanted = scoring.large_ambiguity_request(place, axes, shape, seed)
        return execute(wanted, store or default_store(), progress)
    if isinstance(source, Projection) and source.digest:
        store = store or default_store()
        keep(store, source)
        return execute(perception.ambiguity_request(source, aspect, seed), store, progress)
    from analytics.perception.clams import clams as score

    points = source.xy if isinstance(source, Projection) else source
    aspect = 1.0 if aspect is None else aspect
    return score(points, aspect=aspect, seed=seed, progress=progress)


def perceive(
    source: Projection | pd.DataFrame | np.ndarray,
    *,
    aspect: float | None = None,
    seed: int = 0,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> Grouping:
    """The groups people would see in a map, or in points (n, 2), which are not stored."""
    if isinstance(source, Projection) and source.digest:
        store = store or default_store()
        keep(store, source)
        return execute(perception.grouping_request(source, aspect, seed), store, progress)
    from analytics.perception.clusternet import group_as_people

    points = source.xy if isinstance(source, Projection) else source
    aspect = 1.0 if aspect is None else aspect
    return group_as_people(points, aspect=aspect, seed=seed, progress=progress)
