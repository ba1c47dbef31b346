"""How a clustering compares with what people would see in the picture.

Any grouping of the same rows can be scored: of an algorithm, a label column, a person's lasso. The
scores use the predicted shares of people per pair of points, not only the groups cut from them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from analytics.errors import BadInput
from analytics.perception.shares import (
    between,
    expected_ari,
    expected_two,
    groups_at,
    groups_of,
    kappa,
)
from analytics.results import NOISE, Grouping, Score, ScoreCard

CUTS = (0.1, 0.3, 0.5, 0.7, 0.9)  # how sure a person must be; see :func:`people_of`
MERGED = 0.5  # mean share across two clusters from which people see them as one
PART = 0.15  # of a cluster's points: a smaller seen part is not spoken of

_WORDS = {
    "match": (
        "Match with people (ARI)",
        "Adjusted Rand index (Hubert & Arabie 1985) expected against one person, read off the "
        "predicted share of people per pair of points: 1 is equal, 0 is chance.",
    ),
    "match_ami": (
        "Match with people (AMI)",
        "Adjusted mutual information (Vinh, Epps & Bailey 2010), mean over people who need more "
        "or less certainty to join two points.",
    ),
    "two_people": (
        "Two people",
        "Adjusted Rand index expected between two people on this picture: what a clustering can "
        "be measured by.",
    ),
    "kappa": (
        "Agreement with the group of people",
        "Kappa of an isolated rater and a group of raters (Vanbelle & Albert 2009) over all pairs "
        "of points: 1 is the best that one rater can reach with this group, 0 is chance.",
    ),
}


@dataclass(frozen=True)
class Seen:
    """What people would make of one cluster.

    label; size; visible : 0 to 1, harmonic mean of kept and alone. kept : mean share of people who
    keep two of its points together. alone : of the points that people join with one of its points,
    the share that is in it. merged : labels people would see as one with it, the surest first.
    parts : number of seen groups that hold a fair part of it.
    """

    label: int
    size: int
    visible: float
    kept: float
    alone: float
    merged: tuple[int, ...]
    parts: int


def people_of(grouping: Grouping) -> list[np.ndarray]:
    """Groupings of the sample by people who need more or less certainty: one per value of CUTS."""
    return groups_at(grouping.shares, CUTS)


def score(grouping: Grouping, labels) -> ScoreCard:
    """Scores of a clustering labels (n,), NOISE = in no group, against the people of a picture.

    values : "match", "match_ami", "two_people", "kappa". points : "apart" (n,), 1 where
    :func:`disagreeing`. groups : "visible" (k,) in the order of the clusters' numbers, NaN where no
    sampled point is in one. tables : "seen", what :func:`seen_of` reads; "together" (k, k), mean
    share of people who join a point of one cluster with one of another.
    Raises BadInput when the labels do not belong to the picture.
    """
    from sklearn.metrics import adjusted_mutual_info_score

    mine = _sampled(grouping, labels)
    alone = np.where(mine == NOISE, mine.max(initial=0) + 1 + np.arange(len(mine)), mine)
    ami = float(np.mean([adjusted_mutual_info_score(p, alone) for p in people_of(grouping)]))
    values = {
        "match": expected_ari(grouping.shares, mine),
        "match_ami": ami,
        "two_people": expected_two(grouping.shares),
        "kappa": kappa(grouping.shares, mine),
    }
    k = int(np.max(labels, initial=NOISE)) + 1
    visible = np.full(k, np.nan)
    judged = seen(grouping, labels)
    for found in judged:
        visible[found.label] = found.visible
    names, means = between(grouping.shares, mine)
    together = np.full((k, k), np.nan)
    together[np.ix_(names, names)] = means
    return ScoreCard(
        values={name: Score(v, None, None, *_labelled(name)) for name, v in values.items()},
        points={"apart": disagreeing(grouping.labels, labels).astype(np.float32)},
        groups={"visible": visible},
        tables={"together": together, "seen": _table(judged)},
        notes=(f"Scored on the {len(mine):,} points that the model looked at.",),
    )


def _labelled(name: str) -> tuple[str, str, str]:
    label, words = _WORDS[name]
    return label, "higher", words


def _sampled(grouping: Grouping, labels) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.shape != (grouping.points,) or labels.dtype.kind not in "iu":
        raise BadInput(
            f"The clusters have {labels.shape[0] if labels.ndim else 0:,} labels, but the picture "
            f"has {grouping.points:,} points: give one whole number per point."
        )
    if labels.min() < NOISE:
        raise BadInput("A label is below -1: number the clusters from 0, -1 for noise.")
    return labels[grouping.sample].astype(int)


def seen(grouping: Grouping, labels) -> list[Seen]:
    """What people would make of each cluster with a sampled point, in the order of the numbers."""
    mine = _sampled(grouping, labels)
    names, means = between(grouping.shares, mine)
    people = groups_of(grouping.shares)
    sizes = np.bincount(np.asarray(labels)[np.asarray(labels) != NOISE], minlength=1)
    found = []
    for i, label in enumerate(names):
        member = mine == label
        joined = grouping.shares[member].sum(axis=0) - np.diag(grouping.shares) * member
        inside = float(joined[member].sum())
        alone = inside / float(joined.sum()) if joined.sum() > 0 else 1.0
        kept = float(means[i, i])
        others = [
            j for j in np.argsort(-means[i], kind="stable") if j != i and means[i, j] >= MERGED
        ]
        counts = np.bincount(people[member])
        found.append(
            Seen(
                label=int(label),
                size=int(sizes[label]),
                visible=2 * kept * alone / (kept + alone) if kept + alone > 0 else 0.0,
                kept=kept,
                alone=alone,
                merged=tuple(int(names[j]) for j in others),
                parts=int((counts >= max(2, PART * member.sum())).sum()),
            )
        )
    return found


def _table(judged: list[Seen]) -> np.ndarray:
    rows = [(s.label, s.size, s.visible, s.kept, s.alone, s.parts) for s in judged]
    return np.array(rows, float).reshape(-1, 6)


def seen_of(card: ScoreCard) -> list[Seen]:
    """What people would make of each cluster, from the card of :func:`score`."""
    together = card.tables["together"]
    found = []
    for label, size, visible, kept, alone, parts in card.tables["seen"]:
        mine = np.nan_to_num(together[int(label)], nan=0.0)
        order = [int(j) for j in np.argsort(-mine, kind="stable") if mine[j] >= MERGED]
        merged = tuple(j for j in order if j != int(label))
        found.append(Seen(int(label), int(size), visible, kept, alone, merged, int(parts)))
    return found


def sentence(found: Seen, names: Mapping[int, str] | None = None) -> str:
    """What people would make of a cluster, in one sentence. names : label -> what the cluster is
    called; without, clusters are counted from 1."""

    def called(label: int) -> str:
        return (names or {}).get(label) or f"cluster {label + 1}"

    name = called(found.label)
    if found.merged:
        others = [called(label) for label in found.merged]
        listed = f"{', '.join(others[:-1])} and {others[-1]}" if len(others) > 1 else others[0]
        return f"People would see {name} and {listed} as one."
    if found.parts > 1:
        return f"People would split {name} into {found.parts} groups."
    if found.visible >= 0.75:
        return f"People would see {name} as a group of its own."
    if found.kept < found.alone:
        return f"People disagree whether {name} is one group."
    return f"People disagree where {name} ends."


def disagreeing(groups: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Points (n,) bool whose group and cluster are not each other's partner, in the one-to-one
    matching with the most points in common; noise is the partner of noise."""
    from analytics.clustering.agreement import match

    groups, labels = np.asarray(groups), np.asarray(labels)
    partner = {**match(groups, labels), NOISE: NOISE}
    matched = np.array([partner.get(int(label), NOISE - 1) for label in np.unique(labels)])
    return matched[np.unique(labels, return_inverse=True)[1]] != groups


