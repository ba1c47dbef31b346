"""The table of methods: every row whole, documented, and safe to build forms and costs from."""

import inspect
import math
from pathlib import Path

import pytest

from analytics import api, registry
from analytics.errors import BadInput

DOCS = Path(__file__).resolve().parents[1] / "docs"
ROWS = registry.methods()
IDS = [f"{m.kind}-{m.id}" for m in ROWS]
each = pytest.mark.parametrize("row", ROWS, ids=IDS)
NEEDS = {"table", "text", "images", "graph", "labels", "domain"}


def ends(row):
    """Every end of every range: (parameter, value, the side on which it ends)."""
    return [
        (p, value, side)
        for p in row.params
        for value, side in ((p.low, -1), (p.high, 1))
        if value is not None
    ]


def beside(param, value, sign):
    """The next value outside the range."""
    return value + sign if param.type == "int" else math.nextafter(value, sign * math.inf)


def alone(row, name, value):
    """One parameter checked with whatever it depends on switched on."""
    param = next(p for p in row.params if p.name == name)
    given = {name: value}
    if param.depends_on:
        given[param.depends_on[0]] = param.depends_on[1][0]
    return row.check(given)


def test_what_the_issue_asks_for_is_there():
    ids = {kind: {m.id for m in registry.methods(kind)} for kind in ("projection", "clustering")}
    assert ids["projection"] >= {"pca", "tsne", "umap", "densmap", "isomap", "lle", "mds"}
    assert ids["clustering"] >= {
        "kmeans", "minibatch", "bisecting", "gmm", "agglomerative", "dbscan", "hdbscan",
        "optics", "meanshift", "spectral", "birch",
    }  # fmt: skip


def test_ids_are_unique_and_rows_in_menu_order():
    assert len(set(IDS)) == len(IDS)
    assert list(ROWS) == sorted(ROWS, key=lambda m: (m.kind, m.order, m.id))
    assert registry.methods("projection") + registry.methods("clustering") != ()


@each
def test_a_row_is_whole(row):
    assert row.id.isidentifier() and row.kind in ("projection", "clustering")
    assert row.label and row.summary.endswith(".")
    assert row.reference or row.id in ("columns", "given"), "only what is not computed has none"
    assert set(row.needs) <= NEEDS and row.version >= 1
    assert callable(row.run) and (row.max_rows is None or row.max_rows >= 1000)
    assert registry.get(row.kind, row.id) is row
    hash(row)


@each
def test_parameters_are_whole(row):
    names = [p.name for p in row.params]
    assert len(set(names)) == len(names)
    for p in row.params:
        assert p.name.isidentifier() and p.label and p.help.endswith("."), p.name
        assert (p.type == "choice") == bool(p.choices), p.name
        assert p.default is not None or p.optional, p.name
        if p.type == "int":
            assert p.low is not None and p.high is not None, f"{p.name} has no range"
        if p.depends_on:
            other, wanted = p.depends_on
            assert names.index(other) < names.index(p.name), "must be declared before"
            assert wanted


@each
def test_no_parameter_hides_an_argument_of_the_api(row):
    function = api.project if row.kind == "projection" else api.cluster
    taken = set(inspect.signature(function).parameters) - {"params"}
    assert not taken & {p.name for p in row.params}


@each
def test_defaults_and_ends_of_ranges_are_accepted(row):
    defaults = row.check({})
    assert row.check(defaults) == defaults
    for p in row.params:
        if not p.depends_on:
            assert defaults[p.name] == p.default
        for choice in p.choices:
            assert alone(row, p.name, choice)[p.name] == choice
    for p, value, _ in ends(row):
        assert alone(row, p.name, value)[p.name] == value


@each
def test_outside_the_range_is_refused_by_name(row):
    wrong = [(p, beside(p, value, side)) for p, value, side in ends(row)]
    wrong += [
        (p, text)
        for p in row.params
        for text in ("nan", "1e400", "x")
        if p.type not in ("bool", "text")
    ]
    for p, value in wrong:
        with pytest.raises(BadInput, match=rf"parameter '{p.name}'\) is "):
            alone(row, p.name, value)


@each
def test_cost_is_a_positive_number_of_seconds(row):
    params = row.check({})
    for n in (10, 1_000, 100_000, 1_000_000):
        for d in (1, 20, 1_000):
            seconds = row.cost(n, d, params)
            assert math.isfinite(seconds) and seconds > 0
    assert row.cost(1_000_000, 20, params) >= row.cost(10, 20, params)


@each
def test_the_documentation_names_it(row):
    text = (DOCS / "command-line.md").read_text(encoding="utf-8")
    about = (DOCS / f"{row.kind}.md").read_text(encoding="utf-8")
    assert f"`{row.id}`" in text and f"`{row.id}`" in about
    for p in row.params:
        assert f"`{p.name}`" in text, f"{row.id} takes {p.name}"


def test_unknown_methods_are_refused_with_the_known_ones():
    with pytest.raises(BadInput, match=r"no projection method 'nope': choose one of .*pca"):
        registry.get("projection", "nope")
