"""Ranking plots, the advisor's choice, and whether rankings can be trusted."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics import api
from analytics.data.uploads import stage
from analytics.errors import BadInput
from analytics.operations import OPERATIONS, execute
from analytics.pictures import advice, advising, columns, files, ranking, sweep, trust
from analytics.pictures import operations as pictures
from analytics.pictures.ranking import Plot
from analytics.results import Gallery, Projection
from analytics.store.artifacts import Artifacts


def blobs(places, each=60, spread=0.5, seed=0):
    random = np.random.default_rng(seed)
    return np.concatenate([p + spread * random.normal(size=(each, 2)) for p in np.asarray(places)])


CLEAR = blobs([(0, 0), (20, 0), (0, 20)])
CLOSE = blobs([(0, 0), (1.7, 0), (0, 1.7)], seed=1)


@pytest.fixture
def store(home):
    return Artifacts(home / "results")


# Ranking


def test_the_clearest_plot_is_on_top_and_what_cannot_be_scored_at_the_end():
    plots = [
        Plot("close", CLOSE),
        Plot("broken", None, problem="It is broken."),
        Plot("one place", np.ones((40, 2))),
        Plot("clear", CLEAR),
    ]
    found = ranking.rank(plots, 4)
    names = [e["name"] for e in found.entries]
    assert names == ["clear", "close", "one place", "broken"]
    assert found.entries[0]["low"] <= found.entries[0]["ambiguity"] <= found.entries[0]["high"]
    assert found.entries[3]["problem"] == "It is broken."
    assert "Clearest is clear" in found.sentence and "most ambiguous close" in found.sentence
    assert found.points[found.entries[0]["picture"]].shape == (180, 2)


def test_no_plot_is_bad_input():
    with pytest.raises(BadInput, match="no scatterplot"):
        ranking.rank([], 0)


def test_many_points_are_sampled_and_it_says_so(monkeypatch):
    monkeypatch.setattr(ranking, "MOST_POINTS", 100)
    monkeypatch.setattr(ranking, "SHOWN", 50)
    found = ranking.rank([Plot("clear", CLEAR)], 1)
    assert any("100 of 180 points" in w for w in found.entries[0]["warnings"])
    assert len(found.points["p0"]) == 50


def test_all_pairs_of_columns_are_ranked(store):
    random = np.random.default_rng(0)
    frame = pd.DataFrame({"a": CLEAR[:, 0], "b": CLEAR[:, 1], "c": random.random(180)})
    frame["flag"] = frame["a"] > 10
    found = api.rank(frame, store=store)
    assert {(e["x"], e["y"]) for e in found.entries} == {("a", "b"), ("a", "c"), ("b", "c")}
    assert (found.entries[0]["x"], found.entries[0]["y"]) == ("a", "b")
    assert store.has(found.digest)


def test_of_many_pairs_a_stated_sample_is_taken(store):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 7)), columns=list("abcdefg"))
    dataset = api.prepare(frame, store=store)
    chosen, notes = columns.pairs(dataset, 5, 0)
    assert len(set(chosen)) == 5 and notes[0].startswith("5 of 21 pairs")
    assert chosen == columns.pairs(dataset, 5, 0)[0] != columns.pairs(dataset, 5, 1)[0]


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 40), st.data())
def test_sampled_pairs_are_pairs(count, data):
    total = count * (count - 1) // 2
    most = data.draw(st.integers(1, total))
    found = columns._sampled_pairs(count, total, most, np.random.default_rng(most))
    assert len(set(found)) == most
    assert all(0 <= i < j < count for i, j in found)


def test_columns_with_holes_or_few_values_are_left_out(store):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=list("abc"))
    frame["two"] = np.tile([0.0, 1.0], 30)
    dataset = api.prepare(frame, store=store)
    assert columns.usable(dataset)[0] == ["a", "b", "c"]
    assert "'two'" in columns.usable(dataset)[1][0]
    one = api.prepare(frame[["a", "two"]], store=store)
    with pytest.raises(BadInput, match="1 numeric feature column with"):
        columns.pairs(one, 5, 0)


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "plots"
    path.mkdir()
    pd.DataFrame(CLEAR, columns=["x", "y"]).to_csv(path / "clear.csv", index=False)
    pd.DataFrame(CLOSE, columns=["x", "y"]).to_csv(path / "close.csv", index=False)
    (path / "words.csv").write_text("name\none\ntwo\n")
    (path / "notes.md").write_text("not data")
    return path


def test_a_folder_of_files_is_ranked(folder, store):
    found = api.rank(folder, store=store)
    assert [e["name"] for e in found.entries] == ["clear.csv", "close.csv", "words.csv"]
    assert "takes two" in found.entries[2]["problem"]


def test_a_zip_gives_the_same_ranking_as_its_folder(folder, store, home):
    path = folder.parent / "plots.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.iterdir():
            archive.write(file, f"inside/{file.name}")
    direct = api.rank(path, store=store)
    staged = stage(path.read_bytes(), "plots.zip", home)
    by_job = execute(pictures.files_request(staged), store)
    for found in (direct, by_job):
        assert [e["name"] for e in found.entries] == ["clear.csv", "close.csv", "words.csv"]
        assert found.entries[0]["ambiguity"] == api.rank(folder).entries[0]["ambiguity"]


def test_an_empty_or_missing_folder_is_one_sentence(tmp_path):
    with pytest.raises(BadInput, match="holds no data file"):
        files.in_folder(tmp_path)
    with pytest.raises(BadInput, match="cannot be read"):
        files.in_folder(tmp_path / "none")


def test_stored_maps_are_ranked_and_named_by_their_digest(store):
    maps = [api.project("sample:iris", m, store=store) for m in ("pca", "random")]
    found = api.rank(maps, store=store)
    assert {e["projection"] for e in found.entries} == {m.digest for m in maps}
    values = [e["ambiguity"] for e in ranking.scored(found.entries)]
    assert values == sorted(values)
    with pytest.raises(BadInput, match="no map to rank"):
        pictures.maps_request([])


# The advisor's choice


def candidate(faithfulness, ambiguity, components=3, half=0.01, **more):
    return {
        "name": f"map {faithfulness} {ambiguity}",
        "method": "tsne",
        "default": False,
        "faithfulness": faithfulness,
        "faithfulness_low": faithfulness - half,
        "faithfulness_high": faithfulness + half,
        "ambiguity": ambiguity,
        "low": max(0.0, ambiguity - 0.02),
        "high": ambiguity + 0.02,
        "n_components": components,
        "projection": "",
        **more,
    }


def test_the_least_ambiguous_of_the_faithful_maps_is_chosen():
    maps = [candidate(0.9, 0.5), candidate(0.88, 0.2), candidate(0.6, 0.01)]
    assert advice.choose(maps, chance=0.3) == 1
    assert "1 clearer map was passed by as less faithful" in advice.sentence(maps, 1, 0.3)


def test_noise_widens_what_counts_as_faithful():
    maps = [candidate(0.9, 0.5, half=0.08), candidate(0.82, 0.1, half=0.08)]
    assert advice.choose(maps, chance=0.3) == 1
    steady = [candidate(0.9, 0.5), candidate(0.82, 0.1)]
    assert advice.choose(steady, chance=0.3, within=0.05) == 0
    assert advice.choose(steady, chance=0.3) == 1


def test_no_map_is_chosen_that_is_less_faithful_than_a_default():
    maps = [candidate(0.9, 0.5), candidate(0.82, 0.1), candidate(0.85, 0.4, default=True)]
    assert advice.faithful(maps, chance=0.3) == [True, False, True]
    assert advice.choose(maps, chance=0.3) == 2
    maps[2]["faithfulness"] = 0.83  # within the noise of both, 0.014
    assert advice.choose(maps, chance=0.3) == 1


def test_the_upper_end_of_the_ambiguity_decides():
    maps = [candidate(0.9, 0.10, high=0.40), candidate(0.89, 0.15), candidate(0.9, 0.16, high=None)]
    assert [advice.at_most(m) for m in maps] == pytest.approx([0.40, 0.17, 0.16])
    assert advice.choose(maps, chance=0.3) == 2
    assert advice.choose(maps[:2], chance=0.3) == 1


def test_nothing_is_recommended_when_the_best_map_is_near_chance():
    maps = [candidate(0.55, 0.0), candidate(0.5, 0.4)]
    assert advice.choose(maps, chance=0.5) == -1
    assert "No map is recommended" in advice.sentence(maps, -1, 0.5)


def test_a_map_of_one_group_is_chosen_only_when_there_is_no_other():
    blank = candidate(0.9, 0.0, components=1)
    maps = [blank, candidate(0.9, 0.4)]
    assert advice.choose(maps, chance=0.3) == 1
    assert advice.front(maps) == [False, True]
    assert advice.choose([blank], chance=0.3) == 0
    assert "all faithful maps read as one group" in advice.sentence([blank], 0, 0.3)


def test_of_equally_clear_maps_the_more_faithful_one_is_chosen():
    maps = [candidate(0.88, 0.200), candidate(0.9, 0.205)]
    assert advice.choose(maps, chance=0.3) == 1


def test_defaults_are_compared_with_intervals():
    maps = [
        candidate(0.9, 0.1),
        candidate(0.905, 0.5, default=True),
        candidate(0.99, 0.11, default=True),
    ]
    far, near = advice.against_defaults(maps, 0)
    assert far["faithful"] and far["clearer"]
    assert not near["faithful"] and not near["clearer"]


PLACES = st.floats(0, 1).map(lambda v: round(v, 2))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(PLACES, PLACES, st.integers(1, 4)), min_size=1, max_size=12), PLACES)
def test_the_choice_is_never_false(places, chance):
    maps = [candidate(*p) for p in places]
    chosen, best = advice.choose(maps, chance), max(m["faithfulness"] for m in maps)
    on_front = advice.front(maps)
    for i, m in enumerate(maps):
        beaten = any(
            o["faithfulness"] > m["faithfulness"] and o["ambiguity"] < m["ambiguity"]
            for o in maps
            if o["n_components"] > 1
        )
        assert not (on_front[i] and (beaten or m["n_components"] < 2))
    if chosen >= 0:
        m = maps[chosen]
        assert m["faithfulness"] >= advice.floor_of(chance)
        assert m["faithfulness"] >= best - max(0.1 * best, 0.0142) - 1e-9
    else:
        assert best < advice.floor_of(chance)


# What is tried


def test_the_plan_is_fixed_by_the_seed_and_fits_the_budget():
    methods = sweep.DEFAULT_METHODS
    one, _ = sweep.plan(methods, 500, 10, 0, 60)
    two, _ = sweep.plan(methods, 500, 10, 0, 60)
    other, _ = sweep.plan(methods, 500, 10, 1, 60)
    assert one == two != other
    assert sum(c.seconds for c in one) <= 60
    assert {c.method for c in one if c.default} == set(methods)
    longer, _ = sweep.plan(methods, 500, 10, 0, 120)
    assert len(longer) > len(one)


def test_a_small_budget_still_tries_the_usual_maps():
    found, notes = sweep.plan(sweep.METHODS, 5_000, 50, 0, 10)
    assert {c.method for c in found} >= {"pca", "tsne", "umap"}
    assert any("was left out" in n for n in notes)


def test_settings_stay_in_their_ranges():
    for method, ranges in sweep.RANGES.items():
        for n in (60, 2_000):
            for r in sweep.limits(method, n):
                values = [r.at(s) for s in np.linspace(0, 1, 21)]
                assert min(values) >= r.low - 1e-9 and max(values) <= r.high * 1.05 + 1e-9
                assert values == sorted(values)
        assert ranges
    with pytest.raises(BadInput, match="'kmeans' is not swept"):
        sweep.check_methods(["kmeans"])
    with pytest.raises(BadInput, match="No method is chosen"):
        sweep.check_methods([])


# The whole advisor, on a sample


@pytest.mark.parametrize("search", ["sweep", "bayes"])
def test_advice_recommends_an_ordinary_map_and_is_the_same_again(
    search, home, tmp_path, monkeypatch
):
    monkeypatch.setattr(advising, "LATEST", 1000)  # no busy machine ends one of the searches
    keywords = {"seconds": 10, "search": search, "methods": ("pca", "tsne")}
    found = []
    for name in ("one", "two"):
        store = Artifacts(tmp_path / name)
        found.append(api.advise("sample:iris", store=store, **keywords))
    one, two = found
    assert [e["projection"] for e in one.entries] == [e["projection"] for e in two.entries]
    assert one.sentence == two.sentence and one.chosen == two.chosen
    assert one.chosen == 0 and len(one.entries) >= 2
    made = store.require(one.entries[0]["projection"])
    assert isinstance(made, Projection) and len(made.xy) == 150
    assert one.entries[0]["trustworthiness"] > 0.5
    assert api.advise("sample:iris", store=store, **keywords).digest == two.digest


def test_too_few_rows_are_one_sentence(store):
    with pytest.raises(BadInput, match="at least 60 rows"):
        api.advise(pd.DataFrame(np.eye(30)), seconds=10, store=store)


def test_advice_and_rankings_come_back_from_disk(store, home):
    found = api.rank(pd.DataFrame(CLEAR, columns=["a", "b"]), store=store)
    again = Artifacts(home / "results").load(found.digest)
    assert isinstance(again, Gallery)
    assert again.entries == found.entries and again.sentence == found.sentence
    assert np.array_equal(again.points["p0"], found.points["p0"])


# Whether clusterers can be ranked


def test_rank_agreement_by_hand():
    same = trust.agreement(np.array([[0.1, 0.2, 0.3], [0.5, 0.6, 0.9], [3, 2, 1]]))
    np.testing.assert_allclose(same[0], [1, 1, -1], atol=1e-12)
    assert trust._mean_pair(same, np.array([0, 1])) == pytest.approx(1)
    assert trust._mean_pair(same, np.array([0, 0, 2])) == pytest.approx(-1)
    assert np.isnan(trust._mean_pair(same, np.array([1, 1])))
    assert trust.agreement(np.ones((2, 3)))[0, 1] == 0


def test_methods_that_can_see_the_groups_reach_the_silhouette_of_the_groups():
    scores = trust.plot_scores(CLEAR)
    assert len(scores) == len(trust.CLUSTERERS) == 8
    assert np.median(scores) > 0.9 and scores.min() >= -1


def test_clear_and_ambiguous_plots_are_compared(store, home, tmp_path):
    near, far = [(0, 0), (1.7, 0), (0, 1.7)], [(0, 0), (20, 0), (0, 20)]
    plots = [Plot(f"near {i}", blobs(near, each=40, seed=i)) for i in range(5)]
    plots += [Plot(f"far {i}", blobs(far, each=40, seed=i)) for i in range(5)]
    ranked = ranking.rank(plots, 10)
    card = api.trust(ranked)
    assert card.tables["scores"].shape[1] == 8 and card.tables["ranks_low"].shape == (8, 3)
    for score in card.values.values():
        assert score.low <= score.value <= score.high
    assert card.values["difference"].value == pytest.approx(
        card.values["low"].value - card.values["high"].value
    )
    assert trust.sentence(card).endswith(".")
    with pytest.raises(BadInput, match="at least 9 are needed"):
        api.trust(ranked.with_(entries=ranked.entries[:4]))


def test_a_new_version_of_the_score_makes_new_rankings_and_advice(monkeypatch):
    wanted = [pictures.columns_request("a" * 32), pictures.advice_request("a" * 32)]
    before, old = [w.digest for w in wanted], OPERATIONS["ambiguity"]
    monkeypatch.setitem(OPERATIONS, "ambiguity", replace(old, version=old.version + 1))
    assert not {w.digest for w in wanted} & set(before)


def test_columns_of_very_different_ranges_are_ranked_as_the_map_draws_them(store):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"small": rng.normal(size=60), "huge": 1e4 * rng.normal(size=60)})
    dataset = api.prepare(frame, features=["small", "huge"], store=store)
    (entry,) = execute(pictures.columns_request(dataset), store).entries
    ranges = np.ptp(frame.to_numpy(), axis=0)
    assert entry["aspect"] == pytest.approx(ranges[0] / ranges[1], rel=1e-3)
    assert OPERATIONS["ranking"].version > 3, "those cut the aspect off at 1 : 100"


def test_files_that_show_no_plot_say_so_and_foreign_ones_are_named(store, home):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", "one,two\nx,y\nz,w\n")
        archive.writestr("b.csv", "one,two\n1,2\n")
        archive.writestr("<b>.pdf", "%PDF-1.7")
    staged = stage(buffer.getvalue(), "plots.zip", home)
    found = execute(pictures.files_request(staged), store)
    assert "could be scored" in found.sentence and len(found.entries) == 2
    assert found.notes == ("1 file of another kind was left out: '<b>.pdf'.",)
    assert all("choose another file" in e["problem"] for e in found.entries)