def ticks(
    card: ScoreCard,
    validity: ScoreCard | None = None,
    stability: ScoreCard | None = None,
    explained: Mapping[int, dict] | None = None,
    names: Mapping[int, str] | None = None,
) -> list[dict]:
    """The three ticks of each cluster: is it visible, is it real, is it explainable?

    card : of :func:`score`. validity, stability : of ``analytics.clustering``, if they are there.
    explained : label -> "f1", "interval", "earned" and "sentence", as
    ``analytics.explanation.reasons.ticks`` gives. names : see :func:`sentence`.
    One plain dict per cluster: "label", "size", "visible" (0 to 1), "separation" (silhouette in
    the space the clusters were made in, -1 to 1, or None), "stability" (Jaccard recovery, 0 to 1,
    or None), "real" (0 to 1, the smaller of stability and separation from 0 up; None when both are
    missing), "explainable" (held-out F1 of the best statement, 0 to 1, or None: not computed yet),
    "interval" (of it, low and high, or ()), "earned" (whether that is enough), "rule", "words".
    """
    rows = []
    for found in seen_of(card):
        apart = _of_group(validity, "silhouette", found.label)
        stays = _of_group(stability, "stability", found.label)
        told = (explained or {}).get(found.label, {})
        known = [v for v in (None if apart is None else max(apart, 0.0), stays) if v is not None]
        rows.append(
            {
                "label": found.label,
                "size": found.size,
                "visible": found.visible,
                "separation": apart,
                "stability": stays,
                "real": min(known) if known else None,
                "explainable": told.get("f1"),
                "interval": tuple(told.get("interval", ())),
                "earned": told.get("earned", False),
                "rule": told.get("sentence", ""),
                "words": sentence(found, names),
            }
        )
    return rows


def _of_group(card: ScoreCard | None, name: str, label: int) -> float | None:
    if card is None or name not in card.groups or label >= len(card.groups[name]):
        return None
    value = float(card.groups[name][label])
    return value if np.isfinite(value) else None
