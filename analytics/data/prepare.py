"""From a table to a dataset, by a recipe: plain JSON with every choice the user can make.

``features``: column names (the name of a vector block stands for its columns), ``types``: column
-> kind corrections, ``text``, ``label``, ``domain``, ``x``, ``y``: a column name or "", ``image``:
[width, height] or [], and the parameters in :data:`PARAMS`. The canonical form, which
:func:`check` returns, has every key, features in the order of the table and no correction that
changes nothing; so equal choices have equal digests.
"""

import difflib
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from analytics.data import encode, readings, signals, telling, types, words
from analytics.data.suggest import suggest
from analytics.errors import BadInput
from analytics.params import Param, validate
from analytics.progress import Progress, part, silent
from analytics.results import UNLABELLED, Dataset, Table

__all__ = ["PARAMS", "check", "prepare", "suggest", "uses_seed"]

MOST_LABELS = 1_000

PARAMS = (
    Param("missing", "choice", "drop", "Missing values",
          "Leave the row out, or fill in the column's mean, median or zero. Infinite values count "
          "as missing. Filled categories become a value of their own.",
          choices=("drop", "mean", "median", "zero")),
    Param("scale", "choice", "standard", "Scaling",
          "standard: mean 0 and standard deviation 1; minmax: 0 to 1; robust: median 0 and "
          "interquartile range 1. One-hot, boolean and text columns are left as they are.",
          choices=("none", "standard", "minmax", "robust")),
    Param("encode", "choice", "onehot", "Categories",
          "onehot: one 0/1 column per value, the 50 most frequent; ordinal: the rank of the value "
          "in sorted order; leave out: not used.",
          choices=("onehot", "ordinal", "leave out")),
    Param("texts_by", "choice", "words", "Texts",
          "meaning: sentence vectors by a model, about 100 texts a second; words: the words, or "
          "pieces of words, that texts share; kmers: of sequences (DNA, proteins), pieces of some "
          "letters.",
          choices=("meaning", "words", "kmers")),
    Param("kmer", "int", 4, "Letters of a piece", "Of sequences: 4 for DNA, 2 for proteins.",
          low=1, high=8, depends_on=("texts_by", ("kmers",))),
    Param("sample", "int", 0, "Sample",
          "Use at most this many rows, drawn at random in the proportions of the labels; "
          "0 uses all.", low=0, high=1e9, unit="rows"),
    Param("keep", "int", 0, "Most telling columns",
          "Keep only this many columns, those that say most about the others (QuickSelection); "
          "0 keeps all.", low=0, high=20_000, unit="columns"),
    Param("signals", "choice", "no", "Signals",
          "The numbers of a row are the samples of a signal, in the order of time: compare "
          "statistics of it instead. location: mean, median; spread: standard deviation, "
          "interquartile range; shape: skewness, kurtosis; energy: root mean square, crest factor.",
          choices=signals.CHOICES),
    Param("signals_of", "choice", "both", "Statistics of",
          "The course in time, its magnitude spectrum, or both.", choices=signals.SIDES,
          depends_on=("signals", signals.CHOICES[1:])),
)  # fmt: skip
# Choices that came later stand in a recipe only when they are used, so that what was prepared
# before them keeps its digest.
_OFF = {"keep": 0, "signals": "no"}

_ROLES = ("text", "label", "domain", "x", "y")
_KEYS = ("features", "types", *_ROLES, "image", *(p.name for p in PARAMS))


