"""Build and encode the map by number of points: seconds, payload and growth.

    python bench/draw.py [largest N, default 1000000]

Each line is the best of three. The ratio is to the line before (ten times fewer points).
"""

import sys
import time

import numpy as np

from analytics.figures.map import map_figure
from analytics.figures.picture import map_png
from analytics.figures.raster import thumbnail

GROUPS = 8


def cloud(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Eight Gaussian groups and a tenth of noise: float32 (n, 2), int32 (n,)."""
    rng = np.random.default_rng(0)
    groups = rng.integers(0, GROUPS, n)
    xy = rng.normal(scale=5, size=(GROUPS, 2))[groups] + rng.normal(size=(n, 2))
    return xy.astype(np.float32), np.where(rng.random(n) < 0.1, -1, groups).astype(np.int32)


def best(run, times: int = 3) -> tuple[float, object]:
    """(least seconds, last result)."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        result = run()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def main(largest: int) -> None:
    """Print one line per N."""
    names = f"{'N':>9} {'drawn as':>8} {'build s':>8} {'JSON s':>7} {'MB':>6}"
    print(f"{names} {'thumb s':>8} {'PNG s':>6} {'build ratio':>12} {'MB ratio':>9}")
    map_figure(np.zeros((10, 2)))
    before = None
    n = 1_000
    while n <= largest:
        xy, groups = cloud(n)
        build, view = best(lambda xy=xy, groups=groups: map_figure(xy, groups=groups))
        encode, text = best(view.figure.to_json)
        small, _ = best(lambda xy=xy, groups=groups: thumbnail(xy, groups))
        still, _ = best(lambda xy=xy, groups=groups: map_png(xy, groups=groups), 1)
        size = len(text) / 1e6
        line = f"{n:>9,} {view.mode:>8} {build:>8.3f} {encode:>7.3f} {size:>6.2f}"
        ratios = f"{build / before[0]:>12.1f} {size / before[1]:>9.1f}" if before else ""
        print(f"{line} {small:>8.3f} {still:>6.2f} {ratios}")
        before = build, size
        n *= 10


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
