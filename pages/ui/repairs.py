"""Faults of Streamlit 1.67 by which a click or a file is lost, memory is kept, or a fault is
reported that is none, repaired from outside.

* The answer to "where shall I put this file?" is thrown away when a script run starts before it
  was sent, and the browser waits for ever: the file chosen in that moment is lost.
* The timer of a part that redraws itself asks in the name of the page it stood on, even when
  another page is shown or asked for by then. That leads the reader back to the page just left.
* What is asked for just as a run ends starts another, and what the first has sent but the server
  has not passed on yet is thrown away: parts of the page are missing until it is drawn anew.
* A part that runs again takes back what of it waits to be sent, but not what of the parts within
  it does: the browser is told to draw where there is no place.
* A picture goes as soon as no run shows it: one whose address the browser has not asked for yet is
  not found, and stays missing when the next run shows the same. While a run draws the page anew, or
  is broken off, that holds for all pictures of the page.
* An upload cancelled by the reader is written to the log as a traceback.
* A server that answers the network asks a machine outside for its own address when it starts, to
  print it.
* A reader who leaves while something is sent is taken for one who sends text frames: Starlette
  tells both by a RuntimeError, and the log gets a traceback.
* What a press or a file asks for is done before the page is drawn, but dropped half done when the
  next press arrives meanwhile: every look at the session gives way to it, and the one who asked is
  not called again.
* What is known of a control (how to read it, whom to call) is kept when the control has gone and
  its value was dropped: after eight pages this was most of what a session held.

The first two were found by choosing files and pages while jobs run
(``tests/browser/test_haste.py``), the next three by asking for the page again and again on a busy
machine, the others by cancelling uploads, choosing a file while the first picture is made, closing
pages at once, starting the image by hand and ``python -m bench.users``.
"""

import time

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected
from streamlit import net_util
from streamlit.runtime.app_session import AppSession
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.scriptrunner.script_runner import ScriptRunner, ScriptRunnerEvent
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequestType
from streamlit.runtime.scriptrunner_utils.script_run_context import (
    RunLocation,
    ThreadState,
    get_script_run_ctx,
)
from streamlit.runtime.state.session_state import SessionState, _is_stale_widget

LATE = 30.0  # seconds in which a browser asks for a picture that it was told of
_clear = ForwardMsgQueue.clear
_request_rerun = AppSession.request_rerun
_handle_event = AppSession._handle_scriptrunner_event_on_event_loop
_run_script = ScriptRunner._run_script
_give_way = ScriptRunner._maybe_handle_execution_control_request
_receive_bytes = WebSocket.receive_bytes
_remove_stale_widgets = SessionState._remove_stale_widgets
_unused = MediaFileManager._get_inactive_file_ids


async def _cancelled(request: Request, error: Exception) -> Response:
    return Response(status_code=499)  # nobody is there to read it


HANDLERS = {ClientDisconnect: _cancelled}


def apply() -> None:
    """Put the repairs in place; once more changes nothing."""
    ForwardMsgQueue.clear = _clear_but_answers
    AppSession.request_rerun = _request_rerun_of_this_page
    AppSession._handle_scriptrunner_event_on_event_loop = _handle_event_of_ended_too
    ScriptRunner._run_script = _run_script_of_this_page
    MediaFileManager._get_inactive_file_ids = _unused_for_long
    ScriptRunner._maybe_handle_execution_control_request = _give_way_when_done
    WebSocket.receive_bytes = _receive_bytes_or_end
    net_util.get_external_ip = _unasked
    SessionState._remove_stale_widgets = _remove_stale_widgets_whole


def _unasked() -> None:
    """No address, and nobody asked for it."""


def _clear_but_answers(self, retain_lifecycle_msgs=False, fragment_ids_this_run=None) -> None:
    before = self._queue
    _clear(self, retain_lifecycle_msgs, fragment_ids_this_run)
    if not retain_lifecycle_msgs:
        return
    kept = {id(m) for m in self._queue}
    gone = [m for m in before if id(m) not in kept]
    self._queue += [m for m in gone if m.WhichOneof("type") == "file_urls_response"]
    if fragment_ids_this_run:
        places = {tuple(m.metadata.delta_path) for m in gone if m.delta.HasField("add_block")}
        self._queue = [m for m in self._queue if not _within(m.metadata.delta_path, places)]


def _within(path, places: set[tuple[int, ...]]) -> bool:
    return any(tuple(path[:depth]) in places for depth in range(2, len(path)))


def _request_rerun_of_this_page(self, client_state) -> None:
    if client_state is not None and client_state.is_auto_rerun:
        shown = self._client_state.page_script_hash
        if _foreign(client_state.page_script_hash, shown) or _runs_whole(self._scriptrunner):
            return
    runner = self._scriptrunner
    _request_rerun(self, client_state)
    if runner is not None and runner is not self._scriptrunner and not runner._execing:
        self._ended = [*getattr(self, "_ended", ()), runner]  # not stopped, but run to its end


def _handle_event_of_ended_too(self, sender, event, *args) -> None:
    """What a run that has ended sent before another began is passed on like all else."""
    runner, ended = self._scriptrunner, getattr(self, "_ended", ())
    if sender is runner or sender not in ended:
        _handle_event(self, sender, event, *args)
    elif event is ScriptRunnerEvent.SHUTDOWN:
        self._ended = [other for other in ended if other is not sender]
    else:
        self._scriptrunner = sender
        try:
            _handle_event(self, sender, event, *args)
        finally:
            self._scriptrunner = runner


def _run_script_of_this_page(self, rerun_data) -> None:
    shown = self._get_script_run_ctx().page_script_hash
    if not (rerun_data.is_auto_rerun and _foreign(rerun_data.page_script_hash, shown)):
        _run_script(self, rerun_data)


def _give_way_when_done(self) -> None:
    """Not within what a press asks for; the runner looks again right after it."""
    if ThreadState.get().run_location is not RunLocation.CALLBACK:
        _give_way(self)


async def _receive_bytes_or_end(self) -> bytes:
    try:
        return await _receive_bytes(self)
    except WebSocketDisconnected:
        raise WebSocketDisconnect from None


def _remove_stale_widgets_whole(self, active_widget_ids) -> None:
    _remove_stale_widgets(self, active_widget_ids)
    if (context := get_script_run_ctx()) is None:
        return
    state, parts = self._new_widget_state, context.fragment_ids_this_run
    known = state.widget_metadata
    # Not asked by its value: what code has just set lies under the key of the control.
    kept = {
        k: v
        for k, v in known.items()
        if not _is_stale_widget(v, active_widget_ids, parts) or v.persist_state or v.bind
    }
    # Whom a component calls is known under a name of its own, which has no value until it calls.
    calls = {k: v for k, v in known.items() if v.value_type == "json_trigger_value"}
    state.widget_metadata = kept | {
        k: v for k, v in calls.items() if any(f"_{base}__" in k for base in kept)
    }


def _unused_for_long(self) -> set[str]:
    now, known = time.monotonic(), getattr(self, "_unused_since", {})
    self._unused_since = {file: known.get(file, now) for file in _unused(self)}
    return {file for file, since in self._unused_since.items() if now - since >= LATE}


def _foreign(asked: str, shown: str) -> bool:
    """Whether a timer asks for another page than the one shown."""
    return bool(asked and shown and asked != shown)


def _runs_whole(runner) -> bool:
    """Whether a run of the whole page waits, which does what a timer asks for anyway."""
    if runner is None:
        return False
    waiting = runner._requests
    whole = not waiting._rerun_data.fragment_id_queue
    return waiting._state is ScriptRequestType.RERUN and whole
