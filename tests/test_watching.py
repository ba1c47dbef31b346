"""What whoever runs the server sees: numbers that join, logs without data, metrics that parse."""

import json
import logging
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from analytics import logs, metrics
from analytics.errors import BadInput
from pages.ui import parts, services, watching

STREAMLITS = "/_stcore/metrics"
SECRET = "sk-canary-0123456789"


@pytest.fixture(scope="module", autouse=True)
def stopped():
    yield
    services.stop()


@pytest.fixture
def written(monkeypatch):
    """Lines written by a logger of ours in the JSON form."""
    import io

    stream = io.StringIO()
    monkeypatch.setenv("GESTALT_LOG", "json")
    monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    monkeypatch.setenv("GESTALT_DATABASE_URL", "postgresql://me:pass-canary@host/db")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.Json())
    handler.addFilter(logs._with_numbers)
    logger = logging.getLogger("gestalt.test")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield logger, lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def test_a_line_holds_its_numbers_and_no_secret_or_cell(written):
    logger, lines = written
    who = "somebody"
    with logs.tagged("12ab34cd", "d" * 32):
        logger.info("asked %s with %s", "postgresql://me:pass-canary@host/db", SECRET)
        try:
            int("a cell of " + who)
        except ValueError:
            logger.exception("failed\nand on")
    first, second = lines()
    assert first["request"] == "12ab34cd" and first["job"] == "d" * 32
    assert first["level"] == "info" and first["time"].endswith("+00:00")
    everything = json.dumps([first, second])
    for canary in (SECRET, "pass-canary", "a cell of somebody"):
        assert canary not in everything
    assert "ValueError" in second["trace"] and "test_watching.py" in second["trace"]


def test_text_is_one_line_whatever_is_in_it(written):
    record = logging.LogRecord("gestalt", 30, "", 0, "one\ntwo\r%s", ("three",), None)
    logs._with_numbers(record)
    line = logs.Text().format(record)
    assert "\n" not in line and line.endswith(r"gestalt: one\ntwo\rthree")


@pytest.mark.parametrize("name", ["GESTALT_LOG", "GESTALT_LOG_LEVEL"])
def test_another_form_or_level_is_refused(name, monkeypatch):
    monkeypatch.setenv(name, "loud")
    with pytest.raises(BadInput, match=f"{name} is 'loud'"):
        logs.form() if name == "GESTALT_LOG" else logs.level()


@pytest.fixture
def client():
    async def seen(request):
        return PlainTextResponse(logs.current())

    app = Starlette(
        routes=[Route("/seen", seen), Route(STREAMLITS, seen), *watching.ROUTES],
        middleware=[Middleware(watching.Numbers), Middleware(watching.Measures)],
    )
    return TestClient(app, client=("127.0.0.1", 4000))


def test_a_request_has_a_number_that_its_answer_carries(client):
    answer = client.get("/seen")
    assert answer.text == answer.headers["X-Request-ID"] and len(answer.text) == 8
    given = client.get("/seen", headers={"X-Request-ID": "from-the-proxy_1"})
    assert given.text == given.headers["X-Request-ID"] == "from-the-proxy_1"
    for odd in ("<script>", "x" * 65, "a b", "é"):
        answer = client.get("/seen", headers={"X-Request-ID": odd.encode()})
        assert len(answer.text) == 8 and logs.current() == ""


def test_the_metrics_are_in_the_form_and_count(client):
    metrics.observe("gestalt_page_run_seconds", 0.2, page='Da"ta\n')
    metrics.add("gestalt_model_tokens", 7, way="read")
    client.get("/seen")
    answer = client.get("/metrics")
    assert answer.headers["Content-Type"] == metrics.CONTENT_TYPE
    found = {family.name: family for family in parse(answer.text)}
    assert set(found) == set(metrics.FAMILIES)
    values = {(s.name, *sorted(s.labels.items())): s.value
              for family in found.values() for s in family.samples}  # fmt: skip
    assert values["gestalt_http_requests_total", ("status", "200")] >= 1
    assert values["gestalt_model_tokens_total", ("way", "read")] >= 7
    page = ("page", 'Da"ta\n')
    assert values["gestalt_page_run_seconds_bucket", ("le", "0.1"), page] == 0
    assert values["gestalt_page_run_seconds_bucket", ("le", "0.25"), page] == 1
    assert values["gestalt_page_run_seconds_sum", page] == pytest.approx(0.2)
    assert values["gestalt_memory_bytes", ("process", "server")] > 10**7


def test_a_part_that_runs_alone_is_counted_once_and_has_a_number(monkeypatch):
    metrics.reset()
    context = SimpleNamespace(fragment_ids_this_run=[])
    monkeypatch.setattr(parts, "get_script_run_ctx", lambda: context)

    @parts.counted("inner")
    def inner():
        return logs.current()

    @parts.counted("outer")
    def outer():
        return logs.current(), inner()

    def counts():
        lines = metrics.text({}).splitlines()
        return [n for n in lines if n.startswith("gestalt_part_run_seconds_count")]

    assert outer() == ("", "") and counts() == []  # drawn with its page
    context.fragment_ids_this_run = ["x"]
    number, same = outer()
    assert len(number) == 8 and same == number and logs.current() == ""
    assert counts() == ['gestalt_part_run_seconds_count{part="outer"} 1.0']
    assert len(inner()) == 8
    assert len(counts()) == 2


def test_every_part_that_runs_alone_is_counted():
    for path in (Path(__file__).parents[1] / "pages").rglob("*.py"):
        text = path.read_text()
        alone = len(re.findall(r"st\.(?:fragment|dialog)\(|@st\.fragment\n", text))
        assert alone == text.count("parts.counted("), path.name


def test_only_this_machine_or_the_token_reads_the_metrics(client, monkeypatch):
    outside = TestClient(client.app, client=("10.0.0.9", 4000))
    assert outside.get("/metrics").status_code == 403
    assert outside.get(STREAMLITS).status_code == outside.get(STREAMLITS + "/").status_code == 403
    assert client.get(STREAMLITS).status_code == 200
    for proxied in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        assert client.get("/metrics", headers={proxied: "10.0.0.9"}).status_code == 403
    monkeypatch.setenv("GESTALT_METRICS_TOKEN", SECRET)
    assert client.get("/metrics").status_code == 403
    for wrong in ("", SECRET, "Bearer x", f"Bearer {SECRET}é"):
        answer = outside.get("/metrics", headers={"Authorization": wrong.encode()})
        assert answer.status_code == 403
    answer = outside.get("/metrics", headers={"Authorization": f"Bearer {SECRET}"})
    assert answer.status_code == 200


def test_ready_says_what_is_wrong_with_the_folder(client, home, monkeypatch):
    monkeypatch.setattr(services, "problems", dict)
    assert client.get("/readyz").json()["status"] == "ok"
    monkeypatch.setattr(watching, "ROOM", 2**62)
    answer = client.get("/readyz")
    assert answer.status_code == 503 and "free" in answer.json()["folder"]
    assert client.get("/healthz").status_code == 200


def test_counts_of_a_worker_are_handed_over():
    metrics.take()
    metrics.add("gestalt_model_calls", 3)
    taken = json.loads(json.dumps(metrics.take()))
    assert metrics.take() == [] and taken == [["gestalt_model_calls", [], 3.0]]
    metrics.give(taken)
    assert metrics.take() == taken
