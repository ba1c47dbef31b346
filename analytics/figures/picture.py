"""Pictures of a map made on the server: PNG through Pillow and our rasteriser, SVG as text.

Both need no browser and no network, and give the same bytes for the same input.
"""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np

from analytics.figures import links as linking
from analytics.figures import svg, theme
from analytics.figures.marks import Limits, Marks
from analytics.figures.plan import plan
from analytics.figures.raster import png, raster, stamp

MAX_VECTOR = 50_000
_FONTS = Path(__file__).resolve().parents[2] / "assets" / "fonts"


def map_png(xy: np.ndarray, **options: Any) -> bytes:
    """A map as a PNG file. Options and errors: see :func:`analytics.figures.plan.plan`."""
    from PIL import Image, ImageDraw

    found = plan(xy, **options)
    t, (x, y, w, h) = found["tokens"], found["box"]
    image = Image.new("RGB", found["size"], t["paper"])
    # Drawn at twice the size and averaged down, for smooth edges.
    dots = Image.fromarray(_dots(found["marks"], found["limits"], (2 * w, 2 * h), 2 * found["dot"]))
    over = Image.new("RGBA", (2 * w, 2 * h), (0, 0, 0, 0))
    pen = ImageDraw.Draw(over)
    for (x0, y0), (x1, y1) in found["grid"]:
        corners = (2 * (x0 - x), 2 * (y0 - y), 2 * (x1 - x), 2 * (y1 - y))
        pen.line(corners, fill=t["rule"], width=round(found["unit"]))
    light = (*linking.COLOR, round(255 * linking.opacity(len(found["links"]))))
    for (x0, y0), (x1, y1) in found["links"]:
        corners = (2 * (x0 - x), 2 * (y0 - y), 2 * (x1 - x), 2 * (y1 - y))
        pen.line(corners, fill=light, width=max(1, round(found["unit"])))
    paper = Image.new("RGBA", (2 * w, 2 * h), t["paper"])
    paper.alpha_composite(over)
    paper.alpha_composite(dots)
    over.paste((0, 0, 0, 0), (0, 0, 2 * w, 2 * h))
    for ring, color in found["rings"]:
        path = [(2 * (a - x), 2 * (b - y)) for a, b in ring]
        pen.line(path, fill=(*theme.rgb(color), 230), width=round(3.2 * found["unit"]))
    paper.alpha_composite(over)
    image.paste(paper.convert("RGB").resize((w, h), Image.Resampling.BOX), (x, y))
    pen = ImageDraw.Draw(image)
    if found["bar"]:
        bx, by, bw, bh = found["bar"]
        steps = theme.ramp(found["dark"], bh)
        for i, color in enumerate(reversed(steps)):
            pen.rectangle((bx, by + i, bx + bw, by + i), fill=color)
    _key(image, found)
    for word in found["words"]:
        _write(pen, word, t["paper"])
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def map_svg(xy: np.ndarray, **options: Any) -> str:
    """A map as a standalone SVG document. Options and errors: see
    :func:`analytics.figures.plan.plan`.

    Up to 50,000 points are vector marks; more are embedded as one image, the words stay words.
    """
    found = plan(xy, **options)
    t, (x, y, w, h) = found["tokens"], found["box"]
    width, height = found["size"]
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'width="{width}" height="{height}" font-family="{theme.FONT}">',
        f"<title>{svg.text(found['title'] or 'Map')}</title>",
        f'<rect width="{width}" height="{height}" fill="{t["paper"]}"/>',
        f'<clipPath id="plot"><rect x="{x}" y="{y}" width="{w}" height="{h}"/></clipPath>',
        '<g clip-path="url(#plot)">',
    ]
    for (x0, y0), (x1, y1) in found["grid"]:
        out.append(
            f'<path d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" stroke="{t["rule"]}" '
            f'stroke-width="{found["unit"] / 2:.2f}"/>'
        )
    out += svg.links(found["links"], found["unit"])
    if len(found["marks"].rows) > MAX_VECTOR:
        dots = _dots(found["marks"], found["limits"], (2 * w, 2 * h), 2 * found["dot"])
        data = base64.b64encode(png(dots)).decode()
        source = f'href="data:image/png;base64,{data}"'
        out.append(f'<image x="{x}" y="{y}" width="{w}" height="{h}" {source}/>')
    else:
        out += svg.dots(found["marks"], found["limits"], found["box"], found["dot"])
    for ring, color in found["rings"]:
        path = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in ring) + "Z"
        stroke = f'stroke="{color}" stroke-width="{1.6 * found["unit"]:.2f}"'
        out.append(f'<path d="{path}" fill="{color}" fill-opacity="0.06" {stroke}/>')
    out.append("</g>")
    if found["bar"]:
        out += svg.bar(found["bar"], found["dark"])
    out += svg.key(found["key"], found["unit"], t["muted"])
    out += [svg.line(word, t["paper"]) for word in found["words"]]
    return "\n".join([*out, "</svg>"])


def _dots(found: Marks, limits: Limits, size: tuple[int, int], diameter: float) -> np.ndarray:
    """All points as RGBA (h, w, 4)."""
    few = len(found.rows) <= MAX_VECTOR
    return raster(
        found.xy,
        found.codes,
        found.colors,
        limits,
        size,
        shapes=found.shapes if few else None,
        layer=~found.faint,
        diameter=diameter if few else min(diameter, 3.0),
        floor=0.75 if few else 0.45,
    )


def _key(image: Any, found: dict) -> None:
    """Draw the marks of the key of shapes, with the stamps that draw the points."""
    color = theme.rgb(found["tokens"]["muted"])
    for shape, x, y in found["key"]:
        for column, row in stamp(shape, round(10 * found["unit"])).tolist():
            image.putpixel((round(x) + column, round(y) + row), color)


def _write(pen: Any, word: dict, paper: str) -> None:
    """Draw one word with Pillow."""
    font = _font(word["size"], word["strong"])
    anchor = {"start": "lm", "middle": "mm", "end": "rm"}[word["anchor"]]
    stroke = max(1, round(word["size"] / 5)) if word["halo"] else 0
    place = (word["x"], word["y"])
    if word["dot"]:
        length = pen.textlength(word["text"], font=font)
        r = word["size"] * 0.3
        cx = word["x"] - length / 2 - 2.2 * r
        for reach, color in ((r + stroke, paper), (r, word["dot"])):
            corners = (cx - reach, word["y"] - reach, cx + reach, word["y"] + reach)
            pen.ellipse(corners, fill=color)
    pen.text(
        place,
        word["text"],
        font=font,
        fill=word["color"],
        anchor=anchor,
        stroke_width=stroke,
        stroke_fill=paper,
    )


def _font(size: float, strong: bool) -> Any:
    """Inter when it is there and readable, else Pillow's own font."""
    from PIL import ImageFont

    path = _FONTS / ("Inter-SemiBold.woff2" if strong else "Inter-Regular.woff2")
    try:
        return ImageFont.truetype(str(path), round(size))
    except OSError:
        return ImageFont.load_default(round(size))
