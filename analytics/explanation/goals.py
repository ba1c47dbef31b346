"""What a goal asks for: the aspect to group texts by, and the form of a description."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from analytics.errors import BadInput

TOPIC, LANGUAGE, STYLE, FEELING, LENGTH = "topic", "language", "style", "feeling", "length"
MOST_LETTERS = 2000

# Words that point to an aspect; the aspect with the most of them wins, and a topic wins a tie.
_CUES = {
    TOPIC: r"topics?|subjects?|themes?|about|ontolog\w*|categor\w*|issues?|contents?|domains?",
    LANGUAGE: r"languages?|sprachen?|langues?|idiomas?|tongues?",
    STYLE: r"styles?|forms?|formats?|genres?|tones?|registers?|formal\w*|written like",
    FEELING: r"sentiments?|feelings?|emotions?|moods?|attitudes?|opinions?|positive|negative",
    LENGTH: r"lengths?|how long|short|longer|shorter",
}
_FORMS = {
    TOPIC: "is about {}",
    LANGUAGE: "is written in {}",
    STYLE: "is written as {}",
    FEELING: "expresses {} feelings",
    LENGTH: "is {}",
}
# A form in quotes; an apostrophe inside a word is no quote.
_PART = r"((?:[^\"'‘’“”«»<>]|(?<=\w)['’](?=\w)){0,200})"
_SLOT = re.compile(rf"(?<!\w)[\"'‘’“”«]{_PART}<[^<>]{{0,100}}>{_PART}[\"'‘’“”»]")
_THE_FORM = re.compile(r"\b(in|of|with) (the|this|a) (form|format)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Goal:
    """aspect : one of TOPIC, LANGUAGE, STYLE, FEELING, LENGTH. form : a description with ``{}``
    where its own words stand."""

    aspect: str
    form: str

    def describe(self, words: str) -> str:
        """The description that says these words."""
        return self.form.format(words)

    def words(self, description: str) -> str:
        """A description's own words, without the form that all descriptions share."""
        before, after = self.form.split("{}")
        text = description.strip().rstrip(".")
        low = text.casefold()
        if low.startswith(before.casefold()) and low.endswith(after.casefold()):
            return text[len(before) : len(text) - len(after)].strip() or text
        return re.sub(_LEADS, "", text, count=1, flags=re.IGNORECASE).strip() or text


_LEADS = (
    r"^(the text |it |this text )?((is|are) (about|on|written (in|as|like))|"
    r"(has|have) an? [a-z ]{1,40} of|talks? about|discuss(es)?|mentions?|describes?|concerns?|"
    r"deals? with|expresses)\s+"
)


def read(goal: str, examples: Sequence[str] = ()) -> Goal:
    """What a goal sentence asks for. goal : for instance "Group by topic, in the form 'has a topic
    of <something>'". examples : descriptions whose shared beginning is taken as the form when the
    goal names none. Raises BadInput when the goal is empty or too long."""
    if not goal.strip():
        raise BadInput('The goal is empty: say by what to group the texts, for example "by topic".')
    if len(goal) > MOST_LETTERS:
        raise BadInput(f"The goal has {len(goal):,} letters: use at most {MOST_LETTERS:,}.")
    said = _THE_FORM.sub(" ", goal)
    aspect = _aspect(_SLOT.sub(" ", said)) or _aspect(f"{said} {' '.join(examples)}") or TOPIC
    return Goal(aspect, _form(goal, examples) or _FORMS[aspect])


def _aspect(text: str) -> str:
    """The aspect that most words point to, a topic on a tie; "" when none does."""
    count = {
        aspect: len(re.findall(rf"\b(?:{cues})\b", text, re.IGNORECASE))
        for aspect, cues in _CUES.items()
    }
    aspect = max(count, key=lambda name: (count[name], name == TOPIC))
    return aspect if count[aspect] else ""


def _form(goal: str, examples: Sequence[str]) -> str:
    slot = _SLOT.search(goal)
    if slot:
        before, after = (part.replace("{", "").replace("}", "") for part in slot.groups())
        return f"{before}{{}}{after}" if (before + after).strip() else ""
    if len(examples) < 2:
        return ""
    shared = []
    for words in zip(*(e.split() for e in examples), strict=False):
        if len(set(words)) > 1:
            break
        shared.append(words[0].replace("{", "").replace("}", ""))
    return f"{' '.join(shared)} {{}}" if shared else ""
