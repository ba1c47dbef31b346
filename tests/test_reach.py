"""Whom a server that several people use asks in their name, over real HTTP and real refusals."""

import socket

import numpy as np
import pytest

from analytics.errors import BadInput
from analytics.explanation.provider import Task
from analytics.language import connection, reach
from analytics.language import provider as language
from tests import llm_server
from tests.llm_server import KEY, MODEL

pytestmark = pytest.mark.usefixtures("home")
TASK = Task(("a text on sport", "another on sport"), "by subject")
LOOK_UP = socket.getaddrinfo


@pytest.fixture(autouse=True)
def laptop(monkeypatch):
    for name in ("GESTALT_OPEN", "GESTALT_LOGIN", "GESTALT_ADDRESS", reach.HOSTS, connection.URL):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def served():
    oracle = llm_server.Oracle(dict.fromkeys(TASK.texts, 0), ["is about sport"])
    with llm_server.serving(oracle) as server:
        yield server


def share(monkeypatch, hosts=""):
    monkeypatch.setenv("GESTALT_OPEN", "yes")
    monkeypatch.setenv(reach.HOSTS, hosts)


def leads(monkeypatch, *addresses):
    """Have every name lead to these, one after the other; returns what was looked up."""
    asked = []

    def look_up(host, port, *_, **__):
        asked.append(host)
        if host.replace(".", "").isdecimal():
            return LOOK_UP(host, port)
        now = addresses[(len(asked) - 1) % len(addresses)].split()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in now]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def propose(url, key=KEY):
    made = language.provider(connection.connection(url, MODEL, key, retries=0))
    try:
        return made.propose(np.arange(2), TASK, (), 0)
    finally:
        made.sender.close()


def test_on_a_laptop_a_model_at_home_is_asked(served):
    assert propose(served.url) == ["is about sport"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GESTALT_OPEN", "yes"),
        ("GESTALT_LOGIN", "proxy"),
        ("GESTALT_ADDRESS", "0.0.0.0"),
        ("GESTALT_ADDRESS", "example.org"),
        (reach.HOSTS, "api.example.org"),
    ],
)
def test_for_others_only_what_the_operator_set_is_asked(served, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    for url in (served.url, served.url.replace("127.0.0.1", "localhost"), "http://[::1]/v1",
                "http://169.254.169.254/latest", "https://example.org/v1"):  # fmt: skip
        with pytest.raises(BadInput, match=reach.HOSTS):
            connection.connection(url, MODEL, KEY)
    monkeypatch.setenv(connection.URL, served.url)  # the operator's own, wherever it is
    assert propose(served.url) == ["is about sport"]
    assert len(served.requests) == 1


def test_a_port_that_is_not_listed_is_not_asked(monkeypatch):
    share(monkeypatch, "api.example.org, https.example.org:8443 [2001:db8::1]:9")
    for url in ("https://api.example.org/v1", "http://API.example.org./v1",
                "https://https.example.org:8443/v1", "http://[2001:db8::1]:9/v1"):  # fmt: skip
        assert connection.connection(url, MODEL, KEY).guarded
    for url in ("https://api.example.org:22/v1", "https://https.example.org/v1",
                "https://api.example.org.evil.example/v1"):  # fmt: skip
        with pytest.raises(BadInput, match=reach.HOSTS):
            connection.connection(url, MODEL, KEY)


@pytest.mark.parametrize(
    "addresses",
    ["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "::1",
     "fe80::1%eth0", "fd00:ec2::254", "::ffff:127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
     "0.0.0.0", "224.0.0.1", "8.8.8.8 127.0.0.1"],
)  # fmt: skip
def test_a_listed_name_that_leads_inside_is_not_asked(served, monkeypatch, addresses):
    port = served.url.split(":")[2].removesuffix("/v1")
    share(monkeypatch, f"model.example:{port}")
    leads(monkeypatch, addresses)
    with pytest.raises(BadInput, match="inside of the server's own network"):
        propose(f"http://model.example:{port}/v1")
    assert served.requests == []


def test_a_name_is_looked_up_once_and_asked_at_what_was_looked_at(monkeypatch):
    """The second answer, by which a name would be rebound, is never used."""
    import openai

    share(monkeypatch, "model.example")
    asked = leads(monkeypatch, "8.8.8.8", "127.0.0.1")
    to = connection.connection("https://model.example/v1", MODEL, KEY)
    http = connection.client(to)._client
    request = http.build_request("POST", to.base_url)
    reach.fixed(request)
    assert (request.url.host, request.headers["host"]) == ("8.8.8.8", "model.example")
    assert request.extensions["sni_hostname"] == "model.example" and asked == ["model.example"]
    assert http.event_hooks["request"] == [reach.fixed] and not http.trust_env
    assert not http.follow_redirects and isinstance(http, openai.DefaultHttpxClient)


def test_an_address_listed_by_its_digits_is_asked_by_name_of_itself(served, monkeypatch):
    port = served.url.split(":")[2].removesuffix("/v1")
    share(monkeypatch, f"127.0.0.1:{port}")
    assert propose(served.url) == ["is about sport"]
    assert served.headers[0]["host"] == f"127.0.0.1:{port}"
    share(monkeypatch, "169.254.169.254")  # never: there lie the keys of cloud machines
    with pytest.raises(BadInput, match="inside of the server's own network"):
        propose("http://169.254.169.254/v1")


def test_a_redirect_leads_nowhere(served, monkeypatch):
    port = served.url.split(":")[2].removesuffix("/v1")
    share(monkeypatch, f"127.0.0.1:{port}")
    served.mode = "redirect"
    with pytest.raises(BadInput, match=r"another address \(307\), which is not followed"):
        propose(served.url)
    assert len(served.requests) == 1


def test_a_name_nobody_knows_is_said(monkeypatch):
    share(monkeypatch, "model.invalid")

    def nothing(*_, **__):
        raise socket.gaierror(-2, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", nothing)
    with pytest.raises(BadInput, match="is not known"):
        propose("http://model.invalid/v1")
