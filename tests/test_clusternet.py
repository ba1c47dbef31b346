"""The groups people would see: known plots, what must not change the answer, bad input, verbs."""

import csv
import json
from dataclasses import fields

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

import analytics
from analytics import cli
from analytics.errors import BadInput, Cancelled
from analytics.operations import execute
from analytics.perception.clusternet import KEPT, group_as_people
from analytics.perception.operations import grouping_request
from analytics.results import NOISE, Grouping, Projection
from analytics.store.artifacts import Artifacts


def blobs(apart: float, n: int = 200, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    parts = [rng.normal(size=(n, 2)) + c for c in ((0, 0), (apart, 0), (0, apart))]
    return np.concatenate(parts)


THREE = np.repeat([0, 1, 2], 200)


def same(a: Grouping, b: Grouping) -> bool:
    return all(np.array_equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(Grouping))


def test_far_blobs_are_seen_apart_by_all():
    found = group_as_people(blobs(14))
    assert found.n_clusters == 3 and adjusted_rand_score(THREE, found.labels) > 0.98
    assert found.agreement > 0.7 and found.two_people > 0.7
    assert found.labels.dtype == np.int32 and found.points == 600
    assert found.count_shares.sum() == pytest.approx(1) and 3 in found.counts
    assert ((found.point_agreement >= 0) & (found.point_agreement <= 1)).all()


def test_one_blob_is_one_group():
    found = group_as_people(np.random.default_rng(0).normal(size=(500, 2)))
    assert found.n_clusters == 1


def test_people_join_what_comes_together():
    across = [group_as_people(blobs(d)).shares[:200, 200:400].mean() for d in (1.0, 4.0, 12.0)]
    assert across[0] > across[1] > across[2]


def test_a_ring_is_not_seen_with_its_core():
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 500)
    ring = np.c_[np.cos(angle), np.sin(angle)] * 5 + rng.normal(0, 0.15, (500, 2))
    points = np.vstack([ring, rng.normal(0, 0.6, (250, 2))])
    labels = group_as_people(points).labels
    assert not set(labels[:500].tolist()) & set(labels[500:].tolist()) - {NOISE}
    assert len(set(labels[500:].tolist())) == 1


def test_the_same_seed_gives_the_same_bytes_and_large_plots_are_sampled():
    points = blobs(12, 1000)
    one, two = group_as_people(points, seed=3), group_as_people(points, seed=3)
    assert same(one, two)
    assert len(one.sample) == KEPT and len(one.labels) == 3000
    assert adjusted_rand_score(np.repeat([0, 1, 2], 1000), one.labels) > 0.97
    assert "2 samples" in one.warnings[0]


def test_turning_mirroring_scaling_and_shuffling_change_next_to_nothing():
    points = blobs(9)
    base = group_as_people(points).labels
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    order = np.random.default_rng(1).permutation(len(points))
    for moved in (points @ turn.T, points * [-1, 1], points * 1e-9, points * 1e90 + 1e95):
        found = group_as_people(moved).labels if np.ptp(moved) > 0 else base
        if np.ptp(moved) < 1e94:
            assert adjusted_rand_score(base, found) > 0.95
    shuffled = group_as_people(points[order]).labels
    assert adjusted_rand_score(base[order], shuffled) > 0.99


@pytest.mark.parametrize(
    ("points", "words"),
    [
        (np.random.rand(9, 2), "There are 9 points, but a grouping needs at least 10"),
        (np.ones((50, 2)), "All points lie at one place"),
        (np.r_[np.random.rand(20, 2), [[np.nan, 0]]], "1 of 21 points have a missing"),
        (np.r_[np.random.rand(20, 2), [[1e308, 0]]], "A coordinate reaches 1e\\+308"),
        (np.random.rand(20, 1), "two columns of numbers"),
        (np.random.rand(20), "two columns of numbers"),
        (np.array([["a", "b"]] * 20), "two columns of numbers"),
    ],
)
def test_bad_points_are_one_clear_sentence(points, words):
    with pytest.raises(BadInput, match=words) as caught:
        group_as_people(points)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "points",
    [
        np.c_[np.arange(10.0), np.zeros(10)],
        np.r_[np.zeros((50, 2)), np.ones((50, 2))],
        np.random.default_rng(0).integers(0, 3, (300, 2)).astype(float),
        np.random.default_rng(0).random((10, 2)),
        1e15 + np.random.default_rng(0).random((40, 2)) * 1e6,
    ],
    ids=["line", "two places", "grid", "ten", "far away"],
)
def test_odd_but_usable_plots_get_an_answer(points):
    found = group_as_people(points)
    assert len(found.labels) == len(points) and np.isfinite(found.point_agreement).all()
    assert np.isfinite(found.shares).all() and 0 <= found.agreement <= 1


def test_it_can_be_stopped():
    def stop(fraction, words):
        if fraction and fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        group_as_people(blobs(12, 1000), progress=stop)


def test_the_request_stores_and_returns_the_grouping(tmp_path):
    store = Artifacts(tmp_path)
    made = Projection(digest="a" * 32, xy=blobs(12).astype(np.float32))
    store.save(made)
    request = grouping_request(made)
    first = execute(request, store)
    again = Artifacts(tmp_path).load(request.digest)
    assert isinstance(again, Grouping) and np.array_equal(first.labels, again.labels)
    assert np.array_equal(first.shares, again.shares) and again.counts.dtype == np.int32
    assert analytics.perceive(made, store=store).digest == request.digest
    with pytest.raises(BadInput, match="need one map"):
        execute(analytics_request("clusternet", ()), store)
    with pytest.raises(BadInput, match="choose clusternet"):
        execute(analytics_request("magic", (made.digest,)), store)


def analytics_request(method, parents):
    from analytics.operations import request

    return request("grouping", method, parents, {"aspect": 1.0})


def test_the_verb_writes_a_label_and_an_agreement_per_row(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    np.savetxt("xy.csv", blobs(14), delimiter=",", header="x,y", comments="")
    assert cli.main(["perceive", "xy.csv", "--out", "labels.csv", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {"n_clusters", "agreement", "points"} <= set(answer)
    assert answer["n_clusters"] == 3 and answer["points"] == 600
    with open("labels.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 600 and [r["row"] for r in rows[:3]] == ["0", "1", "2"]
    assert adjusted_rand_score(THREE, [int(r["label"]) for r in rows]) > 0.98
    assert all(0 <= float(r["agreement"]) <= 1 for r in rows)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("x,y\n" + "1,2\n" * 5, "There are 5 points"),
        ("x,y\n" + "1,2\n" * 30, "one place"),
        ("x\n" + "".join(f"{i}\n" for i in range(30)), "column"),
        ("x,y\n" + "".join(f"{i},{i * i}\n" for i in range(30)) + "3,\n", "missing"),
        ("x,y\n" + "".join(f"{i},{i * i}\n" for i in range(30)) + "3,1e308\n", "1e\\+308"),
    ],
)
def test_bad_files_end_with_two_and_one_sentence(tmp_path, capsys, monkeypatch, content, words):
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path / "home"))
    path = tmp_path / "bad.csv"
    path.write_text(content)
    code = cli.main(["perceive", str(path), "--out", str(tmp_path / "l.csv"), "--json"])
    answer = json.loads(capsys.readouterr().out)
    assert code == 2
    import re

    assert re.search(words, answer["error"]), answer
