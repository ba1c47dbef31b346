"""The gallery of all results that can be compared: small pictures with their scores."""

import numpy as np
import pandas as pd
import streamlit as st

from analytics.comparing.colors import matched, recolored
from analytics.results import Dataset, Projection
from analytics.view import MAX_COMPARED
from pages.ui import comparing, frame, naming, services, session
from pages.ui.comparing import Result
from pages.ui.words import count, number, safe_md, share

ACROSS = 4
DRAWN = 20_000  # points of a small picture
SORTS = {
    "as made": ("", False),
    "silhouette, best first": ("silhouette", True),
    "match with people, best first": ("match", True),
    "agreement with the others, most first": ("agreement", True),
    "agreement with the labels, most first": ("ari", True),
    "number of groups, fewest first": ("groups", False),
    "noise, least first": ("noise", False),
}


def show(found: list[Result], now: list[Result], dataset: Dataset, projection) -> None:
    """All results as small pictures with their scores; sorted, filtered, named."""
    if len(found) == 1:
        st.caption(
            "One result is here. Make another on the Clusters page, or several at once under "
            "Sweep, and they stand beside each other."
        )
    comparing.picker(found, now)
    table = scores(found, dataset, projection)
    shown = _controls(found, table)
    _ask_scores(found, table, projection)
    st.caption(
        f"{len(shown)} of {count(len(found), 'result')} shown, drawn on the map "
        f"{safe_md(naming.run_name(projection.digest))}; colours follow the first one compared."
        + (f" Small pictures show {DRAWN:,} of {dataset.n:,} rows." if dataset.n > DRAWN else "")
    )
    for place, i in zip(frame.places(len(shown), ACROSS), shown, strict=False):
        with place, st.container(border=True, key=f"run-{found[i].digest}"):
            _tile(found[i], table.iloc[i], now, dataset, projection)
    with st.expander("As a table"):
        plain = table.iloc[shown].drop(columns=["digest"])
        st.dataframe(plain, hide_index=True, lazy=False, key="gallery-table")
    frame.how(
        "Silhouette: how well groups separate in the space they were made in (Rousseeuw 1987). "
        "Match: adjusted Rand index expected against one person, as ClusterNet predicts people "
        "for this map. Agreement: mean adjusted Rand index with the other results (Hubert & Arabie "
        "1985). Ambiguity (CLAMS) speaks of the map, not of a result, so it is shown for the map a "
        "result was made on."
    )


def scores(found: list[Result], dataset: Dataset, projection: Projection) -> pd.DataFrame:
    """One line per result with every score that is stored; nothing is computed here."""
    from analytics.clustering.operations import stability_request, validity_request
    from analytics.perception.operations import ambiguity_request, grouping_request, match_request

    agreement = _mean_agreement(found, dataset)
    lines = []
    for r in found:
        validity = session.load(validity_request(r.run).digest)
        match = session.load(match_request(grouping_request(projection), r.run).digest)
        steady = session.load(stability_request(r.run).digest)
        drawn = _own_map(r) or projection
        clams = session.load(ambiguity_request(drawn).digest)
        lines.append(
            {
                "digest": r.digest,
                "name": r.name,
                "groups": r.run.n_clusters,
                "noise": r.run.noise_share,
                "silhouette": _value(validity, "silhouette"),
                "match": _value(match, "match"),
                "ari": _value(validity, "ari"),
                "agreement": agreement.get(r.digest),
                "steady": _value(steady, "subsamples"),
                "ambiguity": None if clams is None else clams.ambiguity,
            }
        )
    return pd.DataFrame(lines)


def _own_map(r: Result) -> Projection | None:
    if r.run.space != "map":
        return None
    maps = (session.load(d) for d in r.run.parents[1:])
    return next((m for m in maps if isinstance(m, Projection)), None)


def _mean_agreement(found: list[Result], dataset: Dataset) -> dict[str, float]:
    from analytics.comparing.operations import MOST as MOST_RUNS
    from analytics.comparing.operations import matrix_request

    if not 2 <= len(found) <= MOST_RUNS:
        return {}
    wanted = matrix_request(dataset, [r.run for r in found], [r.made_on for r in found])
    card = session.load(wanted.digest)
    means = [] if card is None else card.groups["ari"]
    return {r.digest: float(m) for r, m in zip(found, means, strict=False)}


def _value(card, name: str) -> float | None:
    return card.values[name].value if card is not None and name in card.values else None


