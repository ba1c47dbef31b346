"""Projection methods: hand-checkable maps, hostile data, determinism, parameters."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analytics import registry
from analytics.errors import BadInput, Cancelled
from analytics.operations import execute, from_json
from analytics.pictures import columns as pairs_of_columns
from analytics.progress import silent
from analytics.projection import operations as ops
from analytics.results import Dataset
from analytics.store.artifacts import Artifacts

COMPUTED = ("pca", "tsne", "umap", "densmap", "isomap", "lle", "mds", "random")
QUICK = ("pca", "tsne", "isomap", "lle", "mds", "random")
RANDOM = np.random.default_rng(0)
GROUPS = np.concatenate([RANDOM.normal(size=(25, 4)), RANDOM.normal(size=(25, 4)) + 9])


def data(X, frame=None, columns=None, **more) -> Dataset:
    X = np.asarray(X, np.float32)
    columns = columns or tuple(f"c{j}" for j in range(X.shape[1]))
    frame = pd.DataFrame(X, columns=list(columns)) if frame is None else frame
    return Dataset(X=X, columns=columns, frame=frame, digest="d" * 32, **more)


def draw(method, X, params=None, seed=0, columns=None, progress=silent):
    dataset = X if isinstance(X, Dataset) else data(X)
    wanted = ops.projection_request(dataset, method, params, seed, columns)
    map_ = ops.projection(wanted, (dataset,), progress)
    assert map_.xy.dtype == np.float32
    assert map_.xy.shape == (dataset.n, 2)
    assert np.isfinite(map_.xy).all()
    return map_


def distances(points) -> np.ndarray:
    points = np.asarray(points, np.float64)
    return np.linalg.norm(points[:, None] - points[None], axis=2)


def test_registry_has_every_method_with_words_and_reference():
    rows = registry.methods("projection")
    computed = [r.id for r in rows if r.id in COMPUTED]
    assert computed == list(COMPUTED) and [r.id for r in rows][-2:] == ["columns", "given"]
    for row in rows:
        assert row.summary.endswith(".")
        assert row.reference or row.id == "given"
        assert row.cost(1000, 20, row.check({})) > 0
        for p in row.params:
            assert p.help.endswith(".")
            assert p.label


def test_every_method_is_documented():
    page = (Path(__file__).parent.parent / "docs" / "projection.md").read_text()
    for row in registry.methods("projection"):
        assert f"| `{row.id}` |" in page
        if row.max_rows:
            assert f"{row.max_rows:,}" in page


def test_pca_of_a_known_plane():
    # x spreads 4 times as much along (1, 1) as along (1, -1).
    X = np.array([[4, 4], [-4, -4], [1, -1], [-1, 1]])
    map_ = draw("pca", X)
    root = np.sqrt(2)
    assert np.allclose(map_.xy, [[4 * root, 0], [-4 * root, 0], [0, root], [0, -root]], atol=1e-6)
    assert "94.1\u00a0% along x, 5.9\u00a0% along y" in map_.notes[0]
    assert "c0 +0.71, c1 +0.71" in map_.notes[1]


def test_pca_sign_and_mirrored_data():
    # The largest weight is positive, so the map follows its column and not the solver's mood.
    X = RANDOM.normal(size=(60, 3)) * [1, 9, 3]
    map_ = draw("pca", X)
    assert np.corrcoef(map_.xy[:, 0], X[:, 1])[0, 1] > 0.99
    mirrored = draw("pca", X * [1, -1, 1])
    assert np.allclose(mirrored.xy[:, 0], -map_.xy[:, 0], atol=1e-4)


def test_pca_components_and_whitening():
    X = RANDOM.normal(size=(80, 4)) * [9, 6, 3, 1]
    usual = draw("pca", X).xy
    swapped = draw("pca", X, {"x_component": 2, "y_component": 1}).xy
    assert np.array_equal(usual, swapped[:, ::-1])
    assert np.allclose(draw("pca", X, {"whiten": True}).xy.std(axis=0), 1, atol=1e-4)
    with pytest.raises(BadInput, match="only 4"):
        draw("pca", X, {"y_component": 7})


@pytest.mark.parametrize("shape", [(700, 600), (30, 2000), (2000, 3)])
def test_pca_equals_a_plain_svd_for_every_solver(shape):
    X = np.random.default_rng(1).normal(size=shape) * np.linspace(3, 1, shape[1])
    X = X.astype(np.float32)
    u, s, _ = np.linalg.svd(X.astype(float) - X.astype(float).mean(axis=0), full_matrices=False)
    assert np.allclose(np.abs(draw("pca", X).xy), np.abs(u[:, :2] * s[:2]), atol=1e-2)


@pytest.mark.parametrize("method", ["tsne", "isomap", "lle", "mds", "pca"])
def test_up_to_three_rows_keep_their_distances(method):
    for X in ([[0, 0, 0], [3, 4, 0]], [[0, 0, 1], [3, 4, 0], [1, 1, 1]]):
        assert np.allclose(distances(draw(method, X).xy), distances(X), atol=1e-5)
    twice = draw(method, np.repeat([[0.0, 0, 0], [3, 4, 0]], 6, axis=0))
    assert np.allclose(np.unique(distances(twice.xy).round(4)), [0, 5])


@pytest.mark.parametrize("method", COMPUTED)
def test_one_row_equal_rows_and_one_column(method):
    for X, words in ((np.ones((1, 3)), "only one row"), (np.full((9, 3), 7), "equal")):
        map_ = draw(method, X)
        assert not map_.xy.any()
        assert words in map_.notes[0]
    line = draw(method, [[1], [2], [6]])
    assert line.xy.tolist() == [[-2, 0], [-1, 0], [3, 0]]
    assert "only one column" in line.notes[0]


@pytest.mark.parametrize("method", QUICK)
@pytest.mark.parametrize("factor", [1e37, 1e-38])
def test_values_at_the_limits_of_float32(method, factor):
    steps = {"max_iter": 250} if method == "tsne" else None
    plain, extreme = draw(method, GROUPS, steps).xy, draw(method, GROUPS * factor, steps).xy
    assert np.ptp(extreme.astype(float), axis=0).min() > 0
    if method != "tsne":  # t-SNE amplifies the rounding of tiny numbers
        a, b = (distances(m) / distances(m).max() for m in (plain, extreme))
        assert np.abs(a - b).max() < 1e-3


@pytest.mark.parametrize("method", QUICK)
def test_same_seed_same_bytes(method):
    X = RANDOM.normal(size=(260, 5))  # above 200 rows the graph methods use ARPACK
    params = {"max_iter": 250} if method == "tsne" else {}
    np.random.seed(1)
    first = draw(method, X, params, seed=3).xy.tobytes()
    np.random.seed(2)
    assert first == draw(method, X, params, seed=3).xy.tobytes()
    if method in ("pca", "isomap", "lle"):
        assert first == draw(method, X, params, seed=4).xy.tobytes()
    if method == "random":
        assert first != draw(method, X, params, seed=4).xy.tobytes()


def test_seed_counts_only_where_it_matters():
    dataset = data(GROUPS)
    for method, matters in (("pca", False), ("random", True), ("tsne", True), ("isomap", False)):
        a, b = (ops.projection_request(dataset, method, seed=s).digest for s in (1, 2))
        assert (a != b) is matters


@pytest.mark.parametrize(
    ("method", "words"),
    [
        ("tsne", "Perplexity was lowered from 30 to 2.667"),
        ("isomap", "Neighbours was lowered from 15 to 8"),
        ("lle", "Neighbours was lowered from 12 to 8"),
    ],
)
def test_neighbourhoods_larger_than_the_data_are_lowered_and_noted(method, words):
    assert any(words in note for note in draw(method, GROUPS[:9]).notes)


@pytest.mark.parametrize("method", ["isomap", "lle", "tsne", "mds"])
def test_equal_rows_share_one_place(method):
    X = np.concatenate([GROUPS, GROUPS[:7]])
    map_ = draw(method, X)
    assert np.array_equal(map_.xy[:7], map_.xy[len(GROUPS) :])
    assert "7 rows equal an earlier row" in map_.notes[0]


def test_unconnected_graphs_are_announced():
    assert any("fell into 2 parts" in n for n in draw("isomap", GROUPS, {"n_neighbors": 5}).notes)
    assert any("falls into 2 parts" in n for n in draw("lle", GROUPS, {"n_neighbors": 5}).notes)
    far = np.repeat(np.arange(150.0) * 100, 2)[:, None] + np.tile([[0, 0], [1, 0]], (150, 1))
    with pytest.raises(BadInput, match="150 unconnected parts"):
        draw("isomap", far, {"n_neighbors": 1})


@pytest.mark.parametrize("variant", ["standard", "modified", "hessian", "ltsa"])
def test_lle_variants(variant):
    for X in (RANDOM.normal(size=(300, 3)), GROUPS[:7], np.outer(np.arange(40), [1, 2, 3])):
        draw("lle", X, {"variant": variant})
    assert any(
        "raised" in n for n in draw("lle", GROUPS, {"variant": "hessian", "n_neighbors": 2}).notes
    )
    if variant == "hessian":
        with pytest.raises(BadInput, match="at least 7 distinct rows"):
            draw("lle", GROUPS[:5], {"variant": variant})


def test_isomap_unrolls_a_bent_strip():
    turn = np.linspace(0, 1.5 * np.pi, 200)
    X = np.column_stack([np.cos(turn), np.sin(turn), np.tile([0, 0.05], 100)])
    x = draw("isomap", X, {"n_neighbors": 6}).xy[:, 0]
    assert abs(np.corrcoef(x, turn)[0, 1]) > 0.999


def test_mds_of_a_plane_is_the_plane():
    X = RANDOM.normal(size=(40, 2))
    plane = np.column_stack([X, np.zeros(40)])
    assert np.abs(distances(draw("mds", plane).xy) - distances(X)).max() < 0.02
    unfinished = draw("mds", GROUPS, {"max_iter": 1, "init": "random", "n_init": 1})
    assert any("before it settled" in n for n in unfinished.notes)
    order = draw("mds", GROUPS, {"scaling": "non-metric"})
    assert any("Only the order" in n for n in order.notes)


def test_tsne_keeps_two_groups_apart_and_notes_its_choices():
    map_ = draw("tsne", RANDOM.normal(size=(60, 64)), {"max_iter": 250})
    assert any("first 50 principal components of 64 columns" in n for n in map_.notes)
    assert any(n.startswith("Learning rate") for n in map_.notes)
    xy = draw("tsne", GROUPS).xy
    near = np.argsort(distances(xy), axis=1)[:, 1:6]
    assert ((near < 25) == (np.arange(50) < 25)[:, None]).all()
    directions = draw("tsne", GROUPS, {"metric": "cosine", "max_iter": 250})
    assert not any("principal" in n for n in directions.notes)


def test_umap_and_densmap():
    seen = []

    def progress(fraction, words):
        seen.append((fraction, words))

    first = draw("umap", GROUPS, {"n_neighbors": 8, "n_epochs": 60}, 1, progress=progress)
    epochs = [f for f, words in seen if "epoch" in words]
    assert epochs == sorted(epochs)
    assert epochs[-1] > 0.98
    assert seen[-1][0] == 1.0
    again = draw("umap", GROUPS, {"n_neighbors": 8, "n_epochs": 60}, 1)
    assert first.xy.tobytes() == again.xy.tobytes()
    assert any("2 parts" in n for n in first.notes)
    small = draw("umap", GROUPS[:5], {"n_epochs": 20})
    assert any("lowered from 15 to 4" in n for n in small.notes)
    # All rows equally far from each other: neither spectral start nor density is defined.
    draw("densmap", np.eye(12) * 5, {"n_epochs": 20})
    dense = draw("densmap", GROUPS, {"n_epochs": 60})
    assert np.array_equal(dense.xy, draw("densmap", GROUPS, {"n_epochs": 60}).xy)
    with pytest.raises(BadInput, match="larger than spread"):
        draw("umap", GROUPS, {"min_dist": 2})


def test_umap_stops_when_progress_raises():
    def progress(fraction, words):
        if "epoch" in words:
            raise Cancelled

    with pytest.raises(Cancelled):
        draw("umap", GROUPS, {"n_epochs": 60}, progress=progress)


def test_columns_in_their_own_units():
    frame = pd.DataFrame({"mass": [1.0, 2.5, 4.0], "name": list("abc"), "age": [3, 1, 2]})
    dataset = data(np.arange(6).reshape(3, 2), frame, ("mass", "name"))
    map_ = draw("columns", dataset, columns=["age", "mass"])
    assert map_.xy.tolist() == [[3, 1], [1, 2.5], [2, 4]]
    assert map_.axes == ("age", "mass")
    prepared = draw("columns", dataset, columns=["mass", "name"])
    assert prepared.xy[:, 1].tolist() == [1, 3, 5]
    assert any("as prepared" in n for n in prepared.notes)
    assert draw("columns", dataset).axes == ("mass", "name")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (["mass"], "exactly two columns"),
        (["mass", "mass"], "both x and y"),
        (["mass", "weight"], "not in the data"),
        (["mass", "name"], "neither numbers nor dates"),
        (["mass", "gap"], "1 missing and 1 infinite of 3 values"),
        (["mass", "big"], "beyond 3.4e38"),
        ("ab", "exactly two columns"),
    ],
)
def test_columns_that_cannot_be_drawn(columns, words):
    frame = pd.DataFrame(
        {"mass": [1, 2, 3], "name": list("abc"), "gap": [1, np.nan, np.inf], "big": [1, 2, 1e300]}
    )
    with pytest.raises(BadInput, match=words):
        draw("columns", data(np.ones((3, 1)), frame, ("mass",)), columns=columns)


def test_an_axis_of_dates_counts_days_and_says_so():
    when = pd.Series(["2020-01-01", "2021-06-30", "2020-02-29"], dtype="datetime64[us]")
    dataset = data(np.ones((3, 1)), pd.DataFrame({"mass": [1.0, 2, 3], "sold": when}), ("mass",))
    map_ = draw("columns", dataset, columns=["sold", "mass"])
    assert map_.xy[:, 0].tolist() == [18262, 18808, 18321]
    assert map_.dated == (True, False) and draw("columns", dataset).dated == (False, True)
    ready = dataset.with_(coords=map_.xy, coord_names=("sold", "mass"))
    assert draw("given", ready).dated == (True, False)
    moved = dataset.with_(coords=map_.xy - 18_000, coord_names=("sold", "mass"))
    assert draw("given", moved).dated == (False, False)
    kept, notes = pairs_of_columns.usable(dataset.with_(columns=("mass", "sold")))
    assert kept == ["mass", "sold"] and not notes
    (plot,) = pairs_of_columns.plots(dataset, [("sold", "mass")])
    assert plot.xy[:, 0].tolist() == [18262, 18808, 18321]


def test_dates_of_far_years_can_be_an_axis():
    when = pd.Series(["9999-12-31", "2021-06-30", "1066-10-14"], dtype="datetime64[us]")
    dataset = data(np.ones((3, 1)), pd.DataFrame({"mass": [1.0, 2, 3], "until": when}), ("mass",))
    map_ = draw("columns", dataset, columns=["until", "mass"])
    assert map_.xy[:, 0].tolist() == [2_932_896, 18_808, -329_893] and map_.dated == (True, False)


def test_columns_too_fine_for_the_map_are_noted():
    frame = pd.DataFrame({"time": 1.7e9 + np.arange(5.0), "v": np.arange(5.0)})
    map_ = draw("columns", data(np.ones((5, 1)), frame, ("v",)), columns=["time", "v"])
    assert any("'time' are rounded" in n for n in map_.notes)


def test_given_coordinates():
    coords = np.array([[1, 2], [3, 4]], np.float32)
    map_ = draw("given", data(np.ones((2, 3)), coords=coords, coord_names=("lon", "lat")))
    assert np.array_equal(map_.xy, coords)
    assert map_.axes == ("lon", "lat")
    with pytest.raises(BadInput, match="marked as ready coordinates"):
        draw("given", np.ones((2, 3)))


def test_no_rows_no_columns_too_many_rows():
    with pytest.raises(BadInput, match="no rows"):
        draw("pca", np.zeros((0, 3)))
    with pytest.raises(BadInput, match="no columns"):
        draw("pca", np.zeros((3, 0)))
    with pytest.raises(BadInput, match="2 cells"):
        draw("pca", [[np.nan, 1], [np.inf, 2]])
    with pytest.raises(BadInput, match="at most 3,000 rows, but there are 3,001"):
        draw("mds", np.zeros((3001, 2)))
    with pytest.raises(BadInput, match="only"):
        ops.projection_request(data(GROUPS), "pca", columns=["c0", "c1"])


def test_requests_from_digests_and_through_the_store(tmp_path):
    dataset = data(GROUPS)
    store = Artifacts(tmp_path)
    store.save(dataset)
    wanted = ops.projection_request(dataset, "columns")
    assert wanted.params["columns"] == ["c0", "c1"]
    assert from_json(json.loads(json.dumps(wanted.to_json()))) == wanted
    assert ops.projection_request(dataset.digest, "pca") == ops.projection_request(dataset, "pca")
    map_ = execute(wanted, store)
    scores = execute(ops.faithfulness_request(map_), store)
    assert ops.faithfulness_request(wanted).digest == scores.digest
    fresh = Artifacts(tmp_path).load(scores.digest)
    assert fresh.values == scores.values
    assert np.array_equal(fresh.points["continuity"], scores.points["continuity"])


@settings(max_examples=25, deadline=None)
@given(
    hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
    ),
    st.sampled_from(["pca", "isomap", "lle", "mds", "random"]),
)
def test_any_finite_data_give_a_finite_map_or_one_sentence(X, method):
    try:
        draw(method, X)
    except BadInput as error:
        assert re.search(r"\.$", str(error))


def _bounds(constraint):
    return constraint.left, constraint.right, constraint.closed


@pytest.mark.parametrize(
    ("method", "module", "name"),
    [
        ("tsne", "manifold", "TSNE"),
        ("isomap", "manifold", "Isomap"),
        ("lle", "manifold", "LocallyLinearEmbedding"),
        ("mds", "manifold", "MDS"),
    ],
)
def test_ranges_lie_within_those_of_scikit_learn(method, module, name):
    import importlib

    estimator = getattr(importlib.import_module(f"sklearn.{module}"), name)
    renamed = {"variant": "method"}
    ours = {"pca_first", "scaling"}
    translated = {"init": {"classical": "classical_mds"}}
    for p in registry.get("projection", method).params:
        if p.name in ours:
            continue
        rules = estimator._parameter_constraints[renamed.get(p.name, p.name)]
        if p.type == "choice":
            known = set().union(*(r.options for r in rules if hasattr(r, "options")))
            assert {translated.get(p.name, {}).get(c, c) for c in p.choices} <= known
            continue
        left, right, closed = next(_bounds(r) for r in rules if hasattr(r, "left"))
        assert p.low >= left
        assert p.low > left or closed in ("left", "both")
        assert right is None or p.high <= right
        if closed in ("left", "both") and p.name != "angle":
            assert p.low == left


def test_names_and_defaults_of_umap_parameters():
    import inspect

    from umap import UMAP

    known = inspect.signature(UMAP.__init__).parameters
    for p in registry.get("projection", "densmap").params:
        assert known[p.name].default == p.default


def test_importing_the_table_is_cheap():
    code = (
        "import sys; from analytics import registry; registry.methods(); "
        "import analytics.projection.operations, analytics.projection.faithfulness; "
        "print([m for m in ('umap', 'numba', 'sklearn.manifold', 'torch', 'streamlit') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
