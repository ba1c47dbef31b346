"""The projection advisor: ask for it, its Pareto front, and its maps to open."""

import streamlit as st

from analytics.errors import BadInput
from analytics.operations import Request
from analytics.results import Dataset, Gallery
from pages.ui import findings, frame, session
from pages.ui.words import about_seconds, interval, number, safe_md

GO_TO = "pictures-go-to"
ASKED = "pictures-advice"
BUDGETS = (30, 60, 120, 300, 900)
ACROSS = 4
FIRST = 8

HOW = """
Maps are drawn by several methods with many settings. Each is compared with the data: *steadiness*
asks whether groups seen on the map exist in the data, *cohesiveness* whether groups of the data
stay whole on the map (Jeon et al. 2021); their F1 score is the faithfulness. Of the maps whose
faithfulness is the best one's within its noise, or at most 10 % lower and not below any method's
default map beyond the noise, the one with the least ambiguity (CLAMS, the upper end of its
interval) is recommended, after the AmbReducer of Jeon et al. 2023.

A map must also stand well above one with its rows shuffled: at least a quarter of the way from
there to 1. A map that reads as a single group has ambiguity 0 by definition and is recommended only
when all faithful maps do. Intervals are 95 % for faithfulness and 90 % for ambiguity.
"""


def advisor(dataset: Dataset) -> None:
    """Controls and, once it is there, the recommendation."""
    from analytics.pictures.operations import advice_request
    from analytics.pictures.sweep import check_methods

    with st.container(horizontal=True, vertical_alignment="bottom"):
        seconds = st.selectbox(
            "Look for",
            BUDGETS,
            index=1,
            format_func=about_seconds,
            key="advice-seconds",
            persist_state="session",
            width=180,
        )
        pressed = st.button("Find a map", type="primary", key="run-advice")
    with st.expander("More settings"):
        methods, search, seed = _settings()
    if pressed:
        try:
            check_methods(methods)
            request = advice_request(
                dataset, methods, {"seconds": seconds, "search": search}, int(seed)
            )
        except BadInput as error:
            frame.sentence(str(error), "error")
            return
        st.session_state[ASKED] = {**_asked(), dataset.digest: request}
        start_job(request)
    request = _asked().get(dataset.digest)
    if request is None:
        st.caption(
            "Draws this data by several methods and settings, and recommends the map that people "
            "would read alike among those that keep the groups of the data."
        )
        return
    found = frame.try_ask(request)
    if found is None:
        frame.soon(request, "Maps are being drawn; they are kept, also when you cancel.")
        return
    _show(found)


def start_job(request: Request) -> None:
    """Run a request as a job, also when it failed before, and draw the page with its progress."""
    session.retry(request.digest)
    session.ask(request)
    st.rerun()


def _asked() -> dict:
    return st.session_state.get(ASKED) or {}


def _settings() -> tuple[list[str], str, int]:
    from analytics.pictures.sweep import DEFAULT_METHODS, METHODS

    methods = st.multiselect(
        "Methods",
        METHODS,
        default=DEFAULT_METHODS,
        format_func=lambda m: frame.method_label("projection", m),
        key="advice-methods",
        persist_state="session",
    )
    search = st.selectbox(
        "Search",
        ("sweep", "bayes"),
        format_func={
            "sweep": "cover the settings evenly",
            "bayes": "go where maps were good (Bayesian, t-SNE and UMAP)",
        }.get,
        key="advice-search",
        persist_state="session",
    )
    seed = st.number_input("Seed", 0, 2**32 - 1, 0, key="advice-seed", persist_state="session")
    return methods, search, seed


