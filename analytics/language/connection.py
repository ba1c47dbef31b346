"""Where the language model is, which one it is, and the key: in memory or environment only.

The key is read from the environment, given in Python, or typed on a page. A typed one stays in the
memory of the server, travels to the worker over its pipe beside the request, and is forgotten there
when the job ends.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from analytics import settings
from analytics.errors import BadInput
from analytics.hosts import is_loopback
from analytics.language import reach

KEY, URL, MODEL = "OPENAI_API_KEY", "OPENAI_BASE_URL", "GESTALT_LLM_MODEL"
NO_KEY = "none"  # what an endpoint without keys is sent: the client insists on one
LONGEST = 2000  # letters of an address or a key
HIDDEN = "[key]"
_trusted: set[str] = set()  # addresses that the person who runs this process has named
_lent: dict[str, str] = {}  # address -> key, in a worker for as long as one job runs


class Secret:
    """A key that no print, log, copy, JSON or pickle contains; only :meth:`reveal` gives it."""

    __slots__ = ("_text",)

    def __init__(self, text: str):
        self._text = text

    def reveal(self) -> str:
        """The key, for the client alone."""
        return self._text

    def hide(self, text: str) -> str:
        """The text without the key, wherever an endpoint repeats it."""
        return text.replace(self._text, HIDDEN) if self._text else text

    def __repr__(self) -> str:
        return HIDDEN

    def __reduce__(self):
        raise TypeError("A key is not written anywhere.")


@dataclass(frozen=True)
class Connection:
    """An endpoint and how it is used.

    base_url : checked by :func:`connection`, without a slash at its end. seconds : limit of one
    request. at_once : requests under way together. retries : further tries of a request that
    failed for a reason that may pass. longest_wait : seconds, of one pause between two tries.
    guarded : whether people of a shared server named it, see :mod:`analytics.language.reach`.
    """

    base_url: str
    model: str
    key: Secret = field(default=Secret(""), repr=False, compare=False)
    seconds: float = 60.0
    at_once: int = 4
    retries: int = 4
    longest_wait: float = 60.0
    guarded: bool = False

    @property
    def local(self) -> bool:
        """Whether the endpoint is on this machine, so that no text leaves it."""
        return _loopback(urlsplit(self.base_url).hostname or "")

    def public(self) -> dict[str, Any]:
        """What may be shown and recorded."""
        return {"base_url": self.base_url, "model": self.model, "local": self.local}


def connection(
    base_url: str | None = None, model: str | None = None, key: str | None = None, **options
) -> Connection:
    """A checked connection; what is not given is read from the environment.

    The key of the environment goes to the environment's address, and to those that :func:`trust`
    was told of, so that who names another address on a page is not sent it. options : seconds,
    at_once, retries, longest_wait. Raises BadInput.
    """
    home = checked_url(settings.text(URL))
    url = checked_url(base_url or home)
    own_address = url in {home, *_trusted}
    if not own_address:
        reach.check(url)
    name = (model or settings.text(MODEL)).strip()
    if not name or len(name) > 200 or not name.isprintable():
        raise BadInput(f"No usable model name was given: name the model, or set {MODEL}.")
    own = settings.text(KEY) if own_address else ""
    secret = _lent.get(url, own) if key is None else key
    if len(secret) > LONGEST or not secret.isascii() or any(c.isspace() for c in secret.strip()):
        raise BadInput("The key has characters that no key has: copy it once more.")
    guarded = reach.limited() and not own_address
    made = Connection(url, name, Secret(secret.strip()), guarded=guarded, **options)
    if not made.key.reveal() and not made.local:
        raise BadInput(
            f"{urlsplit(url).hostname} needs a key: set {KEY}, and {URL} to the address that it "
            "belongs to; on a page it can be typed."
        )
    if not (made.seconds > 0 and 1 <= made.at_once <= 64 and 0 <= made.retries <= 20):
        raise BadInput("A request takes over 0 seconds, 1-64 run at once, with 0-20 retries.")
    return made


@contextmanager
def lent(keys: Mapping[str, str]) -> Iterator[Callable[[str], str]]:
    """Lend this process keys by address until the block ends; for a worker, which runs one job at a
    time. Yields a function that takes the keys out of a text."""
    _lent.update(keys)
    secrets = [Secret(key) for key in keys.values()]

    def hide(text: str) -> str:
        for secret in secrets:
            text = secret.hide(text)
        return text

    try:
        yield hide
    finally:
        _lent.clear()


def trust(url: str) -> None:
    """Let the key of the environment go to this address too. For whoever runs this process by hand,
    and so holds the key; never for what came over the network. Raises BadInput."""
    _trusted.add(checked_url(url))


def checked_url(text: str) -> str:
    """The address of an endpoint in one form. Raises BadInput without repeating the address, which
    may hold a password."""
    text = text.strip().rstrip("/")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or len(text) > LONGEST or not text.isprintable() or " " in text:
        raise BadInput("The address is no web address: give one such as http://localhost:11434/v1.")
    if parts.scheme not in ("http", "https"):
        raise BadInput("The address must start with http:// or https://.")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise BadInput("The address must hold no user, password, ? or #: give the key by itself.")
    return text


def client(to: Connection):
    """The maintained client, told to leave tries and waits to us and to follow no redirect: texts
    go to the address that was shown and to no other, to this machine past any proxy, and where
    people of a shared server named it, past any proxy to an address that was looked at."""
    import openai

    http = openai.DefaultHttpxClient(
        follow_redirects=False,
        timeout=to.seconds,
        trust_env=not (to.local or to.guarded),
        event_hooks={"request": [reach.fixed] if to.guarded else []},
    )
    return openai.OpenAI(
        base_url=to.base_url,
        api_key=to.key.reveal() or NO_KEY,
        timeout=to.seconds,
        max_retries=0,
        http_client=http,
    )


def _loopback(host: str) -> bool:
    return host == "localhost" or is_loopback(host)
