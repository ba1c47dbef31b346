"""``python -m analytics study``: list studies, take their groupings out, take groupings in."""

from pathlib import Path
from typing import Any

from analytics.data.naming import shorten
from analytics.errors import BadInput

ACTIONS = ("list", "export", "import", "delete")


def run(options) -> dict[str, Any]:
    """What ``action`` gives, as plain values for JSON. Raises BadInput, StoreError."""
    from analytics.store.database import connect

    engine = connect()
    if options.action == "list":
        return {"studies": _listed(engine)}
    if not options.what:
        wanted = "a file of groupings" if options.action == "import" else "the id of a study"
        raise BadInput(f"'study {options.action}' takes {wanted}: 'study list' shows the studies.")
    return {"export": _export, "import": _import, "delete": _delete}[options.action](
        engine, options
    )


def _listed(engine) -> list[dict[str, Any]]:
    from analytics.study import store

    return [
        {
            "id": row.id,
            "title": row.title,
            "open": row.open,
            "created": row.created.isoformat(),
            "plots": row.plots,
            "people": row.people,
            "finished": row.finished,
        }
        for row in store.studies(engine)
    ]


def _export(engine, options) -> dict[str, Any]:
    """Write the zip, and say how far people agree about each plot."""
    import math

    from analytics.study import files, store
    from analytics.study.agreement import measure

    found = store.collected(engine, options.what)
    data = files.export(found)
    Path(options.out).write_bytes(data)
    told = []
    for c in (c for c in found if len(c.labels)):
        measured = measure(c.labels)
        known = not math.isnan(measured.ambiguity)
        told.append(
            {
                "plot": c.plot.name,
                "points": len(c.plot.points),
                "people": len(c.labels),
                "ambiguity": measured.ambiguity if known else None,
                "interval": measured.interval,
                "n_clusters": int(measured.consensus.max()) + 1,
                "outlying": [n for n, far in zip(c.numbers, measured.outlying, strict=True) if far],
            }
        )
    return {"study_file": options.out, "plots": told}


def _import(engine, options) -> dict[str, Any]:
    from analytics.study import files, store

    path = Path(options.what)
    if not path.is_file():
        raise BadInput(f"There is no file {shorten(options.what)}: check its path.")
    given = files.read(path, path.name)
    title = options.title or path.stem
    study = store.take_in(engine, title=title[:120], given=given)
    return {"id": study, "plots": len(given), "people": max(len(labels) for _, labels in given)}


def _delete(engine, options) -> dict[str, Any]:
    from analytics.study import store

    store.delete(engine, options.what)
    return {"deleted": options.what}