def _show(found: Gallery) -> None:
    from analytics.figures.pareto import pareto

    entries = found.entries
    chart, facts = st.columns([2.4, 1], gap="medium")
    with chart:
        faithful = [e["faithfulness"] for e in entries if e["faithful"]]
        figure = pareto(
            entries,
            chosen=found.chosen,
            least=min(faithful) if faithful else None,
            labels={e["method"]: frame.method_label("projection", e["method"]) for e in entries},
            dark=frame.dark(),
            height=440,
        )
        st.plotly_chart(
            figure,
            theme=None,
            key="pareto",
            alt="Every map tried, by how faithful and how ambiguous it is; one is recommended.",
            config={"displayModeBar": False},
        )
        st.caption("Shaded: as faithful as the best. Dotted: maps that no other beats in both.")
    with facts:
        _recommendation(found)
    for note in found.notes:
        st.caption(safe_md(note))
    best = found.entries[found.chosen] if found.chosen >= 0 else None
    tiles(entries, FIRST, ACROSS, "maps", "advice-all", lambda e: _tile(e, e is best))


def _recommendation(found: Gallery) -> None:
    st.markdown(safe_md(found.sentence))
    if found.chosen >= 0:
        e = found.entries[found.chosen]
        rows = [
            ("Ambiguity", interval(e["ambiguity"], e["low"], e["high"])),
            (
                "Faithfulness (F1)",
                interval(e["faithfulness"], e["faithfulness_low"], e["faithfulness_high"]),
            ),
            ("Steadiness", number(e["steadiness"])),
            ("Cohesiveness", number(e["cohesiveness"])),
            ("Trustworthiness", number(e.get("trustworthiness"))),
            ("Continuity", number(e.get("continuity"))),
            ("With shuffled rows (F1)", number(found.facts["chance"])),
        ]
        findings.facts(rows, ("Recommended", "Score"))
        for d in found.facts["defaults"]:
            if d["method"] in ("tsne", "umap"):
                st.caption(safe_md(_versus(d)))
    frame.how(HOW)


def _versus(d: dict) -> str:
    """The recommended map against a default one, in a sentence."""
    if d["gap"] == 0 and not d["clearer"]:
        return f"{d['name']}: this is the recommended map."
    kept = "as faithful" if d["faithful"] else "less faithful"
    clear = "clearly less ambiguous" if d["clearer"] else "not clearly less ambiguous"
    return (
        f"Against {d['name']} (ambiguity {d['ambiguity']:.2f}, faithfulness "
        f"{d['faithfulness']:.2f}), the recommended map is {kept} and {clear}."
    )


def tiles(entries, first: int, across: int, what: str, key: str, draw) -> None:
    """Pictures in rows, the first ones at once and all on request; ``draw(entry)`` fills one."""
    many = len(entries) > first
    every = many and st.toggle(f"Show all {len(entries)} {what}", key=key)
    shown = entries if every else entries[:first]
    for start in range(0, len(shown), across):
        for slot, e in zip(st.columns(across), shown[start : start + across], strict=False):
            with slot:
                draw(e)


def _tile(e: dict, recommended: bool) -> None:
    from analytics.figures.raster import thumbnail
    from analytics.perception.operations import drawn_aspect

    projection = session.load(e["projection"])
    if projection is not None:
        aspect = drawn_aspect(projection)
        picture = thumbnail(projection.xy, dark=frame.dark(), aspect=aspect)
        st.image(picture, width="stretch")
    label = safe_md(e["name"])
    st.markdown(f"**{label}**" + (" · recommended" if recommended else ""))
    clear = "reads as one group"
    if e["n_components"] > 1:
        clear = f"ambiguity {interval(e['ambiguity'], e['low'], e['high'])}"
    kept = interval(e["faithfulness"], e["faithfulness_low"], e["faithfulness_high"])
    rest = "" if e["faithful"] else " · less faithful than the best"
    st.caption(safe_md(f"{clear} · faithfulness {kept}{rest}"))
    if projection is not None:
        open_map(e["projection"])


def open_map(digest: str) -> None:
    """A button that shows a stored map on the Map page."""

    def go():
        session.change(projection=digest)
        st.session_state[GO_TO] = "map.py"

    st.button("Open on the map", key=f"open-{digest}", type="tertiary", on_click=go)
