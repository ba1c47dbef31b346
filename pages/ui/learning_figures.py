"""The pictures of lessons: each with one written sentence, and a table that holds the same."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from analytics.lessons import measures
from analytics.lessons.things import Found
from analytics.results import NOISE, Clustering, Dataset, Projection
from pages.ui import findings, frame
from pages.ui.words import count, number, safe_md, share

ACROSS = 3  # pictures beside each other
HEIGHT = {True: 520, False: 380}  # px, alone or beside others
TABLE_ROWS = 2_000
QUIET = {"displayModeBar": False}
KEY_LINE = 17  # px of a line of the key
facts = findings.facts


def rows(show: tuple[dict, ...]) -> list[list[tuple[int, dict]]]:
    """The figures, numbered, in rows; a table of rules has a row of its own."""
    numbered = [(i, figure) for i, figure in enumerate(show) if "rules" not in figure]
    across = 2 if len(numbered) in (2, 4) else ACROSS
    beside = [numbered[i : i + across] for i in range(0, len(numbered), across)]
    return beside + [[(i, figure)] for i, figure in enumerate(show) if "rules" in figure]


def draw(found: Found, figure: dict[str, Any], key: str, alone: bool) -> tuple[str, pd.DataFrame]:
    """One picture. Returns its title and its table. Raises Waiting, BadInput."""
    title = found.text(figure.get("title", ""))
    kind = next(k for k in _DRAW if k in figure)
    if title:
        st.markdown(f"**{safe_md(title)}**")
    return title or kind, _DRAW[kind](found, figure, key, HEIGHT[alone])


def twins(tables: list[tuple[str, pd.DataFrame]], key: str) -> None:
    """One fold with the pictures as tables."""
    if not tables:
        return
    with st.expander("The same as a table" if len(tables) == 1 else "The same as tables"):
        for i, (title, table) in enumerate(tables):
            cut = "" if len(table) <= TABLE_ROWS else f", {TABLE_ROWS:,} of {len(table):,} rows"
            st.caption(safe_md(title) + cut)
            st.dataframe(table[:TABLE_ROWS], hide_index=True, lazy=False, key=f"{key}-twin-{i}")


def _points(found: Found, figure: dict[str, Any], key: str, height: int) -> pd.DataFrame:
    """A map, in one colour or by groups; each group has its mark too."""
    projection = found.thing(figure["points"])
    groups = found.thing(figure["groups"]) if "groups" in figure else None
    if "mine" in figure:
        return _mine(projection, figure["mine"], key, height)
    labels = None if groups is None else measures.labels_of(groups)
    names = {} if groups is None else measures.names_of(groups)
    sentence = _points_sentence(projection, groups, labels)
    _chart(projection, labels, names, key, height, sentence)
    st.caption(safe_md(sentence))
    table = _table_of(projection)
    if labels is not None:
        table["group"] = [names.get(int(g), "none") for g in labels]
    return table


def _mine(projection: Projection, mask: np.ndarray, key: str, height: int) -> pd.DataFrame:
    """The points the reader drew round."""
    sentence = (
        f"{count(int(mask.sum()), 'point')} of {len(mask):,} inside your line, the rest pale."
    )
    _chart(projection, None, {}, key, height, sentence, selected=mask)
    st.caption(safe_md(sentence))
    return _table_of(projection).assign(group=np.where(mask, "yours", "the rest"))


def _table_of(projection: Projection) -> pd.DataFrame:
    across, up = projection.axes or ("across", "up")
    xy = projection.xy.astype(float).round(3)
    return pd.DataFrame({across: xy[:, 0], up: xy[:, 1]})


def _points_sentence(projection: Projection, groups, labels) -> str:
    """What a map shows, in one sentence."""
    n = f"{len(projection.xy):,} points"
    method = frame.method_label("projection", projection.method)
    drawn = n if projection.method == "columns" else f"{n} as {method} places them"
    if groups is None:
        return f"{drawn}, in one colour."
    k = len(np.unique(labels[labels >= 0]))
    said = f"{drawn}, in {count(k, 'group')} {_by(groups)}"
    noise = float(np.mean(labels == NOISE))
    return f"{said}; {share(noise)} in no group, drawn hollow." if noise else f"{said}."


def _by(groups) -> str:
    if isinstance(groups, Dataset):
        made = groups.label_column == "group"
        return "as they were made" if made else f"by {groups.label_column}"
    if isinstance(groups, Clustering):
        return f"found by {frame.method_said('clustering', groups.method)}"
    return "as predicted people see them"


def _chart(projection, labels, names, key, height, sentence, **more) -> None:
    """A map in a box whose height a narrow screen lowers."""
    from analytics.figures import shapes as marks
    from analytics.figures.map import map_figure

    on_select = more.pop("on_select", None)
    lit = {} if labels is None else {"shapes": marks.of_groups(labels, names, "as the colour")}
    drawn = map_figure(
        projection.xy,
        dark=frame.dark(),
        groups=labels,
        group_names=names,
        height=height,
        revision=projection.digest,
        **lit,
        **more,
    )
    drawn.figure.update_layout(height=None, autosize=True)
    _key_below(drawn.figure)
    selecting = {"on_select": on_select, "selection_mode": ("box", "lasso")} if on_select else {}
    with st.container(key=f"{key}-plotbox", height=height, border=False):
        st.plotly_chart(
            drawn.figure,
            key=key,
            height="stretch",
            theme=None,
            alt=sentence,
            config={"displaylogo": False, "modeBarButtonsToRemove": ["autoScale2d", "toImage"]}
            if on_select
            else QUIET,
            **selecting,
        )


def _key_below(figure) -> None:
    """The key of the shapes goes under a small map, whose points it would cover."""
    for note in figure.layout.annotations:
        if note.yref == "paper" and note.yanchor == "bottom":
            margin = figure.layout.margin
            note.update(yanchor="top", yshift=-margin.b)
            margin.b += KEY_LINE * (note.text.count("<br>") + 1) + 6


def lassoed(found: Found, name: str, key: str, mask, shapes: tuple, on_select) -> None:
    """A map in one colour to draw a line on."""
    projection = found.thing(name)
    sentence = f"{len(projection.xy):,} points, in one colour, to draw a line round some."
    _chart(
        projection,
        None,
        {},
        key,
        HEIGHT[True],
        sentence,
        axes=projection.axes,
        dated=projection.dated,
        selected=mask,
        selection_shapes=shapes,
        on_select=on_select,
    )


def _curve(found: Found, figure: dict[str, Any], key: str, height: int) -> pd.DataFrame:
    """A score over the number of groups."""
    from analytics.figures.curves import curve

    card, y = found.thing(figure["curve"]), figure["y"]
    column = 1 + ("silhouette", "inertia", "bic").index(y)
    table = card.tables["k"]
    known = np.isfinite(table[:, column])
    x, values = table[known, 0], table[known, column]
    name = {"silhouette": "silhouette", "inertia": "spread left", "bic": "BIC"}[y]
    mark = found.number(figure["mark"]) if "mark" in figure else None
    drawn = curve(
        x, values, mark=mark, x_title="groups", y_title=name, dark=frame.dark(), height=300
    )
    best = x[int(np.argmin(values) if y == "bic" else np.argmax(values))]
    sentence = f"The {name} for {x[0]:.0f} to {x[-1]:.0f} groups"
    if y == "inertia":
        sentence += f", falling from {values[0]:,.0f} to {values[-1]:,.0f}."
    else:
        sentence += f"; it is best at {best:.0f}."
    st.plotly_chart(drawn, theme=None, key=key, config=QUIET, alt=sentence)
    st.caption(safe_md(sentence))
    return pd.DataFrame({"groups": x.astype(int), name: values.round(4)})


def _counts(found: Found, figure: dict[str, Any], key: str, height: int) -> pd.DataFrame:
    """How many groups people would see."""
    from analytics.figures.people import count_bars

    seen = found.thing(figure["counts"])
    most = int(seen.counts[int(np.argmax(seen.count_shares))])
    sentence = (
        f"Predicted people see from {int(seen.counts.min())} to {int(seen.counts.max())} groups; "
        f"{most} is said most often, by {share(float(seen.count_shares.max()))} of them."
    )
    drawn = count_bars(seen.counts, seen.count_shares, frame.dark(), height=260)
    st.plotly_chart(drawn, theme=None, key=key, config=QUIET, alt=sentence)
    st.caption(safe_md(sentence))
    shares = [share(float(s)) for s in seen.count_shares]
    return pd.DataFrame({"groups seen": seen.counts.astype(int), "share of people": shares})


def _bars(found: Found, figure: dict[str, Any], key: str, height: int) -> pd.DataFrame:
    """Numbers beside each other."""
    from analytics.figures.charts import bars

    names = figure["bars"]
    labels = [found.lesson.numbers[n].label for n in names]
    values = [found.number(n) for n in names]
    drawn = bars(
        labels,
        [np.nan if v is None else v for v in values],
        x_title=figure.get("x_title", ""),
        dark=frame.dark(),
    )
    said = [found.shown(n) for n in names]
    sentence = "; ".join(f"{label}: {value}" for label, value in zip(labels, said, strict=True))
    sentence = sentence[:1].upper() + sentence[1:]
    st.plotly_chart(drawn, theme=None, key=key, config=QUIET, alt=f"{sentence}.")
    st.caption(safe_md(f"{sentence}."))
    return pd.DataFrame({"what": labels, "value": said})


def _numbers(found: Found, figure: dict[str, Any], key: str, height: int) -> pd.DataFrame:
    """Numbers as a small table."""
    lines = [(found.lesson.numbers[n].label, found.shown(n)) for n in figure["numbers"]]
    facts(lines)
    return pd.DataFrame(lines, columns=["what", "value"])


def _rules(found: Found, figure: dict[str, Any], key: str, height: int) -> pd.DataFrame:
    """The statement that tells each group best, on the rows it was made from and on others."""
    from analytics.explanation.reasons import chosen

    told = found.thing(figure["rules"])
    lines = []
    for cluster in told.clusters:
        best = chosen(cluster)
        line = {"group": cluster["label"] + 1, "rows": cluster["size"]}
        line["rule"] = best["sentence"] if best else "none found"
        for name, where in (("F1, own rows", "fitted"), ("F1, other rows", "held_out")):
            line[name] = number(best[where]["f1"]) if best and best[where] else "–"
        lines.append(line)
    table = pd.DataFrame(lines)
    findings.lines(table, ("rule",))
    st.caption(
        f"{count(len(lines), 'group')} with the rule that tells each best. F1 is the balance of "
        "precision and recall; other rows were not used to make the rule."
    )
    return table


_DRAW = {
    "points": _points,
    "curve": _curve,
    "counts": _counts,
    "bars": _bars,
    "numbers": _numbers,
    "rules": _rules,
}
