"""Results side by side on one map, and what moves from the first to the second."""

import numpy as np
import pandas as pd
import streamlit as st

from analytics.comparing import overlap
from analytics.comparing.colors import recolored
from analytics.results import NOISE, Dataset, Projection
from pages.ui import comparing, drawing, frame, linked, mapview, menus, selecting, session
from pages.ui.comparing import Result
from pages.ui.words import count, safe_md, share

QUIET = {"displayModeBar": False}
HEIGHT = {1: 560, 2: 460, 3: 380, 4: 380, 5: 330, 6: 330}
ALL, MOVED = "all pairs", "only pairs that are no match"


def lit(shown: list[Result], projection: Projection) -> np.ndarray | None:
    """The rows that stand out in every map: those of the chosen pair, else those selected."""
    cell = session.current().view.cell
    if cell and len(shown) > 1:
        return overlap.members(shown[0].labels, shown[1].labels, *_ends(cell))
    return mapview.selected_mask(projection)


def _ends(cell: str) -> tuple[int | None, ...]:
    """The two groups of a chosen pair; None for any."""
    return tuple(None if end == "*" else int(end) for end in cell.split(":"))


def maps(shown: list[Result], dataset: Dataset, projection: Projection) -> None:
    """Up to six results on the same map, one selection for all."""
    comparing.picker(comparing.results(dataset), shown)
    if len(shown) == 1:
        st.caption("One result is chosen: choose another to see both beside each other.")
    mask = lit(shown, projection)
    selecting.selection_bar(dataset, projection, mask)
    draw_beside(
        projection,
        dataset,
        [(r.name, r.labels, r.run.group_names) for r in shown],
        mask,
        "beside",
    )
    for r in shown:
        if r.words:
            st.caption(safe_md(f"{r.name}: {r.words}"))
    _group_table(shown, mask)
    linked.row_table(dataset, projection, shown[0].run if _whole(shown[0], dataset) else None, mask)


def _whole(r: Result, dataset: Dataset) -> bool:
    return r.made_on.digest == dataset.digest


def draw_beside(
    projection: Projection, dataset: Dataset, parts: list[tuple], mask, key: str
) -> None:
    """Groupings (title, labels, names) of one map beside each other, colours matched with the
    first; a lasso on any of them enters the view."""
    from analytics.comparing.colors import matched

    slots = matched([labels for _, labels, _ in parts])
    layers = []
    for (title, labels, names), slot in zip(parts, slots, strict=True):
        named = {int(slot[g]) if g >= 0 else g: n for g, n in names.items() if g < len(slot)}
        layers.append(drawing.Layer(recolored(labels, slot), named, title=title))
    drawing.show(
        projection,
        layers,
        look(projection, dataset, mask, len(parts)),
        sentence=f"{count(len(parts), 'map')} of the same {dataset.n:,} rows, coloured by "
        f"{'; '.join(t for t, _, _ in parts)}. The tables below hold the same.",
        key=key,
        chosen=mapview.select,
        cleared=mapview.let_go,
    )
    st.caption(
        "The same rows on the same map; equal colours are matching groups, and a lasso on one map "
        "selects the rows on all."
    )


def look(projection: Projection, dataset: Dataset, mask, count: int) -> drawing.Look:
    """How maps beside each other are drawn, with the selection of the view."""
    from analytics.perception.operations import drawn_aspect

    view = session.current().view
    return drawing.Look(
        lit=mask,
        selection=view.selection,
        hover=mapview.hover_frame(dataset),
        aspect=drawn_aspect(projection),
        outlines=view.outlines,
        height=HEIGHT[count],
        revision=projection.digest,
        holds=(dataset,),
    )


def _group_table(shown: list[Result], mask: np.ndarray | None) -> None:
    """The groups of every result and how many (selected) rows they hold."""
    slots = comparing.colors(shown)
    lines = []
    for r, slot in zip(shown, slots, strict=True):
        for group in [*range(len(slot)), NOISE]:
            inside = r.labels == group
            if not inside.any():
                continue
            line = {"result": r.name, "group": r.run.group_names.get(group, str(group))}
            line["colour of"] = "–" if group == NOISE else _colour(shown[0], int(slot[group]))
            line["rows"] = int(inside.sum())
            if mask is not None:
                line["selected"] = int((inside & mask).sum())
            lines.append(line)
    with st.expander("The groups as a table"):
        st.dataframe(pd.DataFrame(lines), hide_index=True, lazy=False, key="beside-groups")


def _colour(first: Result, slot: int) -> str:
    if slot < first.run.n_clusters:
        return first.run.group_names[slot]
    return "its own"