def check(recipe: Mapping[str, Any] | None, table: Table) -> dict[str, Any]:
    """The canonical recipe. Keys that are not given take the table's suggestion.

    Raises BadInput for an unknown key, column or value, and when no feature is left.
    """
    given = dict(recipe or {})
    for key in given:
        if key not in _KEYS:
            raise BadInput(f"The recipe has no {words.name(key)}: it takes {', '.join(_KEYS)}.")
    n = len(table.frame)
    if n < 2:
        raise BadInput(f"The table has {words.count(n, 'row')}, but it needs at least 2 rows.")
    base = table.recipe or suggest(table.frame, table.kinds, table.vectors, table.source)
    # A table stored by an earlier version lacks what was added to the recipe since.
    merged = {**{p.name: p.default for p in PARAMS}, **base, **given}
    if ("x" in given) != ("y" in given):
        merged["y" if "x" in given else "x"] = ""
    roles = {role: _column(merged[role], role, table) for role in _ROLES}
    if bool(roles["x"]) != bool(roles["y"]) or (roles["x"] and roles["x"] == roles["y"]):
        raise BadInput("Ready coordinates take two different columns: give both x and y, or none.")
    features = merged["features"]
    if "features" not in given:
        # A column newly declared to be the answer must not stay among the questions.
        answers = {roles[role] for role in ("label", "domain") if role in given}
        features = [c for c in features if c not in answers]
        if features != base["features"]:
            merged["image"] = given.get("image", [])
    changes = _types(merged["types"], table)
    features = _features(features, table, bool(base["features"]))
    image = _image(merged["image"], features, {**table.kinds, **changes})
    params = validate(PARAMS, {p.name: merged[p.name] for p in PARAMS})
    if params["sample"] == 1:
        raise BadInput("A sample of 1 row cannot be grouped: give at least 2, or 0 for all rows.")
    if params["sample"] >= n:
        params["sample"] = 0
    if params["signals"] != "no" and params["scale"] == "none":
        params["scale"] = "standard"  # statistics have different units
    params = {name: v for name, v in params.items() if v != _OFF.get(name, ...)}
    return {"features": features, "types": changes, **roles, "image": image, **params}


def _column(given: Any, role: str, table: Table) -> str:
    """A column of the table, or ""."""
    if given in (None, ""):
        return ""
    if isinstance(given, str) and given in table.frame.columns:
        return given
    near = difflib.get_close_matches(str(given), list(table.frame.columns[:2000]), 1)
    hint = f"did you mean {words.name(near[0])}?" if near else "choose one of the table's columns."
    raise BadInput(f"There is no column {words.name(given)} (asked for as {role}): {hint}")


def _features(given: Any, table: Table, usable: bool) -> list[str]:
    """Feature columns, each once, in the order of the table with vector blocks kept together.

    usable : whether any column could be suggested.
    """
    if isinstance(given, str) or not isinstance(given, (list, tuple)):
        raise BadInput("The features are a list of column names.")
    wanted: set[str] = set()
    for item in given:
        if isinstance(item, str) and item in table.vectors and item not in table.frame.columns:
            wanted.update(table.vectors[item])
        else:
            wanted.add(_column(item, "feature", table))
    wanted.discard("")
    if not wanted and not usable:
        raise BadInput(
            "No column tells the rows apart (each is empty, a date, one single value, or names "
            "its rows): open data whose rows differ, or choose the features yourself."
        )
    if not wanted:
        raise BadInput("No feature is chosen: choose at least one column to compare rows by.")
    block_of = {c: block for block in table.vectors.values() for c in block}
    ordered: dict[str, None] = {}
    for column in table.frame.columns:
        if column not in ordered:  # else its block stands there already, whole
            ordered.update(dict.fromkeys(block_of.get(column, [column])))
    return [c for c in ordered if c in wanted]


def _types(given: Any, table: Table) -> dict[str, str]:
    """Corrections that change something."""
    if not isinstance(given, Mapping):
        raise BadInput("Type corrections are given as column: type.")
    for column, kind in given.items():
        _column(column, "a type correction", table)
        if kind not in types.KINDS:
            raise BadInput(
                f"Column {words.name(column)} cannot be made {words.name(kind)}: "
                f"choose one of {', '.join(types.KINDS)}."
            )
    return {
        c: given[c] for c in table.frame.columns if given.get(c, table.kinds[c]) != table.kinds[c]
    }


