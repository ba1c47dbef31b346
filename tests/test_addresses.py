"""Addresses that were typed or kept lead to their page, with their query."""

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from pages.ui import addresses


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("/map", "/"),
        ("/map/", "/"),
        ("/map?t=ab&sel=x%2By", "/?t=ab&sel=x%2By"),
        ("/map/?view=abc", "/?view=abc"),
        ("/map?//elsewhere.example/", "/?//elsewhere.example/"),
    ],
)
def test_map_leads_to_the_first_page_and_keeps_the_query(asked, found):
    client = TestClient(Starlette(routes=addresses.ROUTES), base_url="http://here")
    answer = client.get(asked, follow_redirects=False)
    assert answer.status_code == 307
    assert str(answer.next_request.url) == f"http://here{found}"


def client():
    """A visitor of an app that answers to everything, as Streamlit does."""
    all_of_it = Route("/{rest:path}", lambda request: PlainTextResponse("the page"))
    return TestClient(addresses.Unknown(Starlette(routes=[all_of_it])))


@pytest.mark.parametrize(
    "asked",
    ["/data/x", "/a/b/c", "/join/x/y", "/present/t/x", "/large/x", "/nopage", "/nopage/?t=ab",
     "/router", "/join"],
)  # fmt: skip
def test_an_address_at_which_there_is_nothing_is_a_sentence(asked):
    answer = client().get(asked, headers={"Accept": "text/html"})
    assert answer.status_code == 404 and "no page at this address" in answer.text
    assert client().get(asked, headers={"Accept": "*/*"}).text == "the page"


@pytest.mark.parametrize(
    "asked",
    ["/", "/data", "/data/", "/review?t=ab", "/favicon.png", "/healthz", "/oauth2callback",
     "/static/js/a.js", "/media/a.png", "/join/sAAA",
     "/present/tAAA/2", "/present/tAAA/2/dark.png", "/assets/fonts/a", "/auth/logout"],
)  # fmt: skip
def test_addresses_that_lead_somewhere_are_passed_on(asked):
    assert client().get(asked, headers={"Accept": "text/html"}).text == "the page"
