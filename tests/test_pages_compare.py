"""The Compare page and corrections by AppTest, with real workers."""

import io
import json

import numpy as np
import pytest

import analytics
from analytics.view import View
from pages.ui import correcting, naming, screen, services
from tests.apptest import settle, start, view

QUALITY = "quality-Why-Silhouette-Stability-How many groups?-Seen by people?-Labels-Correct-Rows"
TABS = ("Gallery", "Side by side", "What moved", "Agreement", "Consensus", "Sweep", "People")


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


@pytest.fixture(scope="module")
def made() -> View:
    """Four results of one data set, one of them on fewer of its rows."""
    store = services.artifacts()
    dataset = analytics.prepare("sample:iris", store=store)
    projection = analytics.project(dataset, "pca", store=store)
    runs = [analytics.cluster(dataset, n_clusters=k, store=store) for k in (2, 3, 5)]
    part = analytics.prepare("sample:iris", {"sample": 60}, store=store)
    runs.insert(0, analytics.cluster(part, n_clusters=3, store=store))
    found = View(table=dataset.parents[0], dataset=dataset.digest)
    found = found.with_(projection=projection.digest)
    for run in runs:
        found = found.with_(clustering=run.digest)
    return found


def page(found: View, part="", **more):
    at = start(found.with_(part=part, **more).to_query())
    at.run()
    at.switch_page("compare.py")
    return settle(at)


def press(at, label):
    next(b for b in at.button if b.label == label).click().run()
    settle(at)
    assert not at.exception, at.exception
    return at


def words(at):
    return " ".join(str(m.value) for m in (*at.markdown, *at.caption, *at.info))


@pytest.mark.parametrize("part", TABS)
def test_every_part_opens_from_its_address(made, part):
    at = page(made, part, compared=made.runs[:3])
    assert not at.exception and not at.error
    assert view(at).part == part and view(at).compared == made.runs[:3]
    assert at.query_params["part"] == [part] or at.query_params["part"] == part


def test_a_tab_clicked_before_the_one_clicked_first_is_drawn_opens(made):
    at = page(made)
    drawn = at.session_state._state._state._key_id_mapper.get_id_from_key("compare-part")
    for part in ("Agreement", "Consensus"):
        clicked = at._tree.get_widget_states()
        clicked.widgets.add(id=drawn, string_value=part)
        at._run(clicked)
        assert view(at).part == at.session_state["compare-part"] == part
    here = at.session_state["gestalt"]
    here.view = here.view.with_(part="People")  # as Undo and Back do
    at.run()
    assert at.session_state["compare-part"] == "People"
    assert not at.exception and "nothing stands in for people" in words(at)


@pytest.mark.parametrize("part", TABS)
def test_one_result_only(made, part):
    one = View(table=made.table, dataset=made.dataset).with_(projection=made.projection)
    at = page(one.with_(clustering=made.runs[-1]), part)
    assert not at.exception and not at.error


def test_the_gallery_sorts_filters_names_and_scores(made):
    at = page(made)
    assert "4 of 4 results shown" in words(at)
    assert "60 of the 150 rows" in words(at)
    next(b for b in at.button if b.label.startswith("Compute")).click().run()
    settle(at)
    assert "silhouette" in words(at)
    next(s for s in at.selectbox if s.label == "Sort").select("number of groups, fewest first")
    settle(at)
    names = [m.value for m in at.markdown if "k\\-means" in str(m.value)]
    assert "2 groups" in names[0] and "5 groups" in names[-1]
    next(t for t in at.text_input if t.label == "Filter by name or method").input("5 groups")
    settle(at)
    assert "1 of 4 results shown" in words(at)
    next(t for t in at.text_input if t.label == "Name").input("My <b>five")
    press(at, "Name it")
    assert dict(view(at).called)[made.runs[-1]] == "My <b>five"
    assert "0 of 4 results" in words(at)


