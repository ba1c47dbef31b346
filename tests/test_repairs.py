"""Messages that Streamlit would lose: the repairs by themselves, without a browser."""

import asyncio
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from streamlit import config, net_util
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.script_data import ScriptData
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.runtime.state import session_state
from streamlit.runtime.state.common import WidgetMetadata
from streamlit.runtime.state.session_state import SessionState
from streamlit.web import bootstrap

from pages.ui import repairs
from tests.apptest import page_of


def filled() -> ForwardMsgQueue:
    queue = ForwardMsgQueue()
    for name in ("answer", "delta"):
        message = ForwardMsg()
        if name == "answer":
            message.file_urls_response.response_id = "1"
        else:
            message.delta.new_element.text.body = "old"
        queue.enqueue(message)
    return queue


def kinds(queue) -> list[str]:
    return [m.WhichOneof("type") for m in queue._queue]


@pytest.mark.parametrize("parts", [None, ["part"]])
def test_a_new_run_keeps_the_answer_to_a_file(parts):
    queue = filled()
    repairs._clear_but_answers(queue, True, parts)
    assert kinds(queue).count("file_urls_response") == 1
    assert ("delta" in kinds(queue)) == (parts is not None)


def test_a_flush_empties_the_queue():
    queue = filled()
    repairs._clear_but_answers(queue)
    assert kinds(queue) == []


def test_what_lies_within_a_part_that_runs_again_is_taken_back_with_it():
    queue = ForwardMsgQueue()
    for path, part, block in (
        ([0, 0], "", True),
        ([0, 0, 0], "outer", True),
        ([0, 0, 0, 0], "inner", True),
        ([0, 0, 0, 0, 0], "inner", False),
        ([0, 1], "other", False),
    ):
        message = ForwardMsg()
        message.metadata.delta_path.extend(path)
        message.delta.fragment_id = part
        if block:
            message.delta.add_block.SetInParent()
        else:
            message.delta.new_element.text.body = "words"
        queue.enqueue(message)
    repairs._clear_but_answers(queue, True, ["outer"])
    assert [list(m.metadata.delta_path) for m in queue._queue] == [[0, 0], [0, 1]]


def test_what_an_ended_run_has_sent_arrives_though_another_was_asked_for(monkeypatch, tmp_path):
    """The server is busy until the run has ended, and looks at the click before the news."""
    repairs.apply()
    script = tmp_path / "page.py"
    script.write_text("import streamlit as st\nst.text('first' if st.button('b') else 'again')")
    option = config.get_option
    ours = {"runner.fastReruns": False, "server.fileWatcherType": "none"}
    monkeypatch.setattr(config, "get_option", lambda name: ours.get(name, option(name)))
    monkeypatch.setattr("streamlit.runtime.get_instance", MagicMock())

    async def two_runs() -> list[str]:
        data = ScriptData(str(script), is_hello=False)
        session = AppSession(data, MagicMock(), ScriptCache(), None, {})
        session.request_rerun(ClientState())
        session._scriptrunner._script_thread.join(30)  # the loop, too, waits
        asked = session._scriptrunner
        session.request_rerun(ClientState())
        assert session._scriptrunner is not asked
        for _ in range(3_000):
            if session._scriptrunner is None:
                break
            await asyncio.sleep(0.01)
        session.shutdown()
        assert not getattr(session, "_ended", ())
        return kinds(session._browser_queue)

    came = asyncio.run(two_runs())
    assert came.count("script_finished") == 2 and came.count("new_session") == 2


@pytest.mark.parametrize(
    ("asked", "shown", "auto", "runs"),
    [
        ("map", "map", True, True),
        ("map", "data", True, False),
        ("map", "data", False, True),
        ("map", "", True, True),
    ],
)
def test_a_timer_of_another_page_does_not_run(monkeypatch, asked, shown, auto, runs):
    ran = []
    monkeypatch.setattr(repairs, "_run_script", lambda runner, data: ran.append(data))
    monkeypatch.setattr(repairs, "_request_rerun", lambda session, state: ran.append(state))
    state = SimpleNamespace(is_auto_rerun=auto, page_script_hash=asked)
    context = SimpleNamespace(page_script_hash=shown)
    runner = SimpleNamespace(_get_script_run_ctx=lambda: context)
    repairs._run_script_of_this_page(runner, state)
    session = SimpleNamespace(_client_state=context, _scriptrunner=None)
    repairs._request_rerun_of_this_page(session, state)
    assert ran == ([state, state] if runs else [])


def test_a_reader_who_has_left_ends_the_connection_without_a_fault():
    async def left():
        return {"type": "websocket.disconnect", "code": 1001}

    socket = WebSocket({"type": "websocket"}, receive=left, send=None)
    socket.application_state = WebSocketState.DISCONNECTED  # what a failed send leaves behind
    repairs.apply()
    with pytest.raises(WebSocketDisconnect):
        asyncio.run(socket.receive_bytes())


def _two_pages():
    import streamlit as st

    first = st.toggle("First")
    for i in range(10):
        st.number_input(f"{first} {i}", key=f"{first} {i}")
    st.text_input("Kept", key="kept", persist_state="session") if first else None

    @st.fragment
    def part():
        st.button("Within")

    part()


