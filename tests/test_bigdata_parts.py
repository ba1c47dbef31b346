"""What is computed of pieces of a large table, joined, is what is computed of the whole."""

import json
from functools import reduce
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.bigdata import (
    batches,
    counts,
    distinct,
    groups,
    lattice,
    mixtures,
    ranks,
    rows,
    sketch,
)
from analytics.errors import BadInput
from analytics.perception.clams import clams


def pieces(table: pa.Table, cuts) -> list[pa.Table]:
    edges = [0, *sorted(cuts), table.num_rows]
    return [table.slice(a, b - a) for a, b in pairwise(edges)]


def mixed(n: int = 5_000, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    x = rng.normal(3, 2, n)
    x[::50] = np.nan
    x[7::500] = np.inf
    return pa.table(
        {
            "x": x,
            "few": rng.integers(0, 9, n),
            "word": pa.array(np.where(rng.random(n) < 0.1, None, rng.choice(list("abc"), n))),
            "on": rng.random(n) < 0.25,
            "day": pd.to_datetime("2020-01-01") + pd.to_timedelta(rng.integers(0, 99, n), "D"),
        }
    )


@given(st.lists(st.integers(0, 5_000), max_size=6))
@settings(max_examples=15, deadline=None)
def test_sketches_joined_are_the_facts_of_the_whole(cuts):
    table = mixed()
    frame = table.to_pandas()
    found = sketch.facts(reduce(sketch.merge, map(sketch.of_chunk, pieces(table, cuts))))
    x = frame["x"][np.isfinite(frame["x"])]
    assert found["x"]["rows"] == 5_000
    assert found["x"]["missing"] == int(frame["x"].isna().sum())
    assert found["x"]["infinite"] == int(np.isinf(frame["x"]).sum())
    assert (found["x"]["min"], found["x"]["max"]) == pytest.approx((x.min(), x.max()))
    assert found["x"]["mean"] == pytest.approx(x.mean())
    assert found["x"]["std"] == pytest.approx(x.std(ddof=0))
    assert found["few"]["distinct"] == 9
    assert found["x"]["distinct"] <= 5_000 - found["x"]["missing"]
    most = frame["few"].value_counts()
    assert [c for _, c in found["few"]["top"]] == most.head(5).tolist()
    assert found["few"]["approximate"] == ["median", "quantiles"]
    assert found["word"]["missing"] == int(frame["word"].isna().sum())
    assert found["word"]["distinct"] == 3 and found["word"]["approximate"] == []
    assert found["on"]["kind"] == "boolean" and found["on"]["max"] == 1
    assert found["day"]["min"] == str(frame["day"].min().date())


def test_a_column_without_a_value_and_one_of_huge_numbers():
    table = pa.table({"none": pa.nulls(3, pa.float64()), "huge": [1e300, -1e300, 1e308]})
    found = sketch.facts(reduce(sketch.merge, map(sketch.of_chunk, pieces(table, [1]))))
    assert found["none"]["kind"] == "empty" and found["none"]["missing"] == 3
    assert found["huge"]["std"] is None and found["huge"]["max"] == 1e308


@pytest.mark.parametrize("size", [3, 900, 60_000, 400_000])
def test_the_number_of_different_values_is_close(size):
    values = np.arange(size) * 1.5
    joined = reduce(distinct.merge, [distinct.of_values(v) for v in np.array_split(values, 3)])
    assert distinct.estimate(joined) == pytest.approx(size, rel=4 * distinct.ERROR)


def test_frequent_values_keep_their_bound():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.integers(0, 10**6, 60_000), np.full(2_000, -1), np.full(900, -2)])
    rng.shuffle(values)
    parts = [np.unique(v, return_counts=True) for v in np.array_split(values, 9)]
    found = reduce(counts.merge, [counts.of_distinct(*p) for p in parts])
    assert not found.exact and len(found.values) <= counts.MOST
    (first, a), (second, b) = counts.top(found, 2)
    assert (first, second) == (-1, -2)
    assert 2_000 - found.lost <= a <= 2_000 and 900 - found.lost <= b <= 900
    assert counts.top(counts.of_distinct(*np.unique(np.arange(9_000), return_counts=True))) == []


