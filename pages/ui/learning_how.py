"""How the numbers of a step are computed, and what the models behind them learned from."""

import streamlit as st

from analytics.errors import BadInput
from analytics.lessons import wording
from analytics.lessons.lesson import Step
from analytics.lessons.things import Found, Waiting
from analytics.perception.wording import HOW as CLAMS
from pages.ui import people
from pages.ui.words import safe_md

# By kind of thing that a step rests on.
_KINDS = {
    "ambiguity": "**Ambiguity.** " + "\n\n".join(CLAMS),
    "people": f"**Predicted people.** {people.HOW.strip()}\n\n{people.TRAINED.strip()}",
    "match": f"**Match with people.** {people.MATCH_HOW.strip()}",
    "reasons": "**Rules.** A decision tree of depth three tells each group from the rest (Breiman, "
    "Friedman, Olshen & Stone 1984). F1 is the harmonic mean of precision and recall; on rows left "
    "out, it is counted in five folds on rows the rule was not made from.",
    "curve": "**Curves.** Each number of groups is tried with k-means from four starts. The elbow "
    "is the knee of the spread by Satopaa et al. 2011, the silhouette is Rousseeuw's (1987), BIC "
    "is that of a mixture of Gaussians.",
    "stability": "**Coming back.** The method runs again on shares of the rows; each group's score "
    "is its mean best Jaccard overlap with the new groups (Hennig 2007).",
}
# By measure.
_MEASURES = {
    "agreement": "**Agreement.** Adjusted Rand index (Hubert & Arabie 1985): the share of pairs of "
    "points on which two groupings agree, corrected for chance; one is equal, nought is chance. "
    "Noise counts as one more group.",
    "wider": "**Width.** Root mean squared distance of the points to their middle, one group over "
    "the other.",
    "purity": "**Belonging.** Of the group found that holds most of a known group, the share of "
    "its points that belong there.",
}
_CARDS = ("quality", "faithfulness")


def show(found: Found, step: Step) -> None:
    """A fold with what is behind the numbers and predictions of a step, if there are any."""
    lesson, parts = found.lesson, []
    names = wording.mentions(step)
    if step.kind == "reveal":
        names += wording.mentions(lesson.guess(step.more["of"]))
    for name in dict.fromkeys(names):
        number = lesson.numbers.get(name)
        things = [lesson.things[n] for n in _rest(lesson, name)]
        parts += [_KINDS[t.kind] for t in things if t.kind in _KINDS]
        if number is not None and number.measure in _MEASURES:
            parts.append(_MEASURES[number.measure])
        if number is not None and things and things[0].kind in _CARDS:
            parts.append(_help(found, number))
    parts = [p for p in dict.fromkeys(parts) if p]
    if parts:
        with st.popover("How is this computed?", type="tertiary"):
            st.markdown("\n\n".join(parts))


def _rest(lesson, name: str) -> list[str]:
    """The things that a name stands for or, if it is a number, is read off."""
    if name in lesson.things:
        return [name]
    of = lesson.numbers[name].of if name in lesson.numbers else ()
    return [thing for part in of for thing in _rest(lesson, part)]


def _help(found: Found, number) -> str:
    """What a score says of itself, once it is there."""
    try:
        score = found.thing(number.of[0]).values[number.given["name"]]
    except (Waiting, BadInput, KeyError):
        return ""
    return f"**{safe_md(score.label)}.** {safe_md(score.help)}"
