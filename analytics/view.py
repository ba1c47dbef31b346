"""What one reader looks at: which results, coloured how, with what selected.

A view is small plain data. It is kept in the browser session, written into the page's address, and
saved in the store; each of them restores it. Undo is a list of earlier views.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from analytics import selection as geometry
from analytics.digest import is_digest
from analytics.errors import BadInput
from analytics.graphs.operations import CHOICES

MAX_KEPT = 24
MAX_TEXT = 300

MAX_IN_ADDRESS = 8

# Field of the view -> key in the page's address. Of the kept maps and runs the last few travel.
QUERY = {
    "table": "t",
    "dataset": "d",
    "projection": "m",
    "clustering": "c",
    "explanation": "e",
    "maps": "maps",
    "runs": "runs",
    "color": "color",
    "layer": "layer",
    "shape": "shapes",
    "outlines": "outlines",
    "links": "links",
    "isolate": "only",
    "selection": "sel",
    "zoom": "zoom",
    "compared": "cmp",
    "part": "part",
    "cell": "cell",
    "sweep": "sweep",
    "collected": "people",
}
MAX_COMPARED = 6


MAX_CALLED, MAX_NAME = 200, 80
_DIGESTS = (
    "table",
    "dataset",
    "projection",
    "clustering",
    "explanation",
    "sweep",
    "collected",
)
_CELL = re.compile(r"(-?\d{1,6}:-?\d{1,6}|-?\d{1,6}:\*|\*:-?\d{1,6})?")  # "2:*" all of a group

# The kept results of a kind -> the one on screen.
SHOWN = {"maps": "projection", "runs": "clustering"}

# What becomes blank when the named field changes, unless it is given anew.
_ON_MAP = {"selection": (), "zoom": ()}
_ON_CLUSTERING = {"isolate": None}
_ON_COMPARED = {"cell": ""}
_ON_DATASET = {
    "projection": "",
    "clustering": "",
    "explanation": "",
    "maps": (),
    "runs": (),
    "layer": "",
    "compared": (),
    "sweep": "",
    "collected": "",
    **_ON_COMPARED,
}
_RESTS_ON = {
    "table": {"dataset": "", "color": "", "shape": "", **_ON_DATASET, **_ON_CLUSTERING, **_ON_MAP},
    "dataset": {**_ON_DATASET, **_ON_CLUSTERING, **_ON_MAP},
    "projection": {**_ON_MAP, "collected": ""},
    "clustering": _ON_CLUSTERING,
    "compared": _ON_COMPARED,
}


@dataclass(frozen=True)
class View:
    """One view.

    table, dataset, projection, clustering, explanation : digests, "" while there is none.
    maps, runs : digests of all projections and clusterings kept beside each other.
    color : "" (monochrome), "clusters", "explanation", or "column:NAME".
    layer : "" or a per-point score drawn as lightness: "faithfulness:ID" or "validity:ID".
    shape : what marker shapes show: "" (nothing), "color" (the groups that colour shows), or as
        ``color``. outlines : draw a hull round each group. links : draw links between rows: "" if
        the data has some, "on" (else those to the nearest rows) or "off".
    isolate : the one group shown in full, or None.
    selection : shapes of ``analytics.selection``. zoom : (x0, x1, y0, y1) or ().
    compared : digests of up to six clusterings side by side, the first gives the colours; part :
        what of the comparison is open; cell : "i:j", the rows in group i of the first and group j
        of the second, -1 for noise. sweep, collected : digests of a swept parameter and of people's
        groupings of the map. called : (digest, name) of the named runs, not in the address.
    """

    table: str = ""
    dataset: str = ""
    projection: str = ""
    clustering: str = ""
    explanation: str = ""
    maps: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    color: str = ""
    layer: str = ""
    shape: str = ""
    outlines: bool = False
    links: str = ""
    isolate: int | None = None
    selection: tuple[dict[str, Any], ...] = ()
    zoom: tuple[float, ...] = ()
    compared: tuple[str, ...] = ()
    part: str = ""
    cell: str = ""
    sweep: str = ""
    collected: str = ""
    called: tuple[tuple[str, str], ...] = ()

    def with_(self, **changes) -> "View":
        """A copy with some fields changed. A new map or clustering joins the kept ones; a new
        dataset drops what was drawn from the old one."""
        for name, blank in _RESTS_ON.items():
            if name in changes and changes[name] != getattr(self, name):
                changes = {**blank, **changes}
        view = replace(self, **changes)
        return replace(
            view,
            maps=_kept(view.maps, view.projection),
            runs=_kept(view.runs, view.clustering),
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON for the store."""
        return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(self).items()}

    def to_query(self) -> dict[str, str]:
        """The parameters of a page address, without those at their defaults."""
        query = {}
        for name, key in QUERY.items():
            value = getattr(self, name)
            if value is None or value is False or value in ("", ()):
                continue
            if name in SHOWN:
                if value != (getattr(self, SHOWN[name]),):
                    query[key] = ",".join(value[-MAX_IN_ADDRESS:])
            elif name == "compared":
                query[key] = ",".join(value)
            elif name == "selection":
                query[key] = geometry.to_text(value)
            elif name == "zoom":
                ends = geometry.rounded(value[:2]) + geometry.rounded(value[2:])
                query[key] = ",".join(repr(v).removesuffix(".0") for v in ends)
            else:
                query[key] = "1" if value is True else str(value)
        return query