@given(st.integers(1, 40), st.integers(0, 3))
@settings(max_examples=10, deadline=None)
def test_quantiles_are_within_a_half_percent_of_the_rows(parts, seed):
    values = np.random.default_rng(seed).lognormal(size=50_000)
    joined = reduce(
        ranks.merge, [ranks.of_sorted(np.sort(v)) for v in np.array_split(values, parts)]
    )
    got = ranks.quantiles(joined, sketch.SHARES)
    at = np.searchsorted(np.sort(values), got) / len(values)
    assert np.abs(at - sketch.SHARES).max() < 0.005


@given(
    st.lists(
        st.tuples(*[st.floats(-1e6, 1e6, allow_subnormal=False)] * 2), min_size=1, max_size=60
    ),
    st.integers(0, 60),
)
@settings(max_examples=60, deadline=None)
def test_a_lattice_keeps_the_sums_of_all_points(points, cut):
    points = np.array(points)
    joined = lattice.merge(lattice.of_points(points[:cut]), lattice.of_points(points[cut:]))
    side = 2.0**joined.exponent
    assert joined.points == len(points)
    assert np.ptp(joined.cells, axis=0).max() < lattice.MOST
    middle = (joined.cells.T + 0.5) * side
    sums = (middle * joined.sums[0] + side * joined.sums[1:3]).sum(axis=1)
    scale = np.abs(points).sum() + 1e-300
    np.testing.assert_allclose(sums / scale, points.sum(axis=0) / scale, atol=1e-9)
    assert (joined.low == points.min(axis=0)).all() and (joined.high == points.max(axis=0)).all()


def test_clams_of_pieces_is_that_of_all_points_whatever_their_order():
    rng = np.random.default_rng(2)
    points = np.concatenate([rng.normal(m, 1, (20_000, 2)) for m in ([0, 0], [5, 0], [2, 4])])
    points = points[np.argsort(points[:, 0])]  # the range grows with every piece
    parts = [lattice.of_points(p, 0.8) for p in np.array_split(points, 11)]
    parts.append(lattice.of_points(np.array([[np.nan, 1.0]]), 0.8))
    found = lattice.ambiguity(reduce(lattice.merge, parts))
    whole = clams(points, aspect=0.8)
    assert found.n == 60_000 and "1 rows" in found.notes[0]
    assert found.n_components == whole.n_components
    assert found.ambiguity == pytest.approx(whole.ambiguity, abs=0.01)
    back = reduce(lattice.merge, parts[::-1])
    assert lattice.ambiguity(back).ambiguity == pytest.approx(found.ambiguity, abs=1e-6)
    assert lattice.ambiguity(back).aspect == 0.8


def test_a_lattice_holds_any_number_and_says_when_there_is_one_place():
    far = lattice.merge(
        lattice.of_points(np.random.default_rng(0).normal(size=(900, 2))),
        lattice.of_points(np.array([[1e300, -1e300], [np.inf, 0.0]])),
    )
    assert far.points == 901 and far.left_out == 1 and len(far.cells) <= 8
    with pytest.raises(BadInput, match="two different places"):
        lattice.ambiguity(lattice.of_points(np.ones((4, 2))))
    with pytest.raises(BadInput, match="two different places"):
        lattice.ambiguity(lattice.empty())
    with pytest.raises(ValueError, match="aspects"):
        lattice.merge(lattice.empty(1.0), lattice.empty(2.0))


def test_counts_and_means_by_group():
    table = mixed()
    frame = table.to_pandas()
    parts = [groups.of_chunk(p, ["word"], ["x"]) for p in pieces(table, [10, 900, 901])]
    found = groups.table(reduce(groups.merge, parts)).set_index("word")
    key = frame["word"].fillna("(missing)")
    x = frame["x"].where(np.isfinite(frame["x"]))
    want = x.groupby(key).agg(["mean", "min", "max"])
    assert found["rows"].to_dict() == key.value_counts().to_dict()
    assert found["share"].sum() == pytest.approx(1)
    for name in ("mean", "min", "max"):
        assert found[f"x: {name}"].to_dict() == pytest.approx(want[name].to_dict())
    assert found["x: std"].to_dict() == pytest.approx(x.groupby(key).std(ddof=0).to_dict())


