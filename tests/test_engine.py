"""The Dask engine with a real scheduler and workers on loopback."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import job_operations  # noqa: F401  (adds the operations used here)
import psutil
import pytest

pytest.importorskip("distributed", reason="Dask is not installed: requirements-cluster.txt")

from job_tools import alive, ask, finish, traces, until

from analytics.comparing.operations import sweep_request
from analytics.data import uploads
from analytics.errors import BadInput
from analytics.jobs import cluster, dask_engine, remote, spreading
from analytics.jobs.board import Board
from analytics.jobs.dask_engine import DaskRunner
from analytics.jobs.engine import check, engine
from analytics.jobs.job import Job
from analytics.jobs.runner import Runner
from analytics.language import connection
from analytics.operations import Request, execute, request
from analytics.store.artifacts import Artifacts
from bench.dask_pair import Pair

TESTS = Path(__file__).parent
KEY = "sk-lent-0123456789"


@pytest.fixture(scope="module", autouse=True)
def plugin():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GESTALT_PLUGINS", "job_operations")
        patch.setenv("PYTHONPATH", str(TESTS))
        yield


@pytest.fixture(scope="module")
def pair(tmp_path_factory, plugin):
    made = Pair(tmp_path_factory.mktemp("pair"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def runner(pair, tmp_path_factory):
    shared = DaskRunner(tmp_path_factory.mktemp("home"), pair.url)
    until(lambda: len(shared._slots) == 2)
    yield shared
    shared.close()


@pytest.fixture
def own(pair, tmp_path):
    """A function that makes a runner on the pair, to be closed after the test."""
    made = []

    def make(where: str = "", **options) -> DaskRunner:
        made.append(DaskRunner(tmp_path / f"home{len(made)}", where or pair.url, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


# The address, the board's parts and the choice: no processes.


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("dask://localhost:8786", "tcp://localhost:8786"),
        ("tls://10.0.0.7:8786/", "tls://10.0.0.7:8786"),
        (" dask://[::1]:8786 ", "tcp://[::1]:8786"),
    ],
)
def test_addresses(text, found):
    assert cluster.address(text) == found


@pytest.mark.parametrize(
    "text", ["localhost:8786", "dask://host", "tcp://h:1", "dask://u:pw@h:1", "dask://h:x", "dask:"]
)
def test_another_text_is_refused_in_one_sentence_without_repeating_it(text, monkeypatch, tmp_path):
    monkeypatch.setenv("GESTALT_ENGINE", text)
    with pytest.raises(BadInput, match="takes the address of a Dask scheduler") as caught:
        engine(tmp_path)
    assert "pw" not in str(caught.value)
    with pytest.raises(BadInput, match="takes the address of a Dask scheduler"):
        check()


def test_without_dask_the_sentence_names_the_command(monkeypatch):
    monkeypatch.setattr(cluster, "find_spec", lambda name: None)
    with pytest.raises(BadInput, match="pip install -r requirements-cluster"):
        cluster.address("dask://localhost:8786")


def test_no_setting_means_worker_processes(monkeypatch, tmp_path):
    monkeypatch.delenv("GESTALT_ENGINE", raising=False)
    made = engine(tmp_path)
    made.close()
    assert type(made) is Runner and made.problem() == ""


def test_parts_go_first_are_hidden_and_end_with_their_whole():
    board = Board(lambda digest: False)
    whole, later = ask("quick"), ask("quick")
    board.submit(whole, "a")
    board.submit(later, "a")
    assert board.take(lambda r: True) == whole
    parts = [ask("quick") for _ in range(3)]
    board.spread(whole.digest, parts)
    assert [j.id for j in board.jobs()] == [whole.digest, later.digest]
    assert [board.take(lambda r: True) for _ in range(2)] == parts[:2]
    assert board.submit(parts[1], "b").owner == "b"  # now somebody's own
    board.end(parts[0].digest, "done")
    assert [j.state for j in board.parts(whole.digest)].count("done") == 1
    ended = board.end(whole.digest, "cancelled", "Cancelled")
    assert set(ended) == {whole.digest, parts[2].digest}
    assert board.active(parts[1].digest) and not board.job(parts[0].digest)
    assert board.take(lambda r: True) == later


class Scripted:
    """Ends the jobs it is asked for as it was told, one state for each try."""

    def __init__(self, states: dict[str, list[tuple[str, str]]]):
        self.states, self.asked, self.cancelled = states, {}, []

    def submit(self, wanted):
        self.asked[wanted.digest] = self.states.get(wanted.digest, [("done", "")]).pop(0)
        return self.job(wanted.digest, "running")

    def wait(self, digest, timeout):
        return self.job(digest)

    def job(self, digest, state=""):
        now, kind = self.asked[digest]
        return Job(digest, "quick", state=state or now, error=kind and "A sentence.",
                   error_kind=kind)  # fmt: skip

    def cancel(self, digest):
        self.cancelled.append(digest)

    def problem(self):
        return ""


def test_parts_of_the_command_line_are_tried_again_when_their_worker_was_lost(monkeypatch):
    a, b, c = parts = [ask("quick") for _ in range(3)]
    said = []
    desk = Scripted({a.digest: [("died", "crash"), ("done", "")], b.digest: [("failed", "input")]})
    failed = spreading.sent(desk, parts, lambda share, words: said.append(words))
    assert failed == {b.digest: ("input", "A sentence.")} and not desk.cancelled
    assert said[-1] == "3 of 3 parts are ready"
    desk = Scripted({a.digest: [("died", "crash")] * 2, c.digest: [("running", "")]})
    assert spreading.sent(desk, parts, lambda *_: None) == {a.digest: ("crash", "A sentence.")}
    assert desk.cancelled == [c.digest]  # the whole fails, so nobody needs it
    monkeypatch.setattr(spreading, "MOST", 2)
    many = [ask("quick") for _ in range(9)]
    assert spreading.sent(Scripted({}), many, lambda *_: None) == {}


def test_files_from_a_cluster_are_results_or_refused(tmp_path):
    store = Artifacts(tmp_path / "results")
    for name in ("../x.json", "results/ab/../../x.json", "uploads/x", "results/ab/zz.npz"):
        with pytest.raises(Exception, match="no result"):
            cluster.adopt({name: b"{}"}, store)
    with pytest.raises(Exception, match="damaged"):
        cluster.adopt({f"results/aa/{'a' * 32}.json": b"{}"}, store)
    assert not store.digests()


# One shared cluster.


def test_the_path_of_a_reader_gives_the_bytes_of_a_direct_call(runner, tmp_path):
    table = request("table", "sample", (), {"sample": "clear"})
    dataset = request("dataset", "", (table.digest,), {"sample": 120})
    pca = request("projection", "pca", (dataset.digest,))
    scored = request("ambiguity", "clams", (pca.digest,), {"aspect": 1.0})
    chain = [table, dataset, pca, scored]
    jobs = runner.submit_chain(chain, "me")
    assert [j.words for j in jobs[1:]] == ["Waiting for the step before"] * 3
    last = runner.wait(scored.digest, 60)
    assert (last.state, last.fraction, last.error) == ("done", 1.0, "")
    assert last in runner.jobs("me") and last not in runner.jobs("you")
    _same(chain, Artifacts(tmp_path), Artifacts(runner.home / "results"))
    assert runner.submit(scored, "you").state == "done" and runner.problem() == ""


def _same(chain: list[Request], direct: Artifacts, other: Artifacts) -> None:
    """Equal bytes of arrays and frames, and equal JSON but for times."""
    for wanted in chain:
        execute(wanted, direct)
        mine, its = (store.files(wanted.digest) for store in (direct, other))
        assert [p.suffix for p in mine] == [p.suffix for p in its]
        for one, two in zip(mine, its, strict=True):
            if one.suffix == ".json":
                assert _timeless(json.loads(one.read_text())["content"]) == _timeless(
                    json.loads(two.read_text())["content"]
                )
            else:
                assert one.read_bytes() == two.read_bytes()


def _timeless(value):
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if k != "seconds"}
    return [_timeless(v) for v in value] if isinstance(value, list) else value


def test_what_is_spread_over_the_cluster_is_what_one_process_finds(runner, tmp_path):
    """A sweep whose clusterings and stabilities are parts, and the runs of those parts of parts."""
    table = request("table", "sample", (), {"sample": "clear"})
    dataset = request("dataset", "", (table.digest,), {"sample": 80})
    store = Artifacts(tmp_path)
    made = [execute(r, store) for r in (table, dataset)][-1]
    swept = sweep_request(made, "kmeans", "n_clusters", [2, 3, 500], seed=3, runs=2)
    runner.submit_chain([table, dataset, swept], "me")
    said = set()
    while (job := runner.job(swept.digest)).active:
        said.add(job.words)
        time.sleep(0.02)
    assert (job.state, job.error) == ("done", "")
    assert any("parts are ready" in words for words in said)
    assert not any(j.part for j in runner.jobs()) and not runner._sent
    _same([table, dataset, swept], store, Artifacts(runner.home / "results"))
    by_hand = [Artifacts(runner.home / "results").load(d) for d in runner._artifacts.digests()]
    parts = [r for r in by_hand if r.params.get("kind") in ("seed", "subsample")]
    assert len(parts) == 2 * 2 * 2  # two values that work, two kinds, two runs


def test_progress_and_one_job_for_one_request(runner):
    wanted = ask("nap", seconds=3.0)
    first = runner.submit(wanted, "a")
    assert runner.submit(wanted, "b").owner == "a"
    seen = []
    while (now := runner.job(first.id)).active:
        seen.append((now.fraction, now.words))
        time.sleep(0.02)
    fractions = [f for f, _ in seen if f is not None]
    assert fractions == sorted(fractions) and len(set(fractions)) >= 4
    assert any(words.endswith("s to sleep") for _, words in seen) and now.state == "done"


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        ("input", "input", "The eps is 0, but it takes a number above 0."),
        ("later", "later", "The model does not answer."),
        ("store", "store", "The disk is full."),
        ("crash", "crash", "internal error (ZeroDivisionError)"),
    ],
)
def test_each_kind_of_error_has_its_sentence(runner, caplog, error, kind, sentence):
    bad = ask("wrong", error=error)
    child = ask("quick", (bad,))
    runner.submit_chain([bad, child])
    job = runner.wait(child.digest, 60)
    assert (job.state, job.error_kind) == ("failed", kind)
    assert (
        sentence in job.error and job.error.startswith("This step needs") and "42" not in job.error
    )
    assert ("ZeroDivisionError" in traces(caplog)) == (kind == "crash")
    assert "secret value 42" not in caplog.text


def _seen_by_the_scheduler(dask_scheduler) -> list[bytes]:
    """What a scheduler holds: tasks, events, extensions, in every form a text could have there."""
    import pickle

    tasks = [
        (k, repr(t.run_spec), pickle.dumps(t.run_spec)) for k, t in dask_scheduler.tasks.items()
    ]
    events = [repr(e) for topic in dask_scheduler._broker._topics.values() for e in topic.events]
    logs = [repr(list(dask_scheduler.transition_log)), repr(list(dask_scheduler.computations))]
    return [repr((tasks, events, logs)).encode()] + [spec for _, _, spec in tasks]


def test_a_key_is_lent_to_one_job_and_the_cluster_keeps_none(runner, pair, caplog, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    url = "http://127.0.0.1:9/v1"
    keys = {url: connection.Secret(KEY)}
    for lent, value in ((keys, 1.0), (None, 0.0)):
        wanted = ask("keyed", url=url)
        assert runner.wait(runner.submit(wanted, "a", lent).id, 60).state == "done"
        assert runner._artifacts.load(wanted.digest).values["value"].value == value
    broken = runner.wait(runner.submit(ask("keyed", url=url, tell=True), "a", keys).id, 20)
    assert broken.error_kind == "crash" and "RuntimeError" in traces(caplog)
    assert KEY not in caplog.text + traces(caplog)
    held = runner.submit(ask("nap", seconds=30.0), "a", keys)
    until(lambda: (runner.job(held.id).fraction or 0) > 0)
    states = runner._client.run_on_scheduler(_seen_by_the_scheduler)
    assert b"gestalt-nap" in states[0] and not any(KEY.encode() in s for s in states)
    runner.cancel(held.id)
    assert not runner._keys and KEY not in caplog.text and KEY not in repr(runner.jobs())
    files = [f for f in (*runner.home.rglob("*"), *pair.folder.rglob("*")) if f.is_file()]
    assert files and not any(KEY.encode() in f.read_bytes() for f in files)


def test_a_line_that_a_job_writes_is_in_the_servers_log_with_its_number(runner, caplog):
    job = finish(runner, ask("wordy"))
    said = until(lambda: [r for r in caplog.records if r.getMessage() == "a line of the job"])
    assert [(r.job, r.levelname, r.name) for r in said] == [(job.id, "WARNING", "analytics.wordy")]


def test_cancel_stops_at_once_and_nothing_is_left(runner):
    wanted = ask("family")
    after = ask("quick", (wanted,))
    runner.submit_chain([wanted, after])
    job = until(lambda: (j := runner.job(wanted.digest)).words.startswith("child") and j)
    child = int(job.words.split()[1])
    parent = psutil.Process(child).ppid()
    runner.cancel(job.id)
    assert {runner.job(r.digest).state for r in (wanted, after)} == {"cancelled"}
    until(lambda: not alive(child) and not alive(parent))
    assert finish(runner, ask("quick")).state == "done"


def test_owners_take_turns(runner):
    first = [runner.submit(ask("nap", seconds=0.1), "a") for _ in range(5)]
    other = runner.submit(ask("nap", seconds=0.1), "b")
    for job in (*first, other):
        runner.wait(job.id, 60)
    started = sorted([*first, other], key=lambda j: runner.job(j.id).started)
    assert started.index(other) <= 3


def test_a_process_that_dies_is_told_and_not_run_again(runner):
    job = finish(runner, ask("suicide"))
    assert (job.state, job.error_kind) == ("died", "crash")
    assert "ended unexpectedly (signal 9)" in job.error
    assert finish(runner, ask("quick")).state == "done" and runner.job(job.id) == job


def test_limits_of_memory_and_time(own):
    narrow, strict = own(memory_mb=400), own(seconds=5)
    greedy = narrow.wait(narrow.submit(ask("greedy")).id, 60)
    stuck = strict.wait(strict.submit(ask("stuck")).id, 60)
    assert (greedy.state, greedy.error_kind) == ("failed", "memory")
    assert "more than 400 MB" in greedy.error
    assert (stuck.state, stuck.error_kind) == ("failed", "time")
    assert "longer than 5 seconds" in stuck.error


def test_a_worker_that_does_not_see_the_folder_gets_files_and_sends_results(own, tmp_path):
    apart = own()
    apart._mark = "another folder's"  # what a worker elsewhere finds: no such file
    staged = uploads.stage(b"x,y\n" + b"1,2\n3,5\n8,1\n" * 9, "t.csv", apart.home)
    table = request("table", "file", (), staged)
    dataset = request("dataset", "", (table.digest,), {})
    apart.submit_chain([table, dataset])
    job = apart.wait(dataset.digest, 60)
    assert (job.state, job.error) == ("done", "")
    assert apart._artifacts.load(dataset.digest).n == 27


def test_other_versions_are_refused(own, monkeypatch):
    real = remote.about()
    monkeypatch.setattr(remote, "about", lambda: {**real, "numpy": "1.0"})
    job = finish(own(), ask("quick"))
    assert (job.state, job.error_kind) == ("failed", "crash")
    assert f"numpy {real['numpy']} instead of 1.0" in job.error


# A cluster of its own that things happen to.


def test_a_scheduler_that_answers_late_loses_no_job(own, tmp_path):
    pair = Pair(tmp_path / "own", workers=1)
    try:
        runner = own(pair.url)
        until(lambda: runner._slots)
        wanted = ask("nap", seconds=9.0)
        runner.submit(wanted)
        until(lambda: (runner.job(wanted.digest).fraction or 0) > 0)
        pair.scheduler.send_signal(signal.SIGSTOP)
        time.sleep(dask_engine.ANSWER + 2 * dask_engine.LOOK)
        pair.scheduler.send_signal(signal.SIGCONT)
        job = runner.wait(wanted.digest, 60)
        assert (job.state, job.error) == ("done", "")
    finally:
        pair.scheduler.send_signal(signal.SIGCONT)
        pair.stop()


def test_a_worker_is_killed_then_the_scheduler_goes_and_comes_back(
    own, tmp_path, monkeypatch, caplog
):
    pair = Pair(tmp_path / "own", workers=1)
    other = None
    try:
        runner = own(pair.url)
        until(lambda: runner._slots)
        wanted = ask("nap", seconds=30.0)
        runner.submit(wanted)
        until(lambda: (runner.job(wanted.digest).fraction or 0) > 0)
        child = psutil.Process(pair.workers[0].pid).children()
        pair.workers[0].send_signal(signal.SIGKILL)
        job = runner.wait(wanted.digest, 60)
        assert (job.state, job.error_kind) == ("died", "crash")
        assert "of the cluster was lost while it computed this" in job.error
        until(lambda: not any(alive(c.pid) for c in child))
        until(lambda: "has no worker" in runner.problem())
        waiting = runner.submit(ask("quick"))
        time.sleep(0.5)
        assert runner.job(waiting.id).state == "queued"
        pair.workers.append(pair.add())
        assert runner.wait(waiting.id, 60).state == "done" and runner.problem() == ""

        wanted = ask("nap", seconds=30.0)
        runner.submit(wanted)
        until(lambda: (runner.job(wanted.digest).fraction or 0) > 0)
        pair.stop()
        job = runner.wait(wanted.digest, 60)
        assert job.state == "died" and "was lost while this was computed" in job.error
        until(lambda: "does not answer" in runner.problem())
        waiting = runner.submit(ask("quick"))
        other = Pair(tmp_path / "back", workers=1, port=int(pair.address.rsplit(":", 1)[1]))
        assert runner.wait(waiting.id, 60).state == "done" and runner.problem() == ""
        other.stop()
        until(runner.problem)
        monkeypatch.setattr(dask_engine, "PATIENCE", 0.5)
        job = finish(runner, ask("quick"))
        assert job.state == "failed" and "does not answer, so nothing can be computed" in job.error
        assert any("does not answer" in r.getMessage() for r in caplog.records)
        assert not [r for r in caplog.records if r.name == "distributed.client"]
    finally:
        pair.stop()
        if other is not None:
            other.stop()


def test_an_encrypted_cluster_takes_only_those_with_its_certificate(own, tmp_path):
    pytest.importorskip("cryptography", reason="makes the certificates of this test")
    import dask
    from distributed.security import Security

    with pytest.raises(BadInput, match="needs certificates, and Dask has none here"):
        own("tls://127.0.0.1:9")
    made = Security.temporary()
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_text(made.tls_ca_file)
    key.write_text(made.tls_client_key)
    sides = [(s, what) for s in ("scheduler", "worker", "client") for what in ("cert", "key")]
    tls = {f"{side}.{what}": str({"cert": cert, "key": key}[what]) for side, what in sides}
    tls = {f"distributed.comm.tls.{name}": path for name, path in tls.items()}
    tls["distributed.comm.tls.ca-file"] = str(cert)
    names = {n: n.upper().replace(".", "__").replace("-", "_") for n in tls}
    env = {f"DASK_{names[n]}": path for n, path in tls.items()}
    pair = Pair(tmp_path / "tls", workers=1, protocol="tls", **env)
    try:
        assert pair.url.startswith("tls://")
        with dask.config.set(tls):
            assert finish(own(pair.url), ask("quick")).state == "done"
        plain = own(pair.url.replace("tls://", "dask://"))
        until(lambda: plain._lost_since and "does not answer" in plain.problem())
        assert not plain._slots
        with (
            dask.config.set({**tls, "distributed.comm.tls.ca-file": str(tmp_path / "no")}),
            pytest.raises(BadInput, match="cannot be read"),
        ):
            own(pair.url)
    finally:
        pair.stop()


def test_what_ran_for_a_server_that_was_killed_stops(pair, tmp_path):
    script = f"""
import sys, time
import job_operations
from pathlib import Path
from analytics.jobs.dask_engine import DaskRunner
from analytics.operations import Request
runner = DaskRunner(Path({str(tmp_path)!r}), {pair.url!r})
job = runner.submit(Request("family"))
while not runner.job(job.id).words.startswith("child"):
    time.sleep(0.02)
print(runner.job(job.id).words.split()[1], flush=True)
sys.stdin.read()
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])}
    command = [sys.executable, "-c", script]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env
    ) as server:
        child = int(server.stdout.readline())
        assert alive(child)
        server.kill()
    until(lambda: not alive(child))
