"""Who is served next, and what the others are told: no processes."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from analytics import operations, registry
from analytics.jobs.board import Board
from analytics.jobs.estimates import LONG, Estimates
from analytics.jobs.shares import ABOUT, HALF, Shares
from analytics.jobs.turns import Turns
from analytics.operations import OPERATIONS, Operation, request
from analytics.results import Dataset
from analytics.store.artifacts import Artifacts

KIND = "shares_test"
numbers = itertools.count()


@pytest.fixture(scope="module", autouse=True)
def kind():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(OPERATIONS, KIND, Operation("tests.none:none"))
        yield


class Fixed(Estimates):
    """What a request says of itself."""

    def of(self, wanted):
        return wanted.params["seconds"]

    def learn(self, wanted, seconds):
        pass


def ask(seconds=1.0, parents=()):
    return request(KIND, "", parents, {"seconds": seconds, "number": next(numbers)})


def board_of(slots):
    board = Board(lambda digest: False, Fixed())
    now = [0.0]
    board.shares = Shares(lambda: now[0])
    board.shares.slots = slots
    return board, now


def test_who_has_had_least_is_next_and_what_is_past_counts_half_each_minute():
    now = [0.0]
    shares = Shares(lambda: now[0])
    shares.begin("a1", "ann", 8.0)
    assert (shares.used("ann"), shares.used("bob")) == (8.0, 0.0)
    now[0] = 32.0
    assert shares.used("ann") == 32.0, "it runs longer than expected"
    assert shares.end("a1") == 32.0
    now[0] += HALF
    assert shares.used("ann") == 16.0
    turns = Turns()
    for owner, digest in [("ann", "a2"), ("bob", "b1")]:
        turns.add(owner, digest)
    assert turns.take(lambda d: True, shares.used) == "b1"


def test_long_jobs_leave_a_worker_only_while_others_are_about():
    board, now = board_of(2)
    for _ in range(3):
        board.submit(ask(100.0), "ann")
    assert board.take(lambda r: True)
    assert board.take(lambda r: True), "alone she has both workers"
    board, now = board_of(2)
    board.submit(ask(1.0), "bob")
    for _ in range(3):
        board.submit(ask(100.0), "ann")
    first = board.take(lambda r: True)
    second = board.take(lambda r: True)
    assert {first.params["seconds"], second.params["seconds"]} == {1.0, 100.0}
    board.end(next(r.digest for r in (first, second) if r.params["seconds"] == 1.0), "done")
    assert board.take(lambda r: True) is None, "the other worker is kept for short jobs"
    short = board.submit(ask(1.0), "ann")
    assert board.take(lambda r: True).digest == short.id
    board.end(short.id, "done")
    now[0] = ABOUT + 1
    board.submit(ask(100.0), "ann")
    assert board.take(lambda r: True), "bob has been away for long"


def test_a_short_job_behind_long_ones_asks_for_one_more_worker():
    board, _ = board_of(2)
    for _ in range(3):
        board.submit(ask(100.0), "ann")
    assert board.take(lambda r: True)
    assert board.take(lambda r: True)
    assert not board.crowded(), "her third long job waits for her others"
    board.submit(ask(1.0), "bob")
    assert board.crowded()
    assert board.take(lambda r: True).params["seconds"] == 1.0


def test_a_job_that_was_thought_short_counts_as_long_in_time():
    board, now = board_of(1)
    board.submit(ask(1.0), "ann")
    board.take(lambda r: True)
    board.submit(ask(1.0), "bob")
    assert not board.crowded()
    now[0] = LONG
    assert board.crowded()


def test_only_so_many_of_one_person_run_at_once(monkeypatch):
    monkeypatch.setenv("GESTALT_USER_RUNNING", "1")
    board = Board(lambda digest: False, Fixed())
    for owner in ("ann", "ann", "bob"):
        board.submit(ask(), owner)
    taken = [board.take(lambda r: True) for _ in range(3)]
    assert [board.job(r.digest).owner for r in taken[:2]] == ["ann", "bob"]
    assert taken[2] is None


def test_the_place_in_line_counts_what_runs_and_what_is_before():
    board, _ = board_of(2)
    running = board.submit(ask(10.0), "ann")
    board.take(lambda r: True)
    own = [board.submit(ask(6.0), "ann") for _ in range(2)]
    other = board.submit(ask(4.0), "bob")
    assert board.place(running.id) is None
    assert board.place(other.id) == (0, 5.0), "bob has had less"
    assert board.place(own[0].id) == (1, 7.0)
    assert board.place(own[1].id) == (2, 10.0)


def test_a_step_two_people_wait_for_goes_on_when_one_lets_go():
    board, _ = board_of(2)
    wanted = ask()
    board.submit(wanted, "ann")
    board.submit(wanted, "bob")
    assert not board.let_go(wanted.digest, "ann")
    assert board.let_go(wanted.digest, "bob")
    for name in ("ann", "bob", "cay"):
        board.submit(wanted, name)
    assert not board.let_go(wanted.digest, "ann", lambda owner: owner == "cay")
    assert board.let_go(wanted.digest, "bob")


@hypothesis_settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from([0.5, 3.0, 15.0])), max_size=40),
    st.integers(1, 3),
)
def test_work_is_shared_and_nothing_is_lost(jobs, slots):
    board, now = board_of(slots)
    for owner, seconds in jobs:
        board.submit(ask(seconds), owner)
    ends, had = [], dict.fromkeys("abcd", 0.0)
    while board.waiting() or ends:
        while len(ends) < slots and (wanted := board.take(lambda r: True)):
            seconds = wanted.params["seconds"]
            owner = board.job(wanted.digest).owner
            # Nobody who still waits has had less, up to one job, what is rounded and what faded.
            waiting = {board.job(d).owner for d in board.waiting()} - {owner}
            faded = 2.0 ** (now[0] / HALF)
            for other in waiting:
                assert had[owner] / faded - 15.0 * slots - 4.0 <= had[other]
            had[owner] += seconds
            ends.append((now[0] + seconds, wanted.digest))
        ends.sort()
        now[0], done = ends.pop(0)
        board.end(done, "done")
    assert all(job.state == "done" for job in board.jobs())
    assert len(board.jobs()) == len(jobs)


@hypothesis_settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from([1.0, 40.0, 400.0]), min_size=1, max_size=20), st.integers(2, 4))
def test_a_short_job_never_waits_for_a_long_one_while_people_are_about(lengths, slots):
    board, _ = board_of(slots)
    board.shares.seen("zoe")
    running = []
    for number, seconds in enumerate(lengths):
        board.submit(ask(seconds), f"owner {number % 3}")
        while len(running) < slots and (wanted := board.take(lambda r: True)):
            running.append(wanted)
        assert sum(r.params["seconds"] >= LONG for r in running) <= slots - 1
        for short in [r for r in running if r.params["seconds"] < LONG]:
            running.remove(short)
            board.end(short.digest, "done")
    late = board.submit(ask(1.0), "zoe")
    assert board.take(lambda r: True).digest == late.id


def test_an_estimate_is_the_methods_cost_for_this_data_corrected_by_what_was_measured(tmp_path):
    store = Artifacts(tmp_path)
    X = np.zeros((2_000, 5), np.float32)
    store.save(Dataset(digest="d" * 32, X=X, columns=tuple("abcde"), rows=np.arange(len(X))))
    assert store.shape("d" * 32, "X") == (2_000, 5)
    assert store.shape("e" * 32, "X") is None
    estimates = Estimates(Artifacts(tmp_path))
    wanted = operations.request("projection", "tsne", ("d" * 32,), {})
    cost = registry.get("projection", "tsne").cost(2_000, 5, wanted.params)
    assert estimates.of(wanted) == pytest.approx(cost)
    estimates.learn(wanted, 3 * cost)
    assert estimates.of(wanted) == pytest.approx(3 * cost)
    estimates.learn(wanted, cost)
    assert estimates.of(wanted) == pytest.approx(2 * cost)
    estimates.learn(wanted, 1e9)
    assert estimates.of(wanted) == pytest.approx(11 * cost), "bounded"
    assert estimates.of(operations.request("advice")) > LONG