def sampled(table, cuts, by="", wanted=200, seed=0, back=False):
    kept, start, found = None, 0, []
    for part in pieces(table, cuts):
        found.append((start, part))
        start += part.num_rows
    for start, part in found[::-1] if back else found:
        bound = kept.bound if kept else 2.0**64
        one = rows.of_chunk(part, start, wanted, seed, by, bound)
        kept = one if kept is None else rows.merge(kept, one)
    return kept, *rows.chosen(kept)


@pytest.mark.parametrize("by", ["", "word"])
def test_a_sample_does_not_depend_on_the_pieces_or_their_order(by):
    table = mixed()
    kept, places, drawn = sampled(table, [], by)
    for cuts, back in (([9, 1_700, 1_701], False), (list(range(100, 5_000, 100)), True)):
        assert (sampled(table, cuts, by, back=back)[1] == places).all()
    assert len(places) == len(set(places)) == 200 and (np.diff(places) > 0).all()
    pd.testing.assert_frame_equal(drawn.to_pandas(), table.take(places).to_pandas())
    assert (sampled(table, [], by, seed=1)[1] != places).any()
    assert rows.sentence(kept, 200, "f.csv").startswith("200 of 5,000 rows of f.csv, drawn each")


def test_a_sample_in_proportion_gives_every_value_its_share():
    n = 20_000
    word = np.where(np.arange(n) % 1_000 == 3, "rare", np.where(np.arange(n) % 4 == 0, "b", "a"))
    table = pa.table({"word": word, "i": np.arange(n)})
    _, _, drawn = sampled(table, range(0, n, 3_000), "word", wanted=100)
    got = pd.Series(drawn.column("word").to_pylist()).value_counts().to_dict()
    assert got == {"a": 74, "b": 25, "rare": 1}  # 74.9, 25, 0.1: at least one of each
    with pytest.raises(BadInput, match=r"1,000 different values"):
        sampled(table, [], "i")
    assert len(sampled(table.slice(0, 5), [], "word")[1]) == 5


@given(st.lists(st.integers(1, 500), min_size=1, max_size=30), st.integers(1, 3_000))
@settings(max_examples=60, deadline=None)
def test_shares_add_up(sizes, wanted):
    held = pd.Series(sizes)
    wanted = min(wanted, sum(sizes))
    given_ = rows.shares(held, wanted)
    assert given_.sum() == wanted and (given_ <= held).all()
    assert (given_ >= 1).all() or wanted < len(sizes)