def test_what_is_known_of_a_control_goes_with_it(monkeypatch):
    monkeypatch.setattr(SessionState, "_remove_stale_widgets", repairs._remove_stale_widgets_whole)
    at = page_of(_two_pages).run()

    def known() -> list[str]:
        state = at.session_state._state._state._new_widget_state
        return sorted(m.id for m in state.widget_metadata.values())

    at.toggle[0].set_value(True).run()
    at.text_input(key="kept").set_value("a").run()
    at.number_input(key="True 3").set_value(5.0).run()
    assert len(known()) == 13 and at.number_input(key="True 3").value == 5.0
    at.toggle[0].set_value(False).run()
    ids = known()
    assert (
        len(ids) == 13 and sum("kept" in i for i in ids) == 1 and not any("True" in i for i in ids)
    )
    at.button[0].click().run()
    assert at.button[0].value
    at.toggle[0].set_value(True).run()
    assert at.text_input(key="kept").value == "a" and at.number_input(key="True 3").value == 0.0


def _a_component():
    import streamlit as st

    st.button("Again")
    if st.toggle("Show", True):
        heard = st.components.v2.component("a_part", html="<p></p>", js="export default () => {}")
        heard(key="part", on_picked_change=lambda: None)


def test_whom_a_component_calls_stays_known_while_it_is_shown(monkeypatch):
    monkeypatch.setattr(SessionState, "_remove_stale_widgets", repairs._remove_stale_widgets_whole)
    at = page_of(_a_component).run()

    def called() -> list[str]:
        known = at.session_state._state._state._new_widget_state.widget_metadata
        return [k for k, found in known.items() if (found.callbacks or {}).get("picked")]

    assert len(called()) == 2  # of its values, and of what it calls
    at.button[0].click().run()
    assert len(called()) == 2  # of its values, and of what it calls
    at.toggle[0].set_value(False).run()
    assert not called()


def _set_by_code():
    import streamlit as st

    st.session_state.setdefault("level", 3)
    told = lambda: st.session_state.update(told=st.session_state["level"])  # noqa: E731
    st.slider("Level", 0, 9, key="level", on_change=told)


def test_the_first_change_of_what_code_has_set_is_told(monkeypatch):
    monkeypatch.setattr(SessionState, "_remove_stale_widgets", repairs._remove_stale_widgets_whole)
    at = page_of(_set_by_code).run()
    at.slider(key="level").set_value(5).run()
    assert at.session_state["told"] == at.slider(key="level").value == 5


def test_what_code_has_set_outlives_a_run_of_another_part(monkeypatch):
    run = SimpleNamespace(page_script_hash="page", fragment_ids_this_run=None)
    for module in (session_state, repairs):
        monkeypatch.setattr(module, "get_script_run_ctx", lambda: run, raising=False)
    state, wid = SessionState(), "$$ID-1-level"
    state._new_session_state["level"] = 3
    state._set_key_widget_mapping(wid, "level")
    state._set_widget_metadata(WidgetMetadata(wid, str, int, "int_value"))
    repairs._remove_stale_widgets_whole(state, frozenset({wid}))
    run.fragment_ids_this_run = ["another"]  # a clock, or the jobs that run
    state._compact_state()
    repairs._remove_stale_widgets_whole(state, frozenset())
    assert state["level"] == 3


def test_a_picture_is_kept_for_a_browser_that_is_late(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(repairs.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(MediaFileManager, "_get_inactive_file_ids", repairs._unused_for_long)
    pictures = MediaFileManager(MemoryMediaFileStorage("/media"))
    shown = pictures.add(b"first", "image/png", "0.1").split("/")[-1].split(".")[0]

    def there(seconds: float) -> bool:
        now[0] += seconds
        pictures.remove_orphaned_files()
        return any(file.startswith(shown) for file in pictures._file_metadata)

    assert there(100)
    pictures.clear_session_refs()  # the next run begins, and is broken off
    assert there(1) and there(20)
    pictures.add(b"first", "image/png", "0.1")
    assert there(20)
    pictures.clear_session_refs()
    assert there(20) and there(20) and not there(20)


def two_presses():
    import streamlit as st
    from streamlit.runtime.scriptrunner import get_script_run_ctx
    from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

    def pressed():
        run = get_script_run_ctx()
        again = RerunData(page_script_hash=run.page_script_hash)
        run.script_requests.request_rerun(again)  # the next press
        st.session_state["runs"] = 0
        st.session_state["done"] = True

    st.button("Go", on_click=pressed)
    st.session_state["runs"] = st.session_state.get("runs", 0) + 1


@pytest.mark.parametrize("kept", [False, True])
def test_what_a_press_asks_for_is_done_though_the_next_press_arrives(monkeypatch, kept):
    way = repairs._give_way_when_done if kept else repairs._give_way  # without: as Streamlit does
    monkeypatch.setattr(ScriptRunner, "_maybe_handle_execution_control_request", way)
    at = page_of(two_presses).run()
    at.button[0].click().run()
    assert ("done" in at.session_state) == kept
    assert at.session_state["runs"] == (1 if kept else 2)


def test_a_cancelled_upload_is_no_fault():
    async def upload(request):
        raise ClientDisconnect

    routes = [Route("/upload", upload, methods=["PUT"])]
    client = TestClient(Starlette(routes=routes, exception_handlers=repairs.HANDLERS))
    assert client.put("/upload").status_code == 499


def test_no_machine_outside_is_asked_for_the_servers_address(monkeypatch, capsys):
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)
    monkeypatch.setattr(net_util, "_make_blocking_http_get", pytest.fail)
    repairs.apply()
    addresses = {"server.address": "0.0.0.0", "server.headless": True}
    plain = bootstrap.config.get_option
    monkeypatch.setattr(
        bootstrap.config, "get_option", lambda name: addresses.get(name, plain(name))
    )
    bootstrap._print_url(False)
    assert "Local URL" in capsys.readouterr().out
