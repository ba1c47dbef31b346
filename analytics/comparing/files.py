"""Label columns of files, compared: the verb ``compare`` of the command line."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from analytics.clustering.agreement import compare
from analytics.comparing import overlap
from analytics.comparing.consensus import consensus
from analytics.comparing.matrix import agreements
from analytics.data import words
from analytics.errors import BadInput
from analytics.progress import Progress, silent
from analytics.results import NOISE, UNLABELLED, Table

MOST_FILES = 24  # groupings that one call compares


def labels_of(table: Table, column: str) -> pd.Series:
    """A label column: the one named, else "label", "cluster" or the last; by "row" if there."""
    frame = table.frame
    if column and column not in frame:
        known = words.names(list(frame.columns), 8)
        raise BadInput(f"There is no column {words.name(column)} in {table.name}: it has {known}.")
    name = column or next((c for c in ("label", "cluster") if c in frame), frame.columns[-1])
    labels = frame[name]
    if "row" in frame and name != "row" and frame["row"].is_unique:
        labels.index = pd.Index(frame["row"], name="row")
    return labels


def gathered(
    paths: Sequence[str], columns: Sequence[str], read: Callable[[str], Table]
) -> tuple[list[str], list[pd.Series]]:
    """The names and label columns that were meant. One file gives several named columns; several
    files give one each. Raises BadInput."""
    if len(paths) == 1:
        if len(columns) < 2:
            raise BadInput(
                "One file is given: name two label columns of it or more, as in --columns a,b."
            )
        table = read(paths[0])
        return list(columns), [labels_of(table, c) for c in columns]
    if columns and len(columns) != len(paths):
        raise BadInput(
            f"--columns names {len(columns)} columns for {len(paths)} files: name one of each."
        )
    if len(paths) > MOST_FILES:
        raise BadInput(f"{len(paths)} files are given, but at most {MOST_FILES} are compared.")
    wanted = columns or [""] * len(paths)
    found = [labels_of(read(p), c) for p, c in zip(paths, wanted, strict=True)]
    return [str(p) for p in paths], found


def joined(names: Sequence[str], series: Sequence[pd.Series]) -> list[pd.Series]:
    """The label columns on the rows that all hold, matched by row number where one is given."""
    first = series[0]
    for name, other in zip(names[1:], series[1:], strict=True):
        numbered = first.index.name == "row" or other.index.name == "row"
        if len(first) != len(other) and not numbered:
            raise BadInput(
                f"{names[0]} has {words.count(len(first), 'row')} and {name} "
                f"{words.count(len(other), 'row')}: compare groupings of the same rows."
            )
    rows = first.index
    for other in series[1:]:
        rows = rows.intersection(other.index)
    if not len(rows):
        listed = " and ".join(names) if len(names) == 2 else "The files"
        raise BadInput(f"{listed} have no row number in common.")
    return [s.loc[rows] for s in series]


def coded(labels: pd.Series) -> tuple[np.ndarray, dict[int, Any]]:
    """Labels as numbers from 0 and their names; NOISE for -1, UNLABELLED for -2 and empty cells."""
    plain = labels if pd.api.types.is_numeric_dtype(labels) else labels.astype("string")
    codes, names = pd.factorize(plain, sort=True)
    codes = codes.astype(np.int64)
    codes[codes < 0] = UNLABELLED
    plain_names = [n.item() if hasattr(n, "item") else n for n in names]
    for code, name in enumerate(plain_names):
        if str(name) in ("-1", "-1.0", "-2", "-2.0"):
            codes[codes == code] = NOISE if str(name).startswith("-1") else UNLABELLED
    _, codes_dense = np.unique(codes[codes >= 0], return_inverse=True)
    kept = [n for c, n in enumerate(plain_names) if np.any(codes == c)]
    codes[codes >= 0] = codes_dense
    return codes, {**dict(enumerate(kept)), NOISE: NOISE}


def two(names: Sequence[str], series: Sequence[pd.Series]) -> dict[str, Any]:
    """Agreement of two label columns, the pairs of groups, and how many rows moved."""
    kept = joined(names, series)
    answer = compare(kept[0].to_numpy(), kept[1].to_numpy())
    answer["left_out"] += max(map(len, series)) - len(kept[0])
    answer["columns"] = [s.name for s in series]
    (a, names_a), (b, names_b) = (coded(s) for s in kept)
    answer["moved"] = int(overlap.moved(a, b).sum())
    answer["pairs"] = [
        {
            "a": names_a[p.a],
            "b": names_b[p.b],
            "rows": p.rows,
            "of_a": p.of_a,
            "of_b": p.of_b,
            "overlap": p.jaccard,
            "match": p.partners,
        }
        for p in overlap.pairs(a, b)
    ]
    return answer


def many(
    names: Sequence[str], series: Sequence[pd.Series], progress: Progress = silent
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Agreement of every two of several label columns, and their consensus row by row."""
    kept = joined(names, series)
    codes = [coded(s)[0] for s in kept]
    known = np.all([c != UNLABELLED for c in codes], axis=0)
    if not known.any():
        raise BadInput("No row has a label in all groupings: there is nothing to compare.")
    codes = [c[known] for c in codes]
    card = agreements(codes, progress)
    found = consensus(codes, progress=progress)
    answer = {
        "results": list(names),
        "columns": [s.name for s in series],
        "n": int(known.sum()),
        "left_out": max(map(len, series)) - int(known.sum()),
        "n_clusters": [len(np.unique(c[c >= 0])) for c in codes],
        "noise_share": [float(np.mean(c == NOISE)) for c in codes],
        "ari": card.tables["ari"].tolist(),
        "ami": card.tables["ami"].tolist(),
        "mean_ari": card.groups["ari"].tolist(),
        "mean_ami": card.groups["ami"].tolist(),
        "consensus": {
            "n_clusters": len(np.unique(found.labels[found.labels >= 0])),
            "noise_share": float(np.mean(found.labels == NOISE)),
            "cells": found.cells,
            "cells_joined": found.kept,
            "mean_changes": float(found.changes.mean()),
        },
    }
    rows = kept[0].index[known]
    table = {"row": np.asarray(rows), "label": found.labels, "changes": found.changes}
    return answer, pd.DataFrame(table)
