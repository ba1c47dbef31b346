"""The linked page: map, table, legend and selection in one file that works without a network.

The map is drawn on a canvas by the scripts in ``assets/linked`` (36 kB; plotly.js would be 4.7 MB
and keeps no table). The policy of the page allows its one style sheet and its one script by their
hashes and nothing else, so it can ask for nothing, whatever the data holds.
"""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from analytics import selection as geometry
from analytics.data.words import count
from analytics.errors import BadInput
from analytics.explanation.verdict import stratified
from analytics.figures import marks, svg, theme
from analytics.figures.outlines import group_labels
from analytics.perception.operations import drawn_aspect
from analytics.report import packing
from analytics.report.columns import chosen, left_out
from analytics.report.lineage import records
from analytics.report.told import page, told
from analytics.results import NOISE, Clustering, Dataset, Projection
from analytics.store.artifacts import Artifacts

MAX_BYTES = 15_000_000
MAX_ROWS = 50_000
LONGEST = (400, 160, 80, 40)  # characters of a cell, shorter where the page would be too large
MAX_SHAPED = 2_000
RAMP = 32
_ASSETS = Path(__file__).resolve().parents[2] / "assets"
SCRIPTS = ("data.js", "map.js", "hands.js", "table.js", "page.js")
KEYS = (
    "Mouse or finger: draw round points to select them; with Shift the outline adds, with Alt it "
    "takes away; a click marks a row; the wheel or two fingers zoom. Keyboard: arrow keys move a "
    "cross and read out the row under it, Enter marks that row, Space sets a corner of an outline "
    "and Enter closes it, plus and minus zoom, Shift with arrows moves the map, 0 shows all, "
    "Escape drops the outline or the selection."
)


def linked_report(
    artifacts: Artifacts,
    state: dict[str, Any],
    *,
    title: str = "",
    columns: Sequence[str] | None = None,
) -> str:
    """The linked page of a state (see ``analytics.report.lineage``).

    columns : whose cells go along, None for those of ``analytics.report.columns.default``. Of more
    than MAX_ROWS rows that many are drawn by chance, of each group its share. Raises BadInput when
    a result is no longer stored, or the page would be larger than MAX_BYTES with the shortest
    cells.
    """
    found = records(artifacts, state, "projection")
    dataset, projection, clustering = found["dataset"], found["projection"], found.get("clustering")
    kept = chosen(dataset, columns)
    shapes = geometry.check(list(state.get("selection") or ()))
    mask = geometry.resolve(shapes, projection.xy) if shapes else None
    rows = _rows(dataset.n, clustering)
    values = told(artifacts, state, found, title)
    values |= _furniture(dataset, projection, clustering, mask, rows)
    for longest in LONGEST:
        data, cut = _data(dataset, projection, clustering, mask, rows, kept, longest)
        notes = [_all(len(rows), dataset.n), left_out(dataset, kept), cut]
        html = _page({**values, "data": data, "notes": [note for note in notes if note]})
        if len(html.encode()) < MAX_BYTES:
            return html
    raise BadInput(
        f"With these {len(kept)} columns the page would be larger than {MAX_BYTES // 10**6} MB: "
        "choose fewer columns, or those with shorter cells."
    )


def _rows(n: int, clustering: Clustering | None) -> np.ndarray:
    """The rows that go along, in their order."""
    labels = clustering.labels if clustering is not None else np.zeros(n, np.int32)
    return stratified(labels, MAX_ROWS, np.random.default_rng(0))


def _all(shown: int, n: int) -> str:
    if shown == n:
        return f"All {n:,} rows are here."
    drawn = "drawn by chance, of each group its share; scores use all"
    return f"{shown:,} of {n:,} rows are here, {drawn}."