def test_results_of_one_name_say_what_they_were_made_on(made):
    store = services.artifacts()
    dataset = store.require(made.dataset)
    other = analytics.prepare("sample:iris", {"scale": "minmax"}, store=store)
    twin = analytics.cluster(other, n_clusters=3, store=store)
    drawn = [analytics.project(dataset, method, store=store) for method in ("pca", "mds")]
    on_maps = [
        analytics.cluster(dataset, n_clusters=2, store=store, space="map", projection=m)
        for m in drawn
    ]
    others = (twin.digest, *(r.digest for r in on_maps))
    named = {}
    for part in ("Gallery", "Agreement"):
        at = page(made, part, compared=(made.runs[0], *others))
        (shown,) = [t.value for t in at.dataframe]
        named[part] = [n.split("  ")[-1] for n in shown.get("name", shown.index)]
    assert sorted(named["Gallery"]) == sorted(named["Agreement"])
    said = named["Gallery"]
    assert len(set(said)) == len(said) == 7
    assert "k-means (3 groups), 60 rows, values mean 0, standard deviation 1" in said
    assert "k-means (3 groups), 150 rows, values 0 to 1" in said
    assert {n.split(", ")[-1] for n in said if "map" in n} == {"PCA", "MDS"}


def test_results_that_nothing_sets_apart_are_told_by_their_digest(made):
    store = services.artifacts()
    two = [(store.require(d), store.require(made.dataset)) for d in made.runs[1:3]]
    words = naming.apart(two)
    assert words == [f"result {run.digest[:6]}" for run, _ in two]
    assert naming.apart(two[::-1]) == words[::-1]


def test_a_pair_is_a_selection_that_the_address_keeps(made):
    at = page(made, "What moved", compared=(made.runs[2], made.runs[3]), cell="0:0")
    assert "rows in **Group 1** of the first" in words(at)
    assert "rows selected" in words(at)
    press(at, "Clear the pair")
    assert view(at).cell == ""


def test_all_rows_of_a_group_are_selected_below_the_flow(made):
    at = page(made, "What moved", compared=(made.runs[2], made.runs[3]))
    (box,) = [b for b in at.selectbox if b.label == "Select all rows of a group"]
    assert len(box.options) >= 4
    box.select("*:0").run()
    assert not at.exception and view(at).cell == "*:0"
    assert "of the second." in words(at) and "of the first and" not in words(at)


def test_a_damaged_cell_is_left_out():
    from analytics import view as views

    assert views.from_query({"cell": "1:2"}).cell == "1:2"
    assert views.from_query({"cell": "1:<b>"}).cell == ""
    assert views.from_query({"cell": "*:0"}).cell == "*:0"
    assert views.from_query({"cell": "*:*"}).cell == ""
    back = views.from_json(View(called=(("a" * 32, "x"),)).to_json())
    assert back.called == (("a" * 32, "x"),)


def test_consensus_and_keeping_it(made):
    at = page(made, "Consensus", compared=made.runs[1:])
    press(at, "Join 3 results")
    assert "Rows that change sides most" in words(at)
    assert "joint label cells" in words(at)
    press(at, "Keep as a result")
    kept = services.artifacts().require(view(at).clustering)
    assert kept.method == "consensus"
    at = start(view(at).with_(layer="consensus:changes").to_query())
    settle(at)
    assert not at.exception and not at.error


def test_a_sweep_from_the_form(made):
    at = page(made, "Sweep")
    next(t for t in at.text_input if t.label == "Values").input("2, nine")
    next(b for b in at.button if b.label == "Sweep").click().run()
    assert "nine" in at.error[0].value
    next(t for t in at.text_input if t.label == "Values").input("2-8")
    press(at, "Sweep")
    assert "7 of 7 values" in words(at)
    again = page(view(at), "Sweep")
    assert "7 of 7 values" in words(again)
    titles = [str(m.value).split(" ")[0] for m in again.markdown]  # in the order of a phone
    assert [t for t in titles if t.strip("*").isdecimal()] == [f"**{k}**" for k in range(2, 9)]


def test_three_ways_says_how_to_get_people_and_takes_their_groupings(made):
    from analytics.comparing.operations import collected_request
    from analytics.data.uploads import stage
    from analytics.operations import execute

    at = page(made, "People", compared=(made.runs[2],))
    assert "No person's grouping of this map" in words(at)
    store = services.artifacts()
    projection = store.require(made.projection)
    labels = np.stack([store.require(d).labels for d in made.runs[1:]])
    buffer = io.BytesIO()
    np.savez(buffer, points=projection.xy, labels=labels)
    staged = stage(buffer.getvalue(), "people.npz", services.home())
    found = execute(collected_request(projection, staged), store)
    at = page(made, "People", compared=(made.runs[2],), collected=found.digest)
    assert not at.exception and "No person's grouping" not in words(at)
    table = next(d.value for d in at.dataframe if "between" in d.value)
    assert "3 people" in table["agreement (ARI)"].tolist()
    maps = json.loads(at.get("plotly_chart")[0].proto.spec)["layout"]
    assert maps["xaxis2"]["domain"][0] > maps["xaxis"]["domain"][1]  # beside each other
    at.session_state[screen.NARROW] = True
    at.run()
    maps = json.loads(at.get("plotly_chart")[0].proto.spec)["layout"]
    assert maps["xaxis2"]["domain"] == maps["xaxis3"]["domain"] == [0, 1]  # below each other
    assert maps["yaxis3"]["domain"][1] < maps["yaxis2"]["domain"][0]


