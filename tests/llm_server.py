"""A language model on loopback that behaves as told: real HTTP, no real model.

It speaks the chat-completions protocol. Its mode makes it slow, refuse, break off or answer in
another form; by default it is an oracle that knows which descriptions are true of which texts and
is wrong in an adjustable share of its answers.
"""

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODEL, KEY = "oracle-1", "sk-test-0123456789abcdefSECRET"
_LINE = re.compile(r'^(\d+): (".*")$')
_MENTIONS = re.compile(r"mentions '(.+)'")


@dataclass
class Oracle:
    """Knows the labels of texts.

    truth : text -> label. names : label -> description. others : descriptions that are proposed
    besides. noise : share of verdicts that are turned round, each text, description and form of
    the question drawn for itself. writes : blocks of a request for a sentence -> what is answered.
    beyond : words said to be beyond the claims.
    """

    truth: dict[str, int]
    names: list[str]
    others: tuple[str, ...] = ()
    noise: float = 0.0
    writes: Callable[[dict[str, list[str]]], dict] | None = None
    beyond: tuple[str, ...] = ()

    def verdict(self, text: str, description: str, form: str) -> bool:
        """Whether the description is true of the text, or turned round by noise."""
        return self.true(text, description) != (_drawn(form, text, description) < self.noise)

    def true(self, text: str, description: str) -> bool:
        """Whether the description is true of the text."""
        mentioned = _MENTIONS.search(description)
        if mentioned:
            return mentioned[1].lower() in text.lower()
        label = self.truth.get(text)
        return description in self.names and label == self.names.index(description)

    def best(self, text: str, words: list[str], form: str) -> int:
        """The first description that is true of the text, -1 for none; another one by noise."""
        right = next((i for i, d in enumerate(words) if self.true(text, d)), -1)
        others = [i for i in range(-1, len(words)) if i != right]
        wrong = _drawn(form, text, *words) < self.noise
        return others[int(_drawn("which", text) * len(others))] if wrong else right

    def answer(self, system: str, user: str) -> dict:
        """What a model would say to a request of ours."""
        blocks = fenced(user)
        if "find properties" in system:
            seen = {self.truth[t] for t in blocks["Texts"] if t in self.truth}
            return {"descriptions": [*(self.names[i] for i in sorted(seen)), *self.others]}
        if "describe groups" in system:
            return self.writes(blocks)
        if "compare a sentence" in system:
            return {"beyond": list(self.beyond)}
        form = system + user.splitlines()[-2]
        words = blocks["Descriptions"]
        if "choose the best" in system:
            best = [self.best(t, words, form) + 1 for t in blocks["Texts"]]
            return {"answers": [{"text": i + 1, "description": b} for i, b in enumerate(best)]}
        verdicts = [[self.verdict(t, d, form) for d in words] for t in blocks["Texts"]]
        if "one description" in system:
            return {"answer": "yes" if verdicts[0][0] else "no"}
        rows = [[j + 1 for j, yes in enumerate(row) if yes] for row in verdicts]
        return {"answers": [{"text": i + 1, "true": r, "unsure": []} for i, r in enumerate(rows)]}


def _drawn(*parts: str) -> float:
    """A number in [0, 1) that depends on nothing but the parts."""
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode()).digest()[:8]) / 2**64


def fenced(user: str) -> dict[str, list[str]]:
    """The numbered strings of each block of a prompt, by the block's title."""
    found: dict[str, list[str]] = {}
    lines = user.split("\n")
    for at, line in enumerate(lines[:-1]):
        if line.endswith(":") and lines[at + 1].startswith("=="):
            mark, rows = lines[at + 1], []
            for inner in lines[at + 2 :]:
                if inner == mark:
                    break
                rows.append(json.loads(_LINE.match(inner)[2]))
            found[line.removesuffix(":")] = rows
    return found


@dataclass
class Model:
    """The server's state.

    mode : one of MODES, or a function from (request number, body) to one of them. requests : the
    bodies received, answered : those whose answer was sent whole. hold : set to let slow go on.
    """

    oracle: Oracle
    url: str = ""
    mode: str | Callable[[int, dict], str] = "good"
    requests: list[dict] = field(default_factory=list)
    answered: list[dict] = field(default_factory=list)
    headers: list[dict] = field(default_factory=list)
    most_at_once: int = 0
    at_once: int = 0
    retry_after: str | None = None
    hold: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


def prompt(body: dict) -> str:
    """The last message of a request."""
    return body["messages"][-1]["content"]


