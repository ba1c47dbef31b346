"""One request to the endpoint: sent within the budget, tried again only where that can help."""

import math
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from analytics.errors import BadInput, NotNow
from analytics.language import answers, cost
from analytics.language.connection import KEY, MODEL, Connection, client

GIVE_UP = 6  # requests in a row that failed for good, after which the endpoint counts as down
MORE_ROOM = 4  # times the tokens, when an answer was cut off
WHOLE = "many end in /v1"  # addresses
_OPTIONAL = ("response_format", "temperature", "max_tokens", "seed")


class NoAnswer(Exception):
    """A request that brought nothing after all tries; the message says why; advice, what to do."""

    advice = ""


class CutOff(NoAnswer):
    """The request or its answer is too long for the model."""

    advice = "choose a model that reads and writes more at once"


class Unusable(NoAnswer):
    """Answers came, and not in the form asked for."""

    advice = "another model may keep to the form"


class Passed(NoAnswer):
    """A failure that may pass, and did not in all tries."""

    advice = "ask again later; what was answered is kept"


class Foreign(NoAnswer):
    """Something else answered than a language model."""

    advice = f"check the address; {WHOLE}"


class _Passing(Exception):
    """A failure that may pass. wait : seconds the endpoint asks for, None when it does not say.
    end : what it is if it does not pass in all tries."""

    def __init__(self, words: str, wait: float | None = None, end: type[NoAnswer] = Passed):
        super().__init__(words)
        self.wait, self.end = wait, end


@dataclass(frozen=True)
class Answer:
    """The words of a model, and tokens as the endpoint counted them or as estimated."""

    text: str
    tokens_in: int
    tokens_out: int


@dataclass
class Sender:
    """Sends requests to one endpoint from any thread.

    Parameters that the endpoint refuses are left out from then on. stopping : set to end all waits
    and let no further request leave.
    """

    to: Connection
    meter: cost.Meter
    seed: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    left_out: set[str] = field(default_factory=set)
    _client: Any = None
    _failed: int = 0
    _not_before: float = 0.0
    _waits: tuple[float, str] = (0.0, "")  # until when, and why
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, messages: Sequence[dict[str, str]], schema: dict, room: int) -> Answer:
        """The answer to messages. schema : of the JSON wanted. room : most tokens of the answer.

        Raises NoAnswer or CutOff when there is none, BudgetSpent before a request that could go
        over the budget, and BadInput when no further request can succeed.
        """
        wide = False
        tries = 0
        while True:
            without = frozenset(self.left_out)
            try:
                answer = self._once(messages, schema, room * (MORE_ROOM if wide else 1))
                self._failed = 0
                return answer
            except _Refused as error:
                if not self._leave_out(str(error), without):
                    # Perhaps for what this one text says; from several in a row on, for good.
                    why = f"the endpoint refused the request ({error})"
                    self._count(why)
                    raise NoAnswer(why) from None
            except CutOff:
                if wide:
                    raise
                wide = True
            except _Passing as error:
                tries += 1
                if tries > self.to.retries:
                    self._count(str(error), error.end)
                    raise error.end(str(error)) from None
                self._pause(tries, error, messages)

    def waiting(self) -> str:
        """Why a request waits to be tried again, and how much longer; "" when none does."""
        until, why = self._waits
        left = math.ceil(until - time.monotonic())
        return f"{why}: next try in {left} s" if left > 0 else ""

    def close(self) -> None:
        """Let go of the connections."""
        if self._client is not None:
            self._client.close()

    def _once(self, messages: Sequence[dict[str, str]], schema: dict, room: int) -> Answer:
        """One request, counted whatever becomes of it."""
        self.stopping.wait(max(0.0, self._not_before - time.monotonic()))
        if self.stopping.is_set():
            raise NoAnswer("stopped")
        guess = cost.tokens_in(messages)
        with self.meter.request(cost.most_tokens_in(messages), room) as used:
            try:
                found = self._completion(messages, schema, room)
            except _Lost:
                used.append((guess, room))  # it may have been answered, and is then charged
                why = f"the answer broke off or took longer than {self.to.seconds:g} s"
                raise _Passing(why) from None
            answer = _read(found, guess)
            used.append((answer.tokens_in, answer.tokens_out))
        if _finish(found) == "length":
            raise CutOff("the answer was cut off")
        return answer

    def _completion(self, messages, schema: dict, room: int):
        import openai

        with self._lock:
            self._client = self._client or client(self.to)
        failure: Exception
        try:
            return self._client.chat.completions.create(
                model=self.to.model,
                messages=list(messages),
                **_parameters(schema, room, self.seed, self.left_out),
            )
        except BadInput as error:  # nothing was sent: the address may not be asked
            failure = self._hopeless(str(error).rstrip("."))
        except openai.APIStatusError as error:
            failure = self._status(error)
        except (openai.APITimeoutError, openai.APIResponseValidationError, ValueError):
            failure = _Lost()
        except openai.APIConnectionError as error:
            # Refused at the door, nothing was sent; or cut off in the middle, then it may count.
            refused = "ConnectError" in type(error.__cause__).__name__
            failure = _Passing("the connection was refused") if refused else _Lost()
        except openai.OpenAIError as error:
            failure = _Passing(self._words(error))
        # Out here, so that no exception drags along one in which the endpoint repeats the key.
        raise failure

    def _status(self, error) -> Exception:
        """What an HTTP status means: hopeless, refused, too long, or passing."""
        code, words = error.status_code, self._words(error)
        no_credit = code == 429 and "quota" in words.lower()
        if code == 413 or (code == 400 and _about_length(words)):
            return CutOff("the request is too long for the model")
        if code in (400, 422):
            return _Refused(words)
        if not no_credit and (code in (408, 409, 425, 429) or code >= 500):
            wait = _wait(error.response.headers)
            asks = f" and asks to wait {math.ceil(wait):,} s" if wait else ""
            return _Passing(f"the model answered {_named(code)}{asks}", wait)
        why = {
            401: f"it refuses the key (401); check the key, or {KEY} where none was given",
            403: f"it refuses the key (403); check the key, or {KEY} where none was given",
            404: f"it knows no model {self.to.model!r} at this address (404); check the name of "
            f"the model, or {MODEL} where none was given, and the address: {WHOLE}",
            405: f"it takes no such requests at this address (405); check it: {WHOLE}",
            429: "the account has no credit left (429); add some, or choose another model",
        }
        if 300 <= code < 400:
            moved = f"it sends requests on to another address ({code}), which is not followed; "
            return self._hopeless(f"{moved}give that address itself")
        return self._hopeless(why.get(code, f"it answered {_named(code)}"))

    def _leave_out(self, words: str, without: frozenset[str]) -> bool:
        """Leave out a parameter that a refusal names; False when it names none of ours.

        without : what that request left out; when others found more since, it is tried as it is.
        """
        with self._lock:
            if self.left_out != without:
                return True
            for name in _OPTIONAL:
                if name in words or (name == "response_format" and "json_schema" in words):
                    step = f"{name} schema" if name == "response_format" else name
                    new = step if step not in self.left_out else name
                    if new not in self.left_out:
                        self.left_out.add(new)
                        return True
        return False

    def _pause(self, tries: int, failure: _Passing, messages) -> None:
        """Wait as told, else twice as long each time; all requests wait when the endpoint asks."""
        spread = random.Random(f"{self.seed} {tries} {messages[-1]['content']}").random()  # noqa: S311
        asked = failure.wait is not None
        seconds = failure.wait + 0.1 * spread if asked else 0.5 * 2**tries * (0.5 + spread)
        seconds = min(self.to.longest_wait, seconds)
        with self._lock:
            until = time.monotonic() + seconds
            self._waits = max(self._waits, (until, str(failure)))
            if asked:
                self._not_before = max(self._not_before, until)
        if not asked:
            self.stopping.wait(seconds)

    def _count(self, words: str, end: type[NoAnswer] = NoAnswer) -> None:
        self._failed += 1
        if self._failed >= GIVE_UP:
            why = f"{GIVE_UP} requests in a row failed, the last because {words}"
            do = f"; {end.advice}" if end is Foreign else ""
            raise self._hopeless(why + do, NotNow if end is Passed else BadInput)

    def _hopeless(self, why: str, end: type[BadInput] = BadInput) -> BadInput:
        """The end of the run, in one sentence; no thread sends anything from here on."""
        self.stopping.set()
        return end(
            f"The language model at {self.to.base_url} cannot be used: {self.to.key.hide(why)}. "
            "What was answered so far is kept."
        )

    def _words(self, error) -> str:
        """What the endpoint says, short, on one line, without the key."""
        body = getattr(error, "body", None)
        said = body.get("message") if isinstance(body, dict) else body
        words = answers.clean(str(said or getattr(error, "message", "")))
        return self.to.key.hide(words)[:200]


