"""What people who have left give back."""

import gc
import inspect
import subprocess
import sys
import weakref

from streamlit.runtime.state.session_state import SessionState

from pages.ui import housekeeping, mapview


class _Held:
    pass


class _Session:
    """A closed tab, as Streamlit keeps it: the file it brought, its state, its parts."""

    def __init__(self, runs: bool = False):
        self.session = self  # it is what the storage keeps, too
        self.files, self._scriptrunner = ["file"], _Held() if runs else None
        self._session_state, self._browser_queue = SessionState(), ["message"]
        self._session_state._new_session_state["a"] = 1
        self._session_state._new_widget_state.widget_metadata["box"] = "how it is read"
        self._fragment_storage = _Parts({"part": 1})

    def shutdown(self):
        self.files.clear()

    def empty(self):
        controls = self._session_state._new_widget_state.widget_metadata
        held = (self._session_state, controls, self._browser_queue, self._fragment_storage)
        return not any(len(one) for one in held)


class _Parts(dict):
    def clear_outside_wrappers(self):
        self.wrappers = "gone"


def test_sessions_that_have_run_out_are_dropped_without_another_visitor(monkeypatch):
    from streamlit.runtime import Runtime
    from streamlit.runtime.memory_session_storage import MemorySessionStorage

    now, swept = [0.0], []
    storage = MemorySessionStorage(ttl_seconds=120)
    storage._cache._timer = lambda: now[0]

    class Manager:
        _session_storage = storage

        def list_sessions(self):
            return storage.list()

    tabs = {"early": _Session(), "running": _Session(runs=True), "late": _Session()}
    for name in ("early", "running"):
        storage._cache[name] = tabs[name]
    now[0] = 60.0
    storage._cache["late"] = tabs["late"]
    pictures = type("P", (), {"remove_orphaned_files": lambda _: swept.append(now[0])})()
    runtime = type("R", (), {"_session_mgr": Manager(), "media_file_mgr": pictures})()
    monkeypatch.setattr(Runtime, "exists", lambda: True)
    monkeypatch.setattr(Runtime, "instance", lambda: runtime)

    assert housekeeping.forget_sessions() == 3
    now[0] = 130.0
    assert tabs["early"].files, "Streamlit alone would keep it"
    assert housekeeping.forget_sessions() == 1
    # Whoever still holds one (Streamlit's loop, the last that it served) holds nothing with it.
    assert tabs["early"].empty() and not tabs["early"].files
    assert not tabs["running"].files and not tabs["running"].empty(), "its last run may need it"
    assert tabs["late"].files
    assert swept == [60.0, 130.0], "pictures that no page shows any more"


def test_the_parts_of_streamlit_it_reaches_into_are_there():
    from streamlit.runtime.app_session import AppSession
    from streamlit.runtime.fragment import MemoryFragmentStorage
    from streamlit.runtime.memory_session_storage import MemorySessionStorage
    from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

    assert MemorySessionStorage()._cache.expire() == []
    holds = inspect.getsource(AppSession.__init__)
    parts = ("_session_state", "_fragment_storage", "_browser_queue", "_scriptrunner")
    assert all(f"self.{part}" in holds for part in parts)
    assert callable(MemoryFragmentStorage.clear_outside_wrappers)
    assert callable(WebsocketSessionManager.list_sessions)


def test_circles_are_collected():
    held = _Held()
    held.itself = held
    seen = weakref.ref(held)
    gc.disable()
    try:
        del held
        assert seen() is not None
        housekeeping.give_back()
        assert seen() is None
    finally:
        gc.enable()


_MEASURED = """
import gc, sys, threading
import numpy as np, psutil, pyarrow as pa, pyarrow.parquet as pq
from pages.ui import housekeeping

def work():
    for _ in range(10):
        table = pa.table({str(i): np.random.rand(5_000) for i in range(20)})
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        pq.read_table(pa.BufferReader(sink.getvalue()))

def used():
    return psutil.Process().memory_info().rss / 2**20

work(), housekeeping.give_back()
before = used()
threads = [threading.Thread(target=work) for _ in range(16)]
[t.start() for t in threads], [t.join() for t in threads]
busy = used()
housekeeping.give_back()
print(busy - before, used() - before)
"""


def test_what_pyarrow_has_freed_goes_back_to_the_system():
    """In a process of its own: what others have freed would be counted."""
    code = [sys.executable, "-c", _MEASURED]
    busy, after = map(float, subprocess.check_output(code, text=True, timeout=60).split())
    assert busy > 30, "nothing was kept, so nothing was shown"
    assert after < busy / 3


def test_without_a_server_there_is_nothing_to_forget(monkeypatch):
    from streamlit.runtime import Runtime

    monkeypatch.setattr(Runtime, "exists", lambda: False)
    assert housekeeping.forget_sessions() == 0


def test_when_nobody_is_there_pictures_results_and_worked_workers_go(monkeypatch):
    let_go = []
    held = type("Held", (), {"forget": lambda _: let_go.append("results")})()
    runner = type("Runner", (), {"renew": lambda _: let_go.append("workers")})()
    monkeypatch.setattr(housekeeping.services, "artifacts", lambda: held)
    monkeypatch.setattr(housekeeping.services, "runner", lambda: runner)
    made = []
    kept = housekeeping.st.cache_data(lambda name: made.append(name) or name)
    for _ in range(2):
        kept("picture")
        mapview._once("column", ("digest", "team"), lambda: made.append("column") or 1)
    housekeeping.rest()
    kept("picture")
    mapview._once("column", ("digest", "team"), lambda: made.append("column") or 1)
    assert made == ["picture", "column", "picture", "column"] and let_go == ["results", "workers"]
