"""The numbers that lessons speak of, each read off results by a small function."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.clustering.agreement import contingency, table_ari
from analytics.errors import BadInput
from analytics.lessons.wording import COUNT, PLAIN, SHARE
from analytics.results import Clustering, Dataset, Grouping, Record

LABELLED = "groups|people|data"
NUMBERS = ("numbers",)
PART = 0.1  # of a group: a smaller part does not count as one


@dataclass(frozen=True)
class Measure:
    """of : the kinds of its things; NUMBERS where it is made from two or more other numbers.
    given : its keys in the file, True where one must be there. shown : how its value is written.
    run(records, given) gives the value, None where it is not defined."""

    of: tuple[str, ...]
    run: Callable[[list[Any], dict[str, Any]], float | None]
    shown: str = PLAIN
    given: tuple[tuple[str, bool], ...] = ()


def labels_of(record: Record) -> np.ndarray:
    """The groups (n,) of a result: those found, those people would see, or the known ones.

    Raises BadInput where there are none.
    """
    if isinstance(record, (Clustering, Grouping)):
        return np.asarray(record.labels)
    if isinstance(record, Dataset) and record.labels is not None:
        return np.asarray(record.labels)
    raise BadInput("This lesson compares groups with data that has no known groups.")


def names_of(record: Record) -> dict[int, str]:
    """What the groups of a result are called; noise is -1."""
    if isinstance(record, Dataset):
        return dict(enumerate(record.label_names))
    if isinstance(record, Clustering):
        return record.group_names
    named = {i: f"Seen {i + 1}" for i in range(record.n_clusters)}
    return {**named, -1: "In no group"}


def agreement(a: np.ndarray, b: np.ndarray) -> float:
    """Adjusted Rand index (Hubert & Arabie 1985); noise counts as one more group."""
    (names_a, a), (names_b, b) = (np.unique(v, return_inverse=True) for v in (a, b))
    return table_ari(contingency(a, b, len(names_a), len(names_b)))


def _group(dataset: Dataset, given: dict[str, Any]) -> np.ndarray:
    """Which rows are in a known group, bool (n,). Raises BadInput."""
    if given["group"] not in dataset.label_names:
        known = ", ".join(dataset.label_names)
        raise BadInput(f"The data has no group '{given['group']}': choose one of {known}.")
    return labels_of(dataset) == dataset.label_names.index(given["group"])


def _pieces(records: Sequence[Any], given: dict[str, Any]) -> np.ndarray:
    """Shares of the rows of a known group that lie in each group found, the largest first."""
    found = labels_of(records[0])[_group(records[1], given)]
    counts = np.unique(found, return_counts=True)[1]
    return np.sort(counts / len(found))[::-1]


def _sizes(record: Record) -> np.ndarray:
    labels = labels_of(record)
    return np.bincount(labels[labels >= 0], minlength=1)


def _purity(records: Sequence[Any], given: dict[str, Any]) -> float:
    """Share of the rows of a known group among the rows of the group found that holds most."""
    inside, found = _group(records[1], given), labels_of(records[0])
    names, counts = np.unique(found[inside], return_counts=True)
    return float(inside[found == names[np.argmax(counts)]].mean())


def _joined(records: Sequence[Any], given: dict[str, Any]) -> float:
    """Share of the rows of another known group that lie in the group found that holds most rows of
    the first."""
    found = labels_of(records[0])
    names, counts = np.unique(found[_group(records[1], given)], return_counts=True)
    other = found[_group(records[1], {"group": given["other"]})]
    return float(np.mean(other == names[np.argmax(counts)]))


def _wider(records: Sequence[Any], given: dict[str, Any]) -> float | None:
    """How many times as wide as another known group one is on a map: the ratio of their root mean
    squared distances to their middles."""
    xy = records[0].xy.astype(float)
    wide, other = (
        np.sqrt(np.mean(np.sum((p - p.mean(axis=0)) ** 2, axis=1)))
        for p in (xy[_group(records[1], {"group": g})] for g in (given["group"], given["other"]))
    )
    return float(wide / other) if other > 0 else None


def _value(records: Sequence[Any], given: dict[str, Any]) -> float | None:
    """A score of a card."""
    try:
        return records[0].values[given["name"]].value
    except KeyError:
        known = ", ".join(records[0].values)
        name = given["name"]
        raise BadInput(f"There is no score '{name}' here: choose one of {known}.") from None


def _at(records: Sequence[Any], given: dict[str, Any]) -> float:
    """A column of the curve at a number of groups."""
    table = records[0].tables["k"]
    return float(table[int(given["k"]) - 1, 1 + ("silhouette", "inertia", "bic").index(given["y"])])


def _rules(records: Sequence[Any], given: dict[str, Any]) -> float | None:
    """F1 of the best statement of each group: mean, least or most; on rows "seen" or "left_out"."""
    where = "fitted" if given.get("rows", "left_out") == "seen" else "held_out"
    chosen = [c["statements"][c["chosen"]] for c in records[0].clusters if c["chosen"] >= 0]
    values = [s[where]["f1"] for s in chosen if s[where]]
    pick = {"mean": np.mean, "least": np.min, "most": np.max}[given.get("pick", "mean")]
    return float(pick(values)) if values else None


def _earned(records: Sequence[Any], given: dict[str, Any]) -> float:
    from analytics.explanation.reasons import earned

    return float(sum(earned(c) for c in records[0].clusters))


def _pairs(records: Sequence[Any], given: dict[str, Any]) -> float | None:
    """Share of people who see one group in the pair people are least sure of."""
    found = records[0]
    if not len(found.pairs):
        return None
    return 1 - float(found.separability[int(np.argmax(found.pair_ambiguity))])


def _people_share(records: Sequence[Any], given: dict[str, Any]) -> float:
    """Share of people behind the most frequent number of groups."""
    return float(np.max(records[0].count_shares, initial=0.0))


def _commonest(records: Sequence[Any], given: dict[str, Any]) -> float:
    found = records[0]
    return float(found.counts[int(np.argmax(found.count_shares))])


def _group_value(records: Sequence[Any], given: dict[str, Any]) -> float | None:
    """Mean, least or most of a score over the groups."""
    values = np.asarray(records[0].groups[given["name"]], float)
    values = values[np.isfinite(values)]
    pick = {"mean": np.mean, "least": np.min, "most": np.max}[given.get("pick", "mean")]
    return float(pick(values)) if len(values) else None


def _range(values: Sequence[float | None], given: dict[str, Any]) -> float | None:
    """Largest minus smallest; None when one is not defined."""
    return None if None in values else max(values) - min(values)


def _equal(values: Sequence[float | None], given: dict[str, Any]) -> float:
    """How many of the others equal the first."""
    return float(sum(v == values[0] for v in values[1:]))


_NAME, _GROUP, _PICK = ("name", True), ("group", True), ("pick", False)
MEASURES: dict[str, Measure] = {
    "rows": Measure(("data",), lambda r, g: r[0].n, COUNT),
    "columns": Measure(("data",), lambda r, g: r[0].X.shape[1], COUNT),
    "classes": Measure(("data",), lambda r, g: len(np.unique(labels_of(r[0]))), COUNT),
    "groups": Measure(("groups|people",), lambda r, g: r[0].n_clusters, COUNT),
    "noise": Measure(("groups|people",), lambda r, g: np.mean(labels_of(r[0]) < 0), SHARE),
    "largest": Measure((LABELLED,), lambda r, g: _sizes(r[0]).max() / len(labels_of(r[0])), SHARE),
    "agreement": Measure(
        (LABELLED, LABELLED), lambda r, g: agreement(labels_of(r[0]), labels_of(r[1]))
    ),
    "kept": Measure(("groups|people", "data"), lambda r, g: _pieces(r, g)[0], SHARE, (_GROUP,)),
    "parts": Measure(
        ("groups|people", "data"), lambda r, g: np.sum(_pieces(r, g) >= PART), COUNT, (_GROUP,)
    ),
    "purity": Measure(("groups|people", "data"), _purity, SHARE, (_GROUP,)),
    "joined": Measure(("groups|people", "data"), _joined, SHARE, (_GROUP, ("other", True))),
    "wider": Measure(("map", "data"), _wider, PLAIN, (_GROUP, ("other", True))),
    "share": Measure(("data",), lambda r, g: _group(r[0], g).mean(), SHARE, (_GROUP,)),
    "score": Measure(("quality|stability|faithfulness|match",), _value, PLAIN, (_NAME,)),
    "each": Measure(("quality|stability|match",), _group_value, PLAIN, (_NAME, _PICK)),
    "suggested": Measure(("curve",), _value, COUNT, (_NAME,)),
    "at": Measure(("curve",), _at, PLAIN, (("k", True), ("y", True))),
    "ambiguity": Measure(("ambiguity",), lambda r, g: r[0].ambiguity),
    "ambiguity_low": Measure(("ambiguity",), lambda r, g: r[0].interval[0]),
    "ambiguity_high": Measure(("ambiguity",), lambda r, g: r[0].interval[1]),
    "components": Measure(("ambiguity",), lambda r, g: r[0].n_components, COUNT),
    "see_one": Measure(("ambiguity",), _pairs, SHARE),
    "two_people": Measure(("people",), lambda r, g: r[0].two_people),
    "people_agree": Measure(("people",), lambda r, g: r[0].agreement),
    "people_share": Measure(("people",), _people_share, SHARE),
    "people_groups": Measure(("people",), _commonest, COUNT),
    "people_fewest": Measure(("people",), lambda r, g: np.min(r[0].counts), COUNT),
    "people_most": Measure(("people",), lambda r, g: np.max(r[0].counts), COUNT),
    "apart": Measure(("match",), lambda r, g: float(r[0].points["apart"].mean()), SHARE),
    "rule": Measure(("reasons",), _rules, PLAIN, (("rows", False), _PICK)),
    "range": Measure(NUMBERS, _range),
    "range_count": Measure(NUMBERS, _range, COUNT),
    "equal": Measure(NUMBERS, _equal, COUNT),
    "explained": Measure(("reasons",), _earned, COUNT),
}
