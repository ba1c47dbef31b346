"""Rows that somebody says belong to a group: labels given by pointing instead of by a column.

Methods that start from labels read them as labels of the data, so any of them takes examples.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from analytics.data import words
from analytics.errors import BadInput
from analytics.registry import Method
from analytics.results import UNLABELLED, Dataset

MOST_GROUPS = 50
MOST_ROWS = 2_000
MOST_BYTES = 1_000_000  # of a file of examples
LONGEST = 60  # letters of a group's name
POINTED = "pointed out"  # stands for the label column where there is none
# Parameters of methods that leave the labels alone unless told otherwise, and that telling.
SWITCHES = {"use_labels": True, "labels": "use"}


def taken(method: Method) -> bool:
    """Whether a method can start from examples."""
    return "labels" in method.needs or any(p.name in SWITCHES for p in method.params)


def switched(
    method: Method, params: Mapping[str, Any], examples: Mapping[str, list[int]]
) -> dict[str, Any]:
    """The parameters of a run with examples: the method is told to read labels, and a method that
    starts from one row, and was given none, starts from the first example."""
    takes = {p.name for p in method.params}
    params = {**params, **{k: v for k, v in SWITCHES.items() if k in takes}}
    if "node" in takes and params.get("node") is None:
        params["node"] = next(iter(examples.values()))[0]
    return params


def checked(given: Any, dataset: Dataset) -> dict[str, list[int]]:
    """Examples in one form: names in order, the rows of each sorted. Raises BadInput.

    given : group name -> rows of the source table, counted from 0 (``Dataset.rows``).
    """
    if not isinstance(given, Mapping):
        raise BadInput("Examples are rows by group, as in {'A': [3, 7], 'B': [12]}.")
    found: dict[str, list[int]] = {}
    for name, rows in given.items():
        found.setdefault(_name(name), []).extend(_rows(name, rows))
    if len(found) > MOST_GROUPS:
        raise BadInput(f"There are examples of {len(found):,} groups: give at most {MOST_GROUPS}.")
    if (count := sum(map(len, found.values()))) > MOST_ROWS:
        raise BadInput(f"There are {count:,} examples: give at most {MOST_ROWS:,} rows in all.")
    belongs: dict[int, str] = {}
    for name, rows in found.items():
        for row in rows:
            if belongs.setdefault(row, name) != name:
                both = f"{words.name(belongs[row])} and of {words.name(name)}"
                raise BadInput(f"Row {row:,} is an example of {both}: keep one of them.")
    places(np.array(sorted(belongs), np.int64), dataset)
    return {name: sorted(set(found[name])) for name in sorted(found)}


def _name(name: Any) -> str:
    text = " ".join(name.split()) if isinstance(name, str) else ""
    if not text or len(text) > LONGEST:
        raise BadInput(
            f"{words.name(str(name))} is no name for a group of examples: it takes a text of 1 to "
            f"{LONGEST} letters."
        )
    return text


def _rows(name: str, rows: Any) -> list[int]:
    several = isinstance(rows, Iterable) and not isinstance(rows, str | bytes | Mapping)
    rows = list(rows) if several else []
    if not rows:
        raise BadInput(f"Group {words.name(str(name))} has no examples: give it a row or drop it.")
    whole = (isinstance(r, int | np.integer) and not isinstance(r, bool) for r in rows)
    if not all(whole) or max(abs(int(r)) for r in rows) >= 2**63:
        raise BadInput(
            f"The examples of {words.name(str(name))} are whole numbers of rows, counted from 0."
        )
    return [int(r) for r in rows]


def places(rows: np.ndarray, dataset: Dataset) -> np.ndarray:
    """Where rows of the source table stand in the dataset. Raises BadInput for one not in use."""
    here = dataset.rows if len(dataset.rows) == dataset.n else np.arange(dataset.n)
    order = np.argsort(here, kind="stable")
    found = order[np.minimum(np.searchsorted(here[order], rows), dataset.n - 1)]
    wrong = rows[here[found] != rows]
    if len(wrong):
        raise BadInput(
            f"Row {int(wrong[0]):,} is an example but not among the {dataset.n:,} rows in use: "
            "rows are counted from 0, and a sample holds a part of them."
        )
    return found


def joined(dataset: Dataset, examples: Mapping[str, Any], with_labels: bool = False) -> Dataset:
    """The dataset whose labels are the examples; ``with_labels`` keeps those of the other rows.

    An example named like a label joins its rows, and is right where the two differ.
    """
    examples = checked(examples, dataset)
    with_labels = with_labels and dataset.labels is not None
    names = list(dataset.label_names) if with_labels else []
    labels = np.full(dataset.n, UNLABELLED, np.int32)
    if with_labels:
        labels[:] = dataset.labels
    for name, rows in examples.items():
        if name not in names:
            names.append(name)
        labels[places(np.array(rows, np.int64), dataset)] = names.index(name)
    return dataset.with_(
        labels=labels,
        label_names=tuple(names),
        label_column=dataset.label_column if with_labels else POINTED,
    )


def said(examples: Mapping[str, Iterable[int]]) -> str:
    """What was pointed out, short."""
    rows, groups = sum(len(list(r)) for r in examples.values()), len(examples)
    return f"{rows:,} example{'s' * (rows != 1)} of {groups} group{'s' * (groups != 1)}"


def read(path: str | Path) -> dict[str, list[int]]:
    """Examples from a CSV file with the columns "row" and "group". Raises BadInput.

    Rows and names are checked against the data by :func:`checked`.
    """
    name = Path(path).name
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a name with a null byte
        why = getattr(error, "strerror", None) or "it cannot be opened"
        raise BadInput(
            f"The file {words.name(name)} cannot be read ({why}): check its path."
        ) from None
    if len(content) > MOST_BYTES:
        raise BadInput(f"{words.name(name)} is larger than a list of examples can be.")
    try:
        lines = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        columns = [str(c).strip() for c in lines.fieldnames or ()]
    except (UnicodeDecodeError, csv.Error):
        raise BadInput(f"{words.name(name)} is not a CSV file in UTF-8: save it as one.") from None
    if not {"row", "group"} <= set(columns):
        raise BadInput(
            f"{words.name(name)} has no columns named row and group: put a row's number, counted "
            "from 0, and the name of its group in each line below them."
        )
    lines.fieldnames = columns
    found: dict[str, list[int]] = {}
    at = 1
    try:
        for at, line in enumerate(lines, 2):
            row, group = (line["row"] or "").strip(), (line["group"] or "").strip()
            if not row.isascii() or not row.isdigit() or len(row) > 15 or not group:
                raise BadInput(
                    f"Line {at} of {words.name(name)} is no row's number with a group, as in 12,A."
                )
            found.setdefault(group, []).append(int(row))
            if at > MOST_ROWS + 1:
                raise BadInput(f"{words.name(name)} has more than {MOST_ROWS:,} examples.")
    except csv.Error:
        raise BadInput(f"Line {at + 1} of {words.name(name)} cannot be read as CSV.") from None
    if not found:
        raise BadInput(f"{words.name(name)} lists no examples.")
    return found
