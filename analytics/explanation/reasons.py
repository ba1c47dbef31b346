"""Why these clusters: for each one statements that pick out its members, each scored on rows left
out, the columns that set it apart, its key terms, and rows that stand for it."""

from typing import Any

import numpy as np
import pandas as pd

from analytics.data.types import to_text
from analytics.explanation import exemplars, keyterms, profiles, rules, verdict
from analytics.progress import Progress, part, silent
from analytics.results import NOISE, Dataset, Reasons

MOST_ROWS = 20_000  # that all is made from; more are sampled
EARNED = 0.8  # held-out F1 from which a cluster counts as explained


def reasons(
    dataset: Dataset, labels: np.ndarray, *, seed: int = 0, progress: Progress = silent
) -> Reasons:
    """The reasons for a clustering labels int (n,), -1 = noise, of a dataset.

    Statements speak of the readable columns that the clusters were made from; of the texts, where
    there is a text column; of the mean picture, where rows are images (single pixels are not
    readable). The one with the highest held-out F1 is chosen; the best of two flatters slightly.
    """
    rng = np.random.default_rng(seed)
    rows = verdict.stratified(labels, MOST_ROWS, rng)
    names, sizes = np.unique(labels[labels != NOISE], return_counts=True)
    notes: list[str] = []
    if len(rows) < len(labels):
        notes.append(f"Made from {len(rows):,} of {len(labels):,} rows, each group by its share.")
        dataset = dataset.with_(X=dataset.X[rows], frame=dataset.frame.iloc[rows])
        labels = labels[rows]
    folds = verdict.folds(labels, rng)
    statements: dict[int, list[dict]] = {int(label): [] for label in names}
    _add_rules(statements, dataset, labels, seed, part(progress, 0.0, 0.6), notes)
    terms = _add_words(statements, dataset, labels, folds, part(progress, 0.6, 0.8))
    pictures = _add_pictures(statements, dataset, labels, folds)
    used, frame = dataset.features, described(dataset)
    columns, more = profiles.profiles(frame, labels, used, part(progress, 0.8, 0.9))
    shown = exemplars.exemplars(dataset.X, labels, seed=seed, progress=part(progress, 0.9, 1.0))
    clusters = tuple(
        {
            "label": label,
            "size": size,
            "statements": statements[label],
            "chosen": _best(statements[label]),
            "profile": [c.to_json() for c in columns[label]],
            "terms": terms.get(label, []),
            "typical": rows[list(shown[label].typical)].tolist(),
            "borderline": rows[list(shown[label].borderline)].tolist(),
        }
        for label, size in zip(names.tolist(), sizes.tolist(), strict=True)
    )
    progress(1.0, "Explained")
    return Reasons(clusters=clusters, pictures=pictures, notes=tuple(dict.fromkeys(notes + more)))


def chosen(cluster: dict[str, Any]) -> dict[str, Any] | None:
    """The statement of a cluster that tells it best, or None."""
    return cluster["statements"][cluster["chosen"]] if cluster["chosen"] >= 0 else None


def explainable(cluster: dict[str, Any]) -> float:
    """How far a cluster is explained, 0 to 1: the held-out F1 of its best statement."""
    best = chosen(cluster)
    return best["held_out"]["f1"] if best else 0.0


def earned(cluster: dict[str, Any]) -> bool:
    """Whether a cluster counts as explained: a held-out F1 of at least EARNED that also beats
    calling every row a member."""
    best = chosen(cluster)
    if best is None:
        return False
    held_out = best["held_out"]
    return held_out["f1"] >= EARNED and held_out["f1"] > held_out["f1_of_all"]


def ticks(found: Reasons) -> dict[int, dict[str, Any]]:
    """label -> what the third tick says: held-out "f1", its "interval", "earned", "sentence"."""
    told = {}
    for cluster in found.clusters:
        best = chosen(cluster)
        told[cluster["label"]] = {
            "f1": explainable(cluster),
            "interval": best["held_out"]["f1_interval"] if best else (),
            "earned": earned(cluster),
            "sentence": best["sentence"] if best else "",
        }
    return told


