"""The reasons for a cluster in words, raw text of the table in them: who shows them escapes it.
Groups are counted from ``first``."""

import math
from typing import Any

from analytics.explanation.reasons import EARNED, chosen, earned
from analytics.results import NOISE
from analytics.shares import share

LISTED = 3

HOW = f"""
Each statement is made from four fifths of the rows and counted on the fifth left out, five times
over, so that it is judged on rows it has not seen. Precision: the share of rows it is true of that
are in the group. Recall: the share of the group it finds. Lift: precision over the group's share of
all rows. F1 is their harmonic mean, with a 95 % interval (Wilson 1927) for the draw of the rows. A
group counts as explained from an F1 of {EARNED} that also beats calling every row a member.

Rules are leaves of decision trees of depth 3 (CART: Breiman et al. 1984) that are right for at
least 80 % of their rows, or one other leaf where it tells the group better. Word lists are built
from log-odds with a prior (Monroe et al. 2008).
Pictures are compared with the mean picture of each group, which restates a clustering that is made
of such means. No statement says why the group exists, only how to tell it.
"""
PROFILE_HOW = """
Means, or shares of rows with a value, inside the group against outside; the difference is in
standard deviations of the column over all rows. Columns that the groups were made from are bound
to differ: that is what the method looked for, so their difference describes and proves nothing. For
other columns the interval holds for all groups and columns together with 95 % (Fisher's z,
Bonferroni).
"""


def sentence(cluster: dict[str, Any]) -> str:
    """How to tell the members of a cluster, in one sentence. (A sentence that a language model
    writes from :func:`facts` is shown above this one, never in its place.)"""
    best = chosen(cluster)
    if best is not None and earned(cluster):
        return f"Here {best['sentence']}."
    if best is not None and best["held_out"]["f1"] >= EARNED:
        every = best["held_out"]["f1_of_all"]
        return (
            f"No short statement beats saying that every row belongs here (F1 {every:.2f}). "
            f"The closest: here {best['sentence']}."
        )
    if best is not None:
        return f"No short statement tells this group well. The closest: here {best['sentence']}."
    notes = [s["note"] for s in cluster["statements"] if s["note"]]
    return notes[0] if notes else "No column, text or picture here can be read as a rule."


def quality(counts: dict[str, Any] | None) -> str:
    """The numbers of a statement: "F1 0.93 (0.88–0.96), precision 0.95, recall 0.92, lift 2.7"."""
    if counts is None:
        return "not scored: too few rows to leave some out"
    low, high = counts["f1_interval"]
    parts = [f"F1 {counts['f1']:.2f} ({low:.2f}–{high:.2f})"]
    if counts["precision"] is not None:
        parts.append(f"precision {counts['precision']:.2f}")
    parts.append(f"recall {counts['recall']:.2f}")
    if counts["lift"] is not None:
        parts.append(f"lift {counts['lift']:.1f}")
    return ", ".join(parts)


def confused(cluster: dict[str, Any], first: int = 1) -> str:
    """Whom the best statement takes for members, of the rows left out; "" for nobody."""
    best = chosen(cluster)
    if best is None or not best["confused"]:
        return ""
    named = [
        f"{count:,} of {'noise' if label == NOISE else f'group {label + first}'}"
        for label, count in best["confused"][:LISTED]
    ]
    rest = sum(count for _, count in best["confused"][LISTED:])
    named += [f"{rest:,} of others"] if rest else []
    return "Also true of rows elsewhere: " + ", ".join(named) + "."


def named(contrast: dict[str, Any]) -> str:
    """What a contrast is about: a column, a value of it, or its gaps."""
    if contrast["kind"] == "value":
        return f"{contrast['name']} is {contrast['value']}"
    return f"{contrast['name']} is missing" if contrast["kind"] == "gap" else contrast["name"]


def contrast(one: dict[str, Any]) -> str:
    """For example "flavanoids: 2.98 here, 1.56 elsewhere"."""
    shown = number if one["kind"] == "number" else share
    return f"{named(one)}: {shown(one['inside'])} here, {shown(one['outside'])} elsewhere"


def number(value: float) -> str:
    """A mean in its column's unit, four digits."""
    if not math.isfinite(value):
        return "–"
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def facts(cluster: dict[str, Any], first: int = 1) -> list[str]:
    """All that is known of a cluster as short lines: what a report lists, and what a sentence about
    it may rest on."""
    lines = [sentence(cluster)]
    best = chosen(cluster)
    if best is not None:
        lines.append(f"On rows left out: {quality(best['held_out'])}.")
    lines += filter(None, [confused(cluster, first)])
    used = [contrast(c) for c in cluster["profile"] if c["used"]][:LISTED]
    other = [contrast(c) for c in cluster["profile"] if telling(c)][:LISTED]
    if used:
        lines.append("Columns the groups were made from: " + "; ".join(used) + ".")
    if other:
        lines.append("Other columns that differ: " + "; ".join(other) + ".")
    if cluster["terms"]:
        lines.append("Key terms: " + ", ".join(t["term"] for t in cluster["terms"]) + ".")
    return lines


def telling(one: dict[str, Any]) -> bool:
    """Whether a column that was not used differs beyond what chance explains."""
    return bool(one["interval"]) and not one["interval"][0] <= 0 <= one["interval"][1]
