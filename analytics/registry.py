"""The table of methods. Adding a method is adding one file.

Every module in the packages of ``_PACKAGES`` holds a tuple ``METHODS`` of :class:`Method` rows.
Heavy imports stay inside the ``run`` functions, so the table itself is cheap to load.
"""

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from analytics.errors import BadInput
from analytics.params import Param, validate

_PACKAGES = ("analytics.projection.methods", "analytics.clustering.methods")

# Families of the menu, in its order. All but the classics have a page in docs/methods and a row in
# the table of ``python -m bench.methods``.
CLASSICS = "classics"
FAMILIES = {
    CLASSICS: "Classics",
    "medoids": "Real rows as examples",
    "split": "Number of groups found",
    "labels": "With some labels",
    "neural": "Neural networks",
    "subspaces": "Subspaces and parts",
    "graphs": "Graphs",
    "signals": "Signals and events",
}


@dataclass(frozen=True)
class Method:
    """One row of the menu.

    kind: "projection" or "clustering" (later stages add theirs).
    run: the function; its signature is fixed per kind (see ``analytics.projection`` and
        ``analytics.clustering``).
    needs: what the data must offer, from "table", "text", "images", "graph", "labels", "domain".
    cost: ``cost(n, d, params) -> seconds``, a rough estimate on two cores.
    max_rows: more rows than this are refused with a hint to sample.
    seeded: whether the seed changes the result.
    family: a key of FAMILIES.
    measured: what we measured against the paper's claim, in a sentence with the number; the page
        of the method and ``bench/rows`` say how.
    version: raised whenever the same input would give another result; part of every digest.
    """

    id: str
    label: str
    kind: str
    summary: str
    run: Callable[..., Any]
    params: tuple[Param, ...] = ()
    needs: tuple[str, ...] = ("table",)
    cost: Callable[[int, int, dict], float] = lambda n, d, params: 1e-6 * n * d
    reference: str = ""
    max_rows: int | None = None
    seeded: bool = True
    order: int = 100
    version: int = 1
    family: str = CLASSICS
    measured: str = ""

    def check(self, given: dict[str, Any] | None) -> dict[str, Any]:
        """Canonical parameters; raises BadInput."""
        return validate(self.params, given)


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, str], Method]:
    rows: list[Method] = []
    for package_name in _PACKAGES:
        package = importlib.import_module(package_name)
        for info in pkgutil.iter_modules(package.__path__):
            if not info.name.startswith("_"):
                module = importlib.import_module(f"{package_name}.{info.name}")
                rows.extend(module.METHODS)
    rows.sort(key=lambda m: (m.kind, m.order, m.id))
    table = {(m.kind, m.id): m for m in rows}
    if len(table) != len(rows):
        raise RuntimeError("two methods share one id")
    return table


def methods(kind: str | None = None) -> tuple[Method, ...]:
    """All rows, or those of one kind, in menu order."""
    return tuple(m for m in _table().values() if kind in (None, m.kind))


def get(kind: str, method_id: str) -> Method:
    """One row. Raises BadInput naming the known ids."""
    try:
        return _table()[(kind, method_id)]
    except KeyError:
        known = ", ".join(m.id for m in methods(kind))
        name = str(method_id)[:40]
        raise BadInput(f"There is no {kind} method {name!r}: choose one of {known}.") from None
