"""The map as a picture for a slide: light paper, letters that are read from the last row.

PNG and SVG are drawn by ``analytics.figures.picture``, without a browser.
"""

from typing import Any

from analytics import selection as geometry
from analytics.data.words import count
from analytics.errors import BadInput
from analytics.figures import shapes as marks
from analytics.graphs.operations import drawn
from analytics.perception.operations import drawn_aspect
from analytics.report.lineage import records
from analytics.store.artifacts import Artifacts

# What PowerPoint and its like call their slides, at 144 px per inch. The smallest letters are then
# 16 pt on a slide of 7.5 inches.
SIZES = {"16:9": (1920, 1080), "4:3": (1440, 1080)}
ZOOM = 1.5


def slide(size: str) -> dict[str, Any]:
    """The options of ``map_png`` and ``map_svg`` for a slide. Raises BadInput."""
    if size not in SIZES:
        raise BadInput(f"There is no slide of {size!r}: choose {' or '.join(SIZES)}.")
    width, height = SIZES[size]
    return {"width": width, "height": height, "zoom": ZOOM, "dark": False}


def picture(
    artifacts: Artifacts, state: dict[str, Any], kind: str, size: str, title: str = ""
) -> bytes:
    """The map of a state coloured by its groups, as a slide. kind : "png" or "svg". Raises
    BadInput."""
    from analytics.figures.picture import map_png, map_svg

    options = slide(size)
    found = records(artifacts, state, "projection")
    dataset, projection, clustering = found["dataset"], found["projection"], found.get("clustering")
    shapes = geometry.check(list(state.get("selection") or ()))
    caption = count(dataset.n, "row")
    if clustering is not None:
        caption += f" in {count(clustering.n_clusters, 'group')}"
        options |= {"groups": clustering.labels, "group_names": clustering.group_names}
    options |= {
        "selected": geometry.resolve(shapes, projection.xy) if shapes else None,
        "axes": projection.axes,
        "dated": projection.dated,
        "aspect": drawn_aspect(projection),
        "shapes": marks.of_state(state, dataset, clustering),
        "links": drawn(dataset, state.get("links") or "", lambda r: artifacts.load(r.digest)),
        "title": title or dataset.name,
        "caption": caption + ".",
    }
    made = (map_png if kind == "png" else map_svg)(projection.xy, **options)
    return made if isinstance(made, bytes) else made.encode()
