"""Why the picture is ambiguous: its components and their pairs, linked to the map."""

import numpy as np
import pandas as pd
import streamlit as st

from analytics.results import Ambiguity, Projection
from analytics.shares import SIGN
from pages.ui import frame
from pages.ui.words import number, safe_md

PAIRS_SHOWN = 400
QUIET = {"displayModeBar": False}
CHOSEN = "clams-pair"


def names(result: Ambiguity) -> list[str]:
    """A, B, ... for the components."""
    from analytics.perception.wording import component_name

    return [component_name(i) for i in range(result.n_components)]


def chosen(result: Ambiguity | None) -> int | None:
    """The pair that the reader chose in this picture, or None."""
    digest, pair = st.session_state.get(CHOSEN, ("", None))
    return pair if result is not None and digest == result.digest else None


def ellipses(result: Ambiguity | None):
    """What the map draws for the components, those of the chosen pair only if there is one."""
    if result is None:
        return None
    shown = list(range(result.n_components))
    if (pair := chosen(result)) is not None:
        shown = [int(k) for k in result.pairs[pair]]
    letters = names(result)
    return result.means[shown], result.covariances[shown], [letters[k] for k in shown]


def lit(result: Ambiguity | None, projection: Projection) -> np.ndarray | None:
    """The points of the chosen pair's components."""
    from analytics.perception.groups import members

    if (pair := chosen(result)) is None:
        return None
    return np.isin(members(result, projection.xy.astype(float)), result.pairs[pair])


def warnings(result: Ambiguity | None) -> None:
    """Why the score may not apply here."""
    for words in result.warnings if result is not None else ():
        st.warning(safe_md(words))


def panel(result: Ambiguity | None) -> None:
    """The chosen pair, the pairs by ambiguity, the entropy curve, matrices, and what matters."""
    if result is None:
        return
    if result.n_components < 2:
        st.caption("One component was found, so there is no pair to judge.")
        return
    _chosen_line(result)
    left, right = st.columns([1.35, 1], gap="medium")
    with left:
        _pair_table(result)
    with right:
        _entropy(result)
    _matrices(result)
    left, right = st.columns([1.35, 1], gap="medium")
    with left:
        _changes(result)
    with right:
        _components(result)


def curves(projection: Projection, result: Ambiguity | None) -> None:
    """How the score moves with the number of points, the marks and the aspect (a job)."""
    from analytics.figures.perception import banded
    from analytics.perception.operations import curves_request
    from analytics.perception.sensitivity import SIDE, USUAL_DIAMETER

    st.markdown("**How the score moves with the way the picture is drawn**")
    wanted = curves_request(projection)
    card = frame.try_ask(wanted)
    if card is None or result is None:
        frame.soon(wanted, "The curves stand here as soon as they are computed.")
        return
    marks = f"diameter of the marks, pixels of {SIDE}"
    opaque = f"opacity of marks {USUAL_DIAMETER} pixels wide"
    shown = (
        ("sample_size", "points drawn", True, result.n),
        ("mark_size", marks, False, None),
        ("opacity", opaque, False, None),
        ("aspect", "height of a unit of y over a unit of x", True, result.aspect),
    )
    places = frame.places(len(shown), 2, gap="medium")
    for place, (name, title, log, mark) in zip(places, shown, strict=True):
        if name not in card.tables:
            continue
        table = card.tables[name]
        band = (table[:, 2], table[:, 3]) if table.shape[1] == 4 else (None, None)
        figure = banded(
            table[:, 0], table[:, 1], *band, x_title=title, log=log, mark=mark, dark=frame.dark()
        )
        place.plotly_chart(
            figure,
            theme=None,
            key=f"curve-{name}",
            alt=f"The ambiguity of the picture against {title.lower()}.",
            config=QUIET,
        )
    st.caption(
        "Points drawn: the mean of eight random samples of each size, and where nine in ten of "
        "them lie. Marks and opacity: the ink they leave widens groups and fills the valleys "
        "between them; a model of the drawing, not judged by people."
    )


def components_curve(result: Ambiguity | None) -> None:
    """How many components the picture has."""
    from analytics.figures.curves import curve

    if result is None or len(result.bic) < 2:
        return
    st.markdown("**How many groups the picture could be read as**")
    figure = curve(
        np.arange(1, len(result.bic) + 1),
        result.bic,
        mark=result.n_components,
        x_title="components",
        y_title="BIC (lower fits better)",
        dark=frame.dark(),
    )
    st.plotly_chart(
        figure,
        theme=None,
        key="bic",
        alt="BIC for each number of components, with the number that the score rests on marked.",
        config=QUIET,
    )
    st.caption("The knee of this curve is the number of components that the score rests on.")


