"""The job runner with real worker processes."""

import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import job_operations  # noqa: F401  (adds the operations used here)
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from job_tools import alive, ask, finish, traces, until

from analytics import settings
from analytics.errors import BadInput, StoreError
from analytics.jobs import plugins, worker
from analytics.jobs.board import MAX_ENDED, Board
from analytics.jobs.runner import Runner
from analytics.jobs.turns import Turns
from analytics.language import connection
from analytics.operations import Request, execute, request
from analytics.store.artifacts import Artifacts

TESTS = Path(__file__).parent


def pids(runner: Runner) -> set[int]:
    return {w.pid for w in runner._pool}


@pytest.fixture(scope="module", autouse=True)
def plugin():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GESTALT_PLUGINS", "job_operations")
        patch.setenv("PYTHONPATH", str(TESTS))
        yield


@pytest.fixture(scope="module")
def runner(tmp_path_factory):
    """Two workers with room enough; tests that kill workers leave it whole."""
    shared = Runner(tmp_path_factory.mktemp("home"), workers=2, warm=False)
    yield shared
    shared.close()


# Turns and board: no processes.


def test_owners_take_turns_and_keep_their_order():
    turns = Turns()
    for owner, digest in [("a", "a1"), ("a", "a2"), ("a", "a3"), ("b", "b1"), ("c", "c1")]:
        turns.add(owner, digest)
    assert [turns.take(lambda d: True) for _ in range(6)] == ["a1", "b1", "c1", "a2", "a3", None]


def test_an_owner_with_nothing_ready_keeps_its_place():
    turns = Turns()
    for owner, digest in [("a", "a1"), ("b", "b1"), ("b", "b2")]:
        turns.add(owner, digest)
    assert turns.take(lambda d: d != "a1") == "b1"
    assert turns.take(lambda d: True) == "a1"


@hypothesis_settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from("abc"), max_size=30))
def test_turns_lose_nothing_and_nobody_waits_twice_as_long(owners):
    turns = Turns()
    for number, owner in enumerate(owners):
        turns.add(owner, f"{owner}{number}")
    taken = [turns.take(lambda d: True) for _ in owners]
    assert sorted(taken) == sorted(f"{o}{n}" for n, o in enumerate(owners))
    for owner in set(owners):
        own = [d for d in taken if d[0] == owner]
        assert own == sorted(own, key=lambda d: int(d[1:]))
        # Until its last job is taken, no other owner is served twice in between.
        places = [i for i, d in enumerate(taken) if d[0] == owner]
        for start, stop in itertools.pairwise([-1, *places]):
            between = [d[0] for d in taken[start + 1 : stop]]
            assert len(between) == len(set(between))


def test_a_failed_step_fails_what_waits_for_it_with_the_first_cause():
    board = Board(lambda digest: False)
    first = ask("quick")
    second = ask("quick", (first,))
    third = ask("quick", (second,))
    for wanted in (first, second, third):
        board.submit(wanted, "")
    assert board.job(third.digest).words == "Waiting for the step before"
    assert board.take(lambda r: True) == first
    assert board.take(lambda r: True) is None
    ended = board.end(first.digest, "failed", "", "The file is empty.", "input")
    assert ended == (first.digest, second.digest, third.digest)
    sentence = "This step needs “quick”, which did not finish: The file is empty."
    for child in (second, third):
        job = board.job(child.digest)
        assert (job.state, job.error, job.error_kind) == ("failed", sentence, "input")
    late = board.submit(ask("quick", (first,)), "")
    assert (late.state, late.error) == ("failed", sentence)


def test_a_request_whose_parent_is_nowhere_fails_at_once():
    board = Board(lambda digest: False)
    job = board.submit(request("quick", "", ("0" * 32,)), "")
    assert (job.state, job.error_kind) == ("failed", "input")
    assert job.error.startswith("The result 00000000 is no longer stored")


def test_what_is_done_can_be_forgotten_and_what_failed_keeps_its_sentence():
    stored = set()
    board = Board(stored.__contains__)
    done, failed, queued = (board.submit(ask("quick"), "ada") for _ in range(3))
    stored.add(done.id)
    board.end(done.id, "done")
    board.end(failed.id, "failed", error="The file is empty.")
    board.forget_done()
    assert [job.id for job in board.jobs()] == [failed.id, queued.id]
    assert board.job(failed.id).error == "The file is empty."


