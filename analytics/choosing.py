"""The verbs that choose pictures: what they print, as plain values."""

from typing import Any

import numpy as np

from analytics import api
from analytics.errors import BadInput
from analytics.progress import Progress
from analytics.results import Dataset


def rank(options, progress: Progress) -> dict[str, Any]:
    """Every file of a folder or zip, the clearest scatterplot first."""
    if options.file or options.x or options.y or options.aspect != 1:
        raise BadInput("With --rank a folder is scored: leave out FILE, --x, --y and --aspect.")
    found = api.rank(options.rank, seed=options.seed, progress=progress)
    plots, failed = [], []
    for e in found.entries:
        if e["problem"]:
            failed.append({"file": e.get("file", e["name"]), "error": e["problem"]})
            continue
        plot = {"file": e["file"]} if "file" in e else {}
        plot |= {"columns": [e["x"], e["y"]]} if "x" in e else {}
        plot |= {"ambiguity": e["ambiguity"], "interval": [e["low"], e["high"]]}
        plot |= {"n_components": e["n_components"], "points": e["n"], "aspect": e["aspect"]}
        plots.append({**plot, "warnings": e["warnings"]})
    return {
        "ranking": plots,
        "failed": failed,
        "sentence": found.sentence,
        "notes": list(found.notes),
        "seed": options.seed,
    }


def advise(
    options, dataset: Dataset, methods: list[str], progress: Progress
) -> tuple[dict[str, Any], np.ndarray | None]:
    """What to print, and the coordinates (n, 2) of the recommended map, or None."""
    found = api.advise(
        dataset,
        seconds=options.seconds,
        search=options.search,
        methods=methods,
        seed=options.seed,
        progress=progress,
    )
    maps = [_candidate(e) for e in found.entries]
    xy = None
    if found.chosen >= 0:
        xy = api.default_store().require(found.entries[found.chosen]["projection"]).xy
    answer = {
        "sentence": found.sentence,
        "recommended": maps[found.chosen] if found.chosen >= 0 else None,
        "xy_file": options.out if xy is not None else None,
        "candidates": maps,
        "defaults": found.facts["defaults"],
        "chance": found.facts["chance"],
        "floor": found.facts["floor"],
        "notes": [*dataset.notes, *found.notes],
        "seed": options.seed,
        "digest": found.digest,
    }
    return answer, xy


def _candidate(e: dict[str, Any]) -> dict[str, Any]:
    spread = {"low": e["faithfulness_low"], "high": e["faithfulness_high"]}
    return {
        "name": e["name"],
        "method": e["method"],
        "params": e["params"],
        "digest": e["projection"],
        "faithfulness": {"value": e["faithfulness"], **spread},
        "steadiness": e["steadiness"],
        "cohesiveness": e["cohesiveness"],
        "ambiguity": {"value": e["ambiguity"], "low": e["low"], "high": e["high"]},
        "n_components": e["n_components"],
        "faithful": e["faithful"],
        "front": e["front"],
    }
