"""Marker shapes as a channel of their own: the mark that a second column gives each row.

Eight marks can be told apart at a glance, so with more kinds the seven first keep a mark each and
the others share the eighth. More than :data:`MAX_SHAPED` points are too small for shapes.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.errors import BadInput
from analytics.figures import theme
from analytics.results import UNLABELLED, Clustering, Dataset

MAX_SHAPED = 50_000
AS_COLOR, CLUSTERS, LABEL, COLUMN = "color", "clusters", "label", "column:"
MOST = len(theme.GLYPHS)


@dataclass(frozen=True, eq=False)
class Shapes:
    """codes : int32 (n,), 0 .. 7 index ``theme.SHAPE_NUMBERS``, below 0 a hollow circle.
    names : code -> what it stands for. title : what the shapes show."""

    codes: np.ndarray
    names: Mapping[int, str]
    title: str

    def marks(self) -> np.ndarray:
        """The plotly symbol number of every row: uint8 (n,)."""
        numbers = np.array(theme.SHAPE_NUMBERS, np.uint8)[np.maximum(self.codes, 0)]
        return np.where(self.codes < 0, theme.HOLLOW_CIRCLE, numbers).astype(np.uint8)

    def key(self) -> list[tuple[int, str]]:
        """(plotly symbol number, name) of every shape that occurs, hollow ones last."""
        present = sorted((int(c) for c in np.unique(self.codes)), key=lambda c: (c < 0, c))
        numbers = [theme.HOLLOW_CIRCLE if c < 0 else theme.SHAPE_NUMBERS[c] for c in present]
        return [(n, theme.group_name(c, self.names)) for n, c in zip(numbers, present, strict=True)]


def of_groups(groups: np.ndarray, names: Mapping[int, str] | None, title: str) -> Shapes:
    """A shape for each group (n,); from the eighth on they share one when there are more."""
    groups, names = np.asarray(groups, np.int32), dict(names or {})
    k = int(groups.max(initial=-1)) + 1
    if k > MOST:
        groups = np.minimum(groups, MOST - 1)
        names[MOST - 1] = f"{k - MOST + 1:,} others"
    return Shapes(groups, names, title)


def frequent(series: pd.Series, most: int) -> tuple[np.ndarray, dict[int, str]]:
    """The ``most`` most frequent values of a column as groups 0, 1, ..., the others as one more:
    (groups int32 (n,), their names)."""
    text = series.astype("string")
    top = text.value_counts().index[:most]
    codes = pd.Index(top).get_indexer(text)
    groups = np.where(text.isna(), UNLABELLED, np.where(codes < 0, len(top), codes))
    names = {i: str(v) for i, v in enumerate(top)} | {UNLABELLED: "No value"}
    if (groups == len(top)).any():
        names[len(top)] = f"{text.nunique() - len(top):,} other values"
    return groups.astype(np.int32), names


def choices(dataset: Dataset, clustering: Clustering | None) -> list[str]:
    """What shapes can show: the groups found, the label, and every column that is no measurement
    (neither a number with a fraction nor a date)."""
    kinds = pd.api.types
    found = [CLUSTERS] if clustering is not None else []
    if dataset.labels is not None:
        found.append(LABEL)
    for name, dtype in dataset.frame.dtypes.items():
        measured = kinds.is_float_dtype(dtype) or kinds.is_datetime64_any_dtype(dtype)
        if not measured and name not in (dataset.label_column, dataset.text_column):
            found.append(COLUMN + str(name))
    return found


def by(spec: str, dataset: Dataset, clustering: Clustering | None = None) -> Shapes | None:
    """The shapes of a choice of :func:`choices`; None for "" and for what is not there."""
    if spec == CLUSTERS and clustering is not None:
        names = clustering.group_names
        return of_groups(clustering.labels, names, "groups found")
    if spec == LABEL and dataset.labels is not None:
        names = {**dict(enumerate(dataset.label_names)), UNLABELLED: "No label"}
        return of_groups(dataset.labels, names, dataset.label_column)
    name = spec.removeprefix(COLUMN)
    if spec.startswith(COLUMN) and name in dataset.frame:
        series = dataset.frame[name]
        groups, names = frequent(series, MOST)
        if len(names) > MOST + 1:
            groups, names = frequent(series, MOST - 1)
        return Shapes(groups, names, name)
    return None


def of_state(state: Mapping, dataset: Dataset, clustering: Clustering | None) -> Shapes | None:
    """The shapes of a report's state, whose colours are the groups found."""
    shape = state.get("shape") or ""
    return by(CLUSTERS if shape == AS_COLOR else shape, dataset, clustering)


def check(shapes: Shapes | None, n: int) -> Shapes | None:
    """Shapes that belong to n rows. Raises BadInput."""
    if shapes is not None and np.shape(shapes.codes) != (n,):
        words = f"The map has {n:,} rows but {len(shapes.codes):,} shapes"
        raise BadInput(f"{words}: give one per row.")
    return shapes


def too_many(shapes: Shapes | None, drawn: int) -> str:
    """The sentence that says why shapes are missing, or ""."""
    if shapes is None or drawn <= MAX_SHAPED:
        return ""
    return (
        f"Shapes by {theme.clean(shapes.title, 40)} are drawn up to {MAX_SHAPED:,} points and not "
        f"for these {drawn:,}: zoom in, or set a sample on the Data page."
    )
