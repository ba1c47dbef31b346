"""Methods of the literature: each has its page and its measurement, and bears hostile data."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_blobs

from analytics import needs, registry
from analytics.clustering.fit import fit
from analytics.errors import BadInput
from analytics.results import UNLABELLED, Dataset
from bench.methods import modules
from bench.rows._common import Measured

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs" / "methods"
ROWS = [m for m in registry.methods() if m.family != registry.CLASSICS]
each = pytest.mark.parametrize("row", ROWS, ids=lambda m: m.id)
BENCH = modules()


def material(X, known: int = 2) -> Dataset:
    """A dataset that offers what methods may need: labels of every second row of ``known`` classes,
    two domains in turn, a text each."""
    X = np.asarray(X, np.float32)
    turn = np.arange(len(X))
    labels = np.where(turn % 2, UNLABELLED, turn // 2 % known)
    return Dataset(
        X=X,
        labels=labels.astype(np.int32),
        label_names=tuple("ab"[:known]),
        domain=(turn % 2).astype(np.int32),
        domain_names=("here", "there"),
        frame=pd.DataFrame(
            {"text": [f"row {i} of {['tea', 'coffee', 'cake'][i % 3]}" for i in turn]}
        ),
        text_column="text",
    )


def fitted(row, X, seed=0, **params):
    data = material(X)
    if any(p.name == "epochs" for p in row.params):
        params = {"epochs": 3, **params}  # what is tested here does not need a trained network
    return fit(row, data.X.astype(np.float64), row.check(params), seed, data)


@each
def test_it_has_a_family_a_page_and_a_measurement(row):
    assert row.family in registry.FAMILIES
    assert row.measured.endswith(".") and any(c.isdigit() for c in row.measured)
    names = [name for name, module in BENCH.items() if row.id in module.METHODS]
    assert len(names) == 1, "one module of bench/rows measures it"
    assert f"`{row.id}`" in (DOCS / f"{names[0]}.md").read_text()


@pytest.mark.parametrize("name", BENCH)
def test_a_measurement_has_its_page_with_a_picture(name):
    page = (DOCS / f"{name}.md").read_text()
    assert f"({name}.md)" in (DOCS / "README.md").read_text()
    assert "](../images/" in page and f"python -m bench.methods {name}" in page
    module = BENCH[name]
    assert module.CLAIM and callable(module.measure)
    assert all(any(m.id == i for m in registry.methods()) for i in module.METHODS)


def test_classics_have_the_default_family():
    assert {m.family for m in registry.methods("projection")} == {registry.CLASSICS}


def test_a_verdict_says_what_holds():
    good = Measured("a", "b", "ACC", 0.9, {"kmeans": 0.8, "gmm": 0.95}, bar=0.85)
    assert good.verdict() == "reaches 0.85; not above gmm"
    loss = Measured("a", "b", "loss", 9.0, {"pam": 9.5}, bar=8.5, less=True)
    assert loss.verdict() == "MISSES 8.5; above the baselines"


HOSTILE = {
    "one row": np.zeros((1, 2)),
    "all equal": np.full((6, 2), 3.0),
    "two": np.array([[0.0], [1.0]]),
    "two places": np.array([[0.0, 0]] * 9 + [[1, 1]] * 9),
    "constant column": np.column_stack([np.arange(12.0), np.ones(12)]),
}


@each
def test_hostile_data_gives_groups_or_one_sentence(row):
    many = any(p.name == "n_clusters" for p in row.params)
    for X in HOSTILE.values():
        for k in sorted({1, min(2, len(X)), len(X)}):
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                try:
                    found = fitted(row, X, **({"n_clusters": k} if many else {}))
                except BadInput as error:
                    assert str(error).endswith(".")
                    continue
            assert len(found.labels) == len(X)
            assert found.n_clusters == found.labels.max() + 1 <= len(X)


@each
def test_the_same_seed_gives_the_same_bytes(row):
    X = make_blobs(90, 4, centers=4, random_state=1)[0]
    one, two = fitted(row, X, 3), fitted(row, X, 3)
    assert one.labels.tobytes() == two.labels.tobytes()
    assert {k: v.tobytes() for k, v in one.extras.items()} == {
        k: v.tobytes() for k, v in two.extras.items()
    }


@each
def test_it_can_be_cancelled(row):
    class Stop(Exception):
        pass

    def stop(fraction, words):
        raise Stop

    data = material(make_blobs(90, 4, centers=4, random_state=1)[0])
    with pytest.raises(Stop):
        fit(row, data.X.astype(np.float64), row.check({}), 0, data, stop)


@each
def test_what_it_needs_is_said(row):
    X = np.arange(12.0)[:, None]
    bare = Dataset(X=X.astype(np.float32))
    for need in set(row.needs) - {"table"}:
        assert need in needs.absent(row, bare)
        with pytest.raises(BadInput, match=f"{needs.NEEDS[need][0]}.* this data has none"):
            fit(row, X, row.check({}), 0, bare)
