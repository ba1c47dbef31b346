"""Numbers put into the texts of lessons."""

import math
import re
from collections.abc import Callable

from analytics.lessons.lesson import Step
from analytics.shares import share

PLACE = re.compile(r"\{([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)?)\}")
COUNT, SHARE, PLAIN = "count", "share", "number"


def places(text: str) -> list[str]:
    """The names in braces, in order."""
    return PLACE.findall(text)


def mentions(step: Step) -> list[str]:
    """The names of things and numbers that a step speaks of, shows or compares with."""
    goal = step.more.get("goal", {})
    texts = [step.text, goal.get("text", ""), *(f.get("title", "") for f in step.show)]
    texts += [t for option in step.options for t in (option.text, option.why)]
    found = [name.partition(".")[0] for text in texts for name in places(text)]
    conditions = [c for option in step.options for c in option.when]
    values: list = [step.more.get(key) for key in ("numbers", "truth", "on", "data")]
    values += [v for part in (*conditions, *goal.get("when", ())) for v in part.values()]
    values += [v for figure in step.show for k, v in figure.items() if k not in ("title", "y")]
    for value in values:
        found += value if isinstance(value, (list, tuple)) else [value]
    return list(dict.fromkeys(name for name in found if isinstance(name, str)))


def stray(text: str) -> str:
    """The first digit or brace that is not part of a name in braces, "" if there is none."""
    rest = PLACE.sub("", text)
    found = re.search(r"[\d{}]", rest)
    return found.group() if found else ""


def fill(text: str, value: Callable[[str], str]) -> str:
    """The text with every name in braces replaced by ``value(name)``."""
    return PLACE.sub(lambda m: value(m.group(1)), text)


def shown(value: float | None, how: str) -> str:
    """A number in words: "12 %", "1,204" or "0.42"; a dash when there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    if how == SHARE:
        return share(value)
    if how == COUNT:
        return f"{round(value):,}"
    return f"{round(value, 2) + 0.0:,.2f}"


def of_param(value: object) -> str:
    """A parameter as written in a text."""
    if value is None:
        return "automatic"
    return f"{value:g}" if isinstance(value, float) else str(value)
