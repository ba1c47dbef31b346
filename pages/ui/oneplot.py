"""What people grouped in one plot of a study: agreement, consensus, each person's grouping."""

import numpy as np
import pandas as pd
import streamlit as st

from analytics.comparing.colors import matched, recolored
from analytics.errors import BadInput, StoreError
from analytics.results import NOISE
from pages.ui import access, choosing, findings, frame, session
from pages.ui.words import count, interval, number, safe_md, share

SHOWN_PEOPLE = 60
SHADES = ("agreement", "grouped with one point")
_REFUSED = "three-ways-refused"
NAMES = {"ami": "AMI", "ari": "ARI", "v_measure": "V-measure"}
HOW = """
Every two people are compared on the points shown: adjusted mutual information (Vinh, Epps & Bailey
2010), adjusted Rand index (Hubert & Arabie 1985), V-measure (Rosenberg & Hirschberg 2007). A point
in no group counts as a group of its own. The measured ambiguity is 1 - the mean AMI of two people,
its interval a bootstrap over people. CLAMS predicts ambiguity on a scale of its own: compare the
order of several plots, not the two numbers.

The consensus joins points that more than half of the people put together (average linkage on the
shares). A person is marked as unlike the others when their mean AMI lies more than three robust
standard deviations, and at least 0.1, below the median.
"""


def show(c, measured, key: str) -> None:
    """One plot: the consensus map, the numbers, the pairs, and everybody's grouping."""
    groups = int(measured.consensus.max(initial=NOISE)) + 1
    plot, facts = st.columns([2.2, 1], gap="medium")
    with facts:
        _facts(c, measured)
    with plot:
        _map(c, measured, groups, key)
    _models(c, measured)
    _three_ways(c)
    if len(c.labels) > 1:
        _pairs(c, measured, key)
    _people(c, measured, key)


def _facts(c, measured) -> None:
    people = len(c.labels)
    sizes = [int(row.max()) + 1 for row in c.labels]
    felt = [r for r in c.ratings if r is not None]
    if people > 1:
        low, high = measured.interval or (None, None)
        agreed = number(1 - measured.ambiguity)
        findings.finding(
            "Measured ambiguity",
            number(measured.ambiguity),
            f"The two people agree with AMI {agreed}."
            if people == 2
            else f"Two of the {people} people agree with AMI {agreed} on average.",
            f"{number(low)}–{number(high)}" if low is not None else "",
        )
    findings.finding(
        "Groups drawn",
        number(float(np.median(sizes)), 0) if min(sizes) != max(sizes) else str(sizes[0]),
        f"From {min(sizes)} to {max(sizes)}; the number is the median."
        if min(sizes) != max(sizes)
        else ("By everybody." if people > 1 else "By the one person so far."),
    )
    if felt:
        findings.finding(
            "How ambiguous it felt",
            number(float(np.mean(felt)), 1),
            f"Mean of {count(len(felt), 'rating')} from 1 (clear) to 5.",
        )
    frame.how(HOW)


def _map(c, measured, groups: int, key: str) -> None:
    from analytics.figures.people import seen_figure

    xy = c.plot.xy
    about = st.segmented_control(
        "Shade points by", SHADES, default=SHADES[0], key=f"study-shade-{key}"
    )
    point = st.session_state.get(f"study-point-{key}", 0)
    values = measured.shares[point] if about == SHADES[1] else measured.points
    if len(c.labels) < 2:
        values = None  # one person agrees with themselves

    def picked():
        """The point clicked, kept, because a chart drawn anew forgets it."""
        event = st.session_state.get(f"study-map-{key}")
        points = event.selection.points if event else []
        if points:
            at = np.array([points[0]["x"], points[0]["y"]], float)
            st.session_state[f"study-point-{key}"] = int(((xy - at) ** 2).sum(axis=1).argmin())

    drawn = seen_figure(xy, measured.consensus, agreement=values, dark=frame.dark())
    if about == SHADES[1] and values is not None:
        _mark_point(drawn.figure, xy[point])
    words = (
        f"{count(groups, 'group')} that more than half of the people drew; "
        f"{share(float((measured.consensus == NOISE).mean()))} of the points are in none."
    )
    st.plotly_chart(
        drawn.figure,
        theme=None,
        key=f"study-map-{key}",
        config={"displayModeBar": False},
        on_select=picked,
        selection_mode="points",
        alt=f"The plot in one colour with the consensus outlined: {words}",
    )
    if about == SHADES[1] and values is not None:
        st.caption(
            f"{words} The yellower a point, the more people put it together with the ringed one; "
            "click another point to ask about it."
        )
    else:
        more = ""
        if values is not None and np.ptp(values) < 1e-9:
            more = " People agree about every point alike."
        elif values is not None:
            more = " The yellower a point, the more people agree about it."
        st.caption(words + more)
    if c.plot.total > len(c.plot.points):
        st.caption(f"People saw {len(c.plot.points):,} of the map's {c.plot.total:,} points.")


def _mark_point(figure, at) -> None:
    figure.add_annotation(
        x=float(at[0]), y=float(at[1]), text="◯", showarrow=False, font={"size": 22}
    )


