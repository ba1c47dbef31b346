"""The reasons on the Clusters page, and the third tick, under AppTest."""

import time

import numpy as np
import pandas as pd
import pytest

import analytics
from analytics import settings
from analytics.view import View
from pages.ui import services
from tests.apptest import page_of, settle, start, view
from tests.llm_server import KEY, MODEL, Oracle, serving
from tests.test_sentences import table, true_sentence


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


def opened(source, k: int):
    """The Clusters page at a clustering of a sample (its name) or of a data frame."""
    store = services.artifacts()
    source = f"sample:{source}" if isinstance(source, str) else source
    dataset = analytics.prepare(source, store=store)
    projection = analytics.project(dataset, "pca", store=store)
    groups = analytics.cluster(dataset, "kmeans", n_clusters=k, store=store)
    shown = View(
        table=dataset.parents[0],
        dataset=dataset.digest,
        projection=projection.digest,
        clustering=groups.digest,
    )
    at = start(shown.to_query())
    at.run()
    at.switch_page("clusters.py")
    return settle(at), groups


def words(at) -> str:
    return " ".join(str(m.value) for m in [*at.markdown, *at.caption])


def test_cards_tell_each_group_and_show_it_on_the_map():
    at, _ = opened("iris", 3)
    assert not at.exception
    assert "**3 of 3 groups** can be told" in words(at)
    assert "petal width, cm is at most 0\\.8" in words(at)
    assert "On rows left out: F1 " in words(at).replace("\\", "")
    at.get_by_key("why-show-1").click().run()
    assert view(at).isolate == 1
    assert at.get_by_key("why-show-1").label == "Show all groups"
    at.get_by_key("why-show-1").click().run()
    assert view(at).isolate is None
    labels = [b.label for b in at.get("download_button")]
    assert "Download as CSV" in labels and "Download as JSON" in labels


@pytest.mark.parametrize(
    ("sample", "k", "said"), [("digits", 14, "Mean picture"), ("messages", 5, "Key terms")]
)
def test_cards_of_pictures_and_texts(sample, k, said):
    at, _ = opened(sample, k)
    assert not at.exception and said in words(at)
    if k > 12:
        assert at.get_by_key("why-more").label == "Show 2 more"
        at.get_by_key("why-more").click().run()
        assert not at.exception and at.get_by_key("why-show-13")


def test_names_and_values_from_data_are_never_markup():
    rng = np.random.default_rng(0)
    image, tag = "![x](http://a.example/b.png)", "<img src=x onerror=alert(1)>"
    size = np.repeat([0.0, 9.0], 30)
    frame = pd.DataFrame({image: size + rng.normal(size=60), tag: rng.normal(size=60)})
    frame["kind"] = np.where(size > 0, image, tag)
    at, _ = opened(frame, 2)
    assert not at.exception
    shown = [str(m.value) for m in [*at.markdown, *at.caption]]
    assert any("a\\.example" in text for text in shown)
    assert not any(image in text or tag in text for text in shown)
    pieces = [node.proto.body for node in at.get("html")]
    assert any("&lt;img src=x" in piece for piece in pieces)
    assert not any(tag in piece for piece in pieces)


def test_many_groups_are_explained_when_asked():
    at, _ = opened("digits", 60)
    listed = next(h.proto.body for h in at.get("html") if "Rows</th>" in h.proto.body)
    assert "Group 40<" in listed and "and 20 more" in listed and "Group 41<" not in listed
    assert "can take minutes" in words(at)
    at.get_by_key("run-reasons").click().run()
    settle(at)
    assert "of 60 groups** can be told" in words(at)
    assert len([c for c in at.get("html") if "Group 12<" in c.proto.body]) >= 1


def _ticks(projection: str, clustering: str) -> None:
    from pages.ui import quality, session

    quality._ticks(session.load(projection), session.load(clustering))