def _choose(result: Ambiguity, pair: int | None) -> None:
    st.session_state[CHOSEN] = (result.digest, pair)


def _choose_drawn(result: Ambiguity, key: str) -> None:
    """Choose the pair that was clicked in a chart."""
    points = st.session_state[key].selection.points
    _choose(result, int(points[0]["customdata"]) if points else None)


def _chosen_line(result: Ambiguity) -> None:
    from analytics.perception.wording import pair_sentence

    pair = chosen(result)
    with st.container(horizontal=True, vertical_alignment="center"):
        if pair is None:
            st.caption(
                "Choose a pair in the table, on the curve or in a matrix: its points light up."
            )
            return
        st.markdown(safe_md(pair_sentence(result, pair)), width="content")
        st.button(
            "Show all groups", type="tertiary", on_click=lambda: _choose(result, None), key="all"
        )


def _pair_table(result: Ambiguity) -> None:
    from analytics.perception.wording import pair_sentence

    st.markdown("**Pairs, the most ambiguous first**")
    order = np.argsort(-result.pair_ambiguity, kind="stable")[:PAIRS_SHOWN]
    rows = pd.DataFrame(
        {
            "ambiguity": result.pair_ambiguity[order],
            "pair": [pair_sentence(result, int(k)) for k in order],
        }
    )

    def picked():
        rows_ = st.session_state["pair-table"].selection.rows
        _choose(result, int(order[rows_[0]]) if rows_ else None)

    st.dataframe(
        rows,
        hide_index=True,
        height=min(35 * (len(rows) + 1) + 3, 340),
        column_config={
            "ambiguity": st.column_config.ProgressColumn(
                "ambiguity", min_value=0, max_value=1, format="%.2f", width="small"
            ),
            "pair": st.column_config.TextColumn("what people would see", width="large"),
        },
        on_select=picked,
        selection_mode="single-row",
        key="pair-table",
    )


def _entropy(result: Ambiguity) -> None:
    from analytics.figures.perception import entropy_curve

    st.markdown("**Where the pairs lie on the uncertainty curve**")
    letters = names(result)
    figure = entropy_curve(
        result.separability,
        result.pair_ambiguity,
        [f"{letters[i]}–{letters[j]}" for i, j in result.pairs],
        chosen=chosen(result),
        dark=frame.dark(),
    )
    st.plotly_chart(
        figure,
        theme=None,
        key="entropy",
        config=QUIET,
        on_select=lambda: _choose_drawn(result, "entropy"),
        selection_mode="points",
        alt="The pairs on the uncertainty curve; the table beside it says the same in words.",
    )


def _matrices(result: Ambiguity) -> None:
    from analytics.figures.perception import pair_matrix

    shown = (
        ("Ambiguity of each pair", result.pair_ambiguity, "ambiguity"),
        ("Share of people who would see two groups", result.separability, "share"),
    )
    for slot, (title, values, meaning) in zip(st.columns(2, gap="medium"), shown, strict=True):
        key = f"matrix-{meaning}"
        with slot:
            st.markdown(f"**{title}**")
            figure = pair_matrix(
                result.pairs,
                values,
                names(result),
                meaning=meaning,
                chosen=chosen(result),
                dark=frame.dark(),
            )
            st.plotly_chart(
                figure,
                theme=None,
                key=key,
                config=QUIET,
                on_select=lambda key=key: _choose_drawn(result, key),
                selection_mode="points",
                alt=f"{title}, as a matrix; the table above says the same in words.",
            )


def _changes(result: Ambiguity) -> None:
    from analytics.perception.changes import changes

    st.markdown("**What would change the score most**")
    found = changes(result)
    st.dataframe(
        pd.DataFrame(
            {
                "change": [change.score - result.ambiguity for change in found],
                "score": [change.score for change in found],
                "what": [change.words for change in found],
            }
        ),
        hide_index=True,
        column_config={
            "change": st.column_config.NumberColumn("change", format="%+.2f", width="small"),
            "score": st.column_config.NumberColumn("score then", format="%.2f", width="small"),
            "what": st.column_config.TextColumn("if", width="large"),
        },
        key="changes",
    )


def _components(result: Ambiguity) -> None:
    st.markdown("**The groups that the score rests on**")
    st.dataframe(
        pd.DataFrame(
            {
                "group": names(result),
                "share": 100 * result.weights,
                "x": [number(v) for v in result.means[:, 0]],
                "y": [number(v) for v in result.means[:, 1]],
            }
        ),
        hide_index=True,
        column_config={
            "share": st.column_config.ProgressColumn(
                "share of the points", min_value=0, max_value=100, format=f"%.0f{SIGN}%"
            ),
            "x": "centre, x",
            "y": "centre, y",
        },
        height=min(35 * (result.n_components + 1) + 3, 220),
        key="components",
    )
