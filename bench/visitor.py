"""A visitor without a browser: speaks Streamlit's own protocol over its websocket.

One thread, one tab. What a browser does beside drawing is done here: it keeps the values of
widgets, the address and the page, repeats the parts that redraw themselves, and uploads files.
Needs the package websockets (a development requirement).
"""

import json
import time
import urllib.request
from dataclasses import dataclass, field
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

LONGEST = 120.0  # seconds waited for an answer
ENDED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


class Fault(Exception):
    """What a reader would call an error: a broken page, a red box, no answer."""


@dataclass
class Widget:
    """One control on the page: its kind ("button", "selectbox", ...), id and redrawn part, and
    whether it is grey."""

    kind: str
    id: str
    fragment: str = ""
    disabled: bool = False


@dataclass
class Visitor:
    """One tab. host : "127.0.0.1:8501". Use as a context manager; ``received`` counts bytes."""

    host: str
    widgets: dict[tuple[str, str], Widget] = field(default_factory=dict)
    values: dict[str, tuple[str, object]] = field(default_factory=dict)
    timers: dict[str, float] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    query: str = ""
    page: str = ""
    received: int = 0
    said: list[str] = field(default_factory=list)

    def __enter__(self):
        self.link = connect(
            f"ws://{self.host}/_stcore/stream",
            subprotocols=["streamlit"],
            origin=f"http://{self.host}",
            max_size=None,
            ping_interval=None,
            proxy=None,
        )
        return self

    def __exit__(self, *_):
        self.link.close()

    # What a person does. Each gives the seconds from the act to the finished page.

    def open(self, page: str = "", query: dict | None = None) -> float:
        """Go to a page by its path ("" for the first); without ``query`` the address is kept."""
        self.query = self.query if query is None else urlencode(query)
        return self._run(self.pages.get(page, ""), name="" if page in self.pages else page)

    def press(self, label: str) -> float:
        """Press a button, by its label or by "#" and its key."""
        return self._act(("button", label), "trigger_value", True)

    def choose(self, label: str, option: str) -> float:
        """Choose an option of a select box."""
        return self._act(("selectbox", label), "string_value", option)

    def number(self, label: str, value: float) -> float:
        """Type into a number input."""
        return self._act(("number_input", label), "double_value", value)

    def fill(self, label: str, text: str) -> float:
        """Type into a text input and leave it."""
        return self._act(("text_input", label), "string_value", text)

    def lasso(self, points: list[tuple[float, float]]) -> float:
        """Draw round points of the first plotly chart that takes selections."""
        key = next((k for k in self.widgets if k[0] == "plotly_chart"), ("plotly_chart", ""))
        x, y = zip(*points, strict=True)
        drawn = {"xref": "x", "yref": "y", "x": x, "y": y}
        selection = {"points": [], "point_indices": [], "box": [], "lasso": [drawn]}
        return self._act(key, "string_value", json.dumps({"selection": selection}))

    def upload(self, label: str, name: str, data: bytes) -> float:
        """Give a file to an uploader."""
        started = time.monotonic()
        ask = BackMsg()
        ask.file_urls_request.request_id = "upload"
        ask.file_urls_request.file_names.append(name)
        self.link.send(ask.SerializeToString())
        urls = self._until("file_urls_response").file_urls_response.file_urls[0]
        self._put(urls.upload_url, name, data)
        state = BackMsg().rerun_script.widget_states.widgets.add().file_uploader_state_value
        info = state.uploaded_file_info.add()
        info.name, info.size, info.file_id = name, len(data), urls.file_id
        info.file_urls.CopyFrom(urls)
        self._act(("file_uploader", label), "file_uploader_state_value", state)
        return time.monotonic() - started

    def stay(self, seconds: float) -> list[float]:
        """Look at the page; parts that redraw themselves do. Gives the seconds of each time."""
        end, took = time.monotonic() + seconds, []
        due = dict.fromkeys(self.timers, time.monotonic())
        while (now := time.monotonic()) < end:
            ready = [f for f, every in self.timers.items() if now >= due.get(f, 0) + every]
            if ready:
                took.append(self._run(self.page, fragment=ready[0], timer=True))
                due[ready[0]] = time.monotonic()
            else:
                time.sleep(min(0.1, max(0.0, end - now)))
        return took

    # The protocol.

    def _act(self, key: tuple[str, str], kind: str, value) -> float:
        if key not in self.widgets:
            raise Fault(f"no {key[0]} {key[1]!r} on page {self._path()!r}")
        # As a person does: wait until the step that it needs is done, and the page drawn again.
        end = time.monotonic() + LONGEST
        while key in self.widgets and self.widgets[key].disabled and time.monotonic() < end:
            self.stay(3)
        widget = self.widgets.get(key)
        if widget is None or widget.disabled:
            raise Fault(f"{key[0]} {key[1]!r} on page {self._path()!r} cannot be used")
        self.values[widget.id] = (kind, value)
        took = self._run(self.page, fragment=widget.fragment)
        if kind == "trigger_value":
            del self.values[widget.id]
        return took

    def _run(self, page: str, name: str = "", fragment: str = "", timer: bool = False) -> float:
        started = time.monotonic()
        message = BackMsg()
        run = message.rerun_script
        run.query_string, run.page_script_hash, run.page_name = self.query, page, name
        run.fragment_id, run.is_auto_rerun = fragment, timer
        for id_, (kind, value) in self.values.items():
            state = run.widget_states.widgets.add()
            state.id = id_
            if kind == "file_uploader_state_value":
                state.file_uploader_state_value.CopyFrom(value)
            else:
                setattr(state, kind, value)
        self.link.send(message.SerializeToString())
        while self._until("script_finished").script_finished not in ENDED:
            pass
        return time.monotonic() - started

    def _until(self, wanted: str) -> ForwardMsg:
        """Take messages in until one of a kind has come."""
        end = time.monotonic() + LONGEST
        while True:
            try:
                data = self.link.recv(timeout=max(0.01, end - time.monotonic()))
            except (TimeoutError, WebSocketException) as error:
                raise Fault(f"no answer on {self._path()!r}: {type(error).__name__}") from None
            self.received += len(data)
            message = ForwardMsg()
            message.ParseFromString(data)
            kind = message.WhichOneof("type")
            self._take(kind, message)
            if kind == wanted:
                return message

    def _take(self, kind: str, message: ForwardMsg) -> None:
        if kind == "delta":
            self._draw(message.delta)
        elif kind == "new_session":
            self.page = message.new_session.page_script_hash
            if not message.metadata.run.fragment_ids:  # the whole page is drawn anew
                self.widgets.clear()
                self.timers.clear()
        elif kind == "navigation":
            self.pages = {p.url_pathname: p.page_script_hash for p in message.navigation.app_pages}
            self.page = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self.timers[message.auto_rerun.fragment_id] = message.auto_rerun.interval
        elif kind == "stop_auto_rerun":
            for fragment in message.stop_auto_rerun.fragment_ids:
                self.timers.pop(fragment, None)
        elif kind == "page_not_found":
            raise Fault(f"page not found: {message.page_not_found.page_name!r}")
        elif kind == "session_event" and message.session_event.HasField(
            "script_compilation_exception"
        ):
            raise Fault("the page does not compile")

    def _draw(self, delta) -> None:
        """Keep the controls of what is drawn; a red box is a fault."""
        if delta.WhichOneof("type") != "new_element":
            return
        element = delta.new_element
        kind = element.WhichOneof("type")
        if kind == "exception":
            raise Fault(f"exception on {self._path()!r}: {element.exception.type}")
        if kind == "alert":
            self.said.append(element.alert.body)
            if element.alert.format == element.alert.ERROR:
                raise Fault(f"error on {self._path()!r}: {element.alert.body[:200]}")
        body = getattr(element, kind) if kind else None
        if getattr(body, "id", ""):
            label = getattr(body, "label", "")
            grey = getattr(body, "disabled", False)
            widget = Widget(kind, body.id, delta.fragment_id, grey)
            known = self.widgets.get((kind, label))
            if known is None or known.id == body.id:
                self.widgets[kind, label] = widget
            key = body.id.split("-", 2)[-1]  # "$$ID-hash-key"
            self.widgets[kind, f"#{key}"] = widget

    def _path(self) -> str:
        return next((path for path, known in self.pages.items() if known == self.page), "?")

    def _put(self, url: str, name: str, data: bytes) -> None:
        bound = "gestalt-visitor"
        head = f'--{bound}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        body = (
            head.encode()
            + b"Content-Type: text/csv\r\n\r\n"
            + data
            + f"\r\n--{bound}--\r\n".encode()
        )
        token = self._token()
        request = urllib.request.Request(
            f"http://{self.host}{url}",
            data=body,
            method="PUT",
            headers={
                "Content-Type": f"multipart/form-data; boundary={bound}",
                "X-Xsrftoken": token,
                "Cookie": f"_streamlit_xsrf={token}",
            },
        )
        with urllib.request.urlopen(request, timeout=LONGEST) as answer:
            if answer.status not in (200, 204):
                raise Fault(f"upload refused: {answer.status}")

    def _token(self) -> str:
        """The token that guards against cross-site requests, as a browser gets it."""
        with urllib.request.urlopen(f"http://{self.host}/_stcore/health", timeout=30) as answer:
            for cookie in answer.headers.get_all("Set-Cookie") or ():
                if cookie.startswith("_streamlit_xsrf="):
                    return cookie.split(";")[0].split("=", 1)[1]
        return ""
