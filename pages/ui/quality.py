"""Under the clusters: reasons, quality, structure, labels, stability, suggestions, rows."""

import numpy as np
import pandas as pd
import streamlit as st

from analytics.clustering.operations import NOT_RERUN
from analytics.results import Clustering, Dataset, Projection
from pages.ui import (
    concepts,
    correcting,
    differing,
    examples,
    findings,
    frame,
    linked,
    people,
    prototypes,
    pushes,
    session,
    why,
)
from pages.ui.words import interval, number, safe_md

STRUCTURE = {
    "linkage",
    "condensed_tree",
    "reachability",
    "core_distance",
    "split_tree",
    "community_linkage",
}
QUIET = {"displayModeBar": False}
OPEN = "quality-open"


def tabs(dataset: Dataset, projection: Projection, result: Clustering, mask) -> None:
    """The tabs that this result and data have something for."""
    structure = STRUCTURE & set(result.extras)
    fill = {
        "Why": lambda: why.cards(dataset, result),
        "Silhouette": lambda: _silhouette(result),
        "Stability": lambda: _stability(projection, result),
        "How many groups?": lambda: _suggestions(dataset, projection, result),
        "Seen by people?": lambda: _ticks(projection, result),
    }
    if structure:
        fill["Structure"] = lambda: _structure(result)
    if dataset.labels is not None:
        fill["Labels"] = lambda: _labels(dataset, result)
    if "medoids" in result.extras:
        fill["Examples"] = lambda: examples.medoids(dataset, result)
    if prototypes.shown(result):
        fill["Prototypes"] = lambda: prototypes.draw(dataset, result)
    if concepts.shown(result):
        fill["Concepts"] = lambda: concepts.draw(dataset, result)
    if differing.shown(result):
        fill["Features"] = lambda: differing.draw(dataset, result)
    if pushes.shown(result):
        fill["Pushes"] = lambda: pushes.draw(dataset, result)
    fill["Correct"] = lambda: correcting.tab(dataset, projection, result, mask)
    fill["Rows"] = lambda: linked.row_table(dataset, projection, result, mask)
    # Only the open tab is filled, so nothing is computed that nobody looks at.
    key = f"quality-{'-'.join(fill)}"
    # Other results have other tabs; the one that was open stays open where there is one.
    first = st.session_state.setdefault(f"first-{key}", st.session_state.get(OPEN))
    first = first if first in fill else None
    opened = st.tabs(list(fill), key=key, default=first, on_change="rerun")
    for (name, draw), tab in zip(fill.items(), opened, strict=True):
        if tab.open:
            st.session_state[OPEN] = name
            with tab:
                draw()


def _ticks(projection: Projection, result: Clustering) -> None:
    """What each cluster has earned: visible, real, explainable. Stability counts once tested."""
    from analytics.clustering.operations import stability_request, validity_request
    from analytics.explanation.reasons import ticks

    stored = session.load(stability_request(result).digest)
    found = why.explained(result)
    validity = session.load(validity_request(result).digest)
    people.ticks(projection, result, validity, stored, ticks(found) if found else None)
    if stored is None:
        st.caption("Whether a cluster survives reruns counts here once tested under Stability.")


def _silhouette(result: Clustering) -> None:
    from analytics.clustering.operations import validity_request
    from analytics.figures.spread import silhouette

    card = frame.try_ask(validity_request(result))
    if card is None:
        return
    if "silhouette" not in card.points:
        st.caption("A silhouette needs at least two groups.")
        return
    figure = silhouette(card.points["silhouette"], result.labels, dark=frame.dark(), height=380)
    st.plotly_chart(
        figure,
        theme=None,
        key="silhouette",
        alt="Silhouette of every row, sorted within its group; below 0 nearer to another.",
        config=QUIET,
    )
    for note in card.notes:
        st.caption(safe_md(note))


def _stability(projection: Projection, result: Clustering) -> None:
    from analytics.clustering.operations import stability_request

    if result.method in NOT_RERUN:
        st.caption(
            "These groups were changed by hand or joined from several results: there is no method "
            "to run again. Test the results they came from."
        )
        return
    st.caption("Runs the same method again with other seeds and on random subsamples of 80 %.")
    runs = st.number_input("Reruns of each kind", 3, 50, 10, key="stability-runs")
    noise = st.number_input(
        "Noise of copies",
        0.0,
        2.0,
        0.0,
        0.05,
        key="stability-noise",
        help="Also groups copies with noise added, as a share of each column's standard deviation.",
    )
    request = stability_request(result, int(runs), float(noise))
    wanted = st.session_state.setdefault("stability-wanted", set())
    if request.digest not in wanted and session.load(request.digest) is None:
        if not st.button("Test stability", key="run-stability"):
            return
        wanted.add(request.digest)
        session.ask(request)
        st.rerun()
    card = frame.try_ask(request)
    if card is None:
        frame.soon(request, "The reruns are under way.")
        return
    findings.facts(
        [(s.label or k, interval(s.value, s.low, s.high)) for k, s in card.values.items()]
    )
    if "stability" in card.groups:
        from analytics.figures.charts import bars

        names = result.group_names
        labels = [names[i] for i in range(len(card.groups["stability"]))]
        figure = bars(labels, card.groups["stability"], dark=frame.dark(), height=260)
        st.plotly_chart(
            figure,
            theme=None,
            key="stability",
            alt="Share of each group that is found again in a rerun.",
            config=QUIET,
        )
        st.caption("Share of each group found again in a rerun (Jaccard, Hennig 2007).")
    if "steadiness" in card.points and len(card.points["steadiness"]) == len(projection.xy):
        from analytics.figures.picture import map_png

        values = np.asarray(card.points["steadiness"], float)
        st.image(map_png(projection.xy, values=values, values_name="kept", dark=frame.dark()))
        st.caption("Share of the noisy copies in which each row stayed in its group.")
    for note in card.notes:
        st.caption(safe_md(note))


