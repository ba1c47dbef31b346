"""Mean shift step by step: every window climbs to a peak of density, then windows that meet merge.

Y. Cheng, Mean shift, mode seeking, and clustering, IEEE TPAMI 17(8), 1995, doi:10.1109/34.400568;
D. Comaniciu, P. Meer, Mean shift, IEEE TPAMI 24(5), 2002, doi:10.1109/34.1000236. One window starts
at each point, with a flat kernel; stopping and merging are those of scikit-learn without a grid.
"""

import numpy as np

from analytics.stepping.step import Step, counted, joined, unplaced

_MOST_ROUNDS = 300
_STILL = 1e-3  # of the bandwidth: a window that moves less has arrived


def steps(X: np.ndarray, bandwidth: float) -> list[Step]:
    """The steps on X (n, 2), n >= 1. value : the mean over the windows of the density under them,
    in points (kernel 1 - (d / bandwidth)^2), which never falls while they climb."""
    n = len(X)
    windows, inside, moving = X.copy(), np.zeros(n, int), np.ones(n, bool)
    words = f"A window of radius {bandwidth:g} starts at each of {counted(n, 'point')}."
    made = [Step(words, unplaced(n), _density(X, windows, bandwidth), windows)]
    for turn in range(1, _MOST_ROUNDS + 2):
        rows = np.flatnonzero(moving)
        within = _squares(windows[rows], X) <= bandwidth**2
        inside[rows] = within.sum(axis=1)
        means = within @ X / inside[rows, None]
        far = np.hypot(*(means - windows[rows]).T)
        leader = int(rows[far.argmax()])
        circle = [[*windows[leader], bandwidth]]
        windows[rows] = means
        moving[rows] = far > _STILL * bandwidth
        words = (
            f"Round {turn}: {counted(len(rows), 'window moves', 'windows move')} to the mean of "
            f"the points inside, by {far.max():.3f} at most. The circle is the one that moves "
            f"furthest; {counted(int(moving.sum()), 'is', 'are')} not at a peak yet."
        )
        value = _density(X, windows, bandwidth)
        lines = joined(X, windows)
        step = Step(words, unplaced(n), value, windows, circles=circle, lines=lines, small=turn > 8)
        made.append(step)
        if not moving.any():
            break
    return made + _merged(X, windows, inside, bandwidth, value)


def _squares(A: np.ndarray, B: np.ndarray) -> np.ndarray:
    return ((A[:, None] - B[None]) ** 2).sum(axis=2)


def _density(X: np.ndarray, windows: np.ndarray, bandwidth: float) -> float:
    """Mean over the windows of the sum of 1 - (d / bandwidth)^2 over the points inside."""
    return float(np.maximum(1 - _squares(windows, X) / bandwidth**2, 0).sum(axis=1).mean())


def _merged(X, windows, inside, bandwidth: float, value: float) -> list[Step]:
    """Windows within a bandwidth of a fuller one are dropped; points join the nearest peak."""
    n = len(X)
    order = sorted(range(n), key=lambda i: (inside[i], tuple(windows[i])), reverse=True)
    alive, peaks, made = np.ones(n, bool), [], []
    for i in order:
        if not alive[i]:
            continue
        met = alive & (_squares(windows[i][None], windows)[0] <= bandwidth**2)
        alive &= ~met
        peaks.append(i)
        words = (
            f"Peak {len(peaks)}: of {counted(int(met.sum()), 'window')} that ended within "
            f"{bandwidth:g} the fullest stays; {counted(int(inside[i]), 'point')} inside."
        )
        circle = [[*windows[i], bandwidth]]
        left = np.concatenate([windows[peaks], windows[alive]])
        step = Step(words, unplaced(n), value, left, circles=circle, lit=np.flatnonzero(met))
        made.append(step)
    centers = windows[peaks]
    labels = _squares(X, centers).argmin(axis=1)
    words = f"Every point joins its nearest peak: {counted(len(peaks), 'group')}."
    return [*made, Step(words, labels, value, centers)]
