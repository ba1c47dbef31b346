"""Data whose every name and cell tries to run or to fetch something, on every page it reaches.

Each attempt would set ``window.owned`` or ask another place. ``open_page`` fails on a request to
another host and on every console error, so also on one that the policy had to stop.
"""

import json
import urllib.parse
import urllib.request

import numpy as np
import pandas as pd

from tests.browser.test_paths import PLOT, csv, goto, settled, upload

OWN = "window.owned=1"
IMAGE = f"<img src=x onerror={OWN}>"
BEACON = "![a](http://127.0.0.9:9/a.png)"
ATTEMPTS = (
    IMAGE,
    f"<script>{OWN}</script>",
    f"<svg/onload={OWN}>",
    f"\"'><iframe srcdoc='<script>parent.{OWN}</script>'>",
    f"[a](javascript:{OWN})",
    f"<a href='javascript:{OWN}'>a</a>",
    BEACON,
    "<link rel=stylesheet href=http://127.0.0.9:9/a.css>",
    f"</script></style><style>@import 'http://127.0.0.9:9/b.css'</style><body onload={OWN}>",
    r"$\href{javascript:window.owned=1}{a}$ :material/home: :red[b]",
)
PAGES = ("Map", "Clusters", "Perception", "Compare", "Explain", "Pictures", "Study", "Learn",
         "Review", "Report", "Data")  # fmt: skip
KEYS = ("project", "table", "dataset", "projection", "clustering", "color", "layer", "shape",
        "part", "selection", "zoom", "isolate", "review", "version", "draft", "study", "lesson",
        "step", "wait", "compared")  # fmt: skip


# Streamlit's Markdown makes a link of any address that stands in a text: it shows where it leads,
# and nothing is asked before somebody clicks.
ATTEMPTED = (
    "img[src='x'], [src^='http://127.0.0.9'], link[href^='http://127.0.0.9'], iframe[srcdoc], "
    "a[href^='javascript:'], [onload], [onerror]"
)


def harmless(page):
    """Nothing ran, and no element of an attempt is on the page."""
    assert page.evaluate("() => window.owned") is None
    found = page.locator(ATTEMPTED).evaluate_all("(e) => e.map((x) => x.outerHTML.slice(0, 300))")
    assert found == []


def test_names_cells_and_file_names_are_only_text_on_every_page(open_page):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(90, 3)), columns=[ATTEMPTS[0], ATTEMPTS[4], "m"])
    frame[ATTEMPTS[2]] = [ATTEMPTS[i % len(ATTEMPTS)] for i in range(90)]
    frame["note"] = [f"row {i} says {ATTEMPTS[i % len(ATTEMPTS)]} and more" for i in range(90)]
    page = open_page("/")
    page.wait_for_selector(PLOT)
    upload(page, f"a {IMAGE} {BEACON}.csv".replace("/", ""), csv(frame))
    page.locator(".trail b").first.get_by_text("onerror").wait_for()
    for name in PAGES:
        goto(page, name)
        settled(page)
        harmless(page)


def test_addresses_are_only_text(open_page):
    """Every parameter of every page, also deep, long and many."""
    query = {key: ATTEMPTS[i % len(ATTEMPTS)] for i, key in enumerate(KEYS)}
    deep = {"selection": "[" * 5000, "zoom": "9" * 2000, "dataset": "../" * 500}
    many = {f"p{i}": IMAGE for i in range(500)}
    page = open_page("/")
    server = page.url.rstrip("/")
    for path, given in (("/", query), ("/report", deep), ("/study", query), ("/learn", query),
                        ("/review", query), ("/data", many)):  # fmt: skip
        page.goto(f"{server}{path}?{urllib.parse.urlencode(given)}")
        page.wait_for_selector(".stApp")
        settled(page)
        harmless(page)


def test_other_programs_interfaces_are_closed(server):
    """Streamlit's interface for programs is off, and an upload without the page's token is none."""

    def status(path, how, body=b"{}"):
        asked = urllib.request.Request(server.url + path, body, method=how)
        asked.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(asked) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    code, said = status("/_stcore/agent/interact", "POST")
    assert code >= 400 and json.loads(said)["error"]["code"] == "not_available"
    assert status("/_stcore/upload_file/a/b", "PUT")[0] in (400, 403)
