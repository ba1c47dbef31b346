"""Lists of events: planted behaviours found by density, and what the rules say of them."""

import numpy as np
import pandas as pd

from analytics.data import events, sequences
from analytics.explanation import rules
from bench.rows._common import PLAIN, Measured, ari, run, spread

METHODS = ("hdbscan",)
CLAIM = (
    "density clusters of behaviour find fraud that was missed, and rules describe them "
    "(FinDeepBehaviorCluster, private data)"
)
SEEDS, RING = 5, "ring"
KINDS = ("search", "view", "cart", "pay", "return", "close")
# Chance of each kind, mean hours between events, hour of the first one, people.
PLANTED = {
    "looker": ((0.35, 0.5, 0.05, 0.0, 0.0, 0.1), 0.2, (9, 20), 400),
    "buyer": ((0.2, 0.35, 0.2, 0.2, 0.0, 0.05), 0.5, (9, 20), 300),
    "night": ((0.3, 0.3, 0.1, 0.1, 0.1, 0.1), 0.2, (0, 2), 200),
    "ring": ((0.0, 0.0, 0.45, 0.45, 0.1, 0.0), 0.02, (9, 20), 40),
}


def planted(seed: int, mean: int) -> tuple[pd.DataFrame, list[str], np.ndarray]:
    """The table of planted histories with ``mean`` events each, its columns, and who is what."""
    rng = np.random.default_rng(seed)
    rows = []
    for kind, (chance, hours, span, people) in PLANTED.items():
        for i in range(people):
            size = 2 + rng.poisson(mean)
            start = rng.integers(0, 50) * 24 + rng.uniform(*span)
            when = start + np.cumsum(rng.exponential(hours, size))
            what = rng.choice(KINDS, size, p=rng.dirichlet(60 * np.array(chance) + 1e-3))
            rows += [(f"{kind}-{i}", t, w) for t, w in zip(when, what, strict=True)]
    frame = pd.DataFrame(rows, columns=["entity", "time", "event"])
    frame["time"] = pd.Timestamp("2026-01-05") + pd.to_timedelta(frame["time"], "h")
    made, compared, _ = sequences.table(events.of_frame(frame, {}))
    return made, compared, made["entity"].str.split("-").str[0].to_numpy()


def measure():
    for mean in (10, 30, 100):
        sets = [planted(seed, mean) for seed in range(SEEDS)]
        data = f"four behaviours, {mean} events each"
        tables = [made[compared].to_numpy() for made, compared, _ in sets]
        asked = {"min_cluster_size": 15, "min_samples": 5}
        runs = [run("hdbscan", X, i, **asked) for i, X in enumerate(tables)]
        all_, rare = {}, {}
        for method in PLAIN:
            other = [run(method, X, i, n_clusters=4)[0].labels for i, X in enumerate(tables)]
            all_[method] = _mean(ari(s[2], one) for s, one in zip(sets, other, strict=True))
            rare[method] = _mean(
                f1(s[2] == RING, held(s[2], one)) for s, one in zip(sets, other, strict=True)
            )
        labels = [found.labels for found, _ in runs]
        whole = [ari(s[2], one) for s, one in zip(sets, labels, strict=True)]
        group = [f1(s[2] == RING, held(s[2], one)) for s, one in zip(sets, labels, strict=True)]
        told = [rule(*s, one) for s, one in zip(sets, labels, strict=True)]
        yield Measured("all four", data, "ARI", _mean(whole), all_, spread=spread(whole),
                       seconds=runs[0][1])  # fmt: skip
        yield Measured("the ring, its group", data, "F1", _mean(group), rare, spread=spread(group))
        yield Measured("the ring, the rule", data, "F1", _mean(told), spread=spread(told))


def held(truth: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The members of the group that holds most of the ring, bool (n,)."""
    inside = labels[(truth == RING) & (labels >= 0)]
    return labels == np.bincount(inside).argmax() if len(inside) else np.zeros(len(labels), bool)


def rule(made, compared, truth, labels) -> float:
    """F1 of the rules of that group against the ring as planted."""
    members = held(truth, labels)
    if not members.any():
        return 0.0
    found = rules.explain(made[compared], labels)
    cluster = next(c for c in found.clusters if c.label == labels[members][0])
    picked = np.zeros(len(made), bool)
    for one in cluster.rules:
        picked |= rules.matches(one, made[compared])
    return f1(truth == RING, picked)


def f1(truth: np.ndarray, picked: np.ndarray) -> float:
    """Harmonic mean of precision and recall of a choice of rows."""
    return float(2 * np.sum(truth & picked) / max(1, truth.sum() + picked.sum()))


def _mean(values) -> float:
    return float(np.mean(list(values)))
