"""Corrections and few labels as requests."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from analytics import selection
from analytics.clustering import space as spaces
from analytics.correcting import edits as editing
from analytics.errors import BadInput
from analytics.operations import Request, request
from analytics.params import Param, validate
from analytics.progress import Progress
from analytics.results import NOISE, UNLABELLED, Clustering, Dataset, Projection

METHOD = "corrected"
FEW = (
    Param(
        "source",
        "choice",
        "touched",
        "Labels from",
        "touched: rows a person put into their group; tags: tagged rows; groups: some rows of "
        "each group, drawn at random.",
        choices=("touched", "tags", "groups"),
    ),
    Param("each", "int", 10, "Rows of each", "At most so many of each label.", 1, 10_000),
)


def correction_request(base: Clustering, edits: Sequence[Any]) -> Request:
    """Ask for a clustering with changes by hand. base : as computed, never a corrected one.

    edits : see ``analytics.correcting.edits``. Raises BadInput.
    """
    if base.method == METHOD:
        raise BadInput("Changes are kept on the clustering as computed: give that one.")
    clean = editing.checked(edits)
    own = base.parents[1:2] if base.space == "map" else ()
    maps = [e["where"]["map"] for e in clean if "map" in e.get("where", {})]
    parents = tuple(dict.fromkeys((base.parents[0], base.digest, *own, *maps)))
    return request("correction", METHOD, parents, {"edits": clean}, base.seed)


def base_of(found: Clustering, load) -> Clustering | None:
    """The clustering as computed behind a corrected one (itself for another); load : by digest."""
    return load(found.parents[1]) if found.method == METHOD else found


def edits_of(found: Clustering) -> list[dict[str, Any]]:
    """The changes that a clustering holds."""
    return list(found.params["edits"]) if found.method == METHOD else []


def ids_of(found: Clustering) -> np.ndarray:
    """The id, as edits name it, of each group (k,)."""
    return found.extras.get("ids", np.arange(found.n_clusters))


def replaced(view, wanted: Request, load) -> dict[str, Any]:
    """What of a view changes when one more change by hand to the clustering on screen arrives: it
    takes its place among those kept. load : a stored result by its digest, or None."""
    shown = load(view.clustering) if wanted.kind == "correction" else None
    if shown is None or shown.method != METHOD or shown.parents[1] != wanted.parents[1]:
        return {}
    return {
        name: tuple(wanted.digest if d == shown.digest else d for d in getattr(view, name))
        for name in ("runs", "compared")
    }


def correction(wanted: Request, parents: Sequence[Any], progress: Progress) -> Clustering:
    """Run :func:`correction_request`. parents : (dataset, clustering, *maps)."""
    dataset, base, maps = parents[0], parents[1], parents[2:]
    if not isinstance(base, Clustering) or len(base.labels) != dataset.n:
        raise BadInput("The groups do not belong to this data: cluster it again.")
    by_digest = {m.digest: m for m in maps if isinstance(m, Projection)}
    clean = editing.checked(wanted.params["edits"])

    def resolve(where: Mapping[str, Any]) -> np.ndarray:
        return _rows(where, by_digest, dataset.n)

    def parts(rows: np.ndarray, count: int) -> np.ndarray:
        X, _ = spaces.points(parents, base.params)
        return _kmeans(X[rows], count, wanted.seed)

    before = editing.start(base.labels, base.n_clusters, base.names)
    progress(0.1, "making the changes")
    state = editing.apply(before, clean, resolve, parts)
    progress(1.0, "changed")
    return _record(base, state, clean)


def _rows(where: Mapping[str, Any], maps: Mapping[str, Projection], n: int) -> np.ndarray:
    if "rows" in where:
        if where["rows"][-1] >= n:
            raise BadInput(f"Row {where['rows'][-1]:,} is named, but there are {n:,} rows.")
        found = np.zeros(n, bool)
        found[where["rows"]] = True
        return found
    drawn_on = maps.get(where["map"])
    if drawn_on is None or len(drawn_on.xy) != n:
        raise BadInput("The map it was drawn on is not of this data: select again.")
    return selection.resolve(where["shapes"], drawn_on.xy)


def _kmeans(X: np.ndarray, count: int, seed: int) -> np.ndarray:
    from sklearn.cluster import KMeans

    from analytics.clustering.methods._common import quietly

    with quietly([]):
        return KMeans(count, n_init=10, random_state=seed).fit_predict(X)


def _record(base: Clustering, state: editing.State, edits: list[dict]) -> Clustering:
    ids = editing.order(state.labels)
    place = {int(g): i for i, g in enumerate(ids)}
    labels = np.array([place.get(int(g), NOISE) for g in state.labels], np.int32)
    names = tuple(state.names.get(int(g), "") for g in ids)
    extras = {"ids": ids.astype(np.int32), "touched": state.touched}
    if state.tags:
        extras["tags"] = np.stack(list(state.tags.values()), axis=1)
    space = {k: v for k, v in base.params.items() if k in ("space", "components")}
    moved = int(np.sum(np.asarray(base.labels) != state.labels))
    who = len({e.get("by", "") for e in edits})
    people = f" by {who} people" if who > 1 else ""
    return Clustering(
        labels=labels,
        space=base.space,
        n_clusters=len(ids),
        names=names if any(names) else (),
        tags=tuple(state.tags),
        extras=extras,
        params={**space, "edits": edits},
        notes=(
            f"{len(edits)} changes by hand{people}: {moved:,} rows are in another group than "
            "computed.",
        ),
    )


def labelled_request(
    dataset: Dataset, groups: Clustering, params: Mapping[str, Any] | None = None, seed: int = 0
) -> Request:
    """Ask for the data with a few labels taken from groups, for methods that need some."""
    if groups.parents[0] != dataset.digest:
        raise BadInput("The groups were made from other data: cluster this data first.")
    parents = (dataset.parents[0], dataset.digest, groups.digest)
    return request("labelled", "", parents, validate(FEW, params), seed)


def labelled(wanted: Request, parents: Sequence[Any], progress: Progress) -> Dataset:
    """Run :func:`labelled_request`. parents : (table, dataset, clustering)."""
    _, dataset, groups = parents
    params = validate(FEW, wanted.params)
    labels, names = few_labels(groups, params["source"], params["each"], wanted.seed)
    given = int(np.sum(labels != UNLABELLED))
    note = f"{given:,} of {dataset.n:,} rows have a label, taken from corrected groups."
    return dataset.with_(
        labels=labels,
        label_names=tuple(names),
        label_column="few labels",
        notes=(*dataset.notes, note),
        method="labelled",
    )


def few_labels(
    groups: Clustering, source: str, each: int, seed: int
) -> tuple[np.ndarray, list[str]]:
    """Labels (n,), UNLABELLED for most rows, and their names. Raises BadInput when none is left.

    Of a label with more than ``each`` rows so many are drawn at random. A row with several tags
    takes the first of them.
    """
    n = len(groups.labels)
    full = np.full(n, UNLABELLED, np.int32)
    names = [groups.group_names[i] for i in range(groups.n_clusters)]
    if source == "tags":
        names = list(groups.tags)
        for i in reversed(range(len(names))):
            full[groups.extras["tags"][:, i].astype(bool)] = i
    else:
        held = groups.labels >= 0
        if source == "touched":
            held &= groups.extras.get("touched", np.zeros(n, bool)).astype(bool)
        full[held] = groups.labels[held]
    rng, kept = np.random.default_rng(seed), np.full(n, UNLABELLED, np.int32)
    for i in range(len(names)):
        rows = np.flatnonzero(full == i)
        kept[rng.permutation(rows)[:each]] = i
    used = np.unique(kept[kept >= 0])
    if not len(used):
        raise BadInput(
            "No row has such a label yet: reassign or tag some rows, or take rows of each group."
        )
    place = np.full(len(names), UNLABELLED, np.int32)
    place[used] = np.arange(len(used))
    kept[kept >= 0] = place[kept[kept >= 0]]
    return kept, [names[i] for i in used]


def said(edit: Mapping[str, Any]) -> str:
    """One edit in words; groups are numbered from 1 as computed."""
    words = edit.get("words", "")
    to = edit.get("to")
    rows = f"{len(edit['where']['rows']):,} rows" if "rows" in edit.get("where", {}) else "a lasso"
    target = {"new": f"a new group {words}".strip(), NOISE: "noise"}.get(
        to, f"group {to + 1}" if isinstance(to, int) else ""
    )
    merged = " and ".join(str(g + 1) for g in edit.get("groups", ()))
    group = edit.get("group", -1) + 1
    how = f"by {rows}" if "where" in edit else f"into {edit.get('parts')} by k-means"
    return {
        "rename": f"called group {group} “{words}”",
        "tag": f"tagged {rows} “{words}”",
        "untag": f"took the tag “{words}” away",
        "merge": f"merged groups {merged}" + (f" as “{words}”" if words else ""),
        "split": f"split group {group} {how}",
        "reassign": f"put {rows} into {target}",
    }[edit["do"]]