def _suggestions(dataset: Dataset, projection: Projection, result: Clustering) -> None:
    from analytics.clustering.operations import suggestion_request
    from analytics.figures.curves import curve

    space = {"space": result.space}
    if result.space == "map":
        space["projection"] = projection
    if "components" in result.params:
        space["components"] = result.params["components"]
    asked = {"k": None, "eps": None}
    if "metric" in result.params and "medoids" in result.extras:
        asked = {"medoids": {"metric": result.params["metric"]}, **asked}
    for what, params in asked.items():
        card = frame.try_ask(suggestion_request(dataset, what, **space, params=params))
        if card is None:
            continue
        table = card.tables[what]
        shown = [c for c in CURVES[what] if len(table) and np.isfinite(table[:, c[0]]).any()]
        for slot, (column, value, x_title, y_title) in zip(
            st.columns(max(len(shown), 2)), shown, strict=False
        ):
            suggested = card.values[value].value if value in card.values else None
            mark = {"mark_y": suggested} if what == "eps" else {"mark": suggested}
            with slot:
                figure = curve(
                    table[:, 0],
                    table[:, column],
                    x_title=x_title,
                    y_title=y_title,
                    dark=frame.dark(),
                    height=260,
                    **mark,
                )
                st.plotly_chart(
                    figure,
                    theme=None,
                    key=f"suggest-{value}",
                    alt=f"{y_title} against {x_title}, with the suggested value marked.",
                    config=QUIET,
                )
                label = card.values[value].label if value in card.values else y_title
                st.markdown(f"{safe_md(label)}: **{number(suggested, 0 if what == 'k' else 3)}**")
        for note in card.notes:
            st.caption(safe_md(note))


# Column of the curve's table, the value it suggests, and the axis titles.
CURVES = {
    "k": (
        (1, "k_silhouette", "groups", "mean silhouette (higher is better)"),
        (2, "k_inertia", "groups", "sum of squared distances"),
        (3, "k_bic", "groups", "BIC (lower is better)"),
    ),
    "medoids": ((1, "k_medoids", "groups", "medoid silhouette (higher is better)"),),
    "eps": ((1, "eps", "rows, sorted", "distance to the k-th neighbour"),),
}


def _structure(result: Clustering) -> None:
    from analytics.figures import curves, splits, trees

    extras = result.extras
    figures = {}
    if "split_tree" in extras:
        figures["Splits"] = splits.split_tree(
            extras["split_tree"], extras["leaf"], dark=frame.dark(), height=420
        )
    if "linkage" in extras:
        figures["Dendrogram"] = trees.dendrogram(
            extras["linkage"], result.n_clusters, dark=frame.dark(), height=420
        )
    if "community_linkage" in extras:
        figures["Communities, merged"] = _communities(result)
    if "condensed_tree" in extras:
        figures["Condensed tree"] = trees.condensed_tree(
            extras["condensed_tree"], result.labels, dark=frame.dark(), height=420
        )
    if "reachability" in extras:
        figures["Reachability"] = trees.reachability(
            extras["order"], extras["reachability"], result.labels, dark=frame.dark(), height=320
        )
    if "core_distance" in extras:
        distances = np.sort(extras["core_distance"])
        figures["Distance to the k-th neighbour, sorted"] = curves.curve(
            np.arange(len(distances)),
            distances,
            mark=None,
            x_title="points, sorted",
            y_title="distance",
            dark=frame.dark(),
            height=280,
        )
    for title, figure in figures.items():
        st.markdown(f"**{title}**")
        st.plotly_chart(
            figure,
            theme=None,
            key=f"structure-{title}",
            alt=f"{title} of the groups found by this method.",
            config=QUIET,
        )
    if "separability" in extras:
        rows = [(f"Group {i + 1}", number(v)) for i, v in enumerate(extras["separability"][:40])]
        findings.facts(rows, ("Separability, -1 to 1", "lead over the next group"))


def _communities(result: Clustering):
    """The tree of communities, each named by its group and its rows."""
    from analytics.figures import trees

    bottom = result.extras["community"]
    groups = result.labels[np.unique(bottom, return_index=True)[1]]
    sizes = np.bincount(bottom)
    return trees.dendrogram(
        result.extras["community_linkage"],
        result.n_clusters,
        leaves=groups,
        names=[f"Group {g + 1}: {n:,} rows" for g, n in zip(groups, sizes, strict=True)],
        at="-ln of the share of possible links",
        dark=frame.dark(),
        height=420,
    )


def _labels(dataset: Dataset, result: Clustering) -> None:
    from analytics.clustering.operations import validity_request
    from analytics.figures.charts import heatmap

    card = frame.try_ask(validity_request(result))
    if card is None:
        return
    if "contingency" not in card.tables:
        st.caption("No labelled row is in a group, so there is nothing to compare.")
        return
    st.caption(safe_md(f"Against the column {dataset.label_column}; rows without one left out."))
    table = card.tables["contingency"]
    groups = [result.group_names[i] for i in range(result.n_clusters)]
    columns = [*groups, "Noise"][: table.shape[1]]
    names = list(dataset.label_names)
    figure = heatmap(table, names, columns, title="Rows", dark=frame.dark())
    st.plotly_chart(
        figure,
        theme=None,
        key="contingency",
        alt="Rows of each group by their label; the same numbers stand in the table below.",
        config=QUIET,
    )
    with st.expander("As a table"):
        st.dataframe(pd.DataFrame(table, index=names, columns=columns))
