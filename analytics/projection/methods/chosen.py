"""Maps that are chosen, not computed: two columns as they are, or ready coordinates."""

import numpy as np
import pandas as pd

from analytics.data import types
from analytics.errors import BadInput
from analytics.registry import Method
from analytics.results import Dataset, Projection


def numeric_columns(dataset: Dataset) -> tuple[str, ...]:
    """The names that can be an axis: prepared features, then other columns of numbers or dates."""
    others = [name for name in dataset.frame.columns if is_axis(dataset.frame[name])]
    return tuple(dict.fromkeys([*dataset.columns, *others]))


def is_axis(column: pd.Series) -> bool:
    """Whether a column of the table can be an axis: one of numbers or dates."""
    return _is_date(column) or _is_numeric(column)


def original(column: pd.Series) -> np.ndarray | None:
    """A column of the table as it can be an axis, float64 (n,): its numbers, or its dates as days
    since 1970-01-01; None for any other column."""
    if _is_date(column):
        return types.days(column).to_numpy(np.float64, na_value=np.nan)
    return column.to_numpy(np.float64, na_value=np.nan) if _is_numeric(column) else None


def check_columns(columns, dataset: Dataset) -> list[str]:
    """Two column names; None means the first two. Raises BadInput for anything else."""
    known = numeric_columns(dataset)
    if columns is None:
        if len(known) < 2:
            raise BadInput(
                "Two columns of numbers or dates are needed for x and y, but there are fewer."
            )
        return list(known[:2])
    if (
        not isinstance(columns, (list, tuple))
        or len(columns) != 2
        or not all(isinstance(name, str) for name in columns)
    ):
        raise BadInput("Choose exactly two columns, one for x and one for y.")
    if columns[0] == columns[1]:
        raise BadInput(f"Column '{columns[0]}' is chosen for both x and y: choose two columns.")
    for name in columns:
        if name not in known:
            some = ", ".join(known[:8]) + (" …" if len(known) > 8 else "")
            why = (
                "holds neither numbers nor dates"
                if name in dataset.frame.columns
                else "is not in the data"
            )
            raise BadInput(f"Column '{name[:60]}' {why}: choose two of {some or '(none)'}.")
    return list(columns)


def _is_numeric(column: pd.Series) -> bool:
    kinds = pd.api.types
    return kinds.is_numeric_dtype(column) and not kinds.is_complex_dtype(column)


def _is_date(column: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(column)


def _values(dataset: Dataset, name: str, notes: list[str]) -> np.ndarray:
    """One column (n,) with its original values, or as prepared when the table holds no numbers."""
    frame = dataset.frame
    values = original(frame[name]) if name in frame.columns else None
    if values is not None and _is_date(frame[name]):
        notes.append(Projection.DATED.format(name))
    if values is None:
        values = dataset.X[:, dataset.columns.index(name)].astype(np.float64)
        notes.append(f"'{name}' is shown as prepared, because the table holds no numbers for it.")
    _check(values, name)
    narrow = values.astype(np.float32)
    if len(np.unique(narrow)) < len(np.unique(values)):
        notes.append(f"Values of '{name}' are rounded to about 7 digits on the map.")
    return narrow


def _check(values: np.ndarray, name: str) -> None:
    missing, infinite = int(np.isnan(values).sum()), int(np.isinf(values).sum())
    if missing or infinite:
        words = [f"{missing:,} missing"] * bool(missing) + [f"{infinite:,} infinite"] * bool(
            infinite
        )
        raise BadInput(
            f"Column '{name}' has {' and '.join(words)} of {len(values):,} values: "
            "drop those rows when preparing the data, or choose another column."
        )
    if np.abs(values).max(initial=0.0) > np.finfo(np.float32).max:
        raise BadInput(
            f"Column '{name}' holds values beyond 3.4e38, which cannot be drawn: "
            "rescale it or choose another column."
        )


def _columns(dataset: Dataset, params: dict, seed: int, progress) -> Projection:
    """Two columns in their own units."""
    if dataset.n == 0:
        raise BadInput("There are no rows to draw: keep at least one row when preparing the data.")
    names, notes = check_columns(params.get("columns"), dataset), []
    xy = np.column_stack([_values(dataset, name, notes) for name in names])
    notes.insert(0, f"x is '{names[0]}' and y is '{names[1]}', in the units of the table.")
    return Projection(xy=xy, axes=tuple(names), notes=tuple(notes))


def _given(dataset: Dataset, params: dict, seed: int, progress) -> Projection:
    """The coordinates that came with the data."""
    if dataset.coords is None:
        raise BadInput(
            "No columns are marked as ready coordinates: mark an x and a y column on the data "
            "page, or choose another method."
        )
    xy = np.ascontiguousarray(dataset.coords, np.float32)
    if len(xy) == 0:
        raise BadInput("There are no rows to draw: keep at least one row when preparing the data.")
    axes = dataset.coord_names if len(dataset.coord_names) == 2 else ()
    for j in range(2):
        _check(xy[:, j], axes[j] if axes else "xy"[j])
    notes = ["The map is the coordinates in the data."]
    notes += [
        Projection.DATED.format(a) for a, v in zip(axes, xy.T, strict=False) if _days(dataset, a, v)
    ]
    return Projection(xy=xy, axes=tuple(axes), notes=tuple(notes))


def _days(dataset: Dataset, name: str, values: np.ndarray) -> bool:
    """Whether these values (n,) are the dates of a column in days, not moved to mean zero."""
    column = dataset.frame[name] if name in dataset.frame.columns else None
    if column is None or not _is_date(column):
        return False
    return bool(np.allclose(values, original(column), rtol=0, atol=0.01))


METHODS = (
    Method(
        id="columns",
        label="Two columns",
        kind="projection",
        summary="Two columns of the table as they are; nothing is distorted, "
        "but whatever the other columns hold is not seen.",
        run=_columns,
        version=2,
        cost=lambda n, d, params: 0.01 + 5e-8 * n,
        reference="Cleveland and McGill 1984, The many faces of a scatterplot, "
        "doi:10.1080/01621459.1984.10477098",
        seeded=False,
        order=90,
    ),
    Method(
        id="given",
        label="Given coordinates",
        kind="projection",
        summary="The x and y that came with the data, unchanged; "
        "how faithful they are depends on whoever made them.",
        run=_given,
        version=2,
        cost=lambda n, d, params: 0.01,
        seeded=False,
        order=95,
    ),
)
