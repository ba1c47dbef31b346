"""Raw signals, one per row, as statistics of their course and of their spectrum.

After a comparison of clustering algorithms for vibration features (K-means, OPTICS and mixtures on
families of statistics, with and without principal components). Written from a description; no code
of its authors was found.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analytics.data import words
from analytics.errors import BadInput

LEAST = 8  # samples of a signal
FAMILIES = {
    "location": ("mean", "median"),
    "spread": ("standard deviation", "interquartile range"),
    "shape": ("skewness", "kurtosis"),
    "energy": ("root mean square", "crest factor"),
}
CHOICES = ("no", "all", *FAMILIES)
SIDES = ("both", "time", "spectrum")
_PURE = ("skewness", "kurtosis", "crest factor")  # without a unit


def described(
    frame: pd.DataFrame, channels: Mapping[str, np.ndarray], family: str, of: str
) -> tuple[pd.DataFrame, list[str]]:
    """The frame with a column per statistic in front, and their names.

    channels : name -> (n, samples) in the order of time, without gaps; the name stands before its
    statistics where there are several. family : "all" or a key of FAMILIES. of : one of SIDES.
    Raises BadInput.
    """
    made: dict[str, np.ndarray] = {}
    for channel, values in channels.items():
        samples = values.shape[1]
        if samples < LEAST:
            raise BadInput(
                f"A signal needs at least {LEAST} samples, but {words.count(samples, 'number')} "
                "per row are chosen: choose the columns that hold the signal, in the order of time."
            )
        before = f"{channel} " if len(channels) > 1 else ""
        made |= {before + name: v for name, v in statistics(values, family, of).items()}
    taken = set(frame.columns)
    names = [name if name not in taken else f"{name} (signal)" for name in made]
    added = pd.DataFrame(dict(zip(names, made.values(), strict=True)), index=frame.index)
    return pd.concat([added, frame], axis=1), names


def statistics(values: np.ndarray, family: str = "all", of: str = "both") -> dict[str, np.ndarray]:
    """Name -> (n,) of every statistic of a family. values (n, m), m >= 2, finite.

    The spectrum is the magnitude of the Fourier transform without its constant part, over m.
    Skewness and kurtosis (0 for a normal distribution) are 0 where all samples are equal, the crest
    factor (largest size over root mean square) where all are zero.
    """
    wanted = FAMILIES if family == "all" else {family: FAMILIES[family]}
    largest = float(np.abs(values).max()) or 1.0  # so that squares stay finite
    x = values / largest
    sides = {"": x}
    if of != "time":
        spectrum = np.abs(np.fft.rfft(x - x.mean(axis=1, keepdims=True), axis=1))[:, 1:]
        sides["spectrum "] = spectrum / values.shape[1]
    if of == "spectrum":
        del sides[""]
    found = {}
    for prefix, side in sides.items():
        for name in (n for names in wanted.values() for n in names):
            unit = 1.0 if name in _PURE else largest
            found[prefix + name] = _STATISTICS[name](side) * unit
    return found


def _moment(x: np.ndarray, power: int) -> np.ndarray:
    """Standardised central moment of each row; 0 for equal samples."""
    centred = x - x.mean(axis=1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=1))
    flat = deviation <= 1e-12 * np.abs(x).max(axis=1)
    raw = (centred**power).mean(axis=1)
    return np.where(flat, 0.0, raw / np.where(flat, 1.0, deviation) ** power)


def _kurtosis(x: np.ndarray) -> np.ndarray:
    fourth = _moment(x, 4)
    return np.where(fourth == 0, 0.0, fourth - 3)


def _crest(x: np.ndarray) -> np.ndarray:
    energy = _rms(x)
    return np.abs(x).max(axis=1) / np.where(energy > 0, energy, 1.0)


def _rms(x: np.ndarray) -> np.ndarray:
    return np.sqrt((x**2).mean(axis=1))


_STATISTICS = {
    "mean": lambda x: x.mean(axis=1),
    "median": lambda x: np.median(x, axis=1),
    "standard deviation": lambda x: x.std(axis=1),
    "interquartile range": lambda x: np.subtract(*np.percentile(x, [75, 25], axis=1)),
    "skewness": lambda x: _moment(x, 3),
    "kurtosis": _kurtosis,
    "root mean square": _rms,
    "crest factor": _crest,
}
