"""Stored maps in the order of their ambiguity; their scores are ordinary stored results."""

import numpy as np

from analytics.operations import Run
from analytics.perception.operations import ambiguity_request
from analytics.pictures.advising import name
from analytics.pictures.ranking import SHOWN, place, scores_of, sentence
from analytics.progress import Progress, part
from analytics.registry import get
from analytics.results import Gallery, Projection


def changed(projection: Projection) -> dict:
    """The settings of a map that are not its method's defaults."""
    defaults = {p.name: p.default for p in get("projection", projection.method).params}
    return {k: v for k, v in projection.params.items() if v != defaults.get(k)}


def rank_maps(maps: tuple[Projection, ...], progress: Progress, run: Run) -> Gallery:
    """Entries as ``ranking.rank`` makes them, with "projection", the digest of the map."""
    entries, points = [], {}
    random = np.random.default_rng(0)
    run.ahead([ambiguity_request(made) for made in maps], progress)
    for i, made in enumerate(maps):
        found = run(ambiguity_request(made), part(progress, i / len(maps), (i + 1) / len(maps)))
        kept = np.sort(random.permutation(len(made.xy))[:SHOWN])
        points[f"p{i}"] = made.xy[kept]
        entries.append(
            {
                "name": _name(made),
                "picture": f"p{i}",
                "problem": "",
                "projection": made.digest,
                **scores_of(found, len(made.xy)),
            }
        )
    ranked = tuple(sorted(entries, key=place))
    return Gallery(entries=ranked, points=points, sentence=sentence(ranked))


def _name(made: Projection) -> str:
    if made.axes:
        return f"{made.axes[1]} over {made.axes[0]}"
    return name(made.method, changed(made)) + (f", seed {made.seed}" if made.seed else "")
