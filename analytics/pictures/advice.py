"""The projection advisor: of the maps that keep the groups of the data, the least ambiguous.

After the AmbReducer of H. Jeon et al., CLAMS, IEEE TVCG (VIS 2023), application 2: faithfulness is
the F1 score of steadiness and cohesiveness, and ambiguity (CLAMS) is lowered while faithfulness
stays within a tenth of the best (the paper has 5 to 10 %). Beyond it: several methods at once, the
Pareto front of all that was tried, and guards against a clear but false map. No map counts that is
less faithful, beyond the noise, than the default map of a method tried; or that is not well above
a map whose rows are shuffled; and one that reads as a single group, whose ambiguity is 0 by
definition, is recommended only when all faithful maps do. The least ambiguous of many maps is
partly the luckiest, so maps are compared by the upper ends of the intervals of their ambiguity.
"""

from typing import Any

import numpy as np

from analytics.results import Ambiguity, Projection, ScoreCard

WITHIN = 0.1  # faithfulness may be lower than the best by this share of it, or by its noise
FLOOR = 0.25  # least share of the way from chance to a perfect map
TIE = 0.01  # upper ends of ambiguity nearer than this count as equal; the more faithful map wins


def entry(
    projection: Projection, reliability: ScoreCard, ambiguity: Ambiguity, default: bool, how: str
) -> dict[str, Any]:
    """One tried map as plain JSON. ``how``: the method with its changed settings, for people."""
    scores = {
        name: [float(s.value), float(s.low), float(s.high)]
        for name, s in reliability.values.items()
    }
    low, high = ambiguity.interval if len(ambiguity.interval) == 2 else (None, None)
    return {
        "name": how,
        "method": projection.method,
        "params": dict(projection.params),
        "projection": projection.digest,
        "default": default,
        "faithfulness": scores["reliability"][0],
        "faithfulness_low": scores["reliability"][1],
        "faithfulness_high": scores["reliability"][2],
        "steadiness": scores["steadiness"][0],
        "cohesiveness": scores["cohesiveness"][0],
        "ambiguity": float(ambiguity.ambiguity),
        "low": low,
        "high": high,
        "n_components": int(ambiguity.n_components),
        "warnings": list(ambiguity.warnings),
        "seconds": float(projection.about.get("seconds") or 0.0),
    }


def front(entries: list[dict[str, Any]]) -> list[bool]:
    """Whether no other map is at least as faithful and as clear, and better in one.

    Maps that read as one group take no part: their ambiguity is a definition, not a finding.
    """
    rows = [
        (e["faithfulness"], -e["ambiguity"]) if e["n_components"] > 1 else None for e in entries
    ]
    return [
        a is not None
        and not any(b is not None and b[0] >= a[0] and b[1] >= a[1] and b != a for b in rows)
        for a in rows
    ]


def noise(a: dict[str, Any], b: dict[str, Any]) -> float:
    """Half a 95 % interval of the difference in faithfulness of two maps."""
    halves = [(e["faithfulness_high"] - e["faithfulness_low"]) / 2 for e in (a, b)]
    return float(np.hypot(*halves))


def faithful(entries: list[dict[str, Any]], chance: float, within: float = WITHIN) -> list[bool]:
    """Whether each map lies above the floor and is as faithful as the best one within its noise;
    or lower than that by a share of the best at most, yet as faithful, within the noise, as every
    default map."""
    best = max(entries, key=lambda e: e["faithfulness"])
    defaults, floor = [e for e in entries if e["default"]], floor_of(chance)

    def near(e: dict[str, Any]) -> bool:
        lost = best["faithfulness"] - e["faithfulness"]
        return lost <= noise(best, e) or (
            lost <= within * best["faithfulness"]
            and all(d["faithfulness"] - e["faithfulness"] <= noise(d, e) for d in defaults)
        )

    return [e["faithfulness"] >= floor and near(e) for e in entries]


def at_most(e: dict[str, Any]) -> float:
    """The upper end of the interval of a map's ambiguity."""
    return e["ambiguity"] if e["high"] is None else e["high"]


def floor_of(chance: float) -> float:
    """The least faithfulness of a map that can be recommended."""
    return chance + FLOOR * (1 - chance)


def choose(entries: list[dict[str, Any]], chance: float, within: float = WITHIN) -> int:
    """Index of the recommended map, -1 when none qualifies."""
    good = [i for i, ok in enumerate(faithful(entries, chance, within)) if ok]
    several = [i for i in good if entries[i]["n_components"] > 1]
    good = several or good
    if not good:
        return -1
    least = min(at_most(entries[i]) for i in good)
    near = [i for i in good if at_most(entries[i]) <= least + TIE]
    return max(near, key=lambda i: (entries[i]["faithfulness"], -i))


def sentence(entries: list[dict[str, Any]], chosen: int, chance: float) -> str:
    """What is recommended and why, in words."""
    best = max(entries, key=lambda e: e["faithfulness"])
    tried = f"{len(entries):,} maps"
    if chosen < 0:
        return (
            f"No map is recommended: the most faithful of {tried}, {best['name']}, keeps the "
            f"groups of the data little better than a map with its rows shuffled "
            f"({best['faithfulness']:.2f} against {chance:.2f}), so a clear picture would be false."
        )
    e = entries[chosen]
    if e["n_components"] < 2:
        return (
            f"{e['name']} is the most faithful of {tried} with a plain reading, but all faithful "
            "maps read as one group: no picture of these data shows groups that people could see."
        )
    words = (
        f"{e['name']} is the clearest of the maps that keep the groups of the data "
        f"(of {tried}): ambiguity {e['ambiguity']:.2f}, faithfulness {e['faithfulness']:.2f}"
    )
    if best is not e:
        words += f" (best {best['faithfulness']:.2f}, at ambiguity {best['ambiguity']:.2f})"
    clearer = [
        c
        for i, c in enumerate(entries)
        if at_most(c) < at_most(e) - TIE and c["n_components"] > 1 and i != chosen
    ]
    if clearer:
        many = "1 clearer map was" if len(clearer) == 1 else f"{len(clearer)} clearer maps were"
        words += f". {many} passed by as less faithful"
    return words + "."


def against_defaults(entries: list[dict[str, Any]], chosen: int) -> list[dict[str, Any]]:
    """How the recommended map compares with each method's default map.

    "faithful": at least as faithful within the noise; "clearer": the intervals of the ambiguities
    do not meet.
    """
    found = []
    for e in entries:
        if not e["default"] or chosen < 0:
            continue
        mine = entries[chosen]
        gap = mine["faithfulness"] - e["faithfulness"]
        found.append(
            {
                "method": e["method"],
                "name": e["name"],
                "faithfulness": e["faithfulness"],
                "ambiguity": e["ambiguity"],
                "n_components": e["n_components"],
                "gap": gap,
                "noise": noise(mine, e),
                "faithful": bool(gap >= -noise(mine, e)),
                "clearer": bool((mine["high"] or 0.0) < (e["low"] or 0.0)),
            }
        )
    return found
