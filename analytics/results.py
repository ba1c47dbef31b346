"""The records that flow through Gestalt.

``Table -> Dataset -> Projection -> Clustering -> ScoreCard / Ambiguity``: frozen dataclasses whose
arrays are read-only. ``digest`` is the digest of the request that made the record (see
``analytics.operations``), ``parents`` the digests of what it was made from.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

NOISE = -1
UNLABELLED = -2
NOT_SCORED = -3
SENTINELS = {NOISE: "Noise", UNLABELLED: "No label", NOT_SCORED: "Not scored"}


def _freeze(record: Any) -> None:
    """Make every array of a record read-only."""
    for f in fields(record):
        value = getattr(record, f.name)
        for array in value.values() if isinstance(value, dict) else (value,):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False


@dataclass(frozen=True, eq=False)
class Record:
    """What every result carries besides its content.

    ``about`` holds what may differ between two equal runs (seconds, time, library versions); it is
    stored apart from the content and is no part of any digest.
    """

    digest: str = ""
    parents: tuple[str, ...] = ()
    method: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    notes: tuple[str, ...] = ()
    about: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        _freeze(self)

    def with_(self, **changes):
        """A copy with some fields changed."""
        return replace(self, **changes)


@dataclass(frozen=True, eq=False)
class Table(Record):
    """A file as read. ``frame``: one row per input row, unique string column names.

    ``kinds``: column -> "number", "category", "text", "date", "boolean", "empty" (inferred).
    ``vectors``: name -> its column names, for blocks of columns that form one vector feature.
    ``profile``: plain JSON facts (see ``analytics.data.profile``). ``recipe``: the suggested
    preparation (see ``analytics.data.prepare``).
    ``edges``, ``edge_weights``: links between the rows, or None (see ``analytics.graphs``).
    """

    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    name: str = ""
    kinds: dict[str, str] = field(default_factory=dict)
    vectors: dict[str, list[str]] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)
    edges: np.ndarray | None = None
    edge_weights: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Survey(Record):
    """A file larger than memory, looked at in one pass. facts : plain JSON, see
    ``analytics.bigdata.survey.look``, with "content", the SHA-256 of the file."""

    name: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Applied(Record):
    """Groups given to all rows of a file; their labels lie beside the results, see
    ``analytics.bigdata.applying``. facts : plain JSON: "rows", "groups" [[label, rows]], "left_out"
    (rows that cannot be compared), "rule" in words, "agreement", the share of the sample's rows
    that the rule gives their own label, "of" how many, "file" (name) and "bytes"."""

    name: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Partial(Record):
    """What was found in some row groups of a large file, to be joined with that of the others (see
    ``analytics.bigdata.parts``). facts : plain JSON. frame : labels of its rows, or None."""

    facts: dict[str, Any] = field(default_factory=dict)
    arrays: dict[str, np.ndarray] = field(default_factory=dict)
    frame: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False)
class Dataset(Record):
    """A table made ready for computing.

    X : float32 (n, d), finite. columns : d names of X's columns.
    rows : int64 (n,), zero-based row numbers in the source table.
    frame : the n rows of the table with their original values (for hover, tables, colour).
    labels : int32 (n,) indices into ``label_names``, UNLABELLED where the cell is empty, or None.
    domain : int32 (n,) indices into ``domain_names``, or None.
    coords : float32 (n, 2), columns marked as ready coordinates, or None.
    text_column : name of the text column in ``frame``, or "".
    image_shape : (width, height) when every row of X is an image, or None.
    total_rows : rows of the table before dropping and sampling.
    edges, edge_weights : links between the n rows, or None (see ``analytics.graphs``).
    """

    X: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    columns: tuple[str, ...] = ()
    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    name: str = ""
    labels: np.ndarray | None = None
    label_names: tuple[str, ...] = ()
    label_column: str = ""
    domain: np.ndarray | None = None
    domain_names: tuple[str, ...] = ()
    domain_column: str = ""
    coords: np.ndarray | None = None
    coord_names: tuple[str, ...] = ()
    text_column: str = ""
    image_shape: tuple[int, ...] | None = None
    total_rows: int = 0
    edges: np.ndarray | None = None
    edge_weights: np.ndarray | None = None

    @property
    def n(self) -> int:
        """Number of rows."""
        return len(self.X)

    @property
    def features(self) -> list[str]:
        """Columns of ``frame`` that rows are compared by: the chosen ones, or the statistics of
        signals."""
        if "signals" in self.params:
            return [c for c in self.columns if c in self.frame]
        return list(self.params.get("features", ()))


@dataclass(frozen=True, eq=False)
class Projection(Record):
    """A map of a dataset. xy : float32 (n, 2). axes : two column names, or () when the axes of the
    map mean nothing. A note made from ``DATED`` says that an axis is a date."""

    DATED: ClassVar[str] = "'{}' is a date: the map counts days since 1970-01-01."

    xy: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    axes: tuple[str, ...] = ()

    @property
    def dated(self) -> tuple[bool, ...]:
        """Which of the axes are dates, in days since 1970-01-01."""
        return tuple(self.DATED.format(axis) in self.notes for axis in self.axes)


@dataclass(frozen=True, eq=False)
class Clustering(Record):
    """Groups of a dataset.

    labels : int32 (n,), 0 .. n_clusters - 1, NOISE for rows in no group. Groups are numbered by
        falling size, ties by first member, so equal partitions have equal labels.
    space : "full", "pca" or "map": what the distances were measured in.
    extras : arrays that single methods add, by these names: "centers" (k, d), "medoids" (k,) row
        indices, "linkage" (n - 1, 4) scipy linkage matrix, "condensed_tree" (m, 4) rows of parent,
        child, lambda, size, "order" (n,) and "reachability" (n,) in that order,
        "core_distance" (n,), "soft" (n, k) memberships, "probability" (n,), "prototypes" (k, d)
        in the space of the distances, "split_tree" (m, 5)
        with "leaf" (k,) and "separability" (k,) (see ``analytics.clustering.methods.ppp``);
        "community" (n,) at the bottom of the tree "community_linkage" (q - 1, 4) and its
        "inversions" (see ``analytics.graphs.hierarchy``);
        "concept_use" (k, r), "concept_facts" (r, 3) and "concept_pictures" (r, d) (see
        ``analytics.clustering.concepts``);
        "features" bool (n, m), "feature_names" (m,) and "feature_kept" bool (m,) of texts;
        "pushes" (k, d) of a classifier's answers (see ``analytics.clustering.attribution``);
        "changes" (n,) of a consensus (see ``analytics.comparing.consensus``); "ids" (k,), "touched"
        (n,), "tags" (n, t) of a corrected one (see ``analytics.correcting``), whose groups keep
        their numbers as far as they can instead of falling sizes.
    names : (k,) names that people gave the groups, "" for none, or (). tags : t names.
    """

    labels: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    space: str = "full"
    n_clusters: int = 0
    extras: dict[str, np.ndarray] = field(default_factory=dict)
    names: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def group_names(self) -> dict[int, str]:
        """The name of each group: the one given, else "Group 1" counted from 1; and of noise."""
        given = self.names or ("",) * self.n_clusters
        named = {i: given[i] or f"Group {i + 1}" for i in range(self.n_clusters)}
        return {**named, NOISE: SENTINELS[NOISE]}

    @property
    def noise_share(self) -> float:
        """Share of rows in no group, 0 to 1."""
        return float(np.mean(self.labels == NOISE)) if len(self.labels) else 0.0


@dataclass(frozen=True, eq=False)
class Graph(Record):
    """Links between the rows of a dataset. edges : int32 (m, 2), see ``analytics.graphs``."""

    edges: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.int32))


@dataclass(frozen=True)
class Score:
    """One number with its range. ``low``/``high``: 95 % interval, or None when not estimated."""

    value: float | None
    low: float | None = None
    high: float | None = None
    label: str = ""
    better: str = "higher"
    help: str = ""


@dataclass(frozen=True, eq=False)
class ScoreCard(Record):
    """Scores of a map or a clustering.

    values : id -> :class:`Score`. points : id -> float32 (n,) per row. groups : id -> float (k,)
    per cluster. tables : id -> two-dimensional arrays (a contingency table, a curve).
    """

    values: dict[str, Score] = field(default_factory=dict)
    points: dict[str, np.ndarray] = field(default_factory=dict)
    groups: dict[str, np.ndarray] = field(default_factory=dict)
    tables: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Reasons(Record):
    """Why a clustering's groups are what they are.

    clusters : one plain dict per group, in the order of their numbers, with "label", "size",
        "statements" and "chosen" (the place of the best, or -1), "profile", "terms", "typical" and
        "borderline" (rows of the dataset); see ``analytics.explanation.reasons``.
    pictures : "mean" float32 (k, height, width), where rows are images.
    """

    clusters: tuple[dict[str, Any], ...] = ()
    pictures: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Ambiguity(Record):
    """The CLAMS score of one scatterplot.

    ambiguity : 0 (everyone groups alike) to 1 (people disagree as much as they can).
    interval : (low, high), 90 % bootstrap.
    weights (k,), means (k, 2), covariances (k, 2, 2) : the mixture in data coordinates.
    pairs (p, 2) int32 component indices, i < j; separability (p,) : predicted share of people who
    see two groups; pair_ambiguity (p,) : binary entropy of it, in bits.
    bic (m,) : BIC for 1 .. m components. aspect : drawn height / width the score holds for.
    """

    ambiguity: float = 0.0
    interval: tuple[float, ...] = ()
    n_components: int = 1
    weights: np.ndarray = field(default_factory=lambda: np.ones(1))
    means: np.ndarray = field(default_factory=lambda: np.zeros((1, 2)))
    covariances: np.ndarray = field(default_factory=lambda: np.eye(2)[None])
    pairs: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.int32))
    separability: np.ndarray = field(default_factory=lambda: np.zeros(0))
    pair_ambiguity: np.ndarray = field(default_factory=lambda: np.zeros(0))
    bic: np.ndarray = field(default_factory=lambda: np.zeros(0))
    aspect: float = 1.0
    n: int = 0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Gallery(Record):
    """Pictures beside each other with their scores.

    entries : one plain dict per picture, in the order to show them; their keys are named by the
        stage that makes them (see ``analytics.pictures``). chosen : index of the recommended one,
        or -1. sentence : what the comparison says. facts : plain numbers behind it.
    points : id -> float32 (m, 2), at most a few thousand points of pictures that no map holds.
    """

    entries: tuple[dict[str, Any], ...] = ()
    chosen: int = -1
    sentence: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    points: dict[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Grouping(Record):
    """What people would group together in one scatterplot, as ClusterNet predicts it.

    labels : int32 (n,), groups by falling size from 0, NOISE for points most people leave out.
    point_agreement : float32 (n,), 0 (half and half) to 1 (all people say the same).
    agreement : its mean over the sample; interval : (low, high), 95 % bootstrap over points.
    two_people : adjusted Rand index expected between two people.
    uncertainty : mean standard deviation of a predicted share over samples, or over turns and
        mirrors where one sample is the whole plot.
    counts, count_shares (c,) : numbers of perceived groups, and the share of people behind each.
    sample : int64 (m,) row indices of the points that the network saw; shares float32 (m, m) :
        predicted share of people who put two of them into one group.
    points : n; aspect : drawn length of one unit of y over that of one unit of x.
    """

    labels: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    point_agreement: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    agreement: float = 1.0
    interval: tuple[float, ...] = ()
    two_people: float = 1.0
    uncertainty: float = 0.0
    n_clusters: int = 0
    counts: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    count_shares: np.ndarray = field(default_factory=lambda: np.zeros(0))
    sample: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    shares: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    points: int = 0
    aspect: float = 1.0
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class TextVectors(Record):
    """Texts of a column as vectors by meaning.

    values : float32 (m, d), one unit row per distinct text that is not blank, or zero.
    place : int32 (n,), row of ``values`` for each row of the source, -1 for a blank cell.
    model : what made them.
    """

    values: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    place: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    model: str = ""


@dataclass(frozen=True, eq=False)
class Sentences(Record):
    """A sentence of a language model on each group of a clustering, and how it was checked.

    written : one plain dict per group: "label", "size", "sentence" ("" when none came), "status"
    ("checked", "failed" or "none"), "why" (what is wrong, in words), "claims" and "together" (see
    ``analytics.explanation.claims.Verdict``; None without claims that can be read off), "seen"
    (keys of what the model saw and answered).
    """

    written: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, eq=False)
class Explanation(Record):
    """Texts grouped by descriptions that are true or false of each.

    descriptions : J candidates. scores : float32 (m, J), chance that each is true of each distinct
        text, NaN for no answer. place : int32 (n,), row of ``scores`` for each row of the source,
        -1 for a blank cell.
    chosen : int32 (k,), columns of the groups. labels : int32 (n,), 0 .. k - 1, or -1 for rows that
        nothing explains. slots : int32 (k,), number of each group's colour; it stays when groups
        beside it come and go.
    evidence : one plain dict per group (see ``analytics.explanation.evidence``); its rows are rows
        of the source. selection : "cost", "bound", "status", "covered", "covered_once", "k".
    preferred : int32 (m,), column that fits each distinct text best by all answers taken together,
        -1 for none; empty when the provider was not asked to pick.
    pinned, removed : columns that a person keeps or has taken away. names : column as text -> what
        a person calls it. edits : the changes so far (see ``analytics.explanation.edits``).
    goal, column : what was asked, of which column. state : arrays by which a new description is
        judged like the others.
    """

    descriptions: tuple[str, ...] = ()
    scores: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    place: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    chosen: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    labels: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    slots: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    preferred: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    evidence: tuple[dict[str, Any], ...] = ()
    selection: dict[str, Any] = field(default_factory=dict)
    pinned: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    edits: tuple[dict[str, Any], ...] = ()
    goal: str = ""
    column: str = ""
    state: dict[str, np.ndarray] = field(default_factory=dict)
