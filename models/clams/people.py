"""Simulated people who say whether a two-Gaussian scatterplot shows one cluster or more.

No human judgements are available here, so each person follows one of two published models of how
people see clusters, with thresholds of their own:

* density: they see the density of the marks, smoothed, and count its peaks. A second peak counts
  when the valley before it is deep enough and its group large enough: the merge tree of G. J.
  Quadri and P. Rosen (IEEE TVCG 27(2), 2021). How far a person smooths, how deep a valley and how
  large a group they want differ between people.
* overlap: they see two when few points of one would be taken for points of the other, the DEMP
  rule that agreed best with 34 people (M. Abbas et al., ClustMe, CGF 38(3), 2019).

The density is that of the two Gaussians fitted to the points, not of the points: a person who
counts the peaks of a small sample sees groups in its chance clumps, which people do not do to that
degree, and with such people the measure agreed much less with the authors' order.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from analytics.perception.demp import demp
from analytics.perception.mixture import Gaussians
from analytics.perception.ridge import valley

WIDTHS = np.array([0.005, 0.01, 0.02, 0.04, 0.08])  # smoothing, in shares of the plot's side


@dataclass(frozen=True)
class Population:
    """Who looks: medians of log-normal thresholds and, in units of ln, their spread.

    density_share : share of people who judge by density; the others judge by overlap.
    width : smoothing, a standard deviation in shares of the plot's side.
    valley : saddle over lower peak, above which they see one.
    smallest : share of the points that a group needs at least.
    overlap : DEMP above which they see one.
    spread : of valley and overlap between people; that of width and smallest is SPREAD.
    """

    density_share: float = 0.5
    width: float = 0.02
    valley: float = 0.5
    smallest: float = 0.02
    overlap: float = 0.05
    spread: float = 1.5


SPREAD = 0.5


class People(NamedTuple):
    """One entry per person: whether they judge by density, and logs of their thresholds."""

    by_density: np.ndarray
    width: np.ndarray
    valley: np.ndarray
    smallest: np.ndarray
    overlap: np.ndarray


class Seen(NamedTuple):
    """What can be seen in m pairs of Gaussians, whoever looks: valleys (m, len(WIDTHS)), logs of
    saddle over lower peak at each smoothing; smaller (m,), log share of the smaller group;
    overlap (m,), log DEMP."""

    valleys: np.ndarray
    smaller: np.ndarray
    overlap: np.ndarray


def draw_people(population: Population, count: int, seed: int = 0) -> People:
    """``count`` people of a population. Two populations drawn with one seed hold the same people
    but for what the populations say differently."""
    rng = np.random.default_rng(seed)
    uniform, normal = rng.random(count), rng.normal(size=(4, count))
    p = population
    medians = np.log([p.width, p.valley, p.smallest, p.overlap])
    spreads = np.array([SPREAD, p.spread, SPREAD, p.spread])
    return People(uniform < p.density_share, *(medians[:, None] + spreads[:, None] * normal))


def look(first: Gaussians, second: Gaussians) -> Seen:
    """What can be seen in m plots, each of two Gaussians in units of the plot's longer side."""
    valleys = [valley(_smoothed(first, w), _smoothed(second, w)) for w in WIDTHS]
    smaller = np.minimum(first.weights, second.weights) / (first.weights + second.weights)
    return Seen(np.stack(valleys, axis=1), np.log(smaller), np.log(demp(first, second)))


def one_cluster(seen: Seen, people: People) -> np.ndarray:
    """Whether each person sees one cluster in each plot: bool (m, people)."""
    width = np.abs(people.width[:, None] - np.log(WIDTHS)).argmin(axis=1)
    # Without a second peak the log is 0 and everybody sees one, however strict they are.
    shallow = seen.valleys[:, width] >= np.minimum(people.valley, 0.0)
    small = seen.smaller[:, None] < people.smallest
    return np.where(people.by_density, shallow | small, seen.overlap[:, None] >= people.overlap)


def _smoothed(gaussians: Gaussians, width: float) -> Gaussians:
    return gaussians._replace(covariances=gaussians.covariances + width**2 * np.eye(2))