def _data(
    dataset: Dataset, projection: Projection, clustering, mask, rows, kept: list[str], longest: int
) -> tuple[str, str]:
    """The packed rows and the sentence on cells that were cut."""
    block = packing.Block()
    xy = marks.check_points(projection.xy)[rows].astype(np.float64)
    finite = xy[np.isfinite(xy).all(axis=1)]
    ends = [(float(v.min()), float(v.max())) for v in finite.T] if len(finite) else [(0.0, 1.0)] * 2
    known = np.isfinite(xy).all(axis=1)
    size, opacity = theme.marker(len(rows))
    listed = [{"name": "row", "role": "row", "whole": True, **_number(block, dataset.rows[rows])}]
    group = -1
    if clustering is not None:
        group = len(listed)
        listed.append(_groups(block, clustering, rows))
    for name in kept:
        listed.append(packing.column(block, dataset.frame[name].iloc[rows], longest))
    header = {
        "n": len(rows),
        "x": block.add(packing.coordinates(np.where(known, xy[:, 0], np.nan), *ends[0])),
        "y": block.add(packing.coordinates(np.where(known, xy[:, 1], np.nan), *ends[1])),
        "limits": ends,
        "aspect": drawn_aspect(projection),
        "axes": [theme.clean(name, 40) for name in projection.axes],
        "dated": projection.dated,
        "dot": {"size": size, "opacity": opacity},
        "columns": listed,
        "group": group,
        "color": group,
        "selected": block.add(mask[rows].astype(np.uint8)) if mask is not None else None,
        "places": _places(clustering, xy, rows),
        "themes": {"light": _theme(False), "dark": _theme(True)},
        "corners": [None, *(svg.polygon(s).round(3).tolist() for s in theme.SHAPE_NUMBERS[1:8])],
        "mostShaped": MAX_SHAPED,
    }
    words = [word for entry in listed[1 + (group > 0) :] for word in entry.get("words", ())]
    cut = any(len(word) == longest and word.endswith("…") for word in words)
    note = f"Longer cells are cut at {longest} characters." if cut else ""
    return block.text(header), note


def _number(block: packing.Block, values: np.ndarray) -> dict[str, Any]:
    """Whole numbers as they fit."""
    small = len(values) == 0 or int(values.max()) < 2**32
    return {"values": block.add(values.astype(np.uint32 if small else np.float64))}


def _groups(block: packing.Block, clustering: Clustering, rows: np.ndarray) -> dict[str, Any]:
    """The column of groups: codes from 1 by number, noise last."""
    k, names = clustering.n_clusters, clustering.group_names
    labels = clustering.labels[rows]
    known = [theme.clean(names[i], 40) for i in range(k)] + [names[NOISE]]
    codes = np.where(labels < 0, k, labels) + 1
    dots = [f"dot c{i % len(theme.CLUSTER_COLORS)}" for i in range(k)] + ["dot"]
    more = {"role": "group", "loose": [k], "dots": dots, "colored": True, "long": False}
    return packing.words(block, "Group", codes, known) | more


def _places(clustering: Clustering | None, xy: np.ndarray, rows: np.ndarray) -> list[dict]:
    """Where the names of the groups stand on the map, the largest group first."""
    if clustering is None:
        return []
    known = np.isfinite(xy).all(axis=1)
    places = group_labels(xy[known], clustering.labels[rows][known])
    names = clustering.group_names
    return [
        {"name": theme.fitted(names[int(g)], 28), "x": float(x), "y": float(y)}
        for g, (x, y) in places.items()
    ]


def _theme(dark: bool) -> dict[str, Any]:
    """Colours for the canvas."""
    colors = list(theme.CLUSTER_COLORS)
    if not dark:
        colors[colors.index(theme.YELLOW)] = theme.YELLOW_ON_LIGHT
    tokens = theme.TOKENS["dark" if dark else "light"]
    more = {"noise": theme.NOISE_COLOR, "colors": colors, "ramp": theme.ramp(dark, RAMP)}
    return {**tokens, **more}


def _furniture(dataset, projection, clustering, mask, rows) -> dict[str, Any]:
    """What the page says round the map, and its picture for a reader without scripts."""
    from analytics.figures.picture import map_png

    groups = clustering.labels[rows] if clustering is not None else None
    names = clustering.group_names if clustering is not None else None
    picture = map_png(
        projection.xy[rows],
        groups=groups,
        group_names=names,
        selected=mask[rows] if mask is not None else None,
        axes=projection.axes,
        dated=projection.dated,
        aspect=drawn_aspect(projection),
    )
    words = f"Map of {len(rows):,} rows"
    if clustering is not None:
        words += f" in {count(clustering.n_clusters, 'group')}"
    return {"picture": base64.b64encode(picture).decode(), "map_words": words, "keys": KEYS}


def _page(values: dict[str, Any]) -> str:
    """The filled template with its policy."""
    fonts = {
        weight: base64.b64encode(
            (_ASSETS / "fonts" / f"Inter-{weight}.woff2").read_bytes()
        ).decode()
        for weight in ("Regular", "SemiBold")
    }
    style = page("page.css.j2", values) + page("linked.css.j2", {"fonts": fonts})
    script = "\n".join((_ASSETS / "linked" / name).read_text("utf-8") for name in SCRIPTS)
    script = f'"use strict";\n{script}'
    policy = (
        f"default-src 'none'; img-src data:; font-src data:; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )
    return page("linked.html.j2", {**values, "style": style, "script": script, "policy": policy})


def _hash(text: str) -> str:
    """The hash source of an inline element, as in a content security policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