def _image(given: Any, features: list[str], kinds: Mapping[str, str]) -> list[int]:
    if given in (None, "", [], ()):
        return []
    fits = isinstance(given, (list, tuple)) and len(given) == 2
    fits = fits and all(isinstance(v, int) and not isinstance(v, bool) and v > 0 for v in given)
    if not fits:
        raise BadInput("The size of an image is two whole numbers, width and height, or nothing.")
    if given[0] * given[1] != len(features) or any(kinds[c] != "number" for c in features):
        raise BadInput(
            f"Images of {given[0]} × {given[1]} need {given[0] * given[1]:,} numeric features, but "
            f"{words.count(len(features), 'column is', 'columns are')} chosen."
        )
    return list(given)


def uses_seed(recipe: Mapping[str, Any], table: Table) -> bool:
    """Whether the seed can change the dataset: a sample is drawn, or texts are encoded."""
    kinds = {**table.kinds, **recipe["types"]}
    drawn = recipe["sample"] > 0 or "keep" in recipe
    return drawn or any(kinds[c] == "text" for c in recipe["features"])


def prepare(
    table: Table, recipe: Mapping[str, Any], seed: int = 0, progress: Progress = silent
) -> Dataset:
    """The dataset of a table by a recipe; every choice that left something out is in its notes.

    Raises BadInput when fewer than 2 rows or no varying feature remain.
    """
    recipe = check(recipe, table)
    progress(0.0, "Reading the columns")
    frame = types.apply(table.frame, recipe["types"])
    kinds = {**table.kinds, **recipe["types"]}
    total = len(frame)
    notes: list[str] = []
    features = encode.usable(frame, recipe["features"], kinds, recipe["encode"], notes)
    pair = _pair(recipe, kinds)
    rows = encode.complete_rows(frame, [*features, *pair], kinds, recipe["missing"], notes)
    rows = _sample(rows, frame, recipe, seed, notes)
    if len(rows) < total:
        frame = frame.take(rows).reset_index(drop=True)
    progress(0.2, "Encoding the columns")
    if "signals" in recipe:
        channels = readings.channels(table.source)
        frame, features, kinds = _signals(frame, features, kinds, recipe, channels, notes)
    X, names, image = _columns(frame, features, kinds, recipe, seed, progress, notes)
    progress(0.9, "Reading labels and coordinates")
    labels, label_names = _codes(frame, recipe["label"], "label")
    domain, domain_names = _codes(frame, recipe["domain"], "domain")
    edges, weights = _links(table, rows, notes)
    progress(1.0, "Ready")
    return Dataset(
        X=X,
        columns=tuple(names),
        rows=rows.astype(np.int64),
        frame=frame,
        name=table.name,
        params=recipe,
        notes=tuple(notes),
        labels=labels,
        label_names=label_names,
        label_column=recipe["label"],
        domain=domain,
        domain_names=domain_names,
        domain_column=recipe["domain"],
        coords=encode.coordinates(frame, pair, recipe["missing"], notes) if pair else None,
        coord_names=tuple(pair),
        text_column=recipe["text"],
        image_shape=image,
        total_rows=total,
        edges=edges,
        edge_weights=weights,
    )


def _signals(frame, features: list[str], kinds, recipe, channels, notes: list[str]):
    """Frame, features and kinds with the statistics of the signals in place of their samples.

    channels : name -> columns, of a table of signals with several channels; else all numbers are
    the samples of one."""
    samples = [c for c in features if kinds[c] == "number"]
    own = {name: _among(columns, samples) for name, columns in channels.items()}
    own = {name: columns for name, columns in own.items() if columns} or {"": samples}
    samples = [c for columns in own.values() for c in columns]
    values = encode.fill(encode.numbers(frame, samples), samples, recipe["missing"], notes)
    ends = np.cumsum([len(columns) for columns in own.values()])[:-1]
    parts = dict(zip(own, np.split(values, ends, axis=1), strict=True))
    family, of = recipe["signals"], recipe["signals_of"]
    frame, names = signals.described(frame, parts, family, of)
    what = "" if of == "both" else f" of the {'course in time' if of == 'time' else of}"
    many = f"{len(samples):,}"
    if len(own) > 1:
        many = f"{len(own)} channels of {len(samples) // len(own):,}"
    notes.append(
        f"Signals of {many} samples, from {words.name(samples[0])} to "
        f"{words.name(samples[-1])}, are compared by {len(names)} statistics{what}."
    )
    taken = set(samples)
    kept = [c for c in features if c not in taken]
    return frame, [*names, *kept], {**kinds, **dict.fromkeys(names, "number")}