def _said(model: Model, body: dict) -> str:
    system, user = body["messages"][0]["content"], body["messages"][1]["content"]
    return json.dumps(model.oracle.answer(system, user), ensure_ascii=False)


def _obeyed(model: Model, body: dict) -> str:
    """What a text demands in "SAY <...>", as far as the form of the question lets it."""
    said = json.loads(_said(model, body))
    blocks = fenced(body["messages"][1]["content"]).values()
    orders = [t.split("SAY ", 1)[1] for block in blocks for t in block if "SAY " in t]
    if not orders:
        return json.dumps(said)
    if "descriptions" in said:
        said["descriptions"] = [*orders, *said["descriptions"]]
        return json.dumps(said)
    return orders[0]


# What each mode says, with status and finish reason.
SAYS = {
    "good": _said,
    "wrong schema": lambda *_: json.dumps({"clusters": {"a": [1, 2]}}),
    "wrong numbers": lambda *_: json.dumps(
        {"answers": [{"text": 1, "true": [999], "unsure": []}], "answer": "maybe"}
    ),
    "prose": lambda *_: "Certainly! The first text is clearly about sports, I would say.",
    "empty": lambda *_: "",
    "obeyed": _obeyed,
    "fenced": lambda m, b: f"Here you are:\n```json\n{_said(m, b)}\n```",
    "length": lambda m, b: _said(m, b)[:10],
}
FAILS = {
    "429": (429, "Rate limit reached, slow down."),
    "quota": (429, "You exceeded your current quota."),
    "500": (500, "The server had an error."),
    "401": (401, f"Incorrect API key provided: {KEY}."),
    "no schema": (400, "This model does not support response_format of type json_schema."),
    "new limit": (400, "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'."),
    "filtered": (400, "The prompt triggered the content management policy."),
    "too long": (400, "This model's maximum context length is 10 tokens."),
}
MODES = (*SAYS, *FAILS, "slow", "broken off", "no json", "redirect", "unknown model")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: Model

    def log_message(self, *_):
        """Quiet."""

    def do_POST(self):
        """One request to the one address that is served."""
        model = self.model
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with model.lock:
            model.requests.append(body)
            model.headers.append({k.lower(): v for k, v in self.headers.items()})
            number = len(model.requests)
            model.at_once += 1
            model.most_at_once = max(model.most_at_once, model.at_once)
        try:
            self._answer(model, body, model.mode if isinstance(model.mode, str) else None, number)
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            with model.lock:
                model.at_once -= 1

    def _answer(self, model: Model, body: dict, mode: str | None, number: int):
        mode = mode or model.mode(number, body)
        if self.path != "/v1/chat/completions":
            self._send(404, {"error": {"message": "no such path"}})
        elif body["model"] != MODEL:
            self._send(404, {"error": {"message": f"The model {body['model']!r} does not exist."}})
        elif mode == "redirect":
            self._send(307, {}, {"Location": "http://127.0.0.1:9/v1/chat/completions"})
        elif mode in FAILS:
            code, words = FAILS[mode]
            extra = {"Retry-After": model.retry_after} if model.retry_after else {}
            self._send(code, {"error": {"message": words, "code": mode}}, extra)
        else:
            if mode == "slow":
                model.hold.wait(30)
            self._complete(model, body, mode)

    def _complete(self, model: Model, body: dict, mode: str):
        text = SAYS.get(mode, _said)(model, body)
        sent = "".join(m["content"] for m in body["messages"])
        whole = {
            "id": "x",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": MODEL,
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "length" if mode == "length" else "stop",
                    "message": {"role": "assistant", "content": text},
                }
            ],
            "usage": {
                "prompt_tokens": len(sent) // 4,
                "completion_tokens": len(text) // 4,
                "total_tokens": (len(sent) + len(text)) // 4,
            },
        }
        self._send(200, whole, broken=mode == "broken off", plain=mode == "no json")
        if mode not in ("broken off", "no json"):
            with model.lock:
                model.answered.append(body)

    def _send(self, code: int, body: dict, extra=(), broken: bool = False, plain: bool = False):
        data = b"<html>Bad gateway" if plain else json.dumps(body, ensure_ascii=False).encode()
        self.send_response(code)
        self.send_header("Content-Type", "text/html" if plain else "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in dict(extra).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if broken else data)
        if broken:
            self.wfile.flush()
            self.close_connection = True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def serving(oracle: Oracle, mode="good") -> Iterator[Model]:
    """A server on a free port of this machine, until the block ends."""
    model = Model(oracle, mode=mode)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"model": model}))
    model.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield model
    finally:
        model.hold.set()
        server.shutdown()
        server.server_close()
        thread.join()
