"""Texts from data made safe to show, and numbers made readable."""

import html
import math
import re
from datetime import UTC, datetime

from analytics.data.naming import TURNING
from analytics.shares import share

__all__ = [
    "about_seconds",
    "count",
    "escape",
    "interval",
    "marked",
    "number",
    "safe_md",
    "share",
    "when",
]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:$&])")
_SPACES = re.compile(r"[^\S\u00a0]+")  # a no-break space stays: "35 %" is not broken in two


def safe_md(text: object) -> str:
    """Text with every Markdown sign escaped: no image, link or directive can come from data, and
    nothing that turns the words around it."""
    return _MARKDOWN.sub(r"\\\1", _SPACES.sub(" ", TURNING.sub("", str(text))).strip())


def escape(text: object) -> str:
    """The same for HTML."""
    return html.escape(TURNING.sub("", str(text)))


def number(value: float | None, digits: int = 2) -> str:
    """A number as shown everywhere: fixed decimals, or a dash when there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    if abs(value) >= 10**5:
        return f"{value:.3g}"
    return f"{round(value, digits) + 0.0:,.{digits}f}"  # + 0.0 makes -0.00 a plain 0.00


def interval(value: float | None, low: float | None, high: float | None, digits: int = 2) -> str:
    """A number with its interval."""
    shown = number(value, digits)
    if low is None or high is None or value is None:
        return shown
    return f"{shown} ({number(low, digits)}–{number(high, digits)})"


def count(n: int, one: str, many: str | None = None) -> str:
    """A count with its noun: "1 row", "1,204 rows"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def about_seconds(seconds: float) -> str:
    """A cost estimate in words."""
    if seconds < 1.5:
        return "about a second"
    if seconds < 90:
        return f"about {seconds:.0f} s"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.0f} h"


def when(moment: datetime | None) -> str:
    """How long ago something happened."""
    if moment is None:
        return ""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for limit, size, noun in (
        (60, 1, ""),
        (3600, 60, "minute"),
        (86400, 3600, "hour"),
        (30 * 86400, 86400, "day"),
    ):
        if seconds < limit:
            return f"{count(int(seconds // size), noun)} ago" if noun else "just now"
    return moment.strftime("%d %b %Y")


def marked(text: str, words: list[str]) -> str:
    """A text as HTML with some words marked; nothing in it is markup of its own."""
    words = [w for w in dict.fromkeys(words) if w]
    if not words:
        return escape(text)
    inside = "|".join(re.escape(w) for w in sorted(words, key=len, reverse=True))
    parts = re.split(rf"((?<!\w)(?:{inside})(?!\w))", text, flags=re.IGNORECASE)
    return "".join(f"<mark>{escape(p)}</mark>" if i % 2 else escape(p) for i, p in enumerate(parts))
