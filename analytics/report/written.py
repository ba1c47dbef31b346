"""A state as the bytes of a file, by the kind of file."""

from collections.abc import Sequence
from typing import Any

from analytics.errors import BadInput
from analytics.store.artifacts import Artifacts


def written(
    artifacts: Artifacts,
    state: dict[str, Any],
    kind: str,
    title: str = "",
    linked: bool = False,
    columns: Sequence[str] | None = None,
    size: str = "16:9",
) -> bytes:
    """kind : "zip", "png", "svg", or anything else for HTML. The other arguments are those of
    ``analytics.report``. Raises BadInput."""
    if linked and kind in ("zip", "png", "svg"):
        raise BadInput(f"A linked page is HTML, not .{kind}: end the name in .html.")
    if kind == "zip":
        from analytics.report.bundle import bundle

        return bundle(artifacts, state, title=title, columns=columns)
    if kind in ("png", "svg"):
        from analytics.report.pictures import picture

        return picture(artifacts, state, kind, size, title)
    if linked:
        from analytics.report.linked import linked_report as page
    else:
        from analytics.report.html import html_report as page
    return page(artifacts, state, title=title, columns=columns).encode("utf-8", "replace")
