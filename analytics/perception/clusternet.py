"""ClusterNet: the groups people would see in a scatterplot, and how far they would agree.

After Hartwig, van Onzenoodt, Engel, Hermosilla & Ropinski, ClusterNet: A Perception-Based
Clustering Model for Scattered Data (arXiv 2304.14185; Computer Graphics Forum 2025 as HPSCAN). A
network predicts, for every two points of a sample, the share of people who put them into one
group; groups follow from the shares by average linkage at one half, and every other point takes
the group of its nearest sampled points. There is nothing to set. What the network learned from is
said in ``models/clusternet/card.md``: simulated people, not yet real ones.

Differs from the paper: samples of up to 2,048 points in place of 512; the objective is the share
of people per pair; links between near points carry groups along curves; the answer is averaged over
samples, turns and mirrors.
"""

import numpy as np

from analytics.errors import BadInput
from analytics.perception.checks import check_number, check_points, check_whole
from analytics.perception.shares import HALF, agreement_of, expected_two, groups_at, numbered
from analytics.progress import Progress, silent
from analytics.results import NOISE, Grouping

FEWEST = 10
SAMPLE = 2048  # points that the network looks at together
SAMPLES = 2  # of plots with more points than that
VIEWS = 2  # turned and mirrored positions of a plot that is one sample; of several, one each
KEPT = 1024  # sampled points whose shares are kept
VOTERS = 5
# People who join two points when they are this sure: each share is then the share of people who
# join, and the numbers of groups they see are the predicted numbers of perceived groups.
PEOPLE = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
ASPECT_RANGE = (1e-5, 1e5)
_CHUNK = 500_000
_MOST_LEAVE = 0.5  # points left out by more than this share of people are in no group


