"""A review as slides: its parts in their order, each cut to what one slide holds.

The page needs no script to be read: without one, all slides stand below each other.
"""

import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from analytics.figures.theme import cluster_colors
from analytics.report import ticks as grading
from analytics.review import markup, writing
from analytics.review.document import section
from analytics.review.sections import SECTIONS

LETTERS = 75  # of a line on a slide
LINES = 10  # of a slide
MOST_ROWS = 7  # of a table on one slide


def slides(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One plain dict per slide: "kind" ("title", "text", "picture", "ticks", "tried"), "title",
    "html" (safe), and "rows" of its table."""
    evidence = document["evidence"]
    made = [{"kind": "title", "title": document["title"], "html": _under_title(evidence)}]
    for name in SECTIONS:
        part = section(document, name)
        texts = paged(part["text"])
        if name == "picture":
            made.append(_slide("picture", part["title"], texts[0]))
            texts = texts[1:]
        made += [_slide("text", part["title"], text) for text in texts]
        if name == "ticks":
            made += _tables("ticks", part["title"], ticks(evidence))
        if name == "tried":
            made += _tables("tried", part["title"], tried(evidence["tried"]))
    return made


def _slide(kind: str, title: str, text: str, rows=()) -> dict[str, Any]:
    return {"kind": kind, "title": title, "html": markup.to_html(text), "rows": list(rows)}


def _tables(kind: str, title: str, rows: list[dict]) -> list[dict[str, Any]]:
    return [
        _slide(kind, title, "", rows[start : start + MOST_ROWS])
        for start in range(0, len(rows), MOST_ROWS)
    ]


def _under_title(evidence: Mapping[str, Any]) -> str:
    data, groups = evidence["data"], evidence["clustering"]
    size = f"{writing.many(data['rows'], 'row')}, {writing.many(data['columns'], 'column')}"
    made = f"{evidence['map']['label']} map"
    found = f", {writing.many(groups['groups'], 'group')} by {groups['label']}" if groups else ""
    return markup.to_html(f"{data['name']}: {size}\n{made}{found}")


def ticks(evidence: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One line per cluster: name, colour, rows, and each tick as (sign, number with interval)."""
    clusters = evidence["clusters"]
    colors = cluster_colors(max([c["label"] + 1 for c in clusters], default=1))
    return [
        {
            "name": c["name"],
            "color": colors[c["label"]],
            "rows": f"{c['size']:,}",
            **{tick: _tick(c, tick) for tick in grading.SIGNS},
        }
        for c in clusters
    ]


def _tick(cluster: Mapping[str, Any], tick: str) -> tuple[str, str]:
    """A tick of a cluster: full, half or empty, and its number."""
    span = cluster["interval"] if tick == "explainable" else ()
    sign = grading.sign(tick, grading.grades(cluster)[tick])
    return ("" if cluster[tick] is None else sign), writing.shown(cluster[tick], *span)


def tried(found: Mapping[str, Any]) -> list[dict[str, str]]:
    """One line per other run: its name and what is known of it."""
    groups = [
        {
            "name": c["name"],
            "facts": f"silhouette {writing.shown(c['silhouette'])}, "
            f"ARI with these {writing.shown(c['ari'])}",
        }
        for c in found["clusterings"]
    ]
    maps = [
        {
            "name": f"{m['name']} map",
            "facts": f"ambiguity {writing.shown(m['ambiguity'])}, "
            f"trustworthiness {writing.shown(m['trustworthiness'])}",
        }
        for m in found["maps"]
    ]
    return groups + maps


def paged(text: str, lines: int = LINES) -> list[str]:
    """The text cut into pieces for one slide each, between lines or else between sentences; no
    word is lost. At least one piece."""
    pages, held, used = [], [], 0
    for line in _lines(text, LETTERS * lines // 2):
        size = math.ceil(len(line) / LETTERS)
        if used and used + size > lines:
            pages.append("\n".join(held).strip("\n"))
            held, used = [], 0
        held.append(line)
        used += size
    if used or not pages:
        pages.append("\n".join(held).strip("\n"))
    return pages


def _lines(text: str, most: int) -> list[str]:
    """The lines of a text, those over ``most`` letters cut between sentences, or between words."""
    out = []
    for whole in text.split("\n"):
        line = whole
        while len(line) > most:
            ends = [m.end() for m in re.finditer(r"[.!?;] ", line[:most])]
            cut = ends[-1] if ends else line.rfind(" ", 1, most) + 1 or most
            out.append(line[:cut].rstrip())
            line = line[cut:].lstrip()
        out.append(line.rstrip())
    return out


def page(document: Mapping[str, Any], *, back: str, pictures: tuple[str, str], about: str) -> str:
    """The slides as one HTML page.

    back : the address of the review. pictures : addresses of the map, light and dark, "" for none.
    about : the line at the foot, which version this is.
    """
    from jinja2 import Environment, FileSystemLoader, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=select_autoescape(["j2"])
    )
    return environment.get_template("slides.html.j2").render(
        title=document["title"],
        slides=slides(document),
        back=back,
        light=pictures[0],
        dark=pictures[1],
        about=about,
        alt=markup.plain(section(document, "picture")["text"]),
    )
