"""What can be said and counted of one group: facts, columns, typical texts, nearest other rows."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from analytics.data.types import to_text
from analytics.explanation import profiles, wording
from analytics.explanation.reasons import described, pixels_of
from analytics.results import Dataset, Reasons

MOST_COLUMNS = 40  # that a claim may name
PARTS_NAMED = 6  # parts of a picture among the facts
TEXTS = 3  # typical ones that are shown
_PLACES = (("top", "middle", "bottom"), ("left", "centre", "right"))


@dataclass(frozen=True)
class Subject:
    """One group of a dataset.

    cluster : of the reasons. facts : lines. columns : names in ``frame`` that a claim may use.
    texts : of all rows, empty without a text column. members : bool (n,). X : float (n, d), in
    which rows are near.
    """

    cluster: dict[str, Any]
    facts: list[str]
    columns: list[str]
    frame: pd.DataFrame
    texts: list[str]
    members: np.ndarray
    X: np.ndarray

    @cached_property
    def near(self) -> np.ndarray:
        """As many nearest rows outside as there are members."""
        return nearest(self.X, self.members)

    @property
    def exemplars(self) -> list[str]:
        """Texts of typical rows."""
        return [self.texts[row] for row in self.cluster["typical"][:TEXTS]] if self.texts else []


def subjects(
    dataset: Dataset, labels: np.ndarray, found: Reasons, most: int | None = None
) -> list[Subject]:
    """A subject for each group of the reasons, or for the first ``most``. labels : int (n,), -1 is
    noise."""
    frame, parts = described(dataset), {}
    if dataset.image_shape:
        pictures = regions(dataset)
        used = list(pictures.columns)
        parts, _ = profiles.profiles(pictures, labels, used)
        others = frame.drop(columns=used, errors="ignore").reset_index(drop=True)
        frame = pd.concat([pictures, others], axis=1)
    texts: list[str] = []
    if dataset.text_column:
        texts = to_text(dataset.frame[dataset.text_column]).fillna("").tolist()
    return [
        _subject(cluster, parts.get(cluster["label"], []), frame, texts, dataset.X, labels)
        for cluster in found.clusters[:most]
    ]


def _subject(cluster, parts, frame, texts, X, labels) -> Subject:
    members = labels == cluster["label"]
    told = [one.to_json() for one in parts[:PARTS_NAMED]]
    facts = wording.facts(cluster)
    if told:
        facts.append("Parts of the picture: " + "; ".join(map(wording.contrast, told)) + ".")
    ruled = " ".join(s["sentence"] for s in cluster["statements"] if s["kind"] == "rules")
    named = [one["column"] for one in told + cluster["profile"]]
    named += [column for column in frame.columns if column in ruled]
    columns = list(dict.fromkeys(named))[:MOST_COLUMNS]
    return Subject(cluster, facts, columns, frame, texts, members, X)


def nearest(X: np.ndarray, members: np.ndarray) -> np.ndarray:
    """As many rows outside as there are members, the nearest to the members' mean first."""
    outside = np.flatnonzero(~members)
    centre = X[members].mean(axis=0, dtype=np.float64)
    square = ((X[outside] - centre.astype(np.float32)) ** 2).sum(axis=1)
    return outside[np.argsort(square, kind="stable")[: int(members.sum())]]


def regions(dataset: Dataset) -> pd.DataFrame:
    """The mean value of each ninth of a picture and of the whole, one column each: what of a
    picture can be said in words."""
    width, height = dataset.image_shape
    pixels = pixels_of(dataset, slice(None)).reshape(-1, height, width)
    found = {"mean value of the picture": pixels.mean(axis=(1, 2))}
    for i, rows in enumerate(np.array_split(np.arange(height), 3)):
        for j, columns in enumerate(np.array_split(np.arange(width), 3)):
            if len(rows) and len(columns):
                place = f"{_PLACES[0][i]} {_PLACES[1][j]}"
                part = pixels[:, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
                found[f"mean value at the {place}"] = part.mean(axis=(1, 2))
    return pd.DataFrame(found)
