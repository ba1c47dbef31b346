"""What the ambiguity score says, in words."""

import numpy as np

from analytics.results import Ambiguity


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
