"""Groups of a sample given to all rows: the same preparation and labels, in the file's order."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import analytics
from analytics import cli
from analytics.bigdata import applying, assigning, encoder, labelling, records, source
from analytics.errors import BadInput, Cancelled, StoreError
from analytics.store.artifacts import Artifacts
from models import minilm

N = 6_000


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    g = rng.integers(0, 3, N)
    frame = pd.DataFrame(
        {
            "x": rng.normal(g * 5, 1),
            "y": rng.normal((g == 1) * 6, 1),
            "size": rng.lognormal(g, 1),
            "kind": np.where(rng.random(N) < 0.95, np.array(["a", "b", "c"])[g], "rare"),
            "code": [f"{i % 7:03d}" for i in range(N)],
            "on": rng.random(N) < 0.3,
        }
    )
    frame.loc[::50, "size"] = np.nan
    frame.loc[1::50, "x"] = np.inf
    return frame


@pytest.fixture(scope="module", params=["csv", "parquet"])
def made(request, frame, tmp_path_factory):
    """A file, a store, the table of its sample."""
    patch = pytest.MonkeyPatch()
    folder = tmp_path_factory.mktemp("apply")
    patch.setenv("GESTALT_HOME", str(folder / "home"))
    patch.setattr(records, "BLOCK", 40_000)
    patch.setattr(source, "ROWS", 1_100)
    patch.setattr(source, "SPAN", 2_000)
    patch.setattr(source, "STRETCH", 90_000)
    patch.setattr(labelling, "CELLS", 1_500)
    path = folder / f"big.{request.param}"
    if request.param == "csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, row_group_size=2_500)
    store = Artifacts(folder / "home" / "results")
    table = analytics.sample(path, 500, by="kind", store=store)
    yield SimpleNamespace(path=path, store=store, table=table, folder=folder)
    patch.undo()


def labels(made, found, **options):
    out = made.folder / "out.parquet"
    result = analytics.apply(found, made.path, out, store=made.store, **options)
    written = pd.read_parquet(out)
    assert (written["row"] == np.arange(N)).all() and result.facts["rows"] == N
    groups = dict(result.facts["groups"])
    groups[-3] = result.facts["left_out"]
    counted = written["label"].value_counts().to_dict()
    assert {k: v for k, v in groups.items() if v} == counted
    return result, written["label"].to_numpy()


def own_rows(made, dataset):
    return made.table.frame["file row"].to_numpy()[dataset.rows]


FEATURES = ["x", "y", "size", "kind", "on"]


@pytest.mark.parametrize(
    ("method", "params", "rule"),
    [
        ("kmeans", {"n_clusters": 3}, "3 centres"),
        ("gmm", {"n_clusters": 3, "covariance_type": "diag"}, "3 components"),
        ("fastclara", {"n_clusters": 4, "metric": "manhattan"}, "4 medoids (manhattan)"),
        ("agglomerative", {"n_clusters": 3}, "vote of the 5 nearest"),
        ("kmeans", {"n_clusters": 3, "space": "pca", "components": 2}, "3 centres"),
    ],
)
def test_rows_of_the_sample_keep_their_labels_and_others_follow_the_rule(
    made, method, params, rule
):
    dataset = analytics.prepare(made.table, features=FEATURES, missing="median", store=made.store)
    found = analytics.cluster(dataset, method, store=made.store, **params)
    result, given = labels(made, found)
    rows = own_rows(made, dataset)
    assert (given[rows] == found.labels).all()
    assert rule in result.facts["rule"] and result.facts["agreement"] > 0.97
    assert result.facts["left_out"] == 0  # gaps are filled
    assert "500 rows of the sample keep their own labels" in " ".join(result.notes)


def test_labels_of_rows_that_were_not_sampled_are_those_of_the_nearest_centre(made, frame):
    dataset = analytics.prepare(
        made.table, features=["x", "y"], scale="standard", missing="drop", store=made.store
    )
    found = analytics.cluster(dataset, "kmeans", n_clusters=3, store=made.store)
    _, given = labels(made, found)
    own = made.table.frame[["x", "y"]].replace(np.inf, np.nan).dropna().to_numpy()
    X = (frame[["x", "y"]].to_numpy() - own.mean(axis=0)) / own.std(axis=0)
    finite = np.isfinite(X).all(axis=1)
    centers = found.extras["centers"]
    want = ((X[finite][:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    assert (given[finite] == want).all()
    assert (given[~finite] == -3).all() and (~finite).sum() == 120


def test_the_encoder_gives_the_datasets_own_numbers(made):
    choices = (
        ("none", "mean", "onehot"),
        ("standard", "drop", "ordinal"),
        ("minmax", "zero", "ordinal"),
        ("robust", "median", "onehot"),
    )
    for scale, missing, encode in choices:
        dataset = analytics.prepare(
            made.table, features=[*FEATURES, "code"], scale=scale, missing=missing, encode=encode,
            store=made.store,
        )  # fmt: skip
        found = encoder.fitted(dataset, made.table)
        assert np.array_equal(found.X(dataset.frame), dataset.X)
        assert set(found.features) == {*FEATURES, "code"}
    with pytest.raises(BadInput, match="cannot be repeated"):
        encoder.fitted(dataset.with_(X=dataset.X + 1), made.table)


def test_unknown_values_of_a_category_belong_to_no_column_or_leave_the_row_out(made):
    dataset = analytics.prepare(made.table, features=["kind", "y"], store=made.store)
    found = encoder.fitted(dataset, made.table)
    new = pd.DataFrame({"kind": pd.array(["a", "never met"], "str"), "y": [0.0, 0.0]})
    kinds = [c.startswith("kind=") for c in dataset.columns]
    assert found.X(new)[:, kinds].sum(axis=1).tolist() == [1, 0]
    ranked = analytics.prepare(
        made.table, features=["kind", "y"], encode="ordinal", missing="drop", store=made.store
    )
    assert encoder.fitted(ranked, made.table).complete(new).tolist() == [True, False]


def test_maps_readable_rules_and_the_groups_people_would_see(made):
    dataset = analytics.prepare(
        made.table, features=["x", "y"], missing="drop", store=made.store, scale="none"
    )
    columns = analytics.project(dataset, "columns", columns=["x", "y"], store=made.store)
    for projection in (columns, analytics.project(dataset, "pca", store=made.store)):
        found = analytics.cluster(
            dataset, "kmeans", n_clusters=3, space="map", projection=projection, store=made.store
        )
        result, given = labels(made, found)
        assert result.facts["agreement"] == 1
        assert (given[own_rows(made, dataset)] == found.labels).all()
    result, given = labels(made, found, how="rules")
    assert "in words" in result.facts["rule"] and result.facts["agreement"] > 0.9
    people = analytics.perceive(columns, store=made.store)
    result, given = labels(made, people)
    assert (given[own_rows(made, dataset)] == people.labels).all()
    assert result.facts["agreement"] > 0.95
    bent = analytics.project(dataset, "mds", store=made.store)
    bent = bent.with_(xy=bent.xy**3, digest="e" * 32)
    found = found.with_(parents=(dataset.digest, bent.digest), digest="f" * 32)
    with pytest.raises(BadInput, match="places only the rows"):
        assigning.rule_of(found, dataset, bent)


def test_centres_can_be_moved_over_all_rows_first(made):
    dataset = analytics.prepare(made.table, features=["x", "y"], missing="drop", store=made.store)
    found = analytics.cluster(dataset, "kmeans", n_clusters=3, store=made.store)
    result, given = labels(made, found, how="fit")
    assert "moved over all rows in" in result.notes[-1] and result.facts["left_out"] == 120
    assert (given[own_rows(made, dataset)] == found.labels).mean() > 0.97
    assert result.digest != labels(made, found)[0].digest
    once, given = labels(made, found, how="minibatch")
    assert "moved over all rows once" in once.notes[-1] and once.facts["left_out"] == 120
    assert (given[own_rows(made, dataset)] == found.labels).mean() > 0.97
    mixed = analytics.cluster(dataset, "gmm", n_clusters=3, store=made.store)
    result, given = labels(made, mixed, how="fit")
    assert "The mixture was fitted to all rows in" in result.notes[-1]
    assert (given[own_rows(made, dataset)] == mixed.labels).mean() > 0.97
    assert result.facts["agreement"] > 0.97 and result.facts["left_out"] == 120
    with pytest.raises(BadInput, match="a mixture is fitted in rounds"):
        analytics.apply(mixed, made.path, how="minibatch", store=made.store)
    others = analytics.cluster(dataset, "fastclara", n_clusters=2, store=made.store)
    with pytest.raises(BadInput, match="Only k-means and Gaussian mixtures"):
        analytics.apply(others, made.path, how="fit", store=made.store)


@pytest.mark.skipif(not minilm.available(), reason="without the sentence model")
@pytest.mark.parametrize("prepared", [False, True])
def test_descriptions_are_given_to_all_texts(tmp_path, monkeypatch, prepared):
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(source, "SPAN", 60)
    texts = analytics.read("sample:messages").frame["text"]
    frame = pd.DataFrame({"said": [*texts, " ", *texts[:20]], "n": range(len(texts) + 21)})
    path = tmp_path / "texts.parquet"
    frame.to_parquet(path, row_group_size=60)
    table = analytics.sample(path, 90, seed=1)
    what = analytics.prepare(table, {"features": ["n"]}) if prepared else table
    found = analytics.explain(what, "said", "by topic", k=3)
    out = tmp_path / "labels.parquet"
    result = analytics.apply(found, path, out)
    given = pd.read_parquet(out)["label"].to_numpy()
    own = table.frame["file row"].to_numpy()
    assert (given[own] == found.labels).all() and len(given) == len(frame)
    assert given[len(texts)] == -1 and set(given) <= {-1, 0, 1, 2}
    # A text that stands twice outside the sample is judged alike.
    twice = [i for i in range(20) if not {i, len(texts) + 1 + i} & set(own)]
    assert twice and all(given[i] == given[len(texts) + 1 + i] for i in twice)
    assert "3 descriptions, by meaning" in result.facts["rule"]
    assert 0.5 < result.facts["agreement"] <= 1 and result.facts["agreement_of"] == 90
    with pytest.raises(BadInput, match="in no other way"):
        analytics.apply(found, path, how="rules")
    with pytest.raises(BadInput, match="Only descriptions by meaning"):
        analytics.apply(analytics.explain(what, "said", "by length", k=2), path)


def test_what_has_no_rule_is_refused(made, tmp_path):
    dataset = analytics.prepare(made.table, features=["x", "y"], store=made.store)
    found = analytics.cluster(dataset, "fastclara", n_clusters=2, metric="gower", store=made.store)
    with pytest.raises(BadInput, match="distance 'gower'"):
        analytics.apply(found, made.path, store=made.store)
    found = analytics.cluster(dataset, "kmeans", n_clusters=2, store=made.store)
    other = tmp_path / "other.csv"
    other.write_text("a,b\n" + "1,2\n" * 20)
    with pytest.raises(BadInput, match="has no column 'x', 'y'"):
        analytics.apply(found, other, store=made.store)
    with pytest.raises(BadInput, match="Only a clustering"):
        analytics.apply(dataset, made.path, store=made.store)
    recipe = {"features": ["kind"], "types": {"kind": "text"}, "texts_by": "words"}
    text = analytics.prepare(made.table, recipe, store=made.store)
    with pytest.raises(BadInput, match="texts as features"):
        encoder.fitted(text, made.table)


def test_a_run_that_ends_early_leaves_nothing(made, monkeypatch):
    dataset = analytics.prepare(made.table, features=["x", "y"], store=made.store)
    found = analytics.cluster(dataset, "kmeans", n_clusters=5, store=made.store)

    def stop(fraction, words):
        if (words.startswith("Row") or " MB of " in words) and fraction > 0.5:
            raise Cancelled

    folder = made.folder / "home" / "applied"
    before = set(folder.glob("*")) | set(folder.glob(".*"))
    with pytest.raises(Cancelled):
        analytics.apply(found, made.path, store=made.store, progress=stop)
    monkeypatch.setattr(pq.ParquetWriter, "write_table", _full)
    with pytest.raises(StoreError, match=r"no room left|\(No space left"):
        analytics.apply(found, made.path, store=made.store)
    monkeypatch.undo()
    assert set(folder.glob("*")) | set(folder.glob(".*")) == before
    read = []
    monkeypatch.setattr(labelling, "chunks", _counted(labelling.chunks, read))
    first, given = labels(made, found)
    # Of a Parquet file of 2,500, 2,500 and 1,000 rows the first span was labelled before; so it was
    # of a CSV.
    assert read and read[0] > 0 if made.path.suffix == ".csv" else read == [2_500, 5_000]
    monkeypatch.undo()
    applying.file_of(first.digest).unlink()
    again, same = labels(made, found)  # tidied away, made anew
    assert again.digest == first.digest and (given == same).all()
    size = applying.file_of(first.digest).stat().st_size
    assert applying.trim(size) >= 0 and applying.file_of(first.digest).exists()  # the newest stays
    assert applying.trim(0) == size and not applying.file_of(first.digest).exists()


def _counted(chunks, read):
    """chunks() that notes the first row of each span it is asked for."""

    def counting(*given, span=None, **more):
        read.append(span and span.start)
        return chunks(*given, span=span, **more)

    return counting


def _full(self, table, **how):
    raise OSError(28, "No space left on device")


def test_the_command_line(made, capsys, monkeypatch):
    monkeypatch.chdir(made.folder)
    made_here = ["cluster", made.path, "--features", "x,y", "--param", "n_clusters=3", "--json"]
    assert cli.main([*map(str, made_here)]) == 0
    run = json.loads(capsys.readouterr().out)["digest"]
    for more in ([], ["--rules"]):
        assert cli.main(["apply", str(made.path), "--run", run, "--json", *more]) == 0
        answer = json.loads(capsys.readouterr().out)
        assert answer["rows"] == N and len(pd.read_parquet("all-labels.parquet")) == N
        assert sum(g["rows"] for g in answer["groups"]) + answer["left_out"] == N
    assert cli.main(["apply", str(made.path), "--run", "e" * 32, "--json"]) == 2
    assert "no longer stored" in capsys.readouterr().err
