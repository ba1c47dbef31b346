"""The linked views under a map: table, histograms and profile of the selection, and all maps."""

import numpy as np
import pandas as pd
import streamlit as st

from analytics.results import Dataset, Projection
from pages.ui import frame, mapview, naming, session
from pages.ui.words import count, interval, number, safe_md

TABLE_ROWS = 5_000
TABLE_COLUMNS = 200
HISTOGRAMS = 12


def linked(dataset: Dataset, projection: Projection, clustering, mask) -> None:
    """Table, histograms and profile of the selection (or of everything)."""
    kept = session.current().view.maps
    names = ["Table", "Histograms", "Profile", "Maps"]
    fill = (
        lambda: row_table(dataset, projection, clustering, mask),
        lambda: _histograms(dataset, mask),
        lambda: _profile(dataset, mask),
        lambda: gallery(dataset, clustering, kept),
    )
    # Only the open tab is filled: a lasso is answered sooner.
    for tab, draw in zip(st.tabs(names, key="linked", on_change="rerun"), fill, strict=True):
        if tab.open:
            with tab:
                draw()


def gallery(dataset: Dataset, clustering, kept: tuple[str, ...]) -> None:
    """All maps of this data beside each other, each with how clear and how faithful it is."""
    from analytics.figures.raster import thumbnail
    from analytics.perception.operations import ambiguity_request, drawn_aspect
    from analytics.projection.operations import faithfulness_request

    view = session.current().view
    groups = mapview.color_layer(dataset, clustering, view.color)[0]
    if len(kept) < 2:
        st.caption("Other maps of this data, once made, stand here beside each other.")
    for place, digest in zip(frame.places(len(kept), 4), kept, strict=False):
        projection = session.load(digest)
        if projection is None:
            continue
        with place:
            aspect = drawn_aspect(projection)
            picture = thumbnail(projection.xy, groups, dark=frame.dark(), aspect=aspect)
            st.image(picture, width="stretch")
            st.markdown(f"**{safe_md(naming.run_name(digest))}**")
            scores = []
            score = session.load(ambiguity_request(projection).digest)
            if score is not None:
                spread = interval(score.ambiguity, *(score.interval or (None, None)))
                scores.append(f"ambiguity {spread}")
            card = session.load(faithfulness_request(projection).digest)
            if card is not None:
                trust = card.values["trustworthiness"].value
                scores.append(f"trustworthiness {number(trust)}")
            st.caption(safe_md(" · ".join(scores)))
            shown = digest == view.projection
            if st.button("Shown" if shown else "Show", key=f"show-{digest}", disabled=shown):
                session.change(projection=digest)
                st.rerun()


def row_table(dataset: Dataset, projection: Projection, clustering, mask) -> None:
    """The selected rows, at most a few thousand, with a download of all of them."""
    from analytics.report.tables import KEPT_TEXT, labels_table, to_csv

    layer = session.current().view.layer
    n = dataset.n if mask is None else int(mask.sum())
    if n == 0:
        st.caption("No row lies in the selection.")
        return
    places = np.arange(min(n, TABLE_ROWS)) if mask is None else np.flatnonzero(mask)[:TABLE_ROWS]
    part = labels_table(dataset, projection, clustering, mask, layer, places)
    shown = part.iloc[:, :TABLE_COLUMNS]
    height = frame.tall(len(shown), 320)
    st.dataframe(shown, hide_index=True, lazy=False, height=height, column_config=_days(shown))

    def whole() -> bytes:
        rows = None if mask is None else np.flatnonzero(mask)
        return to_csv(labels_table(dataset, projection, clustering, mask, layer, rows))

    with st.container(horizontal=True, vertical_alignment="center"):
        if n > TABLE_ROWS:
            st.caption(f"{TABLE_ROWS:,} of {n:,} rows shown.")
        if part.shape[1] > TABLE_COLUMNS:
            st.caption(f"{TABLE_COLUMNS} of {part.shape[1]:,} columns shown.")
        name = "selection" if mask is not None else "rows"
        st.download_button(
            f"Download {count(n, 'row')} as CSV",
            whole,
            file_name=f"gestalt-{name}.csv",
            mime="text/csv",
            help=KEPT_TEXT,
            on_click="ignore",
            key="download-rows",
        )


def _days(part: pd.DataFrame) -> dict:
    """Columns of dates that all are at midnight: their hours say nothing and are not drawn."""
    dates = part.select_dtypes("datetime")
    return {
        name: st.column_config.DateColumn()
        for name in dates
        if (values := dates[name].dropna()).size and (values == values.dt.normalize()).all()
    }


def _histograms(dataset: Dataset, mask) -> None:
    from analytics.figures.spread import histogram

    columns = [c for c in dataset.frame.columns if c != dataset.text_column]
    chosen = st.multiselect(
        "Columns", columns, default=columns[: min(4, len(columns))], max_selections=HISTOGRAMS
    )
    places = frame.places(len(chosen), min(max(len(chosen), 1), 4))
    for i, name in enumerate(chosen):
        series = dataset.frame[name]
        numeric = pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series)
        values = series.to_numpy(float, na_value=np.nan) if numeric else series.astype("string")
        figure = histogram(values, mask, name=name, numeric=numeric, dark=frame.dark(), height=220)
        with places[i]:
            alt, quiet = f"How the values of {name} are spread.", {"displayModeBar": False}
            st.plotly_chart(figure, theme=None, key=f"hist-{i}", alt=alt, config=quiet)


def _profile(dataset: Dataset, mask) -> None:
    """Means of the selection against everything, the most different features first."""
    X = dataset.X.astype(np.float64)
    inside = X if mask is None else X[mask]
    if len(inside) == 0:
        st.caption("No row lies in the selection.")
        return
    spread = X.std(axis=0)
    shift = np.divide(
        inside.mean(axis=0) - X.mean(axis=0), spread, out=np.zeros(X.shape[1]), where=spread > 0
    )
    order = np.argsort(-np.abs(shift), kind="stable")[:200]
    frame_ = pd.DataFrame(
        {
            "feature": [dataset.columns[i] for i in order],
            "mean here": inside.mean(axis=0)[order],
            "mean of all": X.mean(axis=0)[order],
            "difference in standard deviations": shift[order],
        }
    )
    if mask is None:
        st.caption("Select points to compare them with the rest.")
        frame_ = frame_.drop(columns=["mean here", "difference in standard deviations"])
    st.dataframe(frame_, hide_index=True, height=frame.tall(len(frame_), 320))
    if len(order) < len(shift):
        st.caption(f"The {len(order)} most different of {len(shift):,} features.")