def _among(columns: list[str], chosen: list[str]) -> list[str]:
    wanted = set(chosen)
    return [c for c in columns if c in wanted]


def _columns(frame, features, kinds, recipe, seed: int, progress: Progress, notes: list[str]):
    """X, the names of its columns, and (width, height) of the images that its rows are, or None."""
    image = tuple(recipe["image"]) or None
    if "signals" in recipe:
        image = None
    if "keep" not in recipe:
        return *encode.matrix(frame, features, kinds, recipe, seed, progress, notes), image
    made = encode.matrix(frame, features, kinds, recipe, seed, part(progress, 0.0, 0.4), notes)
    ranked = part(progress, 0.4, 0.9)
    X, names = telling.keep(*made, recipe["keep"], seed, ranked, notes)
    if image and len(names) < image[0] * image[1]:
        notes.append("With columns left out, rows are no images any more.")
        image = None
    return X, names, image


def _links(table: Table, rows: np.ndarray, notes: list[str]):
    """The links between the rows in use, or (None, None)."""
    if table.edges is None:
        return None, None
    from analytics.graphs.links import among

    edges, weights = among(table.edges, table.edge_weights, rows, len(table.frame))
    if len(edges) < len(table.edges):
        notes.append(f"{len(edges):,} of {len(table.edges):,} links are between rows in use.")
    return edges, weights


def _pair(recipe: Mapping[str, Any], kinds: Mapping[str, str]) -> list[str]:
    """The two coordinate columns, or []. Raises BadInput when one is no number."""
    pair = [recipe["x"], recipe["y"]] if recipe["x"] else []
    for column in pair:
        if kinds[column] != "number":
            raise BadInput(
                f"Column {words.name(column)} is no number, so it cannot be a coordinate: "
                "choose another one."
            )
    return pair


def _codes(
    frame: pd.DataFrame, column: str, role: str
) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """int32 codes of a column by sorted value, UNLABELLED where empty, and the value names."""
    if not column:
        return None, ()
    values = frame[column]
    codes, distinct = pd.factorize(values, sort=True)
    if len(distinct) > MOST_LABELS:
        raise BadInput(
            f"Column {words.name(column)} has {len(distinct):,} different values, too many for a "
            f"{role}: choose a column with at most {MOST_LABELS:,}."
        )
    names = types.to_text(pd.Series(distinct))
    return np.where(codes < 0, UNLABELLED, codes).astype(np.int32), tuple(names)


def _sample(rows, frame, recipe, seed: int, notes: list[str]) -> np.ndarray:
    """At most ``recipe["sample"]`` of the rows, in their order, in the labels' proportions."""
    size = recipe["sample"]
    if not size or len(rows) <= size:
        return rows
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(rows))
    how = "drawn at random"
    if recipe["label"]:
        # Spreading every class evenly over [0, 1) and taking the first ones keeps the proportions.
        codes, _ = pd.factorize(frame[recipe["label"]].take(rows))
        codes = codes[order] + 1
        by_class = np.argsort(codes, kind="stable")
        sizes = np.bincount(codes)
        first = np.cumsum(sizes) - sizes
        rank = np.arange(len(rows)) - first[codes[by_class]]
        place = (rank + rng.random(len(sizes))[codes[by_class]]) / sizes[codes[by_class]]
        order = order[by_class[np.argsort(place, kind="stable")]]
        how += f" in the proportions of {words.name(recipe['label'])}"
    chosen = rows[np.sort(order[:size])]
    notes.append(f"{size:,} of {len(rows):,} rows used, {how}.")
    return chosen