def test_the_memory_of_ended_jobs_is_bounded_and_so_is_the_queue():
    board = Board(lambda digest: False)
    for _ in range(MAX_ENDED + 20):
        board.end(board.submit(ask("quick"), "").id, "done")
    assert len(board.jobs()) == MAX_ENDED
    for _ in range(200):
        board.submit(ask("quick"), "greedy")
    with pytest.raises(BadInput, match="200 of your steps are waiting already"):
        board.submit(ask("quick"), "greedy")
    assert board.submit(ask("quick"), "modest").state == "queued"
    assert len(board.jobs("greedy")) == 200


def test_plugins_that_cannot_be_imported_are_named(monkeypatch):
    monkeypatch.setenv("GESTALT_PLUGINS", "job_operations, no_such_module")
    with pytest.raises(BadInput, match="names 'no_such_module', which cannot be imported"):
        plugins.load()


def test_the_reporter_thins_out_but_keeps_the_last_word():
    said = []
    report = worker.Reporter(said.append, "j")
    for step in range(1000):
        report(step / 1000, f"step {step}")
    until(lambda: said[-1]["words"] == "step 999")
    report.close()
    assert len(said) < 50
    for fraction, shown in [(float("nan"), None), (7, 1.0), (-1, 0.0), (None, None)]:
        time.sleep(worker.PULSE)
        worker.Reporter(said.append, "j")(fraction, "w" * 1000)
        assert said[-1]["fraction"] == shown
        assert len(said[-1]["words"]) == worker.MAX_WORDS


# One shared runner.


def test_a_result_is_stored_under_the_digest_known_beforehand(runner):
    wanted = ask("quick")
    job = finish(runner, wanted, "me")
    assert (job.id, job.state, job.fraction, job.error) == (wanted.digest, "done", 1.0, "")
    assert job.queued <= job.started <= job.ended
    assert job.seconds == pytest.approx(job.ended - job.started)
    stored = Artifacts(runner.home / "results").require(wanted.digest)
    assert stored.values["value"].value == 1.0
    assert job in runner.jobs("me")
    assert job not in runner.jobs("you")


def test_progress_is_seen(runner):
    job = runner.submit(ask("nap", seconds=3.0))
    seen = []
    while (now := runner.job(job.id)).active:
        seen.append((now.state, now.fraction, now.words))
        time.sleep(0.02)
    fractions = [f for state, f, _ in seen if state == "running" and f is not None]
    assert fractions == sorted(fractions)
    assert len(set(fractions)) >= 4
    assert any(words.endswith("s to sleep") for _, _, words in seen)
    assert now.state == "done"


def test_submitting_again_gives_the_same_job_and_then_the_stored_result(runner):
    wanted = ask("nap", seconds=0.5)
    first = runner.submit(wanted, "a")
    again = runner.submit(wanted, "b")
    assert (again.id, again.queued, again.owner) == (first.id, first.queued, "a")
    done = runner.wait(first.id, 60)
    stored = runner.submit(wanted, "c")
    assert stored.state == "done"
    assert stored.started is None
    assert runner.submit_chain([wanted])[0].state == done.state


def test_a_chain_waits_for_its_parents(runner):
    first = ask("nap", seconds=0.4)
    second = ask("quick", (first,))
    third = ask("quick", (first, second))
    jobs = runner.submit_chain([first, second, third])
    assert [j.words for j in jobs[1:]] == ["Waiting for the step before"] * 2
    assert runner.wait(third.digest, 60).state == "done"
    order = [runner.job(r.digest) for r in (first, second, third)]
    assert order[0].ended <= order[1].started <= order[1].ended <= order[2].started
    # 0.4, 0.4 + 1, 0.4 + 1.4 + 1
    assert Artifacts(runner.home / "results").require(third.digest).values[
        "value"
    ].value == pytest.approx(2.8)


