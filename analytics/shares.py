"""Shares as percentages, written in one way everywhere: "35 %", which no line breaks in two."""

SIGN = "\u00a0%"  # a no-break space and the sign


def percent(value: float, digits: int = 0) -> str:
    """A share 0-1 with fixed decimals: "35 %", "0.4 %"."""
    return f"{100 * value:.{digits}f}{SIGN}"


def share(value: float) -> str:
    """The same for readers: what is little but not nothing is "under 1 %"."""
    return percent(value) if value in (0, 1) or value >= 0.0095 else f"under 1{SIGN}"
