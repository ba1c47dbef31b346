"""Data sets that come with Gestalt: scikit-learn's own, planes made here, texts written for it.

Every set is the same in every run. The planes are ``x``, ``y`` and ``group``, how each point was
made; points are in mixed order, so that drawing order says nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from analytics.errors import BadInput

_ASSETS = Path(__file__).resolve().parents[2] / "assets" / "samples"
_OURS = "Apache-2.0, made for Gestalt"
_UCI = "CC BY 4.0, UCI Machine Learning Repository, as shipped by scikit-learn"


@dataclass(frozen=True)
class Sample:
    """One built-in data set. ``kind``: "table", "images", "plane", "text" or "graph" or
    "events".

    links : gives pairs of row numbers, for a graph."""

    id: str
    label: str
    description: str
    build: Callable[[], pd.DataFrame]
    kind: str
    licence: str
    links: Callable[[], np.ndarray] | None = None


def get(sample_id: str) -> Sample:
    """One sample. Raises BadInput naming the known ids."""
    for sample in SAMPLES:
        if sample.id == sample_id:
            return sample
    known = ", ".join(s.id for s in SAMPLES)
    raise BadInput(f"There is no sample '{sample_id[:40]}': choose one of {known}.")


def frame(sample_id: str) -> pd.DataFrame:
    """The table of a sample."""
    return get(sample_id).build()


def parts(sample_id: str) -> tuple[pd.DataFrame, np.ndarray | None]:
    """The table of a sample and its links, pairs of row numbers (m, 2), or None."""
    sample = get(sample_id)
    return sample.build(), None if sample.links is None else sample.links()


def _shipped(file: str, columns: list[str]) -> tuple[pd.DataFrame, np.ndarray, list[str]]:
    """Features, class numbers and class names of a file inside the scikit-learn package.

    Read without importing scikit-learn, which takes seconds and would delay the first picture.
    """
    path = Path(find_spec("sklearn").origin).parent / "datasets" / "data" / file
    head = path.read_text("utf-8").split("\n", 1)[0].strip().split(",")
    data = pd.read_csv(path, header=None, skiprows=1, names=[*columns, "class"])
    return data[columns], data["class"].to_numpy(), head[2:]


def _iris() -> pd.DataFrame:
    columns = [f"{part} {side}, cm" for part in ("sepal", "petal") for side in ("length", "width")]
    table, codes, names = _shipped("iris.csv", columns)
    return table.assign(species=np.array(names)[codes])


def _wine() -> pd.DataFrame:
    columns = [
        "alcohol, %", "malic acid", "ash", "alkalinity of ash", "magnesium", "phenols",
        "flavanoids", "other phenols", "proanthocyanins", "colour intensity", "hue",
        "OD280/OD315", "proline",
    ]  # fmt: skip
    table, codes, _ = _shipped("wine_data.csv", columns)
    return table.assign(cultivar=np.array(["A", "B", "C"])[codes])


def _breast_cancer() -> pd.DataFrame:
    measures = (
        "radius", "texture", "perimeter", "area", "smoothness", "compactness", "concavity",
        "concave points", "symmetry", "fractal dimension",
    )  # fmt: skip
    columns = [f"{m}, {which}" for which in ("mean", "error", "worst") for m in measures]
    table, codes, names = _shipped("breast_cancer.csv", columns)
    return table.assign(diagnosis=np.array(names)[codes])


def _digits() -> pd.DataFrame:
    path = Path(find_spec("sklearn").origin).parent / "datasets" / "data" / "digits.csv.gz"
    columns = [f"pixel_{j}" for j in range(64)]
    return pd.read_csv(path, header=None, names=[*columns, "digit"]).astype("int64")


def _plane(parts: list[tuple[str, np.ndarray]], seed: int) -> pd.DataFrame:
    """x, y (three decimals) and group of point clouds, in mixed order."""
    points = np.concatenate([xy for _, xy in parts]).round(3)
    groups = np.repeat([name for name, _ in parts], [len(xy) for _, xy in parts])
    order = np.random.default_rng(seed).permutation(len(points))
    return pd.DataFrame({"x": points[order, 0], "y": points[order, 1], "group": groups[order]})


def _clear() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    centers = {
        "south-west": (-5, -4),
        "south-east": (6, -5),
        "north": (0.5, 6),
        "middle": (0, -0.5),
    }
    parts = [(name, rng.normal(center, 0.8, (150, 2))) for name, center in centers.items()]
    return _plane(parts, 1)


def _ambiguous() -> pd.DataFrame:
    rng = np.random.default_rng(12)
    clouds = (
        ("wide", (0, 0), [[3.0, 0.6], [0.6, 2.0]], 380),
        ("beside it", (2.9, 1.2), [[1.0, -0.3], [-0.3, 0.9]], 220),
        ("below", (-1.0, -3.1), [[1.6, 0.0], [0.0, 0.5]], 160),
        ("small", (-3.4, 2.2), [[0.35, 0.1], [0.1, 0.35]], 90),
        ("sparse", (5.4, -2.4), [[1.6, 0.4], [0.4, 1.2]], 50),
    )
    parts = [(name, rng.multivariate_normal(m, c, n)) for name, m, c, n in clouds]
    return _plane(parts, 2)


def _nested() -> pd.DataFrame:
    rng = np.random.default_rng(13)
    angle = rng.uniform(0, 2 * np.pi, 350)
    ring = rng.normal(4.0, 0.25, 350)[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    parts = [("ring", ring), ("core", rng.normal(0, 0.7, (200, 2)))]
    for name, center in (("family, left", (9.5, -1.2)), ("family, right", (12.2, -1.0)),
                         ("family, top", (10.8, 1.7))):  # fmt: skip
        parts.append((name, rng.normal(center, 0.45, (120, 2))))
    return _plane(parts, 3)


def _filaments() -> pd.DataFrame:
    rng = np.random.default_rng(14)
    turn = np.sqrt(rng.uniform(0.06, 1, (2, 280))) * 3.2 * np.pi
    parts = []
    for name, start, t in zip(("spiral", "other spiral"), (0, np.pi), turn, strict=True):
        arm = np.column_stack([np.cos(t + start), np.sin(t + start)]) * t[:, None] * 0.45
        parts.append((name, arm + rng.normal(0, 0.12, arm.shape)))
    t = rng.uniform(0, np.pi, (2, 150))
    upper = np.column_stack([np.cos(t[0]), np.sin(t[0])]) * 2.2 + (9.0, -0.6)
    lower = np.column_stack([np.cos(t[1]), -np.sin(t[1])]) * 2.2 + (11.2, 0.5)
    parts += [(name, arc + rng.normal(0, 0.14, arc.shape))
              for name, arc in (("upper arc", upper), ("lower arc", lower))]  # fmt: skip
    return _plane(parts, 4)


def _messages() -> pd.DataFrame:
    return pd.read_csv(_ASSETS / "messages.csv", dtype="str", keep_default_na=False)


def _mixed() -> pd.DataFrame:
    """A made-up rental fleet with the faults that real tables have."""
    rng = np.random.default_rng(15)
    n = 240
    sort = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    weight = rng.normal(np.array([14.0, 23.0, 31.0])[sort], [1.2], n).round(1)
    price = rng.normal(np.array([520.0, 1900.0, 3400.0])[sort], 160).round(0)
    range_km = np.where(sort == 0, np.nan, rng.normal(40 + 35 * sort, 8)).round(0)
    table = pd.DataFrame(
        {
            "bike_id": [f"B{j:04d}" for j in range(1, n + 1)],
            "type": np.array(["city", "electric", "cargo"])[sort],
            "weight_kg": weight,
            "price_eur": price,
            "battery_range_km": range_km,
            "trips": rng.poisson(np.array([210, 160, 90])[sort]),
            "rating": rng.choice(
                [3.0, 3.5, 4.0, 4.5, 5.0, np.nan], n, p=[0.1, 0.2, 0.3, 0.2, 0.1, 0.1]
            ),
            "bought": pd.Timestamp("2021-03-01") + pd.to_timedelta(rng.integers(0, 1400, n), "D"),
            "depot": rng.choice(["North", "River", "Station"], n),
            "has_basket": rng.random(n) < 0.6,
            "wheels": 2,
            "remark": pd.array([None] * n, dtype="str"),
        }
    )
    table.loc[17, "price_eur"] = np.inf
    table.loc[[40, 41, 42], "weight_kg"] = np.nan
    table.loc[[88, 89], table.columns[1:]] = table.loc[[86, 87], table.columns[1:]].to_numpy()
    return table.astype({"trips": "int64", "has_basket": bool, "wheels": "int64",
                         "weight_kg": float, "price_eur": float, "rating": float,
                         "battery_range_km": float, "bought": "datetime64[us]"})  # fmt: skip


def _club() -> tuple[pd.DataFrame, np.ndarray]:
    """A made-up reading club: who knows whom, and how many books of each kind each has read.

    Four circles. Links lie mostly inside them; the counts of two circles are alike, and one circle
    is split among those who know each other less, so that neither links nor counts tell them all.
    """
    rng = np.random.default_rng(16)
    sizes = (60, 52, 44, 34)
    circle = rng.permutation(np.repeat(np.arange(4), sizes))
    taste = np.array(
        [[7, 2, 1, 1, 3, 1], [2, 7, 1, 1, 3, 1], [1, 1, 6, 3, 2, 2], [1, 1, 5, 4, 2, 3]]
    )
    counts = rng.poisson(taste[circle] * rng.uniform(0.6, 1.5, (len(circle), 1)))
    inside = np.array([0.11, 0.055, 0.14, 0.16])
    chance = np.full((len(circle), len(circle)), 0.006)
    same = circle[:, None] == circle
    chance[same] = inside[np.broadcast_to(circle, same.shape)[same]]
    drawn = np.triu(rng.random(chance.shape) < chance, 1)
    kinds = ("crime", "romance", "history", "science", "poetry", "travel")
    table = pd.DataFrame(counts, columns=list(kinds))
    table.insert(0, "member", [f"M{i:03d}" for i in range(1, len(circle) + 1)])
    table["group"] = np.array(["harbour", "market", "mill", "school"])[circle]
    return table, np.argwhere(drawn)


# Made-up shop visitors: chance of each next event after "open", mean minutes between events, hours
# of the day, and mean number of events.
_EVENTS = ("search", "view", "cart", "pay", "return", "close")
_VISITORS = {
    "looker": (90, (0.35, 0.5, 0.05, 0.0, 0.0, 0.1), 12.0, (9, 20), 50),
    "buyer": (80, (0.2, 0.35, 0.2, 0.2, 0.0, 0.05), 30.0, (9, 20), 50),
    "returner": (60, (0.1, 0.25, 0.2, 0.2, 0.2, 0.05), 200.0, (9, 20), 50),
    "script": (30, (0.05, 0.95, 0.0, 0.0, 0.0, 0.0), 0.5, (1, 5), 120),
}


def _visits() -> pd.DataFrame:
    """The events of made-up shop visitors, one per row: visitor, time, event, group."""
    rng = np.random.default_rng(17)
    parts = []
    kinds = np.repeat(list(_VISITORS), [v[0] for v in _VISITORS.values()])
    for i, kind in enumerate(rng.permutation(kinds)):
        _, chance, minutes, (low, high), mean = _VISITORS[kind]
        size = 2 + rng.poisson(mean)
        own = rng.dirichlet(150 * np.array(chance) + 1e-3)
        shape = 20 if kind == "script" else 2  # how regular
        gap = minutes * rng.gamma(shape, 1 / shape, size)
        start = rng.integers(0, 60) * 1440 + rng.uniform(low, high) * 60
        parts.append(
            pd.DataFrame(
                {
                    "visitor": f"V{i + 1:03d}",
                    "time": pd.Timestamp("2026-03-02")
                    + pd.to_timedelta(np.round(60 * (start + np.cumsum(gap))), "s"),
                    "event": ["open", *rng.choice(_EVENTS, size - 1, p=own)],
                    "group": kind,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


SAMPLES = (
    Sample("wine", "Wine", "178 Italian wines by 13 chemical measurements; three cultivars.",
           _wine, "table", _UCI),
    Sample("iris", "Iris", "150 flowers by 4 lengths in cm; three species, two of them close.",
           _iris, "table", _UCI),
    Sample("digits", "Handwritten digits", "1,797 images of 8 × 8 grey values; ten digits.",
           _digits, "images", _UCI),
    Sample("breast_cancer", "Breast cancer",
           "569 biopsies by 30 measurements of cell nuclei; benign or malignant.",
           _breast_cancer, "table", _UCI),
    Sample("messages", "Messages",
           "160 short texts written for this project: five topics, three tones, three forms.",
           _messages, "text", _OURS),
    Sample("clear", "Clear groups", "600 points in a plane: four well separated clouds.",
           _clear, "plane", _OURS),
    Sample("ambiguous", "Ambiguous groups",
           "900 points in a plane: five overlapping clouds of unequal size and density.",
           _ambiguous, "plane", _OURS),
    Sample("nested", "Nested groups",
           "910 points in a plane: a ring around a core, and three clouds that form a family.",
           _nested, "plane", _OURS),
    Sample("filaments", "Filaments", "860 points in a plane: two spirals and two facing arcs.",
           _filaments, "plane", _OURS),
    Sample("mixed", "Mixed table (made up)",
           "240 invented rental bikes with missing, infinite, repeated and constant values, "
           "to show what a profile finds.",
           _mixed, "table", _OURS),
    Sample("club", "Reading club (made up)",
           "A graph: 190 invented members, whom they know, and what they read; four circles.",
           lambda: _club()[0], "graph", _OURS, lambda: _club()[1]),
    Sample("visits", "Shop visits (made up)",
           "260 invented visitors by what they did and when, read from a list of events; four "
           "behaviours, one of them a script.", _visits, "events", _OURS),
)  # fmt: skip

DEFAULT = "wine"
