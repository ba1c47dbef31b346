"""Addresses that were typed or kept lead to their page, with their query."""

import pytest
from starlette.applications import Starlette
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
