"""The little markup of a review's texts, as HTML in which nothing else is markup.

Blank lines part paragraphs, lines that start with "- " make a list, ``**two stars**`` make bold.
All else is shown as typed, so no text can bring an element, a link or an image of its own.
"""

import re
from html import escape

_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")


def to_html(text: str) -> str:
    """The text as ``<p>``, ``<ul>``, ``<li>``, ``<b>`` and ``<br>``, everything else escaped."""
    parts = [_block(block) for block in re.split(r"\n\s*\n", text) if block.strip()]
    return "".join(parts)


def _block(block: str) -> str:
    """One paragraph, or lines and lists in turn."""
    out, lines, items = [], [], []

    def flush() -> None:
        if lines:
            out.append(f"<p>{'<br>'.join(lines)}</p>")
            lines.clear()
        if items:
            out.append("<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>")
            items.clear()

    for line in block.strip("\n").split("\n"):
        item = line.lstrip().startswith("- ")
        if (item and lines) or (not item and items):
            flush()
        shown = line.strip()
        (items if item else lines).append(_line(shown[2:].strip() if item else shown))
    flush()
    return "".join(out)


def _line(text: str) -> str:
    parts = _BOLD.split(text)
    return "".join(f"<b>{escape(p)}</b>" if i % 2 else escape(p) for i, p in enumerate(parts))


def plain(text: str) -> str:
    """The text without its markup, for names and titles."""
    return " ".join(_BOLD.sub(r"\1", text).split())
