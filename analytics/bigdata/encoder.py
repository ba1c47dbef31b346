"""The preparation of a dataset as constants, so that further rows go through the same steps.

The constants (what fills gaps, what is taken off and divided by, which value has which column) are
computed again from the rows of the dataset, by the functions that prepared it. That they are the
same is checked: the dataset's own rows must give its own numbers, bit for bit.
"""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from analytics.data import encode, scale, types
from analytics.data.categories import is_category, ones, vocabulary
from analytics.data.naming import different
from analytics.errors import BadInput
from analytics.results import Dataset, Table


@dataclass(frozen=True, eq=False)
class Encoder:
    """Steps from original columns to X, fitted on a dataset.

    dtypes : column -> its type in the table; changes : column -> its corrected kind. numeric,
    switches : features that are numbers, or true or false. values : category taken by rank -> its
    known values in order. fill, fill_switches : what gaps become, None where rows with gaps are
    left out. scaling : of numeric columns and ranks. vocabularies : category -> (value -> column,
    number of columns). order : which columns of all that are those of X.
    """

    dtypes: dict[str, Any]
    changes: dict[str, str]
    numeric: list[str]
    values: dict[str, np.ndarray]
    switches: list[str]
    fill: np.ndarray | None = None
    fill_switches: np.ndarray | None = None
    scaling: scale.Scaling | None = None
    vocabularies: dict[str, tuple[dict, int]] = field(default_factory=dict)
    order: np.ndarray = field(default_factory=lambda: np.zeros(0, int))

    @property
    def measured(self) -> list[str]:
        """Numbers, and categories taken by rank."""
        return [*self.numeric, *self.values]

    @property
    def features(self) -> list[str]:
        """The columns that are read."""
        return [*self.measured, *self.switches, *self.vocabularies]

    def numbers(self, frame: pd.DataFrame) -> np.ndarray:
        """float64 of the measured columns, NaN where missing or of an unknown rank."""
        parts = [encode.numbers(frame, self.numeric)]
        for name, known in self.values.items():
            at = pd.Index(known).get_indexer(frame[name])
            parts.append(np.where(at < 0, np.nan, at)[:, None])
        return np.concatenate(parts, axis=1)

    def frame(self, table: Any, names: list[str] | None = None) -> pd.DataFrame:
        """Columns of a pyarrow table in the types that the dataset has them in; cells that do not
        fit are missing."""
        names = self.features if names is None else names
        return pd.DataFrame({c: self._column(table.column(c).to_pandas(), c) for c in names})

    def _column(self, values: pd.Series, name: str) -> pd.Series:
        values = conformed(values, self.dtypes[name])
        return types.converted(values, self.changes[name]) if name in self.changes else values

    def complete(self, frame: pd.DataFrame) -> np.ndarray:
        """Which rows can be encoded, bool (n,): with gaps filled all, else those without one; never
        one whose rank is unknown and not filled."""
        keep = np.ones(len(frame), bool)
        if self.fill is None:
            for name in self.features:
                keep &= frame[name].notna().to_numpy(bool)
            keep &= ~np.isnan(self.numbers(frame)).any(axis=1)
        return keep

    def X(self, frame: pd.DataFrame) -> np.ndarray:
        """float32 (n, d) of rows that :meth:`complete` keeps."""
        parts = []
        if self.scaling is not None:
            parts.append(self.scaling.of(filled(self.numbers(frame), self.fill)))
        if self.switches:
            parts.append(filled(encode.numbers(frame, self.switches), self.fill_switches))
        for name, (places, width) in self.vocabularies.items():
            parts.append(ones(types.to_text(frame[name]), places, width))
        made = np.concatenate([np.asarray(p, np.float32) for p in parts], axis=1)
        return np.ascontiguousarray(made[:, self.order])


def filled(values: np.ndarray, fill: np.ndarray | None) -> np.ndarray:
    """The values (n, d) with gaps filled; as they are without fillers."""
    return values if fill is None else np.where(np.isnan(values), fill, values)