def moves(shown: list[Result], dataset: Dataset, projection: Projection) -> None:
    """The flow from the first to the second, its pairs as a table, and the rows of a pair."""
    comparing.picker(comparing.results(dataset), shown)
    if len(shown) < 2:
        st.caption("Choose two results: the flow of rows from one to the other stands here.")
        return
    first, second = shown[:2]
    pairs = overlap.pairs(first.labels, second.labels)
    st.markdown(
        f"**{safe_md(first.name)} → {safe_md(second.name)}.** "
        + safe_md(overlap.sentence(first.labels, second.labels))
    )
    for r in (first, second):
        if r.words:
            st.caption(safe_md(f"{r.name}: {r.words}"))
    if not pairs:
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _flow(first, second, pairs)
        _group(first, second, pairs)
    with right:
        _pair_table(first, second, pairs)
    mask = lit(shown, projection)
    selecting.selection_bar(dataset, projection, mask)
    _chosen_pair(first, second)
    draw_beside(
        projection,
        dataset,
        [(r.name, r.labels, r.run.group_names) for r in (first, second)],
        mask,
        "moves",
    )
    st.markdown("**Rows of the pair or selection**" if mask is not None else "**All rows**")
    linked.row_table(dataset, projection, first.run if _whole(first, dataset) else None, mask)


def _flow(first: Result, second: Result, pairs: list[overlap.Pair]) -> None:
    from analytics.figures.flow import flow

    slots = comparing.colors([first, second])
    figure, left_out = flow(
        pairs,
        (first.run.group_names, second.run.group_names),
        tuple({g: int(s) for g, s in enumerate(slot)} for slot in slots),
        dark=frame.dark(),
    )
    st.plotly_chart(
        figure,
        theme=None,
        key="flow",
        config=QUIET,
        alt=f"Bands from the groups of {first.name} to those of {second.name}, as wide as the rows "
        "they share; the table beside holds the same numbers.",
    )
    cut = f" The {left_out} smallest bands are only in the table." if left_out else ""
    st.caption(f"Coloured bands join matching groups; grey rows moved.{cut}")


def _group(first: Result, second: Result, pairs: list[overlap.Pair]) -> None:
    """All rows of one group: the flow itself hands on no clicks."""
    a, b = first.run.group_names, second.run.group_names
    names = {f"{g}:*": f"{a.get(g, str(g))} of the first" for g in sorted({p.a for p in pairs})}
    names |= {f"*:{g}": f"{b.get(g, str(g))} of the second" for g in sorted({p.b for p in pairs})}
    cell, options = session.current().view.cell, list(names)
    key = f"flow-group-{first.digest}-{second.digest}-{cell}"
    st.selectbox(
        "Select all rows of a group",
        options,
        index=options.index(cell) if cell in names else None,
        format_func=menus.told_apart(options, lambda end: names.get(end, end)),
        placeholder="Choose a group of either side",
        key=key,
        on_change=lambda: session.change(cell=st.session_state[key] or "", selection=()),
    )


def _pair_table(first: Result, second: Result, pairs: list[overlap.Pair]) -> None:
    which = st.segmented_control(
        "Pairs", [ALL, MOVED], default=ALL, key="pairs-which", label_visibility="collapsed"
    )
    kept = [p for p in pairs if which != MOVED or not p.partners]
    a, b = first.run.group_names, second.run.group_names
    table = pd.DataFrame(
        {
            "from": [a.get(p.a, str(p.a)) for p in kept],
            "to": [b.get(p.b, str(p.b)) for p in kept],
            "rows": [p.rows for p in kept],
            "of the first": [share(p.of_a) for p in kept],
            "of the second": [share(p.of_b) for p in kept],
            "overlap": [round(p.jaccard, 3) for p in kept],
            "match": ["match" if p.partners else "moved" for p in kept],
        }
    )
    key = f"pairs-{first.digest}-{second.digest}-{which}"

    def picked():
        rows = st.session_state[key]["selection"]["rows"]
        cell = f"{kept[rows[0]].a}:{kept[rows[0]].b}" if rows else ""
        session.change(cell=cell, selection=())

    st.dataframe(
        table,
        hide_index=True,
        height=frame.tall(len(kept), 380),
        key=key,
        on_select=picked,
        selection_mode="single-row",
        lazy=False,
    )
    st.caption("Tick a line to select its rows. Overlap: rows in both over rows in either.")


def _chosen_pair(first: Result, second: Result) -> None:
    cell = session.current().view.cell
    if not cell:
        return
    ends = _ends(cell)
    rows = int(overlap.members(first.labels, second.labels, *ends).sum())
    sides = zip(ends, (first, second), ("first", "second"), strict=True)
    said = [
        f"in **{safe_md(r.run.group_names.get(end, str(end)))}** of the {side}"
        for end, r, side in sides
        if end is not None
    ]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{count(rows, 'row')} {' and '.join(said)}.", width="content")
        if st.button("Clear the pair", type="tertiary", icon=":material/close:"):
            session.change(cell="")
            st.rerun()