def _kept(digests: tuple[str, ...], new: str) -> tuple[str, ...]:
    if not new or new in digests:
        return digests
    return (*digests, new)[-MAX_KEPT:]


def from_json(data: Any) -> View:
    """The view of :meth:`View.to_json`; every part is checked. Raises BadInput."""
    if not isinstance(data, Mapping):
        raise BadInput("This saved view is damaged: open the data again.")
    known = {"symbols", *(f.name for f in fields(View))}
    values = {k: v for k, v in data.items() if k in known}
    for name in _DIGESTS:
        values[name] = _digest(values.get(name) or "")
    for name in ("maps", "runs", "compared"):
        most = MAX_COMPARED if name == "compared" else MAX_KEPT
        values[name] = tuple(_digest(d) for d in _list(values.get(name))[:most])
    if values.pop("symbols", False) or values.get("shape") in (True, "1"):
        values["shape"] = "color"  # as views were saved before shapes had a choice of their own
    for name in ("color", "layer", "shape", "part"):
        values[name] = str(values.get(name) or "")[:MAX_TEXT]
    values["links"] = values.get("links") if values.get("links") in CHOICES else ""
    values["outlines"] = bool(values.get("outlines"))
    isolate = values.get("isolate")
    values["isolate"] = isolate if isinstance(isolate, int) else None
    values["selection"] = geometry.check(_list(values.get("selection")))
    values["zoom"] = checked_zoom(values.get("zoom"))
    values["cell"] = str(values.get("cell") or "")
    if not _CELL.fullmatch(values["cell"]):
        values["cell"] = ""
    values["called"] = _called(_list(values.get("called")))
    return View().with_(**values)


def from_query(query: Mapping[str, str]) -> View:
    """The view of a page address. Raises BadInput on a damaged one."""
    data: dict[str, Any] = {}
    for name, key in QUERY.items():
        text = query.get(key)
        if not text:
            continue
        if name == "selection":
            data[name] = geometry.from_text(text)
        elif name in ("zoom", "compared") or name in SHOWN:
            data[name] = text.split(",")
        elif name == "isolate":
            data[name] = int(text) if re.fullmatch("-?[0-9]{1,8}", text) else None
        elif name == "outlines":
            data[name] = text == "1"
        else:
            data[name] = text
    return from_json(data)


def _called(pairs: list) -> tuple[tuple[str, str], ...]:
    kept = [p for p in pairs if isinstance(p, (list, tuple)) and len(p) == 2 and is_digest(p[0])]
    return tuple((p[0], str(p[1])[:MAX_NAME]) for p in kept[:MAX_CALLED])


def _list(value: Any) -> list:
    if value is None or isinstance(value, (list, tuple)):
        return list(value or ())
    raise BadInput("This saved view is damaged: open the data again.")


def _digest(text: Any) -> str:
    if text == "" or is_digest(text):
        return text
    raise BadInput("This link is damaged: a result in it is not named by 32 letters and digits.")


def checked_zoom(values: Any) -> tuple[float, ...]:
    """(x0, x1, y0, y1) with each pair in order, or () for anything else."""
    try:
        zoom = tuple(float(v) for v in values)
    except (TypeError, ValueError):
        return ()
    ordered = len(zoom) == 4 and zoom[0] < zoom[1] and zoom[2] < zoom[3]
    return zoom if ordered and all(map(math.isfinite, zoom)) else ()
