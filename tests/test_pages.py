"""Every page by AppTest, with real workers: samples, files, forms, undo, damaged links."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from analytics.data.operations import sample_request
from analytics.data.words import name
from analytics.errors import BadInput
from analytics.figures.theme import clean
from analytics.projection.operations import projection_request
from pages.ui import frame, screen, services, session
from pages.ui.words import escape, safe_md, share
from tests.apptest import settle, start, view

PAGES = ("map.py", "clusters.py", "perception.py", "pictures.py", "report.py", "data.py")


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


@pytest.fixture(scope="module")
def opened():
    """The first sample, fully scored: later tests find its results stored."""
    at = settle(start())
    return view(at)


def test_the_first_visit_is_projected_clustered_and_scored(opened):
    assert opened.table == sample_request_digest()
    for digest in (opened.dataset, opened.projection, opened.clustering):
        assert services.artifacts().has(digest)


def sample_request_digest():
    from analytics.data.samples import DEFAULT

    return sample_request(DEFAULT).digest


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_the_view_of_its_address(opened, page):
    at = start(opened.to_query())
    at.run()
    at.switch_page(page)
    settle(at)
    assert not at.exception
    assert not at.error
    assert view(at).dataset == opened.dataset
    if page == "report.py":
        assert len(at.get("download_button")) >= 7
        at.session_state[screen.NARROW] = True  # the picture's sentence stands below it
        at.run()
        assert any("as a PCA map, coloured by" in c.value for c in at.caption)
    elif page not in ("data.py", "pictures.py"):
        assert at.get("plotly_chart")


def test_the_address_holds_the_view(opened):
    at = settle(start(opened.to_query()))
    assert dict(at.query_params.items()) == opened.to_query()


@pytest.mark.parametrize(
    "query",
    [{"t": "../../etc/passwd"}, {"sel": "!!!"}, {"d": "0" * 31}, {"view": "nothing"},
     {"d": "0" * 32}, {"c": "0" * 32, "m": "1" * 32}],
)  # fmt: skip
def test_a_damaged_link_is_one_sentence_and_opens_the_sample(opened, query):
    at = settle(start(query))
    assert not at.exception
    assert len(at.error) == 1
    assert view(at).projection == opened.projection


@pytest.mark.parametrize(
    "query", [{"t": "0" * 32, "d": "1" * 32, "m": "2" * 32}, {"t": "0" * 32}], ids=len
)
def test_a_link_to_a_result_that_is_gone_says_so(opened, query):
    at = start(query)
    at.run()
    assert not at.exception
    assert any("no longer stored" in w.value for w in at.warning)


def test_a_step_that_fails_before_the_header_follows_it_is_told_and_once(opened, monkeypatch):
    from analytics.operations import request

    wanted = request("sweep", "no method", (opened.dataset,))
    services.runner().submit(wanted, "somebody")
    services.runner().wait(wanted.digest, 30)
    here = session.Session("somebody", asked={wanted.digest: wanted}, untold={wanted.digest})
    monkeypatch.setattr(session, "current", lambda: here)
    assert session.news() and not session.news()
    with pytest.raises(BadInput):
        session.ask(wanted)
    here.wanted["clustering"] = wanted
    assert session.news()


def test_a_name_that_turns_the_direction_of_writing_leaves_our_words_alone():
    turning = "a\u202egnp.\u2066b<\u2069"
    assert safe_md(turning) == r"agnp\.b\<" and escape(turning) == "agnp.b&lt;"
    assert clean(turning) == "agnp.b<" and name(turning) == "'agnp.b<'"
    assert safe_md("عربى 😀\u200d") == "عربى 😀\u200d"  # letters and joined pictures stay
    assert safe_md(f"a \n b\t{share(0.35)}") == "a b 35\u00a0%" and share(0.004) == "under 1\u00a0%"


def test_an_empty_paste_is_one_sentence(opened):
    at = settle(start(opened.to_query()))
    at.switch_page("data.py").run()
    next(b for b in at.button if b.label == "Open the pasted text").click().run()
    assert len(at.error) == 1 and "Nothing was pasted" in at.error[0].value
    assert view(at).table == opened.table


def test_undo_and_redo_a_colour(opened):
    at = settle(start(opened.to_query()))
    box = next(s for s in at.selectbox if s.label == "Colour by")
    box.select("clusters").run()
    assert view(at).color == "clusters"
    next(b for b in at.button if b.label == "Undo").click().run()
    assert view(at).color == ""
    next(b for b in at.button if b.label == "Redo").click().run()
    assert view(at).color == "clusters"


@pytest.mark.parametrize("outlines", [False, True])
def test_the_group_chosen_is_the_one_shown(opened, outlines):
    at = start(replace(opened, color="clusters", outlines=outlines).to_query()).run()
    for group in (0, 2, 1, None):
        pills = next(p for p in at.pills if p.label == "Show one group")
        pills.set_value(group).run()
        assert view(at).isolate == group and not isinstance(view(at).isolate, bool)
        assert view(at).outlines is outlines


def test_a_form_runs_another_clustering(opened):
    at = start(opened.to_query())
    at.run()
    at.switch_page("clusters.py").run()
    next(n for n in at.number_input if "group" in n.label.lower()).set_value(5).run()
    next(b for b in at.button if b.label == "Cluster").click().run()
    settle(at)
    clustering = services.artifacts().require(view(at).clustering)
    assert clustering.n_clusters == 5
    assert len(view(at).runs) == 2


def test_a_family_shortens_the_list_of_methods(opened):
    at = start(opened.to_query())
    at.run()
    at.switch_page("clusters.py").run()
    boxes = {b.label: b for b in at.selectbox}
    everything = boxes["Method"].options
    assert boxes["Method"].value == "kmeans"
    boxes["Kind of method"].set_value("medoids").run()
    boxes = {b.label: b for b in at.selectbox}
    assert 2 < len(boxes["Method"].options) < len(everything) and not at.exception
    assert boxes["Method"].value == "fasterpam"
    assert any("What we measured" in e.label for e in at.expander)


def test_an_uploaded_file_replaces_the_data_and_a_bad_one_does_not(opened):
    at = start(opened.to_query())
    at.run()
    at.switch_page("data.py").run()
    rows = "\n".join(f"{i % 7},{i % 5},{i * 0.5}" for i in range(60))
    at.file_uploader[0].upload("small.csv", ("a,b,c\n" + rows).encode(), "text/csv")
    settle(at)
    assert not at.exception
    small = view(at)
    assert services.artifacts().require(small.dataset).n == 60
    at.switch_page("clusters.py").run()
    needing = next(e for e in at.expander if "with some labels" in e.label)
    assert "NCD spectral" in needing.caption[0].value and "label column" in needing.caption[0].value
    assert not any("NCD spectral" in o for b in at.selectbox for o in b.options)
    at.switch_page("data.py").run()
    at.file_uploader[0].upload("empty.csv", b"", "text/csv")
    settle(at)
    assert not at.exception
    assert any("Reading the data" in e.value for e in at.error)
    assert view(at).table == small.table


def test_what_three_rows_are_too_few_for_is_said_and_not_promised():
    at = settle(start())
    at.switch_page("data.py").run()
    at.file_uploader[0].upload("three.csv", b"a,b\n1,2\n2,4\n9,9\n", "text/csv")
    settle(at)
    at.session_state["perception-tab"] = "What people would group"
    settle(at.switch_page("perception.py"))
    assert not at.exception and any("needs at least 10" in w.value for w in at.warning)
    assert not any("as soon as" in c.value for c in at.caption)
    settle(at.switch_page("report.py"))
    assert any("group\\: There are 3" in w.value for w in at.warning)


def test_what_cannot_be_drawn_names_undo_only_where_it_leads_somewhere():
    at = settle(start())
    at.switch_page("data.py").run()
    at.file_uploader[0].upload("equal.csv", b"a,b\n1,x\n1,x\n", "text/csv")
    settle(at)
    told = "cannot be drawn as it is"
    (words,) = [i.value for i in settle(at.switch_page("map.py")).info if told in i.value]
    assert "Undo" in words
    (words,) = [i.value for i in settle(start({"t": view(at).table})).info if told in i.value]
    assert "Undo" not in words and "Data page" in words


def test_saving_gives_a_link_that_restores_the_view(opened):
    from analytics.store import projects

    at = settle(start(opened.with_(color="clusters").to_query()))
    saved = projects.save_view(services.engine(), name="Kept", state={"view": view(at).to_json()})
    again = settle(start({"view": saved.view}))
    assert view(again) == view(at)


def test_a_chosen_pair_lights_up_its_points(opened):
    from pages.ui.pairs import CHOSEN

    at = start(opened.to_query())
    at.run()
    at.switch_page("perception.py")
    settle(at)
    score = next(r for r in (services.artifacts().load(d) for d in score_digests(opened)) if r)
    assert any("Choose a pair" in c.value for c in at.caption)
    at.session_state[CHOSEN] = (score.digest, 0)
    at.run()
    assert not at.exception
    assert any("people would see" in m.value or "nearly everyone" in m.value for m in at.markdown)
    next(b for b in at.button if b.label == "Show all groups").click().run()
    assert any("Choose a pair" in c.value for c in at.caption)


def score_digests(opened):
    from analytics.perception.operations import ambiguity_request

    return [ambiguity_request(services.artifacts().require(opened.projection)).digest]


def test_a_page_loaded_again_goes_on_waiting_for_the_step_asked_for(opened):
    request = projection_request(opened.dataset, "tsne", {"perplexity": 12.0}, 5)
    services.runner().submit(request, "the page before")
    at = start({**opened.to_query(), "wait": f"projection:{request.digest}"})
    at.run()
    waiting = at.session_state["gestalt"].wanted.get("projection")
    # A quick machine may have drawn it meanwhile.
    assert (waiting.digest if waiting else view(at).projection) == request.digest
    settle(at)
    assert view(at).projection == request.digest
    assert "wait" not in at.query_params
    after = settle(start({**opened.to_query(), "wait": f"projection:{request.digest}"}))
    assert view(after).projection == request.digest


@pytest.mark.parametrize("wait", ["projection:" + "0" * 32, "x", "projection:../..", "table"])
def test_waiting_for_what_nobody_runs_changes_nothing(opened, wait):
    at = settle(start({**opened.to_query(), "wait": wait}))
    assert not at.exception
    assert not at.error
    assert view(at) == opened


def test_a_link_with_a_result_of_another_kind_is_one_sentence(opened):
    at = settle(start({**opened.to_query(), "m": opened.table}))
    assert not at.exception
    assert len(at.error) == 1
    assert "a result in it is of another kind" in at.error[0].value


def test_medoids_stand_as_examples(opened):
    at = start(opened.to_query())
    at.run()
    at.switch_page("clusters.py").run()
    next(b for b in at.selectbox if b.label == "Method").set_value("fasterpam").run()
    next(n for n in at.number_input if n.label == "Groups").set_value(3).run()
    next(b for b in at.button if b.label == "Cluster").click().run()
    settle(at)
    assert not at.exception
    assert "Examples" in [t.label for t in at.tabs]
    medoids = services.artifacts().require(view(at).clustering).extras["medoids"]
    assert len(medoids) == 3


def test_shares_are_written_in_one_way():
    """A share is written by analytics.shares, "35 %" with a no-break space; Python's and plotly's
    own percent formats leave the space out."""
    own = re.compile(r":\.?\d*%[}\"']|tickformat=\"\.\d%|format=\"percent\"")
    found = [
        f"{path.name}: {line.strip()}"
        for folder in ("pages", "analytics")
        for path in Path(folder).rglob("*.py")
        for line in path.read_text("utf-8").splitlines()
        if own.search(line)
    ]
    assert [line for line in found if "quantile" not in line] == []  # the name of a column


def test_a_method_reads_as_a_name_within_a_sentence():
    said = [
        frame.method_said("clustering", m) for m in ("agglomerative", "gmm", "meanshift", "dbscan")
    ]
    assert said == ["agglomerative clustering", "a Gaussian mixture", "mean shift", "DBSCAN"]
