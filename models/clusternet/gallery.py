"""A page of generated scatterplots and what simulated people make of them, to be judged by eye.

``python -m models.clusternet.gallery --out gallery.html [--plots 100] [--seed 0]``: one row per
plot, drawn plain, then as people who go by shape and people who go by density grouped it. One file
that opens offline.
"""

import argparse
import base64
import html
import sys
from pathlib import Path

import numpy as np

from analytics.figures.raster import thumbnail
from models.clusternet.annotators import annotate
from models.clusternet.data import PEOPLE
from models.clusternet.scatterplots import FAMILIES, Scatterplot, make

SHOWN = (0, 1, 2, 10, 11, 12)  # three who go by shape, three who go by density
SIZE = (200, 150)
_STYLE = (
    "body{font:14px sans-serif;margin:24px}td{padding:4px;text-align:center;color:#5B6472}"
    "img{border:1px solid #DDE1E7}th{font-weight:600;padding:4px}"
)


def rows(plots: int, seed: int) -> list[tuple[Scatterplot, np.ndarray]]:
    """Plots, the families in turn, and the groupings (PEOPLE, n) of each."""
    names = list(FAMILIES)
    made = [make(seed + i, names[i % len(names)]) for i in range(plots)]
    return [
        (p, annotate(p.points, p.components, np.random.default_rng([seed, p.seed]), PEOPLE))
        for p in made
    ]


def _image(points: np.ndarray, groups: np.ndarray | None) -> str:
    picture = thumbnail(points.astype(np.float32), groups, SIZE)
    return f"<img src='data:image/png;base64,{base64.b64encode(picture).decode()}'>"


def page(plots: int, seed: int) -> str:
    """The gallery as one HTML page."""
    out = [
        "<!doctype html><meta charset='utf-8'><title>Simulated people</title>",
        f"<style>{_STYLE}</style>",
        f"<h1>{plots} scatterplots and what simulated people make of them</h1>",
        "<p>Would people group the points so? Grey points are left out.</p><table>",
        "<tr><th></th><th>as shown</th><th colspan=3>people who go by shape</th>"
        "<th colspan=3>people who go by density</th></tr>",
    ]
    for plot, groups in rows(plots, seed):
        cells = [_image(plot.points, None)]
        cells += [_image(plot.points, groups[i].astype(np.int32)) for i in SHOWN]
        name = f"{html.escape(plot.family)}<br>{len(plot.points):,} points<br>seed {plot.seed}"
        out.append(f"<tr><td>{name}</td>" + "".join(f"<td>{c}</td>" for c in cells) + "</tr>")
    return "\n".join([*out, "</table>"])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("gallery.html"))
    parser.add_argument("--plots", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    options.out.write_text(page(options.plots, options.seed), "utf-8")
    print(f"{options.out} written", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