def _best(made: list[dict]) -> int:
    scored = [i for i, s in enumerate(made) if s["held_out"] and s["sentence"]]
    return max(scored, key=lambda i: made[i]["held_out"]["f1"], default=-1)


def described(dataset: Dataset) -> pd.DataFrame:
    """The columns for the profile, those used first: all but the text, pixels, and whole numbers
    that only number the rows. Known labels are names, also where they are numbers."""
    features, frame = dataset.features, dataset.frame
    used = set(features)
    others = [c for c in frame.columns if c not in used]
    numbering = {c for c in others if frame[c].dtype.kind in "iu" and frame[c].is_unique}
    left_out = {dataset.text_column, *numbering, *(features if dataset.image_shape else ())}
    kept = frame[[c for c in [*features, *others] if c not in left_out]].copy(deep=False)
    if dataset.label_column in kept:
        kept[dataset.label_column] = to_text(frame[dataset.label_column])
    return kept


def _statement(kind: str, sentence: str, fitted, held_out, confused, **more) -> dict[str, Any]:
    """A plain dict; "note" says why there is no sentence."""
    return {
        "kind": kind,
        "sentence": sentence,
        "fitted": fitted and fitted.to_json(),
        "held_out": held_out and held_out.to_json(),
        "confused": [list(pair) for pair in confused],
        "note": "",
        "parts": [],
        **more,
    }


def _add_rules(statements, dataset: Dataset, labels, seed: int, progress, notes) -> None:
    features = [c for c in dataset.features if c != dataset.text_column]
    if dataset.image_shape or not features:
        return
    found = rules.explain(dataset.frame[features], labels, seed=seed, progress=progress)
    notes += found.notes
    for cluster in found.clusters:
        parts = [{"sentence": r.sentence, **r.fitted.to_json()} for r in cluster.rules]
        statements[cluster.label].append(
            _statement(
                "rules",
                "; or ".join(r.sentence for r in cluster.rules),
                cluster.fitted,
                cluster.held_out,
                cluster.confused,
                parts=parts,
                note=cluster.note,
            )
        )


def _add_words(statements, dataset: Dataset, labels, folds, progress) -> dict[int, list]:
    """Adds what the texts mention; the key terms by label."""
    if not dataset.text_column:
        return {}
    texts = to_text(dataset.frame[dataset.text_column]).fillna("").tolist()
    terms = {}
    for topic in keyterms.keyterms(texts, labels, folds, progress):
        terms[topic.label] = [t.to_json() for t in topic.terms]
        listed = ", ".join(f"“{term}”" for term in topic.mentions)
        one = "mentions" if len(topic.mentions) == 1 else "mentions one of"
        statements[topic.label].append(
            _statement(
                "words",
                f"the text {one} {listed}" if listed else "",
                topic.fitted,
                topic.held_out,
                topic.confused,
                note="" if listed else "No words set its texts apart.",
            )
        )
    return terms


def _add_pictures(statements, dataset: Dataset, labels, folds) -> dict[str, np.ndarray]:
    """Adds likeness to the mean picture; the mean pictures float32 (k, height, width)."""
    if not dataset.image_shape or not statements:
        return {}
    pixels = pixels_of(dataset, slice(None))
    for label, (held_out, mixed) in exemplars.picture_verdicts(pixels, labels, folds).items():
        sentence = "the picture looks most like the mean picture of this group"
        statements[label].append(_statement("picture", sentence, None, held_out, mixed))
    width, height = dataset.image_shape
    means = exemplars.mean_pictures(pixels, labels, list(statements))
    return {"mean": means.reshape(len(means), height, width).astype(np.float32)}


def pixels_of(dataset: Dataset, rows) -> np.ndarray:
    """Original values of the pixels of some rows, float64 (m, width * height), 0 where missing."""
    frame = dataset.frame[dataset.features].iloc[rows]
    return np.nan_to_num(frame.to_numpy(np.float64, na_value=np.nan), posinf=0.0, neginf=0.0)