def test_the_third_tick_is_asked_for_and_then_has_its_number():
    store = services.artifacts()
    dataset = analytics.prepare("sample:clear", store=store)
    projection = analytics.project(dataset, "pca", store=store)
    groups = analytics.cluster(dataset, "kmeans", n_clusters=4, seed=5, store=store)
    at = page_of(_ticks, projection.digest, groups.digest)

    def table(done):
        for _ in range(300):
            at.run()
            if len(at.dataframe) and done(at.dataframe[0].value):
                return at.dataframe[0].value
            time.sleep(0.2)
        raise AssertionError("the table did not come")

    def told(at):
        return " ".join(e.proto.body for e in at.get("html"))

    before = table(lambda t: True)
    assert set(before["explainable"]) == {"not computed yet"}
    at.get_by_key("run-reasons").click().run()
    after = table(lambda t: "not computed yet" not in set(t["explainable"]))
    assert all(cell.startswith("❝ ") and "–" in cell for cell in after["explainable"])
    assert "How to tell it: " in told(at) and "x is more than" in told(at)


@pytest.fixture
def writer(monkeypatch):
    """A model on this machine that tells the two groups of ``tests.test_sentences`` by size."""
    services.stop()
    with serving(Oracle({}, [], writes=true_sentence)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        monkeypatch.setenv("GESTALT_LLM_MODEL", "")
        yield server
    services.stop()


def test_a_model_is_asked_for_sentences_with_a_typed_key_that_is_kept_nowhere(writer, caplog):
    frame = table()
    frame["size"] += 0.125  # data of its own, so that nothing is known yet
    at, _ = opened(frame, 2)
    at.session_state["sentences-fold"] = True
    at.run()
    assert not at.exception and "No usable model name" in words(at) + said(at)
    assert not [b for b in at.button if b.label == "Write the sentences"]
    at.text_input(key="explain-model").set_value(MODEL).run()
    assert "4 to 8 requests" in words(at) and "free of charge" in words(at)
    next(t for t in at.text_input if t.label == "Key").set_value(KEY).run()
    at.get_by_key("sentences-preview").click().run()
    at.run()  # a step that ends meanwhile draws the page anew
    sent = " ".join(c.value for c in at.code)
    assert "Facts about the group" in sent and not writer.requests
    at.get_by_key("sentences-go").click().run()
    settle(at)
    assert "a sentence that stands on **2 of 2 groups**" in words(at)
    assert (
        "4 requests" in words(at)
        and "://" not in words(at).replace("\\", "")
        and "Their size is higher than elsewhere" in words(at)
    )
    assert any(body["messages"][1]["content"] in sent for body in writer.requests)
    lower = [{k.lower(): v for k, v in h.items()} for h in writer.headers]
    assert lower and all(h["authorization"] == f"Bearer {KEY}" for h in lower)
    next(t for t in at.toggle if "saw" in t.label).set_value(True).run()
    shown = [c.value for c in at.code]
    assert any('"sentence"' in c and "size is" in c for c in shown)  # its answer
    assert any('{"beyond": []}' in c for c in shown) and not at.exception
    at.switch_page("report.py")
    settle(at)
    assert "2 of 2 sentences stand the check" in words(at).replace("\\", "")
    assert not at.exception and all(KEY not in str(m.value) for m in [*at.markdown, *at.code])
    files = [f for f in settings.home().rglob("*") if f.is_file()]
    assert len(files) > 5 and not [f for f in files if KEY.encode() in f.read_bytes()]
    logs = [worker.log() for worker in services.runner()._pool]
    assert KEY not in caplog.text + str(at.query_params) + " ".join(logs)
    assert KEY not in repr(at.session_state["gestalt"]) and not services.runner()._keys


def test_a_failed_sentence_is_shown_with_its_reason_and_never_as_markup(writer, monkeypatch):
    monkeypatch.setenv("GESTALT_LLM_MODEL", MODEL)
    writer.oracle.writes = lambda blocks: {
        "sentence": "They are *heavy* & `big`, 4.2 or more.",
        "claims": [
            {"column": blocks["Columns"].index("size") + 1, "relation": "at least"}
            | {"value": "99"}
        ],
    }
    frame = table()
    frame["size"] += 0.25
    at, groups = opened(frame, 2)
    analytics.sentences(groups, store=services.artifacts())  # found for the model that is set
    settle(at)
    assert "stands on **0 of 2 groups**" in words(at)
    shown = words(at)
    assert "true of 0\u00a0% of the group" in shown.replace("\\", "") and "*heavy*" not in shown
    assert "gives 4\\.2" in shown


def said(at) -> str:
    return " ".join(str(m.value) for m in [*at.warning, *at.error])
