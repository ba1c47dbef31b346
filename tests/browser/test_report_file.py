"""The exported page in a real browser, from disk: drawn, in both schemes, with no request."""

import pytest

import analytics
from analytics.store.artifacts import Artifacts
from tests.browser.conftest import HARMLESS


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A report of more points than are drawn as SVG, so that WebGL is used too."""
    import numpy as np
    import pandas as pd

    folder = tmp_path_factory.mktemp("report")
    store = Artifacts(folder / "results")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(2_500, 2)), columns=["<b>a</b>", "b"])
    made = analytics.project(frame, "pca", store=store)
    return analytics.report(made, folder / "report.html", store=store)


@pytest.mark.parametrize("dark", [False, True])
def test_the_exported_page_draws_itself_offline(chromium, report, dark):
    context = chromium.new_context(color_scheme="dark" if dark else "light")
    page, heard, asked = context.new_page(), [], []
    page.on("console", lambda m: heard.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: heard.append(str(e)))
    page.on("request", lambda r: asked.append(r.url))
    page.goto(report.as_uri())
    page.wait_for_selector("#map .gl-canvas, #map canvas", state="attached")
    paper = page.evaluate("document.querySelector('#map').layout.paper_bgcolor")
    points = page.evaluate("document.querySelector('#map')._fullData[0].x.length")
    context.close()
    assert points == 2_500 and paper.lower() == ("#10141b" if dark else "#ffffff")
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [report.as_uri()]
    assert not [m for m in heard if not any(h in m for h in HARMLESS)], heard