class _Refused(Exception):
    """The endpoint does not take the request as it is."""


class _Lost(Exception):
    """The request was sent, and no whole answer came back."""


def _parameters(schema: dict, room: int, seed: int, left_out: set[str]) -> dict[str, Any]:
    """What goes with the messages; an endpoint that refuses the schema is asked for any JSON."""
    form = {"name": "answer", "strict": True, "schema": schema}
    made: dict[str, Any] = {
        "response_format": {"type": "json_object"}
        if "response_format schema" in left_out
        else {"type": "json_schema", "json_schema": form},
        "temperature": 0,
        "seed": seed % 2**31,
        "max_tokens": room,
    }
    if "max_tokens" in left_out:
        made["max_completion_tokens"] = room
    return {name: value for name, value in made.items() if name not in left_out}


def _read(found, guess: int) -> Answer:
    """The first choice of a completion. Raises _Passing when it has none."""
    choices = getattr(found, "choices", None)
    message = getattr(choices[0], "message", None) if choices else None
    if message is None:
        raise _Passing("what came is no answer of a language model", end=Foreign)
    text = message.content if isinstance(message.content, str) else ""
    usage = getattr(found, "usage", None)
    read, written = (getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens"))
    valid = all(isinstance(n, int) and 0 <= n < 10**9 for n in (read, written))
    return Answer(text, *((read, written) if valid else (guess, cost.tokens(text))))


def _named(code: int) -> str:
    """An HTTP status with what it means."""
    phrases = {status.value: status.phrase.lower() for status in HTTPStatus}
    return f"{code} ({phrases[code]})" if code in phrases else str(code)


def _finish(found) -> str | None:
    return getattr(found.choices[0], "finish_reason", None)


def _about_length(words: str) -> bool:
    return any(sign in words.lower() for sign in ("context", "too long", "too many tokens"))


def _wait(headers) -> float | None:
    """Seconds that Retry-After asks for, as a number or a date."""
    told = headers.get("retry-after")
    if not told:
        return None
    try:
        return max(0.0, min(float(told), 86_400.0))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except (ValueError, TypeError):
        return None