def group_as_people(
    points, *, aspect: float = 1.0, seed: int = 0, progress: Progress = silent
) -> Grouping:
    """The groups people would see in points (n, 2), n >= 10.

    aspect : drawn length of one unit of y over that of one unit of x. seed : of the samples.
    Raises BadInput when the points cannot be used.
    """
    points = _usable(points)
    aspect = check_number("aspect", aspect, *ASPECT_RANGE)
    seed = check_whole("seed", seed, 2**32 - 1)
    drawn = _drawn(points, aspect)
    progress(0.05, "Loading the model")
    rng = np.random.default_rng(seed)
    samples = _samples(drawn, rng)
    from models.clusternet.predict import predict

    looks = []
    for i, sample in enumerate(samples):
        progress(0.1 + 0.6 * i / len(samples), "Looking at the picture")
        looks.append(predict(drawn[sample], max(1, VIEWS // len(samples))))
    sample, kept = samples[0], _kept(len(samples[0]), rng)
    shares, spread = _carried(drawn, samples, looks, kept)
    progress(0.7, "Finding the groups")
    cuts = groups_at(shares, (HALF, *PEOPLE))
    groups = _tidied(cuts[0], shares, looks[0].left_out[kept])
    counts = np.array([_count(g) for g in cuts[1:]], np.int32)
    numbers, often = np.unique(counts, return_counts=True)
    sure = agreement_of(shares)
    progress(0.8, "Giving every point its group")
    seen, agreement = _spread(looks[0].shares, kept, groups, sure)
    labels, agreement = _vote(drawn, sample, seen, agreement)
    labels = numbered(labels)
    progress(1.0, "Grouped")
    return Grouping(
        labels=labels,
        point_agreement=agreement.astype(np.float32),
        agreement=float(sure.mean()),
        interval=_interval(sure, rng),
        two_people=expected_two(shares),
        uncertainty=spread,
        n_clusters=int(labels.max(initial=NOISE)) + 1,
        counts=numbers,
        count_shares=often / often.sum(),
        sample=sample[kept],
        shares=shares.astype(np.float32),
        points=len(points),
        aspect=aspect,
        warnings=_warnings(len(points), counts),
        method="clusternet",
        params={"aspect": aspect},
        seed=seed,
    )


def _usable(points) -> np.ndarray:
    points = check_points(points)
    if len(points) < FEWEST:
        raise BadInput(
            f"There are {len(points)} points, but a grouping needs at least {FEWEST}: add rows."
        )
    low, high = points.min(axis=0), points.max(axis=0)
    if (high - low).max() <= 1e-12 * max(abs(low).max(), abs(high).max()):
        raise BadInput(
            "All points lie at one place, so there is nothing to group: choose other columns."
        )
    return points


def _drawn(points: np.ndarray, aspect: float) -> np.ndarray:
    """Points as drawn, turned so that they spread most along x and have their longer tails at
    positive x and y, then moved and scaled to a longer side of 1.

    So a plot that is turned or mirrored as a whole is looked at in the same position.
    """
    low = points.min(axis=0)
    drawn = (points - low) * [1.0, aspect]
    drawn /= drawn.max()
    drawn -= drawn.mean(axis=0)
    axes = np.linalg.eigh(drawn.T @ drawn)[1][:, ::-1]
    drawn = drawn @ axes
    drawn *= np.where((drawn**3).sum(axis=0) < 0, -1.0, 1.0)
    drawn -= drawn.min(axis=0)
    return drawn / drawn.max()


def _samples(drawn: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Row indices of each sample; all rows once when there are few.

    Drawn from the rows in the order of their distance from the middle, so that the order in which
    they are given does not matter.
    """
    n = len(drawn)
    if n <= SAMPLE:
        return [np.arange(n)]
    far = ((drawn - drawn.mean(axis=0)) ** 2).sum(axis=1)
    order = np.argsort(far, kind="stable")
    return [order[np.sort(rng.choice(n, SAMPLE, replace=False))] for _ in range(SAMPLES)]


def _kept(m: int, rng: np.random.Generator) -> np.ndarray:
    """Positions in the sample whose shares are kept, sorted."""
    return np.sort(rng.permutation(m)[:KEPT])


def _carried(drawn, samples, looks, kept) -> tuple[np.ndarray, float]:
    """Shares of the kept points of the first sample, averaged over the samples, and how far they
    spread: over the samples, or over the views of a single one.

    In another sample a point is stood for by the sampled point nearest to it.
    """
    from scipy.spatial import cKDTree

    each = [looks[0].shares[np.ix_(kept, kept)].astype(float)]
    places = drawn[samples[0][kept]]
    for sample, look in zip(samples[1:], looks[1:], strict=True):
        at = cKDTree(drawn[sample]).query(places)[1]
        each.append(look.shares[np.ix_(at, at)])
    mean = np.mean(each, axis=0)
    np.fill_diagonal(mean, 1.0)
    return mean, float(np.std(each, axis=0).mean()) if len(each) > 1 else looks[0].spread


def _spread(shares, kept, groups, sure) -> tuple[np.ndarray, np.ndarray]:
    """Group and agreement of every sampled point: those of the kept points it is most joined to."""
    m = len(shares)
    labels, agreement = np.empty(m, np.int32), np.empty(m)
    others = np.setdiff1d(np.arange(m), kept)
    if len(others):
        to_kept = shares[np.ix_(others, kept)]
        names = np.unique(groups)
        means = np.stack([to_kept[:, groups == name].mean(axis=1) for name in names], axis=1)
        labels[others] = names[means.argmax(axis=1)]
        agreement[others] = np.abs(2 * to_kept - 1).mean(axis=1)
    labels[kept], agreement[kept] = groups, sure
    return labels, agreement


def _interval(sure: np.ndarray, rng: np.random.Generator, draws: int = 200) -> tuple[float, ...]:
    """95 % bootstrap interval of the mean agreement over the kept points."""
    means = [rng.choice(sure, len(sure)).mean() for _ in range(draws)]
    return tuple(float(q) for q in np.quantile(means, (0.025, 0.975)))


def _tidied(groups: np.ndarray, shares: np.ndarray, left_out: np.ndarray) -> np.ndarray:
    """Groups too small to be drawn (see :func:`_smallest`) join the one that most people put them
    with; points that most people leave out are noise instead."""
    small = np.bincount(groups)[groups] < _smallest(len(groups))
    if small.all() or not small.any():
        return groups
    names, member = np.unique(groups[~small]), groups[~small]
    found = groups.copy()
    for label in np.unique(groups[small]):
        mine = groups == label
        to_all = shares[mine][:, ~small].mean(axis=0)
        found[mine] = names[np.argmax([to_all[member == name].mean() for name in names])]
    return np.where(small & (left_out > _MOST_LEAVE), NOISE, found)


def _smallest(m: int) -> float:
    """Fewest of m sampled points that make a group: people do not outline two or three."""
    return min(max(3.0, 0.006 * m), m / 4)


def _vote(drawn, sample, groups, sure) -> tuple[np.ndarray, np.ndarray]:
    """Group and agreement of every point: the commonest group among its nearest sampled points,
    ties to the nearest; the mean of their agreements. Sampled points keep their own."""
    from scipy.spatial import cKDTree

    n = len(drawn)
    labels, agreement = np.empty(n, np.int32), np.empty(n, np.float32)
    if n > len(sample):
        tree = cKDTree(drawn[sample])
        for start in range(0, n, _CHUNK):
            near = tree.query(drawn[start : start + _CHUNK], VOTERS, workers=-1)[1]
            labels[start : start + _CHUNK] = _commonest(groups[near])
            agreement[start : start + _CHUNK] = sure[near].mean(axis=1)
    labels[sample], agreement[sample] = groups, sure
    return labels, agreement


def _commonest(votes: np.ndarray) -> np.ndarray:
    """The commonest value of each row (n, k), the earlier one on a tie."""
    count = np.zeros(votes.shape, np.int8)
    for column in range(votes.shape[1]):
        count += votes == votes[:, column : column + 1]
    return votes[np.arange(len(votes)), count.argmax(axis=1)]


def _count(groups: np.ndarray) -> int:
    """Number of groups that are large enough to be drawn."""
    return max(1, int((np.bincount(groups) >= _smallest(len(groups))).sum()))


def _warnings(n: int, counts: np.ndarray) -> tuple[str, ...]:
    found = []
    if n < 50:
        found.append("Fewer than 50 points: the model learned from plots of 50 to 20,000.")
    if n > SAMPLE:
        found.append(
            f"Predicted from {SAMPLES} samples of {SAMPLE:,} of the {n:,} points; "
            "the others follow their nearest sampled points."
        )
    if counts.max() > 25:
        found.append("More than 25 groups: people asked to group a plot rarely draw so many.")
    return tuple(found)
