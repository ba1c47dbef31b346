"""How columns, counts and values are written in notes and messages."""

from collections.abc import Sequence

from analytics.data.naming import TURNING

LONGEST = 40


def name(value: object) -> str:
    """A column name or cell in quotes, cut to 40 characters."""
    text = " ".join(TURNING.sub("", str(value)).split())
    return "'" + (text if len(text) <= LONGEST else text[: LONGEST - 1] + "…") + "'"


def names(values: Sequence[object], shown: int = 3) -> str:
    """A few names in quotes, then how many more there are."""
    text = ", ".join(name(v) for v in values[:shown])
    more = len(values) - shown
    return f"{text} and {more:,} more" if more > 0 else text


def count(n: int, noun: str, plural: str = "") -> str:
    """ "1 row", "20,000 rows"."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"
