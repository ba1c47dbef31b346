"""The notes for teachers of all lessons as one page to print."""

import re
from collections.abc import Iterable
from html import escape

from analytics.lessons.lesson import Lesson

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;"
    "color:#1B2330;background:#fff}h1{font-size:24px}h2{font-size:18px;margin-top:2rem}"
    "p.how{color:#5B6472}section{break-inside:avoid}@media print{body{margin:0}}"
)


def page(lessons: Iterable[Lesson]) -> str:
    """A whole HTML page without outside requests."""
    body = "".join(_lesson(lesson) for lesson in lessons)
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        "<title>Lessons for teachers</title>"
        f"<style>{_STYLE}</style><h1>Gestalt: lessons for teachers</h1>{body}</html>"
    )


def _lesson(lesson: Lesson) -> str:
    after = "".join(f"<li>{escape(text)}</li>" for text in lesson.after)
    steps = "".join(f"<li>{escape(step.title)}</li>" for step in lesson.steps)
    return (
        f"<section><h2>{escape(lesson.title)}</h2>"
        f"<p class='how'>About {lesson.minutes} minutes. {escape(lesson.line)}</p>"
        f"<p><b>Afterwards learners know</b></p><ul>{after}</ul>{html(lesson.teacher)}"
        f"<p><b>The steps</b></p><ol>{steps}</ol></section>"
    )


def html(notes: str) -> str:
    """The Markdown of notes (paragraphs, "- " lists, **strong**) as HTML; all else is text."""
    blocks, lines = [], []
    for line in [*notes.splitlines(), ""]:
        if line.strip() and not (line.startswith("- ") and lines and not lines[0].startswith("- ")):
            lines.append(line)
            continue
        blocks += [_block(lines)] if lines else []
        lines = [line] if line.strip() else []
    return "".join(blocks)


def _block(lines: list[str]) -> str:
    if not lines[0].startswith("- "):
        return f"<p>{_inline(' '.join(lines))}</p>"
    items = re.split(r"(?:^|\n)- ", "\n".join(lines))[1:]
    return "<ul>" + "".join(f"<li>{_inline(' '.join(i.split()))}</li>" for i in items) + "</ul>"


def _inline(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(text))
