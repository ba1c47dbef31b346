"""How the 24 cluster colours in ``analytics.figures.theme`` were chosen; prints them again.

Farthest-point search: starting from the seven colours of Okabe and Ito and the noise grey, each
next colour is the one whose nearest neighbour so far is farthest away in CIELAB, in the worst of
four views: normal sight and full protanopia, deuteranopia, tritanopia (matrices of Machado,
Oliveira and Fernandes 2009, IEEE TVCG 15(6), on linear RGB). Candidates must stand out against
both the light and the dark paper and must not look grey.
"""

import numpy as np

from analytics.figures.theme import CLUSTER_COLORS, NOISE_COLOR, TOKENS

VIEWS = np.array(
    [
        np.eye(3),
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
         [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
         [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
         [0.004733, 0.691367, 0.303900]],
    ]
)  # fmt: skip
MIN_CONTRAST = 2.15
MIN_CHROMA = 25


def linear(rgb: np.ndarray) -> np.ndarray:
    """sRGB 0-255 (m, 3) to linear light 0-1."""
    v = np.asarray(rgb, float) / 255
    return np.where(v <= 0.04045, v / 12.92, ((v + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    """Linear RGB (m, 3) to CIELAB under D65."""
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    t = np.clip(light, 0, 1) @ to_xyz.T / [0.9505, 1.0, 1.089]
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack(
        [116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], axis=1
    )


def views(rgb: np.ndarray) -> np.ndarray:
    """CIELAB of colours under the four kinds of sight: (4, m, 3)."""
    return np.stack([lab(linear(rgb) @ m.T) for m in VIEWS])


def contrast(rgb: np.ndarray, paper: str) -> np.ndarray:
    """WCAG contrast ratio of colours (m, 3) against a paper."""
    weights = np.array([0.2126, 0.7152, 0.0722])
    a, b = linear(rgb) @ weights, linear(parse([paper])) @ weights
    return (np.maximum(a, b) + 0.05) / (np.minimum(a, b) + 0.05)


def parse(colors: list[str]) -> np.ndarray:
    """Hexadecimal colours to sRGB (m, 3)."""
    return np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in colors])


def worst_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Distance in the worst view between colours (m, 3) and one colour (3,)."""
    return np.linalg.norm(views(a) - views(b[None]), axis=2).min(axis=0)


def search(count: int) -> list[str]:
    """``count`` colours, the first seven those of Okabe and Ito."""
    steps = np.arange(0, 256, 8)
    grid = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    papers = [TOKENS[name]["paper"] for name in ("light", "dark")]
    grid = grid[np.all([contrast(grid, paper) >= MIN_CONTRAST for paper in papers], axis=0)]
    grid = grid[np.hypot(*lab(linear(grid)).T[1:]) >= MIN_CHROMA]
    chosen = list(CLUSTER_COLORS[:7])
    nearest = np.full(len(grid), np.inf)
    for rgb in parse([*chosen, NOISE_COLOR]):
        nearest = np.minimum(nearest, worst_distance(grid, rgb))
    while len(chosen) < count:
        best = grid[nearest.argmax()]
        chosen.append("#{:02X}{:02X}{:02X}".format(*best))
        nearest = np.minimum(nearest, worst_distance(grid, best))
    return chosen


if __name__ == "__main__":
    found = search(24)
    rgb = parse(found)
    print("\n".join(found))
    for k in (7, 12, 24):
        gaps = [worst_distance(np.delete(rgb[:k], i, 0), c).min() for i, c in enumerate(rgb[:k])]
        print(f"{k} colours: smallest distance in the worst view {min(gaps):.1f}")
