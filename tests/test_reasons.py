"""Why these clusters: statements, profile, exemplars together; the operation, table and words."""

import json

import numpy as np
import pandas as pd
import pytest

import analytics
from analytics.errors import BadInput
from analytics.explanation import wording
from analytics.explanation.operations import reasons_request
from analytics.explanation.reasons import chosen, earned, explainable, reasons, ticks
from analytics.operations import execute, request
from analytics.report.reasons import reasons_json, reasons_short, reasons_table
from analytics.results import Dataset, Reasons
from analytics.store.artifacts import Artifacts


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Artifacts(tmp_path_factory.mktemp("reasons"))


def made(store, sample, k) -> tuple[Dataset, object, Reasons]:
    dataset = analytics.prepare(f"sample:{sample}", store=store)
    groups = analytics.cluster(dataset, "kmeans", n_clusters=k, store=store)
    return dataset, groups, analytics.reasons(groups, store=store)


def planted(n=300):
    """A dataset of a number, a category and a label; groups by the number, then by the category."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "number": np.arange(n) % 97,
            "size": rng.uniform(0, 10, n),
            "kind": rng.choice(["a", "b"], n),
            "known": (np.arange(n) % 2) + 1,
        }
    )
    labels = np.where(frame["size"] > 7, 0, np.where(frame["kind"] == "a", 1, 2)).astype(np.int32)
    X = frame[["size"]].to_numpy(np.float32)
    params = {"features": ["size", "kind"]}
    dataset = Dataset(X=X, frame=frame, rows=np.arange(n), params=params, label_column="known")
    return dataset, labels


def test_planted_groups_are_told_and_the_answer_adds_up():
    dataset, labels = planted()
    found = reasons(dataset, labels)
    assert [c["label"] for c in found.clusters] == [0, 1, 2]
    for cluster in found.clusters:
        best = chosen(cluster)
        assert best["kind"] == "rules" and earned(cluster) and explainable(cluster) > 0.97
        assert cluster["size"] == (labels == cluster["label"]).sum()
        for row in cluster["typical"] + cluster["borderline"]:
            assert labels[row] == cluster["label"]
        wrong = best["held_out"]["support"] - best["held_out"]["hits"]
        assert sum(rows for _, rows in best["confused"]) == wrong
    assert chosen(found.clusters[0])["sentence"].startswith("size is more than 7")
    names = {c["name"] for c in found.clusters[0]["profile"]}
    assert names == {"number", "size", "kind", "known"}
    known = [c for c in found.clusters[0]["profile"] if c["name"] == "known"]
    assert known[0]["kind"] == "value"  # a label in numbers is a name
    assert all(c["used"] == (c["name"] in ("size", "kind")) for c in found.clusters[0]["profile"])


def test_a_large_table_is_sampled_and_rows_are_those_of_the_dataset(monkeypatch):
    monkeypatch.setattr("analytics.explanation.reasons.MOST_ROWS", 100)
    dataset, labels = planted()
    found = reasons(dataset, labels)
    assert "of 300 rows" in found.notes[0]
    assert sum(c["size"] for c in found.clusters) == 300
    for cluster in found.clusters:
        assert {int(labels[r]) for r in cluster["typical"]} == {cluster["label"]}


def test_a_cluster_of_nearly_all_rows_is_not_explained_by_naming_all():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=200), "y": rng.normal(size=200)})
    labels = (np.arange(200) % 20 == 0).astype(np.int32)  # says nothing of x and y
    params = {"features": ["x", "y"]}
    X = frame.to_numpy(np.float32)
    dataset = Dataset(X=X, frame=frame, rows=np.arange(200), params=params)
    large, small = reasons(dataset, labels).clusters
    assert chosen(large)["held_out"]["f1_of_all"] > 0.97 and not earned(large)
    assert not earned(small)


def test_only_noise_has_no_group():
    dataset, labels = planted(40)
    assert reasons(dataset, np.full_like(labels, -1)).clusters == ()


def test_the_operation_is_stored_and_equal_twice(store, tmp_path):
    _, groups, found = made(store, "wine", 3)
    wanted = reasons_request(groups)
    assert found.digest == wanted.digest and store.has(wanted.digest)
    other = Artifacts(tmp_path)
    for digest in groups.parents:
        other.save(store.require(digest))
    other.save(groups)
    again = execute(wanted, other)
    assert json.dumps(again.clusters) == json.dumps(found.clusters)
    assert min(explainable(c) for c in found.clusters) > 0.8


def test_other_groups_are_refused(store):
    dataset, groups, _ = made(store, "wine", 3)
    wrong = request("reasons", "", (groups.digest, dataset.digest))
    with pytest.raises(BadInput, match="do not belong"):
        execute(wrong, store)


def test_texts_have_terms_and_no_rule_of_their_own(store):
    dataset, _, found = made(store, "messages", 5)
    kinds = {s["kind"] for c in found.clusters for s in c["statements"]}
    assert kinds == {"words"} and any(c["terms"] for c in found.clusters)
    assert all(c["name"] != dataset.text_column for g in found.clusters for c in g["profile"])


def test_images_have_mean_pictures(store):
    dataset, groups, found = made(store, "digits", 10)
    mean = found.pictures["mean"]
    assert mean.shape == (10, 8, 8) and mean.dtype == np.float32
    pixels = dataset.frame[dataset.params["features"]].to_numpy()
    assert mean[3].ravel() == pytest.approx(pixels[groups.labels == 3].mean(axis=0), rel=1e-5)
    assert {s["kind"] for c in found.clusters for s in c["statements"]} == {"picture"}
    assert [c["name"] for c in found.clusters[0]["profile"]] == ["digit"] * 10


def test_ticks_words_and_files(store):
    dataset, _, found = made(store, "iris", 3)
    told = ticks(found)
    assert set(told) == {0, 1, 2} and all(t["earned"] for t in told.values())
    setosa = next(c for c in found.clusters if explainable(c) == 1)
    assert wording.sentence(setosa) == "Here petal width, cm is at most 0.8."
    assert wording.quality(chosen(setosa)["held_out"]).startswith("F1 1.00 (0.96–1.00), precision")
    assert wording.confused(setosa) == ""
    mixed = next(c for c in found.clusters if chosen(c)["confused"])
    assert "Also true of rows elsewhere: " in wording.confused(mixed)
    lines = wording.facts(setosa)
    assert any("species is setosa: 100\u00a0% here, 0\u00a0% elsewhere" in line for line in lines)
    table = reasons_table(found, dataset)
    assert list(table["cluster"]) == [1, 2, 3] and table["best"].all()
    assert (table["f1_low"] <= table["f1"]).all() and (table["f1"] <= table["f1_high"]).all()
    whole = reasons_json(found, dataset)
    assert json.loads(json.dumps(whole)) == whole and whole["clusters"][0]["cluster"] == 1
    assert [line["label"] for line in reasons_short(found)] == [0, 1, 2]


def test_a_cluster_without_a_statement_is_said_in_words():
    cluster = {"statements": [], "chosen": -1, "profile": [], "terms": []}
    assert chosen(cluster) is None and explainable(cluster) == 0 and not earned(cluster)
    assert wording.facts(cluster) == ["No column, text or picture here can be read as a rule."]
