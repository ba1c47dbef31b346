"""What the ambiguity score says, in words."""

import numpy as np

from analytics.results import Ambiguity

# How the score is computed, for the page and the report: one paragraph each.
HOW = (
    "A mixture of Gaussians is fitted to the picture; for every pair of its components, a "
    "perception model predicts how many of ten people would see one group and how many two. The "
    "score is the mean uncertainty of these predictions: 0 means everyone would group the points "
    "alike, 1 means people would disagree as much as they can.",
    "The predictions come from a regression on fifteen features of the pair. It was trained on "
    "simulated people, who follow two published models of how people see clusters (the merge tree "
    "of the density, Quadri & Rosen 2021; overlap, Abbas et al. 2019), because the human "
    "judgements behind the original are not public. Which simulated people was settled on the "
    "order that the original CLAMS gave to 32 scatterplots; on plots left out of that choice the "
    "score agrees with the order by a rank correlation of 0.89.",
    "The interval holds the score of a very large sample from the same source about nine times in "
    "ten. The score speaks of one colour, of the aspect ratio stated, and of 30 points or more.",
    "Jeon et al., CLAMS: A Cluster Ambiguity Measure for Estimating Perceptual Variability in "
    "Visual Clustering, IEEE TVCG 2023.",
)


def component_name(index: int) -> str:
    """A, B, C ... for components by falling weight."""
    return chr(ord("A") + index)


def sentence(ambiguity: Ambiguity, letters: bool = False) -> str:
    """What the score says, in one sentence to stand beside the number.

    ``letters``: the components are drawn with their letters, so the worst pair can be named.
    """
    a = ambiguity
    if a.n_components == 1:
        return "This plot reads as one group, so there are no groups to disagree about."
    if a.ambiguity < 0.2:
        words = "would largely agree on the groups in this plot"
    elif a.ambiguity < 0.5:
        words = "would agree on some groups in this plot and differ on others"
    else:
        words = "would see different groups in this plot"
    if a.ambiguity < 0.2 or not letters:
        return f"People {words}."
    i, j = (component_name(c) for c in a.pairs[int(np.argmax(a.pair_ambiguity))])
    return f"People {words}; most of all they would differ on whether {i} and {j} are one."


def pair_sentence(ambiguity: Ambiguity, pair: int) -> str:
    """What people would see in the pair in row ``pair`` of ``ambiguity.pairs``."""
    i, j = (component_name(c) for c in ambiguity.pairs[pair])
    tenths = round(10 * (1 - float(ambiguity.separability[pair])))
    if tenths == 0:
        return f"{i} and {j}: nearly everyone would see two groups."
    if tenths == 10:
        return f"{i} and {j}: nearly everyone would see one group."
    return f"{i} and {j}: about {tenths} of 10 people would see one group."
