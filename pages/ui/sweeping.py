"""One method, one parameter, several values: small pictures and a curve of stability."""

import numpy as np
import pandas as pd
import streamlit as st

from analytics import registry
from analytics.comparing import sweep as sweeping
from analytics.comparing.operations import sweep_request
from analytics.errors import BadInput
from analytics.results import Dataset, Gallery, Projection
from pages.ui import comparing, forms, frame, gallery, services, session
from pages.ui.words import count, interval, number, safe_md, share

ACROSS = 5
HOW = """
Each value gives one result. Its stability is the mean adjusted Rand index between runs on random
subsamples of 80 % of the rows (Ben-Hur, Elisseeff & Guyon 2002), with a 95 % bootstrap interval
over runs. High stability alone is no proof: two large halves of anything often come back.
"""


def show(dataset: Dataset, projection: Projection) -> None:
    """The form, and the sweep of the view."""
    with st.expander("Sweep a parameter", expanded=not session.current().view.sweep):
        _form(dataset, projection)
    found = _found()
    if found is not None:
        _curves(found)
        _multiples(found, dataset, projection)
        frame.how(HOW)


def _form(dataset: Dataset, projection: Projection) -> None:
    rows = [m for m in forms.usable("clustering", dataset) if m.params]
    ids = [m.id for m in rows]
    left, middle, right = st.columns(3)
    chosen = left.selectbox(
        "Method",
        ids,
        format_func=lambda i: registry.get("clustering", i).label,
        key="sweep-method",
        persist_state="session",
    )
    method = registry.get("clustering", chosen or ids[0])
    params = sweeping.swept(method)
    name = middle.selectbox(
        "Parameter",
        [p.name for p in params],
        format_func=lambda n: next(p.label for p in params if p.name == n),
        key=f"sweep-over-{method.id}",
        persist_state="session",
    )
    param = next(p for p in params if p.name == name)
    start = ", ".join(str(v) for v in sweeping.suggested(param, dataset.n))
    text = right.text_input(
        "Values",
        start,
        key=f"sweep-values-{method.id}-{name}",
        help=f"{param.help} Up to {sweeping.MOST_VALUES} values, separated by commas.",
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        space = st.selectbox(
            "Measure distances in",
            ["full", "map"],
            format_func={"full": "All features", "map": "This map"}.get,
            key="sweep-space",
            width=200,
        )
        runs = st.number_input(
            "Reruns per value", 0, 10, 3, key="sweep-runs", width=160, help="0: no stability."
        )
        seed = st.number_input("Seed", 0, 2**32 - 1, 0, key="sweep-seed", width=120)
        pressed = st.button("Sweep", type="primary", key="run-sweep")
    said = frame.method_said("clustering", method.id)
    st.caption(f"The other parameters of {safe_md(said)} stay at their defaults.")
    if not pressed:
        return
    try:
        values = sweeping.parsed(text, param)
        runs = 2 if runs == 1 else int(runs)
        own_map = projection if space == "map" else None
        request = sweep_request(
            dataset, method.id, name, values, None, int(seed), space, own_map, runs=runs
        )
    except BadInput as error:
        frame.sentence(str(error), "error")
        return
    session.retry(request.digest)
    session.ask(request)
    session.change(sweep=request.digest)
    st.rerun()


def _found() -> Gallery | None:
    """The sweep of the view: stored, or under way."""
    digest = session.current().view.sweep
    if not digest:
        st.caption("Small pictures of every value and a curve of stability stand here.")
        return None
    found = session.load(digest)
    if found is not None:
        return found
    if (request := session.request_of(digest)) is not None:
        found = frame.try_ask(request)
        if found is None and services.runner().request(digest) is not None:
            st.caption("The values are being tried; results so far are kept, also on cancel.")
        return found
    st.caption("The sweep of this link is no longer stored here: sweep again.")
    return None


def _curves(found: Gallery) -> None:
    from analytics.figures.curves import curve
    from analytics.figures.perception import banded

    st.markdown(f"**{safe_md(found.facts['method'])}.** {safe_md(found.sentence)}")
    worked = [e for e in found.entries if "error" not in e]
    numeric = all(isinstance(e["value"], (int, float)) for e in worked) and not any(
        isinstance(e["value"], bool) for e in worked
    )
    x = [e["value"] for e in worked] if numeric else list(range(1, len(worked) + 1))
    label = found.facts["label"] if numeric else f"{found.facts['label']}, in order"
    left, right = st.columns(2, gap="medium")
    if any("stability" in e for e in worked):
        columns = [[e.get(k, np.nan) for e in worked] for k in ("stability", "low", "high")]
        columns = [[np.nan if v is None else v for v in c] for c in columns]
        figure = banded(
            x, *columns, x_title=label, y_title="Stability (ARI)", dark=frame.dark(), height=280
        )
        with left:
            st.plotly_chart(
                figure,
                theme=None,
                key="sweep-stability",
                config={"displayModeBar": False},
                alt="Stability per value; the table below holds the same numbers.",
            )
    figure = curve(
        x,
        [e["n_clusters"] for e in worked],
        x_title=label,
        y_title="groups",
        dark=frame.dark(),
        height=280,
    )
    with right:
        st.plotly_chart(
            figure,
            theme=None,
            key="sweep-groups",
            config={"displayModeBar": False},
            alt="Number of groups per value; the table below holds the same numbers.",
        )
    _table(found)


def _table(found: Gallery) -> None:
    lines = [
        {
            found.facts["label"]: str(e["value"]),
            "groups": e.get("n_clusters"),
            "noise": share(e["noise_share"]) if "noise_share" in e else "–",
            "stability": interval(e.get("stability"), e.get("low"), e.get("high")),
            "silhouette": number(e.get("silhouette")),
            "seconds": e.get("seconds"),
            "problem": e.get("error", ""),
        }
        for e in found.entries
    ]
    with st.expander("As a table"):
        st.dataframe(pd.DataFrame(lines), hide_index=True, lazy=False, key="sweep-table")


def _multiples(found: Gallery, dataset: Dataset, projection: Projection) -> None:
    shown = {
        e["digest"]: r
        for e in found.entries
        if "digest" in e and (r := comparing.result_of(e["digest"], dataset)) is not None
    }
    if not shown:
        st.caption("The results of this sweep are of other data, or no longer stored.")
        return
    reference = next(iter(shown.values()))
    view = session.current().view
    places = frame.places(len(found.entries), ACROSS)
    for i, e in enumerate(found.entries):
        with places[i]:
            mark = " · steadiest" if i == found.chosen else ""
            st.markdown(f"**{safe_md(e['value'])}**{mark}")
            if e.get("digest") not in shown:
                st.caption(safe_md(e.get("error", "no longer stored")))
                continue
            r = shown[e["digest"]]
            st.image(
                gallery.small(r, reference, projection),
                width="stretch",
                alt=f"Map of {count(e['n_clusters'], 'group')} at {e['value']}",
            )
            said = [count(e["n_clusters"], "group")]
            said += [f"stability {number(e['stability'])}"] if e.get("stability") else []
            st.caption(safe_md(" · ".join(said)))
            picked = [d for d in view.compared if d != r.digest]
            inside = r.digest in view.compared
            if st.button(
                "Leave out" if inside else "Compare",
                key=f"sweep-compare-{r.digest}",
                type="tertiary",
                disabled=not inside and len(picked) >= 6,
            ):
                session.change(compared=tuple(picked if inside else [*picked, r.digest]))
                st.rerun()