def test_a_file_that_holds_no_groupings_is_told_and_what_was_there_stays(made):
    at = page(made, "People", compared=(made.runs[2],))
    good = services.artifacts().require(made.projection)
    labels = services.artifacts().require(made.runs[2]).labels[None]
    for data, words_of in ((packed(good.xy, labels), ""), (b"a,b", "no zip of such"),
                           (packed(good.xy, labels[:0]), "no annotator")):  # fmt: skip
        at.file_uploader[0].upload("people.npz", data, "application/zip").run()
        press(at, "Import")
        table = next(d.value for d in at.dataframe if "between" in d.value)
        assert "1 person" in table["agreement (ARI)"].tolist()
        told = [e.value for e in at.error]
        assert len(told) == bool(words_of) and all(words_of in t for t in told), told


def packed(points, labels):
    buffer = io.BytesIO()
    np.savez(buffer, points=points, labels=labels)
    return buffer.getvalue()


def test_a_sweep_that_fails_says_why(made):
    from analytics.operations import request

    at = page(made, "Sweep")
    here = at.session_state["gestalt"]
    wanted = request("sweep", "no method", (made.dataset,), {"name": "k", "values": [2]})
    services.runner().submit(wanted, here.owner)
    services.runner().wait(wanted.digest, 30)
    here.asked[wanted.digest] = wanted
    here.view = here.view.with_(sweep=wanted.digest)
    at.run()
    assert len(at.warning) == 1 and "no longer stored" not in words(at)
    assert any(b.label == "Run it again" for b in at.button)


# --- corrections ---------------------------------------------------------------------------------


def clusters_page(found: View):
    at = start(found.to_query())
    at.run()
    at.switch_page("clusters.py")
    settle(at)
    at.session_state[QUALITY] = "Correct"
    return settle(at)


def test_changes_by_hand_are_kept_undone_and_used(made):
    at = clusters_page(made)
    next(t for t in at.text_input if t.label == "Your name").input("Ada")
    next(t for t in at.text_input if t.label == "Reason").input("they belong together")
    next(t for t in at.text_input if t.label == "New name").input("Setosa")
    press(at, "Rename")
    found = services.artifacts().require(view(at).clustering)
    assert found.method == "corrected" and found.names[0] == "Setosa"
    edit = found.params["edits"][0]
    assert edit["by"] == "Ada" and edit["why"] == "they belong together" and edit["at"]
    next(t for t in at.text_input if t.label.startswith("Row numbers")).input("0, 50-52").run()
    next(s for s in at.selectbox if s.label == "Move them to").select(1).run()
    press(at, "Move")
    moved = services.artifacts().require(view(at).clustering)
    assert moved.labels[[0, 50, 51, 52]].tolist() == [1] * 4
    runs = view(at).runs
    assert moved.digest in runs and found.digest not in runs and len(runs) == len(made.runs) + 1
    press(at, "Split by k-means")
    assert services.artifacts().require(view(at).clustering).n_clusters == 6
    press(at, "Undo")
    assert view(at).clustering == moved.digest
    next(s for s in at.selectbox if s.label == "Take back").select(0).run()
    press(at, "Take it back")
    back = services.artifacts().require(view(at).clustering)
    assert not back.names and len(back.params["edits"]) == 1
    press(at, "Use as few labels")
    dataset = services.artifacts().require(view(at).dataset)
    assert dataset.method == "labelled" and int((dataset.labels >= 0).sum()) == 4


def test_row_numbers_in_words():
    assert correcting.numbers("3, 5-7 9") == [3, 5, 6, 7, 9]
    for text in ("x", "1-", "-3", "0-99999"):
        with pytest.raises(ValueError, match="row number"):
            correcting.numbers(text)
