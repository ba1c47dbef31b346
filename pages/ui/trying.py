"""Two Gaussians to play with: how distance, shape and number change what people would see."""

import numpy as np
import streamlit as st

from analytics.shares import percent
from pages.ui import findings, frame

QUIET = {"displayModeBar": False}
HOW = """
Two Gaussians are drawn with the values of the sliders. The same regression that scores a whole
picture predicts the share of people who would see one group, and the entropy of that share is the
ambiguity of the pair: nobody doubts 0 or 10 of 10, and 5 of 10 is the most people can disagree. The
prediction speaks of the two Gaussians themselves; the points are one sample of them. It rests on
simulated people, as the whole score does.
"""


def tab() -> None:
    """The sliders, the picture and the two numbers."""
    from analytics.figures.perception import entropy_curve, points_and_ellipses
    from analytics.perception.separability import entropy, predict

    plot, facts, controls = st.columns([2.1, 1, 1], gap="medium")
    with controls:
        pair, points = _two_gaussians()
    share = predict(pair.take(np.array([0])), pair.take(np.array([1])))
    bits = entropy(share)
    with plot:
        figure = points_and_ellipses(
            points, pair.means, pair.covariances, ["A", "B"], dark=frame.dark()
        )
        alt = (
            f"{len(points):,} points of two Gaussians A and B, each with its ellipse; about "
            f"{round(10 * float(share[0]))} of 10 people would see one group."
        )
        st.plotly_chart(figure, theme=None, key="try-plot", config=QUIET, alt=alt)
    with facts:
        tenths = round(10 * float(share[0]))
        findings.finding(
            "Would see one group",
            percent(float(share[0])),
            f"About {tenths} of 10 people; the others would see two.",
        )
        findings.finding(
            "Ambiguity of the pair",
            f"{float(bits[0]):.2f}",
            "0 when all agree, 1 when half see one group and half see two.",
        )
        frame.how(HOW)
    figure = entropy_curve(1 - share, bits, ["A–B"], dark=frame.dark(), height=240)
    alt = (
        "Ambiguity against the share of people who would see two groups, highest at one half; the "
        f"pair stands at {percent(1 - float(share[0]))} with {float(bits[0]):.2f}."
    )
    st.plotly_chart(figure, theme=None, key="try-entropy", config=QUIET, alt=alt)


def _two_gaussians():
    """The pair that the sliders say, and one sample of it."""
    from analytics.perception.mixture import Gaussians

    distance = st.slider("Distance of the centres", 0.0, 10.0, 3.0, 0.1, key="try-distance")
    size = st.slider("Size of B over A", 0.2, 5.0, 1.0, 0.1, key="try-size")
    stretch = st.slider("How long and narrow both are", 1.0, 8.0, 1.0, 0.1, key="try-stretch")
    turn = st.slider("Turn of B, degrees", 0, 180, 0, 5, key="try-turn")
    share = st.slider("Share of the points in B", 0.02, 0.98, 0.5, 0.01, key="try-share")
    count = st.slider("Points drawn", 50, 2_000, 500, 50, key="try-count")
    angle = np.deg2rad(turn)
    axes = np.array([stretch**-0.5, stretch**0.5])  # long across the line between the centres
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    roots = np.stack([np.diag(axes), size * turned @ np.diag(axes)])
    means = np.array([[0.0, 0.0], [distance, 0.0]])
    rng = np.random.default_rng(0)
    which = (rng.random(count) < share).astype(int)
    noise = rng.normal(size=(count, 2))
    points = means[which] + np.einsum("nij,nj->ni", roots[which], noise)
    covariances = roots @ roots.transpose(0, 2, 1)
    return Gaussians(np.array([1 - share, share]), means, covariances), points
