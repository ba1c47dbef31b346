"""How ambiguous two columns of a large file look, of all its rows."""

import streamlit as st

from analytics.bigdata import where
from pages.ui import findings, frame, pairs
from pages.ui.words import safe_md

ASKED = "whole-file-axes"


def panel(place: where.Place, facts: dict, key: str) -> None:
    """The columns to draw, and what was found for those asked for last; ``key`` names the file."""
    numeric = [c for c, f in facts["by_column"].items() if f["kind"] == "number"]
    if len(numeric) < 2:
        return
    st.markdown("**How ambiguous two columns look**")
    left, right = st.columns(2)
    x = left.selectbox("Across", numeric, key=f"across-{key}")
    y = right.selectbox("Up", [c for c in numeric if c != x], key=f"up-{key}")
    if st.button(f"Score all {facts['rows']:,} rows"):
        st.session_state[ASKED] = (key, x, y)
    if st.session_state.get(ASKED) == (key, x, y):
        _found(place, facts["by_column"], (x, y))


def _found(place: where.Place, columns: dict, axes: tuple[str, str]) -> None:
    from analytics.bigdata import scoring
    from analytics.perception.operations import aspect_of

    across, up = ((columns[c]["max"] or 0.0) - (columns[c]["min"] or 0.0) for c in axes)
    wanted = scoring.large_ambiguity_request(place, axes, aspect_of(across, up))
    result = frame.try_ask(wanted)
    if result is None:
        frame.soon(
            wanted, "The picture and its score stand here as soon as the file has been read."
        )
        return
    counted = frame.try_ask(scoring.large_lattice_request(wanted))
    picture, words = st.columns([2, 1], gap="medium")
    if counted is not None:
        with picture:
            _picture(result, counted, axes)
    with words:
        findings.score(result, result.n, letters=True)
        pairs.warnings(result)
        for note in result.notes:
            st.caption(safe_md(note))


def _picture(result, counted, axes: tuple[str, str]) -> None:
    from analytics.bigdata.lattice import counts
    from analytics.bigdata.scoring import unpacked
    from analytics.figures.density import density

    image, across, up = counts(unpacked(counted))
    figure = density(
        image,
        across,
        up,
        axes,
        ellipses=(result.means, result.covariances, pairs.names(result)),
        aspect=result.aspect,
        dark=frame.dark(),
    )
    st.plotly_chart(
        figure,
        theme=None,
        key=f"density-{counted.digest}",
        config=pairs.QUIET,
        alt=f"All {result.n:,} points of {axes[0]} and {axes[1]}, counted in squares: the darker "
        f"a square, the more points it holds. {result.n_components} ellipses mark the groups.",
    )