def _controls(found: list[Result], table: pd.DataFrame) -> list[int]:
    """The places of the results to show, in order."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sort = st.selectbox("Sort", list(SORTS), key="gallery-sort", persist_state="session")
        words = st.text_input(
            "Filter by name or method", key="gallery-filter", persist_state="session"
        )
        most = int(max(table["groups"].max(), 1))
        low, high = (1, most)
        if most > 1:
            low, high = st.slider("Groups", 0, most, (0, most), key=f"gallery-groups-{most}")
    kept = [
        i
        for i, r in enumerate(found)
        if words.strip().lower() in f"{r.name} {r.run.method}".lower()
        and (r.run.n_clusters <= high and (r.run.n_clusters >= low or most == 1))
    ]
    column, falling = SORTS[sort]
    if not column:
        return kept
    values = table[column].astype(float)
    worst = -np.inf if falling else np.inf
    order = {i: values.iloc[i] if np.isfinite(values.iloc[i]) else worst for i in kept}
    return sorted(kept, key=lambda i: (-order[i] if falling else order[i], i))


def _ask_scores(found: list[Result], table: pd.DataFrame, projection: Projection) -> None:
    """A button that computes the scores that are not there."""
    from analytics.clustering.operations import validity_request
    from analytics.perception.operations import grouping_request, match_request

    seen = session.load(grouping_request(projection).digest)
    waiting = [validity_request(r.run) for r in found]
    if seen is not None:
        waiting += [
            match_request(seen, r.run) for r in found if len(r.run.labels) == len(projection.xy)
        ]
    else:
        waiting.append(grouping_request(projection))
    missing = [w for w in waiting if not services.artifacts().has(w.digest)]
    if missing and st.button(f"Compute {count(len(missing), 'missing score')}", key="score-all"):
        for wanted in missing:
            session.retry(wanted.digest)
            session.ask(wanted)
        st.rerun()


def _tile(r: Result, line: pd.Series, now: list[Result], dataset: Dataset, projection) -> None:
    reference = now[0] if now else r
    picture = small(r, reference, projection)
    st.image(picture, width="stretch", alt=f"Map coloured by {r.name}")
    st.markdown(f"**{safe_md(r.name)}**")
    said = [f"{name} {number(line[key])}" for key, name in _SAID.items() if _known(line[key])]
    noise = [f"noise {share(line['noise'])}"] if line["noise"] else []
    st.caption(safe_md(" · ".join([count(int(line["groups"]), "group"), *noise, *said])))
    if r.words:
        st.caption(safe_md(r.words))
    view, picked = session.current().view, [x.digest for x in now]
    with st.container(horizontal=True):
        inside = r.digest in picked
        full = not inside and len(picked) >= MAX_COMPARED
        if st.button(
            "Leave out" if inside else "Compare",
            key=f"compare-{r.digest}",
            disabled=full or (inside and len(picked) == 1),
            help=f"At most {MAX_COMPARED} are compared." if full else None,
        ):
            rest = [d for d in picked if d != r.digest] if inside else [*picked, r.digest]
            session.change(compared=tuple(rest))
            st.rerun()
        shown = r.digest == view.clustering
        usable = r.made_on.digest == dataset.digest
        if st.button(
            "Shown" if shown else "Show",
            key=f"show-{r.digest}",
            disabled=shown or not usable,
            type="tertiary",
        ):
            session.change(clustering=r.digest)
            st.rerun()
        with st.popover("Name", type="tertiary", key=f"name-{r.digest}"):
            _name(r)


_SAID = {
    "silhouette": "silhouette",
    "match": "match with people",
    "agreement": "agreement",
    "ari": "labels",
    "steady": "steady",
    "ambiguity": "ambiguity of its map",
}


def _known(value) -> bool:
    return value is not None and bool(np.isfinite(value))


def _name(r: Result) -> None:
    words = st.text_input(
        "Name", r.name, key=f"name-words-{r.digest}-{r.name}", max_chars=80, width=280
    )
    if st.button("Name it", key=f"name-go-{r.digest}") and words.strip():
        before = [p for p in session.current().view.called if p[0] != r.digest]
        session.change(called=(*before, (r.digest, " ".join(words.split()))))
        st.rerun()


def small(r: Result, reference: Result, projection: Projection) -> bytes:
    """A small picture of a result in the colours of another, kept by digest."""
    key = f"{r.digest} {reference.digest} {projection.digest} {frame.dark()}"
    return _small(key, frame.dark(), r, reference, projection)


@st.cache_data(max_entries=400, show_spinner=False)
def _small(key: str, dark: bool, _r: Result, _reference: Result, _projection) -> bytes:
    from analytics.figures.raster import thumbnail
    from analytics.perception.operations import drawn_aspect

    slots = matched([_reference.labels, _r.labels])[1]
    labels, xy = recolored(_r.labels, slots), _projection.xy
    if len(xy) > DRAWN:
        rows = np.random.default_rng(0).choice(len(xy), DRAWN, replace=False)
        labels, xy = labels[rows], xy[rows]
    aspect = drawn_aspect(_projection)
    return thumbnail(xy, labels, size=(300, 220), dark=dark, aspect=aspect)