def conformed(values: pd.Series, dtype: Any) -> pd.Series:
    """A column in another column's type; what does not fit is missing."""
    kind = getattr(dtype, "kind", "O")
    if isinstance(dtype, pd.StringDtype):
        if not isinstance(values.dtype, pd.StringDtype):
            values = types.to_text(values.astype("float64") if values.dtype == object else values)
        blank = values.str.strip() == ""
        return values.mask(blank) if blank.any() else values
    if kind == "b":
        if isinstance(values.dtype, pd.StringDtype):
            values = values.str.strip().str.lower().map({"true": True, "false": False})
        return values if values.dtype.kind == "b" else values.astype("float64")
    if kind == "M":
        return pd.to_datetime(values, errors="coerce").astype("datetime64[us]")
    if isinstance(values.dtype, pd.StringDtype):
        values = pd.to_numeric(values, errors="coerce")
    return values.astype("float64")


def fitted(dataset: Dataset, table: Table) -> Encoder:
    """The encoder of a dataset. Raises BadInput where its preparation has no steps for further rows
    (texts, signals), or does not give its numbers again."""
    recipe, frame = dataset.params, dataset.frame
    kinds = {**table.kinds, **recipe["types"]}
    if "signals" in recipe:
        raise _refused("statistics of signals")
    whole = types.apply(table.frame, recipe["types"])
    features = encode.usable(whole, recipe["features"], kinds, recipe["encode"], [])
    if any(kinds[c] == "text" for c in features):
        raise _refused("texts as features")
    categories = [c for c in features if is_category(c, frame, kinds)]
    switches = [c for c in features if kinds[c] == "boolean"]
    ordinal = recipe["encode"] == "ordinal"
    made = Encoder(
        dtypes={c: table.frame[c].dtype for c in table.frame},
        changes={c: k for c, k in recipe["types"].items() if k != "identifier"},
        numeric=[c for c in features if c not in {*categories, *switches}],
        values={c: np.sort(frame[c].dropna().unique()) for c in categories if ordinal},
        switches=switches,
    )
    made = _with_constants(made, dataset, [] if ordinal else categories)
    if not np.array_equal(made.X(frame), dataset.X):
        raise BadInput(
            "The preparation of this data cannot be repeated for further rows: prepare its table "
            "again on the Data page, without changes by hand."
        )
    return made


def _with_constants(made: Encoder, dataset: Dataset, categories: list[str]) -> Encoder:
    """The encoder with what the rows of the dataset say. categories : that get 0/1 columns."""
    recipe, frame = dataset.params, dataset.frame
    drop, names = recipe["missing"] == "drop", made.measured
    values, on = made.numbers(frame), encode.numbers(frame, made.switches)
    fill = None if drop else _fillers(values, recipe["missing"])
    scaling = None
    if names:
        image = bool(recipe["image"])
        scaling = scale.scaling(filled(values, fill), names, recipe["scale"], image, [])
        names = [c for c, k in zip(names, scaling.keep, strict=True) if k]
    vocabularies, labels = {}, []
    for name in categories:
        places, said = vocabulary(name, types.to_text(frame[name]), [])
        vocabularies[name] = (places, len(said))
        labels += [f"{name}={label}" for label in said]
    columns = different([*names, *made.switches, *labels])
    if not set(dataset.columns) <= set(columns):
        raise _refused("columns that were made in another way")
    return replace(
        made,
        fill=fill,
        fill_switches=None if drop else _fillers(on, recipe["missing"]),
        scaling=scaling,
        vocabularies=vocabularies,
        order=np.array([columns.index(c) for c in dataset.columns]),
    )


def _fillers(values: np.ndarray, missing: str) -> np.ndarray:
    return np.array([encode.filler(v[~np.isnan(v)], missing) for v in values.T])


def _refused(what: str) -> BadInput:
    return BadInput(
        f"These groups rest on {what}, which are not computed for all rows of a large file: choose "
        "columns of numbers or categories."
    )
