"""A large file in parts, row groups or blocks of text: joined in order, the same bits anywhere."""

import json
import os
import shutil
import signal
from dataclasses import replace
from functools import reduce
from itertools import pairwise

import job_operations  # noqa: F401  (adds operations, as in the workers)
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from job_tools import until

import analytics
from analytics import api, cli
from analytics.bigdata import (
    applying,
    cutting,
    encoder,
    labelling,
    records,
    refitting,
    scoring,
    sketch,
    source,
    survey,
    texts,
    where,
)
from analytics.bigdata.source import Told
from analytics.errors import BadInput
from analytics.operations import Request, execute, request
from analytics.results import Partial
from analytics.store.artifacts import Artifacts
from analytics.store.records import pack, unpack

N, GROUP = 60_500, 1_000


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A file of 61 row groups in a folder of data, and a home; spans of 4,000 rows."""
    rng = np.random.default_rng(0)
    g = rng.integers(0, 3, N)
    frame = pd.DataFrame(
        {
            "x": rng.normal(g * 5, 1),
            "y": rng.normal((g == 1) * 6, 1),
            "size": rng.lognormal(g, 1),
            "kind": np.array(["a", "b", None])[g],
            "on": rng.random(N) < 0.3,
            "day": pd.to_datetime("2020-01-01") + pd.to_timedelta(rng.integers(0, 9, N), "D"),
        }
    )
    frame.loc[::50, "size"] = np.nan
    folder = tmp_path_factory.mktemp("spans")
    (folder / "data").mkdir()
    frame.to_parquet(folder / "data" / "big.parquet", row_group_size=GROUP)
    (folder / "data" / "parts").mkdir()
    for i in range(3):
        some = frame[i * 3_000 : (i + 1) * 3_000]
        some.to_parquet(folder / "data" / "parts" / f"{i}.parquet", row_group_size=GROUP)
    (folder / "data" / "texts").mkdir()
    wordy = frame[:6_000].assign(said=[f'"so", {i % 7}\nand é' for i in range(6_000)])
    wordy["late"] = np.where(np.arange(6_000) < 4_000, "7", "seven")  # turns into text
    wordy["x"] = wordy["x"].astype(object)
    wordy.loc[5_000, "x"] = "far"
    text = wordy.to_csv(index=False, lineterminator="\r\n").replace("\r\n1.", "\r\n\r\n1.", 3)
    lines = text.encode("cp1252") + b"1\r\n" * 2 + b"\r\n" * 40_000
    (folder / "data" / "big.csv").write_bytes(lines)
    for name, some in (("0", wordy[:400]), ("1", wordy[400:5_000]), ("2", wordy[5_000:])):
        some.to_csv(folder / "data" / "texts" / f"{name}.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GESTALT_HOME", str(folder / "home"))
        patch.setenv("GESTALT_DATA", str(folder / "data"))
        patch.setattr(source, "SPAN", 4 * GROUP)
        patch.setattr(source, "STRETCH", 200_000)
        patch.setattr(records, "BLOCK", 40_000)
        patch.setattr(texts, "HEAD", 20_000)
        yield folder / "data" / "big.parquet"


@pytest.fixture(scope="module")
def asked(place) -> list[Request]:
    """A sample, its groups, and all that is asked of the file, computed here."""
    store = api.default_store()
    table = analytics.sample(place, 400)
    dataset = analytics.prepare(table, features=["x", "y", "size"], missing="median")
    found = analytics.cluster(dataset, "kmeans", n_clusters=3)
    seen = where.Place(place.name, source.stamp_of(place))
    content = where.identify(place)
    wanted = [
        survey.survey_request(seen),
        scoring.large_ambiguity_request(seen, ["x", "y"], 0.8),
        *(
            applying.applied_request(found, (table, dataset), content, place.name, how)
            for how in ("method", "fit")
        ),
    ]
    once = applying.applied_request(found, (table, dataset), content, place.name, "minibatch")
    parts = where.Place("parts", source.stamp_of(place.with_name("parts")))
    wanted.append(survey.survey_request(parts))  # its spans go across its files
    mixed = analytics.cluster(dataset, "gmm", n_clusters=3, max_iter=2, n_init=1)
    wanted.append(applying.applied_request(mixed, (table, dataset), content, place.name, "fit"))
    for name in ("big.csv", "texts"):
        path = place.with_name(name)
        seen = where.Place(name, source.stamp_of(path))
        wanted.append(survey.survey_request(seen))
        wanted.append(scoring.large_ambiguity_request(seen, ["x", "y"]))
    table = analytics.sample(path, 300)
    dataset = analytics.prepare(table, features=["x", "y", "kind"], missing="median")
    found = analytics.cluster(dataset, "kmeans", n_clusters=3)
    content = where.identify(path)
    wanted.append(applying.applied_request(found, (table, dataset), content, name))
    wanted.append(once)
    for one in wanted:
        execute(one, store)
    kept = {d for d in store.digests() if isinstance(store.load(d), Partial)}
    scored = [r for r in wanted if r.kind == "large_ambiguity"]
    assert kept == {scoring.large_lattice_request(r).digest for r in scored}  # no span
    return wanted


def test_spans_are_whole_row_groups_in_order(place):
    found = source.spans(source.opened(place))
    assert [(s.first, s.last, s.start, s.size) for s in found[:2]] == [
        (0, 4, 0, 4_000),
        (4, 8, 4_000, 4_000),
    ]
    assert (found[-1].first, found[-1].last, found[-1].size) == (60, 61, 500)
    opened = source.opened(place)
    of_spans = [(at, t) for s in found for at, t in source.chunks(opened, ["x"], span=s)]
    whole = list(source.chunks(opened, ["x"]))
    assert pa.concat_tables(t for _, t in of_spans).equals(pa.concat_tables(t for _, t in whole))
    assert [at for at, _ in of_spans] == [s.start for s in found]


@pytest.mark.parametrize("name", ["big.csv", "texts"])
def test_spans_of_csv_are_the_records_of_the_whole(place, name):
    opened = source.opened(place.with_name(name))
    assert source.spans(opened) == ()  # before it was looked through
    parted = cutting.parted(opened)
    spans, told, rows = source.spans(parted), Told(), 0
    assert len(spans) > 2 and spans[-1].start + spans[-1].size == opened.size
    assert all(a.last == b.first for a, b in pairwise(spans))
    whole, told_whole, each = [], Told(), []
    whole = [t for _, t in source.chunks(opened, told=told_whole)]
    for span in spans:
        met = Told()
        some = list(source.chunks(opened, span=span, told=met))
        told.add(Told(**json.loads(json.dumps(met.to_json()))), rows)
        rows += sum(t.num_rows for _, t in some)
        each += [t for _, t in some if t.num_rows]
    assert [t.num_rows for t in each] == [t.num_rows for t in whole]  # the pieces, too
    assert pa.concat_tables(each).equals(pa.concat_tables(whole))
    assert told.notes() == told_whole.notes() and len(told.notes()) >= 2
    assert cutting.parted(opened) == parted  # as it was kept
    assert cutting.parted(replace(opened, stamp=(200_000,))) == replace(opened, stamp=(200_000,))
    if not opened.files:  # a character may lie in two blocks
        assert len(source.spans(cutting.parted(replace(opened, encoding="utf-16")))) == 1


def test_what_the_parts_of_csv_give_is_what_the_whole_gives(place, asked):
    for told, counted in (asked[6:8], asked[8:10]):
        path = place.with_name(told.params["name"])
        found = api.default_store().load(told.digest)
        facts, seen = survey.look(source.opened(path), ("x", "y"))  # not in parts
        rows = 6_002 if path.name == "big.csv" else 6_000
        assert found.facts["rows"] == facts["rows"] == rows
        assert [*found.notes] == facts["notes"]
        assert any("'late' begins with numbers" in note for note in facts["notes"])
        assert found.facts["by_column"]["late"] == facts["by_column"]["late"]
        for name in ("kind", "said", "on"):
            assert found.facts["by_column"][name] == facts["by_column"][name]
        scored = api.default_store().load(counted.digest)
        assert scored.n == seen.points and any("'far'" in note for note in scored.notes)
    path, one = place.with_name("texts"), asked[10]
    parents = tuple(api.default_store().load(d) for d in one.parents)
    ready = labelling.ready_of(parents, "method", one.params["content"])
    readable = labelling.readable(source.opened(path), ready)
    labels = np.concatenate([found for _, found in labelling.labels_of(readable, ready)])
    given = pd.read_parquet(applying.file_of(one.digest))
    assert (given["label"] == labels).all() and (given["row"] == np.arange(6_000)).all()


def test_sketches_come_back_from_the_disk_bit_by_bit(place):
    tables = [table for _, table in source.chunks(source.opened(place))]
    more = pa.table({"none": pa.nulls(2, pa.float64()), "word": [" ", "long " * 40]})
    for found in (reduce(sketch.merge, map(sketch.of_chunk, tables)), sketch.of_chunk(more)):
        facts, arrays = sketch.packed(found)
        document, packed, frame = pack(Partial(facts=facts, arrays=arrays))
        stored = unpack(json.loads(json.dumps(document)), packed, frame)
        again = sketch.unpacked(stored.facts, stored.arrays)
        assert sketch.facts(again) == sketch.facts(found)
        assert repr(again) == repr(found)
        both = [sketch.facts(sketch.merge(one, one)) for one in (again, found)]
        assert both[0] == both[1]


def test_parts_are_asked_for_by_their_rows(place, asked):
    part = request("survey_part", "", (), {**asked[0].params, "span": [0, 1, 0, 7]})
    with pytest.raises(BadInput, match="has no such rows"):
        execute(part, api.default_store())


def test_what_the_parts_give_is_what_the_whole_gives(place, asked):
    frame = pd.read_parquet(place)
    facts, scored, applied, *_ = (api.default_store().load(r.digest) for r in asked)
    by = facts.facts["by_column"]
    assert facts.facts["rows"] == N and by["size"]["missing"] == N // 50
    assert by["x"]["mean"] == pytest.approx(frame["x"].mean(), rel=1e-12)
    assert by["x"]["min"] == pytest.approx(frame["x"].min())
    assert by["day"]["max"] == "2020-01-09" and by["kind"]["distinct"] == 2
    assert scored.n == N and scored.n_components == 3
    written = pd.read_parquet(applying.file_of(applied.digest))
    assert (written["row"] == np.arange(N)).all() and written["label"].between(0, 2).all()
    assert dict(applied.facts["groups"]) == written["label"].value_counts().to_dict()


def test_centres_moved_over_all_rows_are_those_of_lloyd(place, asked):
    store = api.default_store()
    table, dataset, found = (store.load(digest) for digest in asked[3].parents)
    result = store.load(asked[3].digest)
    made = encoder.fitted(dataset, table)
    X = made.X(made.frame(pq.read_table(place))).astype(np.float64)
    centers, losses = found.extras["centers"].astype(np.float64), []
    while True:  # the whole at once, by another way than ``batches``
        apart = ((X[:, None] - centers) ** 2).sum(axis=2)
        labels = apart.argmin(axis=1)
        losses.append(apart.min(axis=1).mean())
        if len(losses) > 1 and losses[-2] - losses[-1] <= refitting.LEAST_GAIN * losses[-2]:
            break
        centers = np.stack([X[labels == j].mean(axis=0) for j in range(3)])
    given = pd.read_parquet(applying.file_of(result.digest))["label"].to_numpy()
    assert (given == labels).mean() > 0.9999  # a tie may fall otherwise
    rounds = f"in {len(losses) - 1} round"
    gain = f"by {100 * (1 - losses[-1] / losses[0]):.2f}\u00a0%"
    assert rounds in result.notes[-1] and gain in result.notes[-1]
    assert not any("keep their own labels" in note for note in result.notes)
    with pytest.raises(BadInput, match="Only k-means and Gaussian mixtures"):
        refitting.check(found.with_(method="bisecting"))


def test_a_mixture_fitted_to_all_rows_is_that_of_scikit_learn(place, asked):
    from sklearn.mixture import GaussianMixture

    from analytics.clustering.methods.mixture import fitted
    from analytics.progress import silent

    store = api.default_store()
    table, dataset, found = (store.load(digest) for digest in asked[5].parents)
    result = store.load(asked[5].digest)
    params = {k: found.params[k] for k in ("n_clusters", "covariance_type", "n_init", "max_iter",
                                           "tol", "reg_covar")}  # fmt: skip
    start, scale, middle = fitted(dataset.X.astype(np.float64), params, found.seed, silent, [])
    made = encoder.fitted(dataset, table)
    Y = (made.X(made.frame(pq.read_table(place))).astype(np.float64) - middle) / scale
    (said,) = [n for n in result.notes if "fitted to all rows" in n]
    rounds = int(said.split(" round")[0].split()[-1])
    assert 1 <= rounds <= refitting.ROUNDS
    whole = GaussianMixture(
        3, max_iter=rounds, tol=0, weights_init=start.weights_, means_init=start.means_,
        precisions_init=start.precisions_,
    )  # fmt: skip
    with pytest.warns(match="did not converge"):
        labels = whole.fit(Y).predict(Y)
    given = pd.read_parquet(applying.file_of(result.digest))["label"].to_numpy()
    same = pd.crosstab(labels, given)  # components against groups numbered by size
    assert same.to_numpy().max(axis=1).sum() / len(Y) > 0.9999
    gain = whole.score(Y) - start.score(Y)
    assert float(said.rstrip(".").split()[-1]) == pytest.approx(gain, rel=1e-3)
    assert not any("keep their own labels" in note for note in result.notes)
    again = tuple(store.load(digest) for digest in asked[5].parents)  # as the next part has them
    ready = [labelling.ready_of(p, "method", "") for p in ((table, dataset, found), again)]
    assert ready[0] is ready[1]  # the mixture of the sample is not fitted for each part
    wide = found.with_(extras={**found.extras, "centers": np.zeros((20, 40))})
    with pytest.raises(BadInput, match="The mixture is 32,820 numbers, but at most"):
        refitting.check(wide)


def test_a_job_that_was_stopped_finds_the_parts_that_it_had(place, asked, tmp_path, monkeypatch):
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path))
    store, done = Artifacts(tmp_path / "results"), []

    def stop(fraction, words):
        if fraction and fraction > 0.5:
            raise KeyboardInterrupt  # as a kill would

    with pytest.raises(KeyboardInterrupt):
        execute(asked[0], store, stop)
    held = set(store.digests())
    assert 5 < len(held) < 16
    monkeypatch.setattr(survey, "chunks", lambda *a, **k: done.append(1) or source.chunks(*a, **k))
    found = execute(asked[0], store)
    assert len(done) == 16 - len(held)
    assert found.facts == api.default_store().load(asked[0].digest).facts


@pytest.fixture(scope="module")
def pair(place):
    pytest.importorskip("distributed", reason="Dask is not installed: requirements-cluster.txt")
    from bench.dask_pair import Pair

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GESTALT_PLUGINS", "job_operations")
        patch.setenv("PYTHONPATH", os.path.dirname(__file__))
        made = Pair(place.parents[1] / "pair", TEST_SPAN_ROWS=str(4 * GROUP))
        yield made
        made.stop()


def command(capsys, *arguments, code=0):
    assert cli.main([*map(str, arguments), "--json"]) == code
    out, err = capsys.readouterr()
    return json.loads(out), err


def test_the_command_line_sends_spans_to_the_cluster(
    place, asked, pair, tmp_path, monkeypatch, capsys
):
    here, home = api.default_store(), tmp_path / "home"
    kept, whole = applying.file_of(asked[5].digest), here.load(asked[0].digest)
    for digest in asked[5].parents:
        Artifacts(home / "results").save(here.load(digest))
    monkeypatch.setenv("GESTALT_HOME", str(home))
    monkeypatch.setenv("GESTALT_ENGINE", pair.url)

    def never(*_):
        raise AssertionError("a part was computed here")

    for module, name in (
        (survey, "survey_part"), (applying, "applied_part"), (refitting, "applied_moments"),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, never)
    told, err = command(capsys, "profile", place, "--stream")
    assert told["by_column"] == json.loads(json.dumps(whole.facts["by_column"]))
    assert "16 of 16 parts are ready" in err
    out = tmp_path / "all.parquet"
    run = asked[5].parents[-1]
    told, _ = command(capsys, "apply", place, "--run", run, "--fit", "--out", out)
    assert told["digest"] == asked[5].digest and out.read_bytes() == kept.read_bytes()
    monkeypatch.undo()
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("GESTALT_ENGINE", pair.url)
    shutil.copytree(place.parent, tmp_path / "data")  # the workers read another one of this name
    monkeypatch.setenv("GESTALT_DATA", str(tmp_path / "data"))
    copy = tmp_path / "data" / "parts"
    _, err = command(capsys, "clams", copy, "--x", "x", "--y", "y")
    assert "3 of 3 parts are ready" in err and "cannot" not in err  # with the same content
    os.replace(copy / "1.parquet", copy / "3.parquet")
    _, err = command(capsys, "clams", copy, "--x", "x", "--y", "y")
    assert "The cluster cannot do this ('parts' was changed since" in err


def test_a_cluster_that_cannot_be_used_is_said(place, tmp_path, monkeypatch, capsys):
    pytest.importorskip("distributed", reason="Dask is not installed: requirements-cluster.txt")
    from analytics.jobs import dask_engine

    monkeypatch.setattr(dask_engine, "PATIENCE", 0.2)
    monkeypatch.setattr(dask_engine, "ANSWER", 0.2)
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path))
    monkeypatch.setenv("GESTALT_ENGINE", "dask://127.0.0.1:9")
    told, _ = command(capsys, "profile", place, "--stream", code=2)
    assert told["error"].startswith("The Dask scheduler at tcp://127.0.0.1:9 does not answer")
    monkeypatch.setenv("GESTALT_DATA", "")
    _, err = command(capsys, "clams", place, "--stream", "--x", "x", "--y", "y")
    assert "big.parquet is not in the folder of GESTALT_DATA" in err


def test_two_workers_of_which_one_is_killed_give_the_same_bits(place, asked, pair, tmp_path):
    from analytics.jobs.dask_engine import DaskRunner

    runner = DaskRunner(tmp_path / "home", pair.url)
    here = api.default_store()
    try:
        until(lambda: len(runner._slots) == 2)
        for digest in {d for r in asked for d in r.parents}:
            runner._artifacts.save(here.load(digest))
        for wanted in asked:
            runner.submit(wanted)
        whole = asked[0].digest
        until(lambda: "parts are ready" in runner.job(whole).words)
        home = next(s.worker for s in runner._sent.values() if s.digest == whole)
        pids = runner._client.run(os.getpid)
        os.kill(next(pid for worker, pid in pids.items() if worker != home), signal.SIGKILL)
        jobs = [runner.wait(wanted.digest, 60) for wanted in asked]
    finally:
        runner.close()
    assert jobs[0].state == "done", jobs[0].error
    there = Artifacts(tmp_path / "home" / "results")
    for wanted, job in zip(asked, jobs, strict=True):
        if job.state == "died":  # its own worker was the one; what it had is there
            assert "was lost while it computed this" in job.error
            execute(wanted, there)
        one, two = (store.load(wanted.digest) for store in (here, there))
        packed = [pack(r.with_(about={})) for r in (one, two)]
        assert packed[0][0] == packed[1][0]
        for name, array in packed[0][1].items():
            assert array.tobytes() == packed[1][1][name].tobytes()
    for wanted, job in zip(asked, jobs, strict=True):
        if wanted.kind != "applied":
            continue
        mine = applying.file_of(wanted.digest)
        other = tmp_path / "home" / "applied" / mine.name
        assert other.exists() == (job.state == "done")
        if other.exists():
            assert mine.read_bytes() == other.read_bytes()