def test_a_round_of_k_means_over_pieces_is_one_over_all_rows():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(3_000, 4)) + 1e4
    centers = X[:6]
    labels = ((X[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    assert (batches.nearest(X, centers)[0] == labels).all()
    parts = [batches.sums(x, centers) for x in np.array_split(X, 5)]
    found = reduce(batches.merge, parts)
    np.testing.assert_allclose(
        batches.moved(centers, found), [X[labels == j].mean(axis=0) for j in range(6)]
    )
    assert found.loss == pytest.approx(((X - centers[labels]) ** 2).sum(), rel=1e-6)


def test_mini_batch_steps_lead_to_the_mean_of_the_rows_had():
    """Sculley's rule, row after row: a centre goes to its row by one over the rows it has had."""
    rng = np.random.default_rng(3)
    middles = np.array([[0.0, 0], [9, 1], [4, 8]])
    X = middles[rng.integers(3, size=25_000)] + rng.normal(size=(25_000, 2))
    start = middles + 1.5
    nothing = batches.Sums(np.zeros(3, np.int64), np.zeros((3, 2)), 0.0)
    centers, had = start.copy(), np.zeros(3)
    for at in range(0, len(X), batches.BATCH):
        batch = X[at : at + batches.BATCH]
        nearest, _ = batches.nearest(batch, centers)
        for row, j in zip(batch, nearest, strict=True):
            had[j] += 1
            centers[j] += (row - centers[j]) / had[j]
    found = batches.stepped(nothing, X, start)
    np.testing.assert_allclose(batches.moved(start, found), centers)
    assert found.counts.tolist() == had.tolist()
    assert np.abs(centers - middles).max() < 0.05


@pytest.mark.parametrize("aspect", [1.0, 0.25])
def test_the_picture_of_a_lattice_counts_each_point_where_it_lies(aspect):
    points = np.random.default_rng(3).normal(size=(5_000, 2)) * [3, 8] + [100, -40]
    found = lattice.of_points(points, aspect)
    image, (x, dx), (y, dy) = lattice.counts(found, 60)
    assert max(image.shape) <= 60 and image.sum() == 5_000
    at = np.floor((points - [x, y]) / [dx, dy] + 0.5).astype(int)
    assert (
        np.histogram2d(at[:, 1], at[:, 0], image.shape, [[-0.5, s - 0.5] for s in image.shape])[0]
        == image
    ).all()


@pytest.mark.parametrize("shape", ["full", "tied", "diag", "spherical"])
def test_rounds_of_em_over_pieces_are_those_of_scikit_learn(shape):
    from sklearn.mixture import GaussianMixture

    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(i * 3, 1 + i / 3, (700, 3)) * [1, 2, 0.5] for i in range(3)])
    rng.shuffle(X)
    X, middle, scale = X + 1e3, np.full(3, 1e3), 8.0
    Y = (X - middle) / scale
    fit = {"covariance_type": shape, "tol": 0}
    with pytest.warns(match="did not converge"):
        start = GaussianMixture(3, random_state=0, max_iter=1, **fit).fit(Y[:200])
        whole = GaussianMixture(
            3, max_iter=4, weights_init=start.weights_, means_init=start.means_,
            precisions_init=start.precisions_, **fit,
        ).fit(Y)  # fmt: skip
    at = mixtures.of_model(start, scale, middle)
    again = mixtures.from_json(json.loads(json.dumps(at.to_json())))
    assert all(np.array_equal(a, b) for a, b in zip(at, again, strict=True))
    likely = []
    for _ in range(4):
        pieces = [mixtures.moments(x, at) for x in np.array_split(X, 7)]
        found = reduce(mixtures.merge, pieces, mixtures.nothing(at))
        likely.append(found.likelihood / found.rows)
        at = mixtures.moved(at, found)
    assert likely == sorted(likely) and likely[0] == pytest.approx(start.score(Y))
    for name in ("weights", "means", "covariances"):
        np.testing.assert_allclose(getattr(at, name), getattr(whole, f"{name}_"), atol=1e-12)
    assert (mixtures.likeliest(X, at) == whole.predict(Y)).all()
    assert mixtures.moments(X, at).likelihood / len(X) == pytest.approx(whole.score(Y))
    k, d = at.means.shape
    assert mixtures.numbers(k, d, shape) == sum(np.size(v) for v in at[1:4])


def test_a_component_without_rows_stays_and_a_flat_one_is_refused():
    X = np.random.default_rng(0).normal(size=(50, 2))
    at = mixtures.Mixture("full", np.array([1.0, 0.0]), np.array([[0.0, 0], [9, 9]]),
                          np.stack([np.eye(2)] * 2), 1e-6, np.zeros(2), 1.0)  # fmt: skip
    after = mixtures.moved(at, mixtures.moments(X, at))
    assert (after.means[1] == 9).all() and (after.covariances[1] == np.eye(2)).all()
    np.testing.assert_allclose(after.means[0], X.mean(axis=0))
    assert (mixtures.likeliest(X, after) == 0).all()
    assert mixtures.moved(at, mixtures.nothing(at)) is at
    for shape, held in (("full", np.zeros((2, 2, 2))), ("diag", np.zeros((2, 2)))):
        with pytest.raises(BadInput, match="raise reg_covar"):
            mixtures.moments(X, at._replace(shape=shape, covariances=held))