def test_the_real_path_gives_the_bytes_of_a_direct_call(runner, tmp_path):
    table = request("table", "sample", (), {"sample": "clear"})
    dataset = request("dataset", "", (table.digest,), {"sample": 120})
    pca = request("projection", "pca", (dataset.digest,))
    scored = request("ambiguity", "clams", (pca.digest,), {"aspect": 1.0})
    chain = [table, dataset, pca, scored]
    runner.submit_chain(chain)
    last = runner.wait(scored.digest, 60)
    assert (last.state, last.error) == ("done", "")
    direct = Artifacts(tmp_path)
    for wanted in chain:
        execute(wanted, direct)
        for made, again in zip(
            direct.files(wanted.digest),
            Artifacts(runner.home / "results").files(wanted.digest),
            strict=True,
        ):
            if made.suffix == ".npz":
                assert made.read_bytes() == again.read_bytes()


def test_a_chain_breaks_where_its_parent_breaks(runner):
    bad = ask("wrong", error="input")
    child = ask("quick", (bad,))
    runner.submit_chain([bad, child])
    job = runner.wait(child.digest, 60)
    assert (job.state, job.error_kind) == ("failed", "input")
    assert job.error.endswith("which did not finish: The eps is 0, but it takes a number above 0.")


@pytest.mark.parametrize(
    ("error", "kind", "sentence"),
    [
        ("input", "input", "The eps is 0, but it takes a number above 0."),
        ("later", "later", "The model does not answer."),
        ("store", "store", "The disk is full."),
        ("memory", "memory", "The computer ran out of memory"),
        ("crash", "crash", "internal error (ZeroDivisionError)"),
        ("exit", "crash", "internal error (SystemExit)"),
    ],
)
def test_each_kind_of_error_has_its_sentence_and_spares_the_worker(runner, error, kind, sentence):
    finish(runner, ask("quick"))
    before = pids(runner)
    job = finish(runner, ask("wrong", error=error))
    assert (job.state, job.error_kind) == ("failed", kind)
    assert sentence in job.error
    assert "42" not in job.error
    assert before <= pids(runner)


def test_the_places_of_a_fault_go_to_the_log_and_its_text_does_not(runner, caplog):
    job = finish(runner, ask("wrong", error="crash"))
    assert "ZeroDivisionError" in traces(caplog) and "job_operations.py" in traces(caplog)
    assert "secret value 42" not in caplog.text + traces(caplog).replace('"secret value 42"', "")
    assert job.id in [getattr(record, "job", "") for record in caplog.records]


