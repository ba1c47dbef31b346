"""Algorithm, predicted people, collected people: the same points grouped three ways."""

import numpy as np
import pandas as pd
import streamlit as st

from analytics.comparing import people as collecting
from analytics.comparing.operations import collected_request
from analytics.errors import BadInput, StoreError
from analytics.results import UNLABELLED, Dataset, Projection, ScoreCard
from pages.ui import comparing, frame, limits, mapview, people, selecting, session, sides
from pages.ui.comparing import Result
from pages.ui.words import count, interval, safe_md

ABSENT = (
    "No person's grouping of this map is here yet. Have people group it on the Study page, or "
    "import what was collected elsewhere. Until then the third map is empty; nothing stands "
    "in for people."
)
FAILED, BEFORE = "people-failed", "people-before"  # why an import failed; what stood there
HOW = """
Algorithm: the first result compared. Predicted people: ClusterNet, which learned from simulated
people, not from these. Collected people: the groups that more than half of the people who
grouped this map put together (average linkage on their co-association). Agreement is the adjusted
Rand index (Hubert & Arabie 1985): of the algorithm or the prediction with each single person,
averaged, with a 95 % bootstrap interval over people; two people with each other stand beside it,
since nothing can be asked to agree with people more than they do among themselves.
"""


def show(shown: list[Result], dataset: Dataset, projection: Projection) -> None:
    """The fixed three-way view."""
    from analytics.perception.operations import grouping_request

    comparing.picker(comparing.results(dataset), shown)
    algorithm = shown[0]
    predicted = people.grouping(projection)
    card = _collected(projection)
    _import(projection)
    parts = [(f"Algorithm: {algorithm.name}", algorithm.labels, algorithm.run.group_names)]
    empty = np.full(dataset.n, UNLABELLED, np.int32)
    parts.append(_part("Predicted people", predicted.labels if predicted is not None else empty))
    third = card.tables["consensus"][0] if card is not None else empty
    parts.append(_part("Collected people" if card is not None else "Collected people: none", third))
    if predicted is None:
        frame.soon(grouping_request(projection), "The prediction stands here in a moment.")
    mask = mapview.selected_mask(projection)
    selecting.selection_bar(dataset, projection, mask)
    sides.draw_beside(projection, dataset, parts, mask, "threeway")
    if card is None:
        st.info(safe_md(ABSENT))
    _numbers(parts, predicted, card)
    frame.how(HOW)


def _part(title: str, labels: np.ndarray) -> tuple:
    k = int(labels.max(initial=-1)) + 1
    names = {i: f"Group {i + 1}" for i in range(k)}
    return title, labels, {**names, -1: "In no group", UNLABELLED: "Not shown to people"}


def _collected(projection: Projection) -> ScoreCard | None:
    """People's groupings of the view, stored or being read."""
    digest = session.current().view.collected
    if not digest:
        return None
    found = session.load(digest)
    if found is None and (request := session.request_of(digest)) is not None:
        try:
            found = session.ask(request)
        except BadInput as error:  # what was there before the file comes back
            st.session_state[FAILED] = str(error)
            session.retry(digest)
            session.change(collected=st.session_state.get(BEFORE, ""))
            st.rerun()
    if found is not None and projection.digest not in found.parents:
        return None
    return found


def _import(projection: Projection) -> None:
    with st.expander("Import people's groupings", expanded=FAILED in st.session_state):
        file = st.file_uploader(
            "Groupings of this map: .npz with points and labels, or a zip of such files",
            type=["npz", "zip"],
            key="people-file",
        )
        pressed = file is not None and st.button("Import", type="primary", key="people-import")
        if FAILED in st.session_state and not pressed:
            frame.sentence(st.session_state[FAILED], "error")
        if not pressed:
            return
        st.session_state.pop(FAILED, None)
        try:
            request = collected_request(projection, limits.keep_file(file, file.name))
        except (BadInput, StoreError) as error:
            frame.sentence(str(error), "error")
            return
        session.retry(request.digest)
        session.ask(request)
        before = session.current().view.collected
        st.session_state[BEFORE] = before if session.load(before) is not None else ""
        session.change(collected=request.digest)
        st.rerun()


def _numbers(parts: list[tuple], predicted, card: ScoreCard | None) -> None:
    """Agreement of the three as a table."""
    algorithm, seen = parts[0][1], parts[1][1]
    lines = []
    if predicted is not None:
        lines.append(("Algorithm and predicted groups", interval_of(algorithm, seen)))
        lines.append(("Two predicted people, expected", interval(predicted.two_people, None, None)))
    if card is not None:
        groupings = card.tables["groupings"]
        for name, labels in (("Algorithm", algorithm), ("Predicted groups", seen)):
            if name == "Algorithm" or predicted is not None:
                score = collecting.against(labels, groupings, name)
                spread = interval(score.value, score.low, score.high)
                lines.append((f"{name} and one person", spread))
        two = card.values["people"]
        lines.append(("Two people", interval(two.value, two.low, two.high)))
        lines.append(("People", count(len(groupings), "person", "people")))
    st.dataframe(
        pd.DataFrame(lines, columns=["between", "agreement (ARI)"]),
        hide_index=True,
        lazy=False,
        key="threeway-numbers",
    )


def interval_of(a: np.ndarray, b: np.ndarray) -> str:
    """The agreement of two groupings, as shown."""
    return interval(collecting.ari(a, b), None, None)
