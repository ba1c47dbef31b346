"""Memory of the server that goes back though something in it lives on."""

import os
import subprocess
import sys

import pytest

from pages.ui import allocator

_MEASURED = """
import os, sys
from pages.ui import allocator
allocator.start_over()
begun_anew = os.environ.get("PYTHONMALLOC") == "malloc"
allocator.one_place()
import psutil
from pages.ui import housekeeping

def used():
    return psutil.Process().memory_info().rss / 2**20

housekeeping.give_back()
before = used()
many = [str(number) * 3 for number in range(1_000_000)]
kept, busy = many[::5_000], used()
del many
housekeeping.give_back()
print(begun_anew, "PYTHONMALLOC" in os.environ, busy - before, used() - before)
"""


def measured(tmp_path, **more):
    """What a program says that takes much memory and keeps little things in all of it."""
    (tmp_path / "measured.py").write_text(_MEASURED)
    env = {k: v for k, v in os.environ.items() if k != "PYTHONMALLOC"}
    env |= {"PYTHONPATH": os.getcwd(), **more}
    code = [sys.executable, str(tmp_path / "measured.py")]
    said = subprocess.check_output(code, env=env, text=True, timeout=120).split()
    return said[0] == "True", said[1] == "True", float(said[2]), float(said[3])


@pytest.mark.skipif(allocator.platform.libc_ver()[0] != "glibc", reason="this needs glibc")
def test_little_things_that_live_on_do_not_hold_the_rest(tmp_path):
    begun_anew, told_to_workers, busy, after = measured(tmp_path)
    assert begun_anew and not told_to_workers
    assert busy > 50, "nothing was taken, so nothing was shown"
    assert after < busy / 3


def test_what_python_was_told_to_use_stays(tmp_path):
    begun_anew, _, busy, after = measured(tmp_path, PYTHONMALLOC="pymalloc")
    assert not begun_anew and after > busy / 3  # the difference that beginning anew makes


def test_a_program_that_cannot_begin_anew_goes_on(monkeypatch):
    def refused(*_):
        raise OSError

    monkeypatch.delenv("PYTHONMALLOC", raising=False)
    monkeypatch.setattr(allocator.os, "execve", refused)
    allocator.start_over()
    monkeypatch.setattr(allocator.platform, "libc_ver", lambda: ("", ""))
    monkeypatch.setattr(allocator.os, "execve", lambda *_: pytest.fail("not here"))
    allocator.start_over()
