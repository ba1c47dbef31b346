"""What people who have left give back."""

import gc
import weakref

from pages.ui import housekeeping, mapview


class _Held:
    pass


def test_sessions_that_have_run_out_are_dropped_without_another_visitor(monkeypatch):
    from streamlit.runtime import Runtime
    from streamlit.runtime.memory_session_storage import MemorySessionStorage

    now = [0.0]
    storage = MemorySessionStorage(ttl_seconds=120)
    storage._cache._timer = lambda: now[0]

    class Manager:
        _session_storage = storage

        def list_sessions(self):
            return storage.list()

    held = {name: _Held() for name in ("early", "late")}
    gone = weakref.ref(held["early"])
    storage._cache["early"] = held.pop("early")
    now[0] = 60.0
    storage._cache["late"] = held.pop("late")
    runtime = type("R", (), {"_session_mgr": Manager()})()
    monkeypatch.setattr(Runtime, "exists", lambda: True)
    monkeypatch.setattr(Runtime, "instance", lambda: runtime)

    assert housekeeping.forget_sessions() == 2
    now[0] = 130.0
    assert gone() is not None, "Streamlit alone would keep it"
    assert housekeeping.forget_sessions() == 1
    gc.collect()
    assert gone() is None


def test_the_parts_of_streamlit_it_reaches_into_are_there():
    from streamlit.runtime.memory_session_storage import MemorySessionStorage
    from streamlit.runtime.websocket_session_manager import WebsocketSessionManager

    assert callable(MemorySessionStorage()._cache.expire)
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
