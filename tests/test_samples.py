"""The built-in samples: same in every run, as described, and working with no choice made."""

import numpy as np
import pandas as pd
import pytest

from analytics.data import operations, samples
from analytics.errors import BadInput
from analytics.operations import execute
from analytics.store.artifacts import Artifacts

IDS = [sample.id for sample in samples.SAMPLES]


@pytest.mark.parametrize("sample", IDS)
def test_a_sample_is_deterministic_and_works_at_once(sample, tmp_path):
    pd.testing.assert_frame_equal(samples.frame(sample), samples.frame(sample))
    store = Artifacts(tmp_path)
    table = execute(operations.sample_request(sample), store)
    dataset = execute(operations.dataset_request(table), store)
    assert dataset.X.dtype == np.float32 and np.isfinite(dataset.X).all()
    assert dataset.n == dataset.total_rows == len(table.frame) >= 100
    assert dataset.labels is not None and len(dataset.label_names) >= 2
    assert table.name == samples.get(sample).label and samples.get(sample).licence


@pytest.mark.parametrize("sample", [s.id for s in samples.SAMPLES if s.kind == "plane"])
def test_planes_offer_their_coordinates(sample, tmp_path):
    frame = samples.frame(sample)
    assert list(frame.columns) == ["x", "y", "group"] and np.isfinite(frame[["x", "y"]]).all(
        axis=None
    )
    table = execute(operations.sample_request(sample), Artifacts(tmp_path))
    assert (table.recipe["x"], table.recipe["y"], table.recipe["scale"]) == ("x", "y", "none")
    assert str(len(frame)) in samples.get(sample).description


@pytest.mark.parametrize("name", ["iris", "wine", "breast_cancer", "digits"])
def test_shipped_sets_are_those_of_scikit_learn(name):
    from sklearn import datasets

    original = getattr(datasets, f"load_{name}")()
    frame = samples.frame(name)
    np.testing.assert_array_equal(frame.iloc[:, :-1].to_numpy(float), original.data)
    codes, _ = pd.factorize(frame.iloc[:, -1])
    expected, _ = pd.factorize(original.target)
    np.testing.assert_array_equal(codes, expected)


def test_messages_are_different_texts():
    frame = samples.frame("messages")
    assert len(frame) == 160 and frame["text"].is_unique
    assert frame["topic"].nunique() == 5 and frame["tone"].nunique() == 3
    assert frame["text"].str.len().between(20, 200).all()


def test_clear_groups_are_clear():
    from sklearn.metrics import silhouette_score

    clear, ambiguous = samples.frame("clear"), samples.frame("ambiguous")
    assert silhouette_score(clear[["x", "y"]], clear["group"]) > 0.7
    assert silhouette_score(ambiguous[["x", "y"]], ambiguous["group"]) < 0.35


def test_mixed_shows_the_profile(tmp_path):
    table = execute(operations.sample_request("mixed"), Artifacts(tmp_path))
    codes = {p["code"] for p in table.profile["problems"]}
    assert {"missing", "infinite", "constant", "duplicate_rows", "empty_columns", "dates"} <= codes


def test_unknown_sample():
    with pytest.raises(BadInput, match="choose one of wine"):
        operations.sample_request("penguins")
    assert samples.DEFAULT in IDS
