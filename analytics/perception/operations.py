"""The request for the score of a map, and the function that runs it."""

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from analytics.errors import BadInput
from analytics.operations import Request, request
from analytics.params import Param, validate
from analytics.perception.clams import ASPECT_RANGE, clams
from analytics.progress import Progress
from analytics.results import Ambiguity, Clustering, Grouping, Projection, ScoreCard

_aspects: WeakKeyDictionary[Projection, float] = WeakKeyDictionary()
PARAMS = (
    Param(
        "aspect",
        "float",
        1.0,
        "Aspect",
        "Drawn length of one unit of y over that of one unit of x; 1 means equal units.",
        low=ASPECT_RANGE[0],
        high=ASPECT_RANGE[1],
        basic=False,
    ),
)


def drawn_aspect(projection: Projection) -> float:
    """The aspect that a map is drawn with: drawn length of one unit of y over one unit of x.

    Equal units, unless the axes are real columns whose ranges differ by more than a factor of two;
    those are drawn as a square.
    """
    if not projection.axes or len(projection.xy) == 0:
        return 1.0
    found = _aspects.get(projection)  # a run of a page asks several times
    if found is None:
        # Column by column: of ten million points, both at once take ten times as long.
        found = aspect_of(*(float(c.max()) - float(c.min()) for c in projection.xy.T))
        _aspects[projection] = found
    return found


def aspect_of(across: float, up: float) -> float:
    """The aspect that two real columns with these ranges are drawn with."""
    if not (0 < across < np.inf and 0 < up < np.inf) or 0.5 <= across / up <= 2:
        return 1.0
    return min(max(float(f"{across / up:.4g}"), ASPECT_RANGE[0]), ASPECT_RANGE[1])


def ambiguity_request(projection: Any, aspect: float | None = None, seed: int = 0) -> Request:
    """The request for the CLAMS score of a map.

    projection : a Projection, the Request that makes it, or its digest. aspect : None is that of
    :func:`drawn_aspect` for a Projection, else 1. Raises BadInput.
    """
    if aspect is None:
        aspect = drawn_aspect(projection) if isinstance(projection, Projection) else 1.0
    params = validate(PARAMS, {"aspect": aspect})
    digest = getattr(projection, "digest", projection)
    return request("ambiguity", "clams", (digest,), params, seed)


def curves_request(projection: Any, aspect: float | None = None, seed: int = 0) -> Request:
    """The request for how the score of a map moves with the way it is drawn; arguments as those of
    :func:`ambiguity_request`."""
    scored = ambiguity_request(projection, aspect, seed)
    return request("ambiguity_curves", "clams", scored.parents, scored.params, seed)


def ambiguity_curves(wanted: Request, parents: tuple, progress: Progress) -> ScoreCard:
    """Run :func:`curves_request`. parents : (projection,)."""
    from analytics.perception.sensitivity import curves

    projection, params = _checked(wanted, parents)
    return curves(projection.xy, aspect=params["aspect"], seed=wanted.seed, progress=progress)


def ambiguity(wanted: Request, parents: tuple, progress: Progress) -> Ambiguity:
    """Run :func:`ambiguity_request`. parents : (projection,)."""
    projection, params = _checked(wanted, parents)
    return clams(projection.xy, aspect=params["aspect"], seed=wanted.seed, progress=progress)


def grouping_request(projection: Any, aspect: float | None = None, seed: int = 0) -> Request:
    """The request for the groups people would see in a map; arguments as those of
    :func:`ambiguity_request`. Raises BadInput."""
    drawn = ambiguity_request(projection, aspect, seed)
    return request("grouping", "clusternet", drawn.parents, drawn.params, seed)


def grouping(wanted: Request, parents: tuple, progress: Progress) -> Grouping:
    """Run :func:`grouping_request`. parents : (projection,)."""
    from analytics.perception.clusternet import group_as_people

    xy, aspect = _grouped(wanted, parents)
    return group_as_people(xy, aspect=aspect, seed=wanted.seed, progress=progress)


def redrawn_request(projection: Any, aspect: float | None = None, seed: int = 0) -> Request:
    """The request for the groups people would see in a map that is drawn in other ways; arguments
    as those of :func:`ambiguity_request`."""
    asked = grouping_request(projection, aspect, seed)
    return request("grouping_redrawn", "clusternet", asked.parents, asked.params, seed)


def grouping_redrawn(wanted: Request, parents: tuple, progress: Progress) -> ScoreCard:
    """Run :func:`redrawn_request`. parents : (projection,)."""
    from analytics.perception.redrawn import redrawn

    xy, aspect = _grouped(wanted, parents)
    return redrawn(xy, aspect=aspect, seed=wanted.seed, progress=progress)


def match_request(grouping: Any, clustering: Any) -> Request:
    """The request for how a clustering compares with the groups people would see.

    grouping, clustering : records, the Requests that make them, or their digests.
    """
    parents = tuple(getattr(part, "digest", part) for part in (grouping, clustering))
    return request("people_match", "", parents)


def people_match(wanted: Request, parents: tuple, progress: Progress) -> ScoreCard:
    """Run :func:`match_request`. parents : (grouping, clustering)."""
    from analytics.perception.match import score

    kinds = tuple(type(p) for p in parents)
    if kinds != (Grouping, Clustering):
        raise BadInput("The match needs the groups people would see and a clustering of the data.")
    return score(parents[0], parents[1].labels)


def _grouped(wanted: Request, parents: tuple) -> tuple[np.ndarray, float]:
    """The points to group and their aspect. Raises BadInput."""
    if wanted.method != "clusternet":
        raise BadInput(f"There is no grouping by '{wanted.method}': choose clusternet.")
    if len(parents) != 1 or not isinstance(parents[0], Projection):
        raise BadInput("The groups people would see need one map: project the data first.")
    return parents[0].xy, validate(PARAMS, wanted.params)["aspect"]


def _checked(wanted: Request, parents: tuple) -> tuple[Projection, dict]:
    if wanted.method != "clams":
        raise BadInput(f"There is no ambiguity score '{wanted.method}': choose clams.")
    if len(parents) != 1 or not isinstance(parents[0], Projection):
        raise BadInput("The ambiguity score needs one map: project the data first.")
    return parents[0], validate(PARAMS, wanted.params)
