"""Processes that ask a language model the same at the same time pay once for each answer."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import pytest

from analytics.errors import Cancelled, StoreError
from analytics.language import claims, connection, prompts
from analytics.language import provider as language
from tests import llm_server
from tests.llm_server import KEY, MODEL
from tests.test_language import NAMES, RIGHT, ROWS, TASK, TRUTH, pairs

SECONDS = 60  # more than any of these takes
# What a worker does in a run, each with rows in an order of its own.
SCRIPT = f"""
import sys
import numpy as np
from analytics.language import connection, picking, provider
from tests.test_language import NAMES, ROWS, TASK
to = connection.connection(sys.argv[1], {MODEL!r}, {KEY!r}, at_once=4)
made = provider.provider(to, together=int(sys.argv[2]))
made.propose(ROWS, TASK, [], 0, lambda _, words: print(words, flush=True))
judged = made.judge(ROWS, NAMES, TASK)
checked = made.verify([(int(r), NAMES[0]) for r in ROWS[:10]], TASK)
picked = picking.pick(made, ROWS, NAMES, TASK)
assert np.isfinite(judged).all() and np.isfinite(checked).all()
assert (picked == ROWS % 3).all() and not made.notes
"""


def start(server, home, together: int) -> subprocess.Popen:
    """A run in a process of its own."""
    env = {**os.environ, "PYTHONPATH": os.getcwd(), "GESTALT_HOME": str(home)}
    run = [sys.executable, "-c", SCRIPT, server.url, str(together)]
    return subprocess.Popen(run, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def ended_well(process: subprocess.Popen) -> None:
    """Wait for a run; what it says on standard error is why it failed."""
    said = process.communicate(timeout=SECONDS)[1]
    assert (process.returncode, said) == (0, "")


def asked(server) -> Counter:
    """How often each question was put: proposals, judgements of a pair, choices for a text."""
    found = Counter()
    for body in server.requests:
        blocks = llm_server.fenced(llm_server.prompt(body))
        system = body["messages"][0]["content"]
        if "find properties" in system:
            found["propose"] += 1
        elif "choose the best" in system:
            found.update(("pick", text) for text in blocks["Texts"])
        else:
            form = "one" if "one description" in system else "many"
            found.update((form, *pair) for pair in pairs([body]))
    return found


def slowly(_number, _body) -> str:
    """A model that takes its time, so that runs meet."""
    time.sleep(0.05)
    return "good"


def test_runs_at_the_same_time_pay_once(home):
    with (
        llm_server.serving(llm_server.Oracle(TRUTH, NAMES), slowly) as server,
        ExitStack() as stack,
    ):
        # Requests of three and of four texts: no two of them are alike.
        runs = [stack.enter_context(start(server, home, n)) for n in (4, 3, 4)]
        for run in runs:
            ended_well(run)
        found = asked(server)
        assert len(found) == 1 + len(TRUTH) * len(NAMES) + 10 + len(TRUTH)
        assert set(found.values()) == {1}


def test_a_run_that_is_killed_while_it_asks_holds_up_no_other(home):
    oracle = llm_server.Oracle(TRUTH, NAMES)
    with llm_server.serving(oracle, lambda n, _: "slow" if n <= 1 else "good") as server:
        with start(server, home, 4) as killed:
            while not server.requests:
                assert killed.poll() is None
                time.sleep(0.01)
            with start(server, home, 4) as other:
                assert "another step is asking the same" in other.stdout.readline()
                assert len(server.requests) == 1
                killed.send_signal(signal.SIGKILL)
                killed.communicate()
                ended_well(other)
        server.hold.set()
        found = asked(server)
        assert found.pop("propose") == 2  # what was under way is all that is asked again
        assert set(found.values()) == {1}


def test_waiting_for_what_another_asks_is_told_and_a_cancel_ends_it(home, monkeypatch):
    monkeypatch.setattr(language, "LOOK", 0.2)
    with llm_server.serving(llm_server.Oracle(TRUTH, NAMES)) as server:
        made = language.provider(connection.connection(server.url, MODEL, KEY))
        keys = [made.key(prompts.MANY[0], TASK.goal, t, d) for t in TRUTH for d in NAMES]
        on = claims.claims(made.kept.claims)
        assert on.take(keys)

        def progress(_done, words):
            assert "another step is asking the same" in words
            raise Cancelled

        with pytest.raises(Cancelled):
            made.judge(ROWS, NAMES, TASK, progress)
        assert server.requests == []
        on.give(keys)
        assert np.array_equal(made.judge(ROWS, NAMES, TASK), RIGHT)


def test_claims_are_all_or_none_and_a_folder_that_takes_no_file_is_said(tmp_path):
    on = claims.Claims(tmp_path / "a.claims")
    one, two = "0" * 32, "1" * 32
    assert on.take([one]) and not on.take([two, one]) and on.take([two])
    on.give([one, two])
    assert on.take([one, two])
    with pytest.raises(StoreError, match="cannot be written"):
        claims.Claims(tmp_path / "none" / "a.claims")


def test_threads_that_ask_first_at_once_have_the_same_claims(tmp_path):
    ready = threading.Barrier(8)

    def first(path):
        ready.wait()
        return claims.claims(path)

    with ThreadPoolExecutor(8) as pool:
        for n in range(20):
            path = tmp_path / f"{n}.claims"
            assert len(set(pool.map(first, [path] * 8))) == 1