def _models(c, measured) -> None:
    """The people beside the network and the clustering on screen, matched with every person."""
    from analytics.study.agreement import ari_of

    rows = []

    def match(name: str, labels) -> None:
        mine = np.asarray(labels)[c.plot.rows]
        scores = [ari_of(mine, row) for row in c.labels]
        rows.append((name, number(float(np.mean(scores)))))

    if len(c.labels) > 1:
        pairs = measured.pairs["ari"]
        others = pairs[~np.eye(len(pairs), dtype=bool)]
        rows.append(("Another person", number(float(np.nanmean(others)))))
    consensus = np.full(c.plot.total, NOISE)
    consensus[c.plot.rows] = measured.consensus
    match("Consensus (made from these people)", consensus)
    clams, seen = scores(c.plot)
    if seen is not None and len(seen.labels) == c.plot.total:
        match("ClusterNet (what people would see)", seen.labels)
    _, _, projection, clustering = session.shown()
    if (
        clustering is not None
        and projection is not None
        and projection.digest == c.plot.projection
        and len(clustering.labels) == c.plot.total
    ):
        match(
            f"Your clusters ({frame.method_label('clustering', clustering.method)})",
            clustering.labels,
        )
    if clams is not None:
        low, high = clams.interval if len(clams.interval) == 2 else (None, None)
        st.caption(
            f"CLAMS predicts an ambiguity of {interval(clams.ambiguity, low, high)} for this map."
        )
    elif c.plot.projection == "":
        st.caption("Open the points as data to see their CLAMS and ClusterNet scores.")
    if len(rows) > 1:
        findings.facts(rows, ("grouping", "ARI with a person, mean"))


def _three_ways(c) -> None:
    """A button that puts these people beside the algorithm and the prediction, on Compare."""
    projection = session.load(session.current().view.projection)
    if projection is None or projection.digest != c.plot.projection:
        return

    def go() -> None:
        from analytics.comparing.operations import collected_request
        from analytics.study.files import export

        try:
            request = collected_request(projection, access.stage(export([c]), "study.zip"))
            session.ask(request)
        except (BadInput, StoreError) as error:
            st.session_state[_REFUSED] = str(error)
            return
        session.change(collected=request.digest, part="People")
        st.session_state[choosing.GO_TO] = "compare.py"

    st.button("Compare three ways: algorithm, prediction, these people", on_click=go)
    if words := st.session_state.pop(_REFUSED, ""):
        frame.sentence(words, "error")
    if choosing.GO_TO in st.session_state:
        st.rerun()  # the page, which leads there


def _pairs(c, measured, key: str) -> None:
    from analytics.figures.charts import heatmap

    with st.expander("Agreement of every two people"):
        score = st.segmented_control(
            "Score", list(NAMES), format_func=NAMES.get, default="ami", key=f"study-score-{key}"
        )
        score = score or "ami"
        names = [f"Person {n}" for n in c.numbers]
        st.plotly_chart(
            heatmap(
                measured.pairs[score], names, names, title=NAMES[score], limits=(0, 1),
                dark=frame.dark(),
            ),
            theme=None,
            key=f"study-pairs-{key}-{score}",
            config={"displayModeBar": False},
            alt=f"{NAMES[score]} of every two people.",
        )  # fmt: skip
        every = len(c.labels) * (len(c.labels) - 1) // 2
        if measured.compared < every:
            st.caption(f"{measured.compared:,} of {every:,} pairs, drawn by chance, are compared.")
        table = pd.DataFrame(measured.pairs[score], index=names, columns=names)
        st.dataframe(table.round(3))


def _people(c, measured, key: str) -> None:
    """Everybody's grouping as small multiples, the least typical first on request."""
    from analytics.figures.raster import thumbnail

    st.markdown("**Each person's grouping**")
    order = np.arange(len(c.labels))
    if len(c.labels) > 2 and st.toggle("Least like the others first", key=f"study-order-{key}"):
        order = np.argsort(measured.typical, kind="stable")
    xy = c.plot.xy
    shown = order[:SHOWN_PEOPLE]
    # A group has the colour of the consensus group that it shares most points with.
    slots = matched([measured.consensus, *(c.labels[i] for i in shown)])[1:]
    with st.container(horizontal=True, gap="medium"):
        for i, mine in zip(shown, slots, strict=True):
            groups = recolored(c.labels[i], mine)
            with st.container(width=200):
                st.image(
                    thumbnail(xy, groups, size=(200, 200), dark=frame.dark()),
                    width=200,
                    alt=f"The grouping of person {c.numbers[i]}",
                )
                words = [count(int(c.labels[i].max()) + 1, "group")]
                if len(c.labels) > 1:
                    words.append(f"agrees {number(float(measured.typical[i]))}")
                if c.ratings[i] is not None:
                    words.append(f"felt {c.ratings[i]} of 5")
                if not c.finished[i]:
                    words.append("still drawing")
                mark = " · **unlike the others**" if measured.outlying[i] else ""
                st.caption(f"Person {c.numbers[i]}{mark}  \n" + safe_md(" · ".join(words)))
    if len(order) > SHOWN_PEOPLE:
        st.caption(f"{SHOWN_PEOPLE} of {len(order)} people are shown; the export has all.")


def scores(plot) -> tuple:
    """CLAMS and ClusterNet of the map a plot shows, where it is stored; else None for each."""
    from analytics.perception.operations import ambiguity_request, grouping_request

    projection = session.load(plot.projection)
    if projection is None:
        return None, None
    return (
        frame.try_ask(ambiguity_request(projection)),
        frame.try_ask(grouping_request(projection)),
    )
