"""Forms made from the registry: one widget per declared parameter."""

import streamlit as st

from analytics import needs, registry
from analytics.params import LONGEST, Param
from analytics.registry import Method
from analytics.results import Dataset, Record
from pages.ui.words import about_seconds, count, safe_md


def usable(kind: str, dataset: Dataset) -> list[Method]:
    """The methods this data can offer what they need, in menu order."""
    fits = [m for m in registry.methods(kind) if not needs.missing(m, dataset)]
    if kind == "projection" and dataset.coords is None:
        fits = [m for m in fits if m.id != "given"]
    return fits


def method_picker(kind: str, dataset: Dataset, record: Record | None) -> Method:
    """A select box over the usable methods of a family, starting at that of ``record``, and what
    the chosen one is good for."""
    rows = usable(kind, dataset)
    rows = _of_family(kind, rows)
    ids = [m.id for m in rows]
    start = ids.index(record.method) if record is not None and record.method in ids else 0
    chosen = st.selectbox(
        "Method",
        ids,
        index=start,
        format_func=lambda i: registry.get(kind, i).label,
        key=f"{kind}-method",
        persist_state="session",
    )
    method = registry.get(kind, chosen if chosen in ids else ids[start])
    st.caption(safe_md(method.summary))
    if method.measured:
        with st.expander("What we measured"):
            st.caption(safe_md(method.measured))
            st.caption(safe_md(f"After {method.reference}."))
    _left_out(kind, dataset)
    return method


def _of_family(kind: str, rows: list[Method]) -> list[Method]:
    """The rows of the family chosen in a box above, which is there when there are several."""
    present = [f for f in registry.FAMILIES if any(m.family == f for m in rows)]
    if len(present) < 2:
        return rows
    family = st.selectbox(
        "Kind of method",
        ["", *present],
        format_func=lambda f: registry.FAMILIES.get(f, "All"),
        key=f"{kind}-family",
        persist_state="session",
    )
    return [m for m in rows if family in ("", m.family)] or rows


def _left_out(kind: str, dataset: Dataset) -> None:
    """Which methods are not offered, and what would have to be marked for them."""
    for need in needs.NEEDS:
        names = [m.label for m in registry.methods(kind) if need in needs.absent(m, dataset)]
        if names:
            with st.expander(f"{count(len(names), 'more method')} with {needs.NEEDS[need][0]}"):
                st.caption(safe_md(f"{', '.join(names)}: {needs.NEEDS[need][1]}."))


def parameters(
    method: Method, record: Record | None, settled: tuple[str, ...] = ()
) -> tuple[dict, int]:
    """Widgets for a method's parameters and seed, basic ones first, the rest one fold away.

    Returns the values given and the seed. They start at those of ``record`` when it was made by
    the same method. settled : names of parameters that are decided elsewhere.
    """
    same = record is not None and record.method == method.id
    old = record.params if same else {}
    values: dict = {}
    asked = [p for p in method.params if p.name not in settled]
    for p in asked:
        if p.basic and _live(p, values):
            values[p.name] = _widget(method, p, old.get(p.name, p.default))
    seed = record.seed if same else 0
    rest = [p for p in asked if not p.basic]
    if rest or method.seeded:
        with st.expander("More settings"):
            for p in rest:
                if _live(p, values):
                    values[p.name] = _widget(method, p, old.get(p.name, p.default))
            if method.seeded:
                seed = st.number_input(
                    "Seed",
                    0,
                    2**32 - 1,
                    seed,
                    key=f"{method.kind}-{method.id}-seed",
                    help="The same seed gives the same result.",
                    persist_state="session",
                )
    return values, int(seed or 0)


def cost_words(method: Method, dataset: Dataset, values: dict) -> str:
    """The expected time, or why the method cannot run on this many rows."""
    n, d = dataset.X.shape
    if method.max_rows is not None and n > method.max_rows:
        return (
            f"Takes at most {method.max_rows:,} rows and this data has {n:,}: "
            "set a sample on the Data page."
        )
    return about_seconds(method.cost(n, d, values))


def number_of(p: Param, empty: str = "all", start: float | None = None):
    """A number field that keeps its value across pages. empty : what no number means. start : at
    first, the default unless given."""
    cast = int if p.type == "int" else float
    first = p.default if start is None else start
    return st.number_input(
        p.label,
        value=None if first is None else cast(first),
        step=1 if p.type == "int" else 0.1,
        format=None if p.type == "int" else "%g",
        help=p.help or None,
        placeholder=empty,
        required=not p.optional,
        key=f"explain-{p.name}",
        persist_state="session",
    )


def _live(p: Param, values: dict) -> bool:
    return p.depends_on is None or values.get(p.depends_on[0]) in p.depends_on[1]


def _widget(method: Method, p: Param, value):
    key = f"{method.kind}-{method.id}-{p.name}"
    common = {"key": key, "help": p.help or None, "persist_state": "session"}
    label = f"{p.label} ({p.unit})" if p.unit else p.label
    if p.type == "bool":
        return st.toggle(label, bool(value), **common)
    if p.type == "choice":
        options = (["automatic"] if p.optional else []) + list(p.choices)
        shown = "automatic" if value is None else value
        chosen = st.selectbox(label, options, index=options.index(shown), **common)
        return None if chosen == "automatic" else chosen
    if p.type == "text":
        return st.text_input(label, value or "", max_chars=LONGEST, **common)
    cast = int if p.type == "int" else float
    # Without limits here: a number beyond them gets the sentence of the registry, where the field
    # itself would only turn red and keep the former one.
    return st.number_input(
        label,
        value=None if value is None else cast(value),
        step=None if p.type == "int" else _step(p),
        format=None if p.type == "int" else "%g",
        placeholder="automatic" if p.optional else None,
        required=not p.optional,
        **common,
    )


def _step(p: Param) -> float:
    """A tenth of the default's size, so that the arrows move sensibly."""
    size = abs(p.default) if p.default else 1.0
    return float(f"{size / 10:.0e}")
