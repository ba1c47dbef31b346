"""The three ticks of each cluster as a page shows them: full, half or empty, with the number.

Visible and explainable are shares of people and of rows (F1). Real is judged by the bounds of its
two parts: silhouette 0.5 "a reasonable structure", 0.25 "weak" (Kaufman & Rousseeuw 1990, table
4); recovery on reruns 0.75 "stable", 0.6 "a pattern, its rows in doubt" (Hennig 2007, fpc).
"""

from typing import Any

from analytics.explanation.reasons import EARNED
from analytics.explanation.reasons import ticks as explainable
from analytics.perception import match
from analytics.results import Clustering

FULL, HALF, EMPTY = 2, 1, 0
WORDS = {FULL: "yes", HALF: "half", EMPTY: "no", None: "not computed"}
# Full, half, empty: shape and fill differ, so that no colour is needed.
SIGNS = {"visible": "◉◎○", "real": "◆◈◇", "explainable": "❝❛○"}
VISIBLE = (0.8, 0.5)
SEPARATED = (0.5, 0.25)
STABLE = (0.75, 0.6)
EXPLAINED = (EARNED, 0.5)
HOW = (
    "Visible: the share of people who would keep the cluster together and apart from the others, "
    "as ClusterNet predicts it from simulated people; full from 0.8, half from 0.5. Real: the "
    "smaller of its silhouette and, where that was tested, of how often it comes back when the "
    "method runs again; full from a silhouette of 0.5 and a recovery of 0.75, half from 0.25 and "
    "0.6 (Kaufman & Rousseeuw 1990; Hennig 2007). Explainable: F1 of the best statement on rows it "
    "was not made from, with its 95 % interval; full from 0.8 if it also beats calling every row a "
    "member, half from 0.5."
)


def rows(clustering: Clustering | None, found: dict[str, Any]) -> list[dict[str, Any]]:
    """What ``analytics.perception.match.ticks`` says of every cluster, and "grades": FULL, HALF,
    EMPTY or None of "visible", "real", "explainable".

    found : records by role, as ``analytics.report.lineage.records`` gives them. Empty while the
    match with people is not there.
    """
    if clustering is None or "match" not in found:
        return []
    reasons = found.get("reasons")
    made = match.ticks(
        found["match"],
        found.get("validity"),
        found.get("stability"),
        explainable(reasons) if reasons is not None else None,
        clustering.group_names,
    )
    return [{**row, "grades": grades(row)} for row in made]


def grades(row: dict[str, Any]) -> dict[str, int | None]:
    """The grade of each tick of a row of ``match.ticks``."""
    parts = [_grade(row["separation"], SEPARATED), _grade(row["stability"], STABLE)]
    known = [grade for grade in parts if grade is not None]
    told = _grade(row["explainable"], EXPLAINED)
    return {
        "visible": _grade(row["visible"], VISIBLE),
        "real": min(known) if known else None,
        "explainable": HALF if told == FULL and not row["earned"] else told,
    }


def sign(tick: str, grade: int | None) -> str:
    """The sign of a grade of one tick."""
    return "–" if grade is None else SIGNS[tick][FULL - grade]


def _grade(value: float | None, bounds: tuple[float, float]) -> int | None:
    if value is None:
        return None
    return FULL if value >= bounds[0] else HALF if value >= bounds[1] else EMPTY