def test_a_key_is_lent_to_one_job_and_is_in_no_message_log_or_file(runner, caplog, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    url, key = "http://127.0.0.1:9/v1", "sk-lent-0123456789"
    keys = {url: connection.Secret(key)}

    def end(lent, **params):
        wanted = ask("keyed", url=url, **params)
        assert key not in json.dumps(wanted.to_json())
        return runner.wait(runner.submit(wanted, "a", lent).id, 60), wanted

    def value(wanted):
        return runner._artifacts.load(wanted.digest).values["value"].value

    for lent, other in ((keys, 1.0), (None, 0.0), ({"http://[::1]:9/v1": keys[url]}, 0.0)):
        job, wanted = end(lent)
        assert job.state == "done" and value(wanted) == other
    refused, _ = end(keys, refuse=True)
    broken, _ = end(keys, tell=True)
    assert refused.error == "The endpoint refuses [key]." and broken.error_kind == "crash"
    assert "RuntimeError" in traces(caplog) and key not in caplog.text + traces(caplog)
    assert not runner._keys and key not in repr(runner.jobs())
    assert not any(key in w.log() for w in runner._pool)
    files = [f for f in runner.home.rglob("*") if f.is_file()]
    assert files and not any(key.encode() in f.read_bytes() for f in files)


def test_a_key_goes_with_a_job_that_waits_and_is_forgotten_when_it_is_cancelled(runner):
    keys = {"http://127.0.0.1:9/v1": connection.Secret("sk-lent-0123456789")}
    first = ask("nap", seconds=30.0)
    second = ask("keyed", (first,), url="http://127.0.0.1:9/v1")
    runner.submit(first)
    runner.submit(second, "", keys)
    assert set(runner._keys) == {second.digest} and "sk-" not in repr(runner._keys)
    runner.cancel(first.digest)
    assert not runner._keys and runner.job(second.digest).state == "cancelled"


def test_noise_on_standard_output_does_no_harm(runner):
    job = finish(runner, ask("noisy"))
    assert (job.state, job.fraction) == ("done", 1.0)


def test_many_quick_jobs_from_many_threads(runner):
    wanted = [ask("quick") for _ in range(20)]
    threads = [
        threading.Thread(target=runner.submit, args=(w, str(n % 3))) for n, w in enumerate(wanted)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [runner.wait(w.digest, 60).state for w in wanted] == ["done"] * 20


def test_an_unknown_request_is_refused(runner):
    with pytest.raises(BadInput, match="There is no operation 'divination'"):
        runner.submit(Request("divination"))
    with pytest.raises(BadInput, match="not a digest"):
        runner.submit(Request("quick", parents=("../../etc/passwd",)))
    assert runner.job("no such digest") is None
    runner.cancel("no such digest")


def test_cancel_stops_at_once_and_nothing_is_left(runner):
    wanted = ask("family")
    child_job = ask("quick", (wanted,))
    runner.submit_chain([wanted, child_job])
    job = until(lambda: (j := runner.job(wanted.digest)).words.startswith("child") and j)
    child = int(job.words.split()[1])
    (holder,) = [w.pid for w in runner._pool if w.job == job.id]
    assert alive(child)
    runner.cancel(job.id)
    assert runner.job(job.id).state == "cancelled"
    assert runner.job(child_job.digest).state == "cancelled"
    until(lambda: not alive(child) and not alive(holder))
    assert finish(runner, ask("quick")).state == "done"
    until(lambda: len(pids(runner) - {holder}) == 2)


def test_cancel_of_a_waiting_job_leaves_the_running_ones(runner):
    running = [runner.submit(ask("nap", seconds=1.0)) for _ in range(2)]
    waiting = runner.submit(ask("nap", seconds=1.0))
    runner.cancel(waiting.id)
    assert runner.job(waiting.id).state == "cancelled"
    assert [runner.wait(j.id, 60).state for j in running] == ["done", "done"]


def test_a_cancelled_job_can_be_asked_for_again(runner):
    wanted = ask("nap", seconds=0.3)
    runner.submit(wanted)
    runner.cancel(wanted.digest)
    assert runner.job(wanted.digest).state == "cancelled"
    assert finish(runner, wanted).state == "done"


def test_a_killed_worker_is_reported_and_replaced(runner):
    job = runner.submit(ask("nap", seconds=300))
    (holder,) = until(lambda: [w.pid for w in runner._pool if w.job == job.id])
    os.kill(holder, signal.SIGKILL)
    job = runner.wait(job.id, 60)
    assert (job.state, job.error_kind) == ("died", "crash")
    assert "ended unexpectedly (signal 9)" in job.error
    until(lambda: len(pids(runner) - {holder}) == 2)
    assert finish(runner, ask("quick")).state == "done"


def test_workers_that_have_worked_are_replaced_and_the_busy_one_is_left(runner):
    assert finish(runner, ask("quick", turn=91)).state == "done"
    job = runner.submit(ask("nap", seconds=1.5))
    (holder,) = until(lambda: [w.pid for w in runner._pool if w.job == job.id])
    worked = {w.pid for w in runner._pool if w.worked} - {holder}
    runner.renew()
    until(lambda: not worked & pids(runner) and len(pids(runner)) == 2)
    assert holder in pids(runner) and runner.wait(job.id, 60).state == "done"
    runner.renew()
    until(lambda: not any(w.worked for w in runner._pool) and len(pids(runner)) == 2)
    assert finish(runner, ask("quick", turn=92)).state == "done"


def test_a_job_that_kills_its_worker_runs_once_per_submit(runner):
    job = finish(runner, ask("suicide"))
    assert job.state == "died"
    assert finish(runner, ask("quick")).state == "done"
    assert runner.job(job.id) == job


# Runners of their own.


@pytest.fixture
def own(tmp_path):
    """A function that makes a runner to be closed after the test."""
    made = []

    def make(**options) -> Runner:
        made.append(Runner(tmp_path / str(len(made)), warm=False, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
        assert not one._pool


def test_limits_of_memory_and_time_stop_a_job(own):
    narrow, strict = own(workers=1, memory_mb=400), own(workers=1, seconds=6)
    greedy = narrow.wait(narrow.submit(ask("greedy")).id, 60)
    stuck = strict.wait(strict.submit(ask("stuck")).id, 60)
    assert (greedy.state, greedy.error_kind) == ("failed", "memory")
    assert "more than 400 MB" in greedy.error
    assert "GESTALT_JOB_MEMORY_MB" in greedy.error
    assert (stuck.state, stuck.error_kind) == ("failed", "time")
    assert "longer than 6 seconds" in stuck.error
    assert "GESTALT_JOB_SECONDS" in stuck.error
    assert (stuck.fraction, strict.job(stuck.id).words) == (0.2, "")


def test_two_owners_share_one_worker_fairly_and_close_leaves_nothing(own):
    single = own(workers=1)
    first = [single.submit(ask("nap", seconds=0.1), "a") for _ in range(4)]
    other = single.submit(ask("nap", seconds=0.1), "b")
    single.wait(first[-1].id, 60)
    started = sorted([*first, other], key=lambda j: single.job(j.id).started)
    assert started.index(other) <= 2
    left = single.submit(ask("nap", seconds=30))
    until(lambda: single.job(left.id).state == "running")
    left_pids = pids(single)
    single.close()
    assert left_pids
    assert not any(alive(pid) for pid in left_pids)
    assert single.job(left.id).state == "cancelled"
    with pytest.raises(BadInput, match="The server is stopping"):
        single.submit(ask("quick"))


def test_workers_that_cannot_start_fail_the_job_instead_of_hanging(own, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    broken = own(workers=1)
    job = finish(broken, ask("quick"))
    assert (job.state, job.error_kind) == ("failed", "crash")
    assert job.error.startswith("No worker process could be started")
    monkeypatch.undo()
    assert finish(broken, ask("quick")).state == "done"


def test_a_warm_up_steps_aside_for_a_job(tmp_path, monkeypatch):
    monkeypatch.setattr("analytics.jobs.runner.WARM_AFTER", 0.0)
    warm = Runner(tmp_path, workers=1)
    try:
        (warming,) = until(lambda: [w for w in warm._pool if w.state == "warming"], 60)
        assert warming.settled
        assert finish(warm, ask("quick")).state == "done"
        assert warming not in warm._pool
    finally:
        warm.close()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="GESTALT_HOME"):
        Runner(tmp_path / "file" / "home")


@pytest.mark.parametrize("ending", ["kill", "exit"])
def test_no_worker_outlives_its_server(tmp_path, ending):
    script = f"""
import os, sys, time
import job_operations
from pathlib import Path
from analytics.jobs.runner import Runner
from analytics.operations import Request
runner = Runner(Path({str(tmp_path)!r}), workers=1, warm=False)
job = runner.submit(Request("stuck"))
while runner.job(job.id).fraction is None:
    time.sleep(0.02)
print(runner._pool[0].pid, flush=True)
if {ending!r} == "kill":
    sys.stdin.read()
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS.parent), str(TESTS)])}
    server = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env
    )
    with server:
        holder = int(server.stdout.readline())
        if ending == "kill":
            assert alive(holder)
            server.kill()
        server.wait(20)
    until(lambda: not alive(holder), 5)
    if ending == "exit":
        assert server.returncode == 0


def test_the_worker_speaks_json_lines_and_refuses_a_changed_program(tmp_path):
    env = {**os.environ, "GESTALT_HOME": str(tmp_path)}
    env["PYTHONPATH"] = os.pathsep.join([str(TESTS.parent), str(TESTS)])
    wanted = ask("quick")
    command = {"do": "job", "id": "0" * 32, "request": wanted.to_json()}
    with subprocess.Popen(
        [sys.executable, "-m", "analytics.jobs.worker", str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=env,
        cwd=tmp_path,
        text=True,
        start_new_session=True,
    ) as process:
        process.stdin.write(json.dumps(command) + "\n")
        process.stdin.flush()
        said = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.stdin.close()
    assert said[0] == {"say": "ready"}
    assert (said[1]["say"], said[1]["kind"]) == ("failed", "crash")
    assert "The program was changed while it was running" in said[1]["error"]


def test_the_settings_are_documented():
    assert settings.text("GESTALT_PLUGINS") == "job_operations"
    text = (TESTS.parent / "docs" / "jobs.md").read_text()
    for name in ("GESTALT_WORKERS", "GESTALT_JOB_MEMORY_MB", "GESTALT_JOB_SECONDS"):
        assert name in text
    assert "GESTALT_PLUGINS" in text
