"""Things that stand on a page more than once: what failed, and what to know about the data."""

import numpy as np
import pandas as pd
import pytest

import analytics
from analytics.errors import BadInput
from analytics.view import View
from pages.ui import quality, services, session
from tests.apptest import settle, start, view

PAGES = ("map.py", "clusters.py", "perception.py", "compare.py", "explain.py", "pictures.py",
         "study.py", "review.py", "report.py", "data.py")  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


@pytest.fixture(scope="module")
def opened():
    return view(settle(start()))


@pytest.mark.parametrize("page", PAGES)
def test_side_results_that_failed_are_sentences_on_every_page(opened, page, monkeypatch):
    """Several places of a page need the same one: it is run again by one button."""

    def failed(request, whole=True):
        raise BadInput("It was cancelled.")

    monkeypatch.setattr(session, "ask", failed)
    at = start(opened.with_(layer="faithfulness:stress_share").to_query())
    at.session_state[quality.OPEN] = "Silhouette"
    settle(at)
    settle(at.switch_page(page))
    again = [b.key for b in at.button if b.label == "Run it again"]
    assert len(set(again)) == len(again)
    assert bool(again) == (page in PAGES[:3] or page == "report.py")


def test_two_blocks_of_vectors_are_two_things_to_know(tmp_path):
    numbers = np.random.default_rng(0).normal(size=(40, 32))
    names = [f"{side}_{i}" for side in ("left", "right") for i in range(16)]
    file = tmp_path / "vectors.csv"
    pd.DataFrame(numbers, columns=names).to_csv(file, index=False)
    dataset = analytics.prepare(str(file), store=services.artifacts())
    at = start(View(table=dataset.parents[0], dataset=dataset.digest).to_query())
    at.run()
    settle(at.switch_page("data.py"))
    said = " ".join(m.value for m in at.markdown)
    assert "are one vector 'left'" in said and "are one vector 'right'" in said


def test_a_picture_as_wide_as_any_is_one_on_the_data_page(tmp_path):
    file = tmp_path / "wide.csv"
    pixels = np.random.default_rng(0).integers(0, 9, (4, 4_100))
    pd.DataFrame(pixels).add_prefix("p").to_csv(file, index=False)
    dataset = analytics.prepare(str(file), {"image": [4_100, 1]}, store=services.artifacts())
    at = start(View(table=dataset.parents[0], dataset=dataset.digest).to_query())
    at.run()
    settle(at.switch_page("data.py"))
    assert next(n for n in at.number_input if n.label.startswith("Image width")).value == 4_100
