"""One sentence for every step of a run record, its settings named as the forms name them."""

from typing import Any

from analytics import registry
from analytics.clustering import examples
from analytics.correcting.operations import said
from analytics.data.wording import ENCODE, MISSING, SCALE, TEXTS_BY
from analytics.data.words import count
from analytics.errors import BadInput
from analytics.explanation.reasons import earned
from analytics.params import in_words
from analytics.results import (
    Ambiguity,
    Clustering,
    Dataset,
    Explanation,
    Grouping,
    Reasons,
    Record,
    Sentences,
    Table,
)
from analytics.shares import percent

SPACES = {"full": "all features", "pca": "PCA space", "map": "the map"}
NAMES = {"k": "neighbours", "runs": "reruns of each kind", "with_labels": "with the labels"}
ELSEWHERE = ("edits", "components")  # told in another way


def step_words(role: str, record: Record) -> str:
    """What a step did and by which settings. role : as in ``analytics.report.lineage``."""
    if isinstance(record, Table):
        rows, columns = record.frame.shape
        linked = "" if record.edges is None else f", {count(len(record.edges), 'link')}"
        return f"{record.name}: {count(rows, 'row')} and {count(columns, 'column')}{linked}."
    if isinstance(record, Dataset):
        return _preparation(record)
    if isinstance(record, Explanation):
        return _explained(record)
    if isinstance(record, Reasons):
        told = sum(map(earned, record.clusters))
        return f"{told} of {count(len(record.clusters), 'group')} explained by a statement."
    if isinstance(record, Sentences):
        stand = sum(entry["status"] == "checked" for entry in record.written)
        model = record.params["language"]["model"]
        return f"{model}: {stand} of {count(len(record.written), 'sentence')} stand the check."
    by = ", ".join([*_settings(role, record), f"seed {record.seed}"])
    by = f"{by[:1].upper()}{by[1:]}."
    found = _found(record)
    return f"{found} {by}" if found else by


def _found(record: Record) -> str:
    """The result in a sentence, "" when it is a map or a card of scores."""
    if isinstance(record, Clustering):
        noise = f", {percent(record.noise_share, 1)} noise" if record.noise_share else ""
        return f"{count(record.n_clusters, 'group')}{noise}."
    if isinstance(record, Ambiguity):
        parts = f"{count(record.n, 'point')}, {count(record.n_components, 'component')}"
        return f"{record.ambiguity:.2f} for {parts}."
    if isinstance(record, Grouping):
        return f"{count(record.n_clusters, 'group')}, agreement {record.agreement:.2f}."
    return ""


def _settings(role: str, record: Record) -> list[str]:
    """Every setting in words; groups asked for are left out when as many were found."""
    known = _declared(role, record)
    shown = {k: v for k, v in record.params.items() if k not in ELSEWHERE}
    if isinstance(record, Clustering) and shown.get("n_clusters") == record.n_clusters:
        del shown["n_clusters"]
    words = [_setting(role, k, v, known.get(k), record.params) for k, v in shown.items()]
    return words + [said(edit) for edit in record.params.get("edits") or ()]


def _declared(role: str, record: Record) -> dict[str, Any]:
    """The parameters of the method behind a step, by name."""
    try:
        return {p.name: p for p in registry.get(role, record.method).params}
    except BadInput:
        return {}


def _setting(role: str, name: str, value: Any, param, given: dict[str, Any]) -> str:
    if name == "examples":
        return examples.said(value)
    if name == "space":
        first = f", {count(given['components'], 'component')}" if given.get("components") else ""
        return f"distances in {SPACES.get(value, value)}{first}"
    if name == "aspect":
        return "equal units on both axes" if value == 1 else "the axes as drawn"
    if name == "noise" and role == "clustering":
        return "rows of noise to their nearest group"
    if name == "noise":
        return f"noise of copies {value:g}"
    return in_words(NAMES.get(name, name), value, param)


def _explained(record: Explanation) -> str:
    changes = f", {count(len(record.edits), 'change')} by hand" if record.edits else ""
    return (
        f"{count(len(record.chosen), 'description')} of {record.column} for the goal "
        f"“{record.goal}”, true of {percent(record.selection['covered'])} of the texts{changes}."
    )


def _preparation(record: Dataset) -> str:
    recipe = record.params

    def chosen(name: str, options: dict[str, str], default: str) -> str:
        value = recipe.get(name, default)
        return options.get(value, value)

    parts = [
        f"{record.n:,} of {count(record.total_rows, 'row')}",
        f"{count(record.X.shape[1], 'feature')} from "
        f"{count(len(recipe.get('features', ())), 'column')}",
        f"missing values: {chosen('missing', MISSING, 'drop')}",
        f"scaling: {chosen('scale', SCALE, 'none')}",
        f"categories: {chosen('encode', ENCODE, 'onehot')}",
    ]
    if record.text_column and record.text_column in recipe.get("features", ()):
        length = f" of {recipe['kmer']} letters" if "kmer" in recipe else ""
        parts.append(f"texts: {chosen('texts_by', TEXTS_BY, 'words')}{length}")
    if recipe.get("sample"):
        parts.append(f"sample: {count(recipe['sample'], 'row')}, seed {record.seed}")
    if recipe.get("signals"):
        parts.append(f"signals: statistics of {recipe['signals']}, {recipe['signals_of']}")
    if recipe.get("keep"):
        kept = count(recipe["keep"], "most telling column")
        parts.append(f"kept: {kept} by QuickSelection, seed {record.seed}")
    if recipe.get("label"):
        parts.append(f"labels: {recipe['label']}")
    return "; ".join(parts) + "."
