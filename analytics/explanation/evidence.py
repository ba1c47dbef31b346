"""How good each description is, and what shows it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from analytics.explanation import keyterms
from analytics.explanation.explain import TRUE

EXEMPLARS, BORDERLINE, WORDS = 5, 5, 8


def evidence(
    scores: np.ndarray,
    labels: np.ndarray,
    descriptions: Sequence[str],
    texts: Sequence[str],
    weights: np.ndarray,
) -> list[dict[str, Any]]:
    """One dict per description, all from the same judgements.

    scores : (n, k), chance that each description is true of each text, NaN for no answer. labels :
    int (n,), the group of each text or -1. weights : (n,) how often each text occurs.

    size : texts of the group. coverage : share of all texts the description is true of.
    exclusive : share of those of which no other is true. precision : share of those that are
    members. recall : share of members it is true of. near_precision : the same as precision, among
    the members and as many nearest texts outside the group. overlap : for each description, the
    share of texts with both true among those with either. exemplars, borderline : rows of the
    surest members and of those nearest to a half. words : terms that set the members apart.
    None where there is nothing to divide by.
    """
    with np.errstate(invalid="ignore"):
        true = scores >= TRUE
    known = np.nan_to_num(scores, nan=0.0)
    counts = keyterms.counted(texts)
    found = []
    for j, description in enumerate(descriptions):
        members, yes = labels == j, true[:, j]
        alone = yes & (true.sum(axis=1) == 1)
        order = np.argsort(-known[:, j], kind="stable")
        inside, outside = order[members[order]], order[~members[order]]
        near = members.copy()
        near[outside[: len(inside)]] = True
        doubt = inside[np.argsort(np.abs(known[inside, j] - TRUE), kind="stable")]
        found.append(
            {
                "description": description,
                "size": int(weights[members].sum()),
                "coverage": _share(weights, yes, np.ones(len(yes), bool)),
                "exclusive": _share(weights, alone, yes),
                "precision": _share(weights, members, yes),
                "recall": _share(weights, yes, members),
                "near_precision": _share(weights, members, yes & near),
                "overlap": [_share(weights, yes & o, yes | o) for o in true.T],
                "exemplars": _distinct(inside, texts)[:EXEMPLARS],
                "borderline": [int(i) for i in doubt[:BORDERLINE]],
                "words": keyterms.telling(counts, members, WORDS),
            }
        )
    return found


def _share(weights: np.ndarray, part: np.ndarray, of: np.ndarray) -> float | None:
    whole = weights[of].sum()
    return float(weights[part & of].sum() / whole) if whole > 0 else None


def _distinct(rows: np.ndarray, texts: Sequence[str]) -> list[int]:
    """Rows whose texts do not begin alike, so that exemplars show different things."""
    seen: dict[str, int] = {}
    for row in rows[:200]:
        seen.setdefault(texts[row][:40].casefold(), int(row))
    return list(seen.values())
