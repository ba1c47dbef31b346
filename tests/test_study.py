"""Studies: what is drawn, who takes part, how far people agree, and the files that hold it."""

import io
import threading
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, v_measure_score

from analytics.accounts import holdings
from analytics.errors import BadInput
from analytics.results import NOISE
from analytics.study import agreement, files, plots, store, strokes, taking_part

pytest_plugins = ["tests.postgres"]

SQUARE = [[-0.1, -0.1], [0.45, -0.1], [0.45, 1.1], [-0.1, 1.1]]  # the left half of the unit box
RIGHT = [[0.55, -0.1], [1.1, -0.1], [1.1, 1.1], [0.55, 1.1]]


def two_blobs(n=40):
    rng = np.random.default_rng(0)
    return np.concatenate([rng.normal(0, 0.5, (n // 2, 2)), rng.normal([9, 0], 0.5, (n // 2, 2))])


def a_plot(name="Two blobs"):
    return plots.plot_of(name, two_blobs())


@pytest.fixture
def study(engine):
    return store.start(engine, title="Which belong together?", plots=[a_plot(), a_plot("Again")])


def stroke(outline, group=0):
    return {"group": group, "outline": outline}


# --- what is drawn ------------------------------------------------------------------------------


def test_a_later_outline_wins_and_numbers_leave_no_gap():
    points = np.array([[0.1, 0.5], [0.3, 0.5], [0.9, 0.5]])
    left, both = stroke(SQUARE, 0), stroke([[-1, 0], [2, 0], [2, 1], [-1, 1]], 3)
    assert strokes.labels_of([left], points).tolist() == [0, 0, NOISE]
    assert strokes.labels_of([both, left], points).tolist() == [0, 0, 1]
    assert strokes.labels_of([left, both], points).tolist() == [0, 0, 0]
    assert strokes.labels_of([both, stroke(SQUARE, NOISE)], points).tolist() == [-1, -1, 0]
    assert strokes.labels_of([], points).tolist() == [-1, -1, -1]


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "x",
        [1],
        [{"group": 0}],
        [stroke(SQUARE, "0")],
        [stroke(SQUARE, True)],
        [stroke(SQUARE, -2)],
        [stroke(SQUARE, 100)],
        [stroke(SQUARE[:2])],
        [stroke([[0, 0]] * 301)],
        [stroke([[0, 0], [1, 1], [float("nan"), 0]])],
        [stroke([[0, 0], [1, 1], [1e300, 0]])],
        [stroke([[0, 0], [1, 1], [10**400, 0]])],
        [stroke([[0, 0], [1, 1], ["a", 0]])],
        [stroke([[0, 0], [1, 1], [0, 0, 0]])],
        [stroke(SQUARE)] * 201,
    ],
)
def test_what_is_no_outline_is_refused_in_one_sentence(wrong):
    with pytest.raises(BadInput) as error:
        strokes.check(wrong)
    assert str(error.value).count("\n") == 0


@given(st.data())
@settings(max_examples=50)
def test_undo_is_dropping_the_last(data):
    points = np.random.default_rng(1).random((60, 2))
    corner = st.tuples(st.floats(-0.1, 1.1), st.floats(-0.1, 1.1)).map(list)
    drawn = st.builds(stroke, st.lists(corner, min_size=3, max_size=8), st.integers(-1, 4))
    done = strokes.check(data.draw(st.lists(drawn, max_size=6)))
    for k in range(len(done) + 1):
        labels = strokes.labels_of(done[:k], points)
        names = sorted(set(labels.tolist()) - {NOISE})
        assert names == list(range(len(names)))


# --- the plots ----------------------------------------------------------------------------------


def test_a_plot_fits_the_unit_box_with_one_scale_and_gives_the_map_back():
    xy = two_blobs()
    plot = plots.plot_of("x", xy)
    assert plot.points.min() >= 0 and plot.points.max() <= 1
    assert np.isclose(np.ptp(plot.points[:, 0]), 1, atol=1e-6)
    assert np.allclose(plot.xy, xy, atol=1e-4)
    assert plot.rows.tolist() == list(range(40))


def test_a_large_map_is_sampled_the_same_way_each_time():
    xy = np.random.default_rng(0).normal(size=(5_000, 2))
    one, two = plots.plot_of("x", xy), plots.plot_of("x", xy)
    assert len(one.points) == plots.MOST_POINTS and one.total == 5_000
    assert np.array_equal(one.rows, two.rows) and np.allclose(one.xy, xy[one.rows], atol=1e-4)


@pytest.mark.parametrize(
    "wrong", [np.zeros((5, 2)), np.zeros((50, 2)), np.full((50, 2), np.nan), np.zeros((50, 3))]
)
def test_a_map_nobody_can_group_is_refused(wrong):
    with pytest.raises(BadInput):
        plots.plot_of("x", wrong)


def test_a_map_of_huge_numbers_is_shown():
    plot = plots.plot_of("x", two_blobs() * 1e307)
    assert np.isfinite(plot.points).all() and np.isfinite(plot.xy).all()


# --- taking part --------------------------------------------------------------------------------


def test_what_a_person_draws_comes_back_and_reaches_the_owner(engine, study):
    person, token = taking_part.join(engine, study)
    seen = taking_part.task(engine, person, token)
    assert seen["title"] == "Which belong together?" and seen["number"] == 1 and seen["open"]
    assert sorted(p["position"] for p in seen["plots"]) == [0, 1]
    raw = taking_part.points_of(engine, person, token, 0)
    assert np.array_equal(np.frombuffer(raw, "<f4").reshape(-1, 2), a_plot().points)
    drawn = [stroke(SQUARE, 0), stroke(RIGHT, 1)]
    step = taking_part.answer(
        engine, person, token, 0, step=2, strokes=drawn, rating=4, finished=True
    )
    assert step == 2
    mine = {p["position"]: p for p in taking_part.task(engine, person, token)["plots"]}
    assert mine[0]["strokes"] == drawn and mine[0]["rating"] == 4 and mine[0]["finished"]
    assert mine[1]["step"] == 0
    found = store.collected(engine, study)
    assert found[0].labels.tolist() == [[0] * 20 + [1] * 20]
    assert found[0].ratings == [4] and found[0].numbers == [1] and found[0].finished.all()
    assert found[1].labels.shape == (0, 40)
    row = store.studies(engine)[0]
    assert (row.people, row.finished, row.plots, row.open) == (1, 0, 2, True)
    taking_part.answer(engine, person, token, 1, step=1, strokes=[], rating=1, finished=True)
    assert store.studies(engine)[0].finished == 1
    assert store.collected(engine, study)[1].labels.tolist() == [[NOISE] * 40]


def test_an_answer_sent_twice_or_late_changes_nothing(engine, study):
    person, token = taking_part.join(engine, study)
    taking_part.answer(engine, person, token, 0, step=5, strokes=[stroke(SQUARE)])
    mark = store.stamp(engine, study)
    assert taking_part.answer(engine, person, token, 0, step=5, strokes=[]) == 5
    assert taking_part.answer(engine, person, token, 0, step=3, strokes=[]) == 5
    assert store.stamp(engine, study) == mark
    assert (store.collected(engine, study)[0].labels >= 0).any()
    taking_part.answer(engine, person, token, 0, step=6, strokes=[])
    assert store.stamp(engine, study) != mark


def test_everybody_has_an_order_of_their_own(engine):
    shown = [a_plot(str(i)) for i in range(8)]
    study = store.start(engine, title="Order", plots=shown)
    orders = set()
    for _ in range(6):
        who = taking_part.join(engine, study)
        order = tuple(p["position"] for p in taking_part.task(engine, *who)["plots"])
        assert order == tuple(p["position"] for p in taking_part.task(engine, *who)["plots"])
        assert sorted(order) == list(range(8))
        orders.add(order)
    assert len(orders) > 1


def test_nobody_answers_for_another(engine, study):
    person, token = taking_part.join(engine, study)
    other, secret = taking_part.join(engine, study)
    for who in ((person, secret), (person, ""), (person, None), ("p" * 22, token), (None, token)):
        with pytest.raises(BadInput):
            taking_part.answer(engine, *who, 0, step=1, strokes=[])
        with pytest.raises(BadInput):
            taking_part.leave(engine, *who)
    taking_part.answer(engine, other, secret, 0, step=1, strokes=[stroke(SQUARE)])
    assert store.collected(engine, study)[0].numbers == [2]


def test_a_person_deletes_all_they_answered(engine, study):
    person, token = taking_part.join(engine, study)
    taking_part.answer(engine, person, token, 0, step=1, strokes=[stroke(SQUARE)])
    taking_part.leave(engine, person, token)
    assert store.joined(engine, study) == 0
    assert len(store.collected(engine, study)[0].labels) == 0
    with pytest.raises(BadInput):
        taking_part.task(engine, person, token)


@pytest.mark.parametrize(
    "wrong",
    [
        {"step": 0},
        {"step": "1"},
        {"step": True},
        {"step": 2**31},
        {"rating": 0},
        {"rating": 6},
        {"rating": "3"},
        {"rating": True},
        {"strokes": None},
    ],
)
def test_what_cannot_be_read_is_refused_and_changes_nothing(engine, study, wrong):
    person, token = taking_part.join(engine, study)
    with pytest.raises(BadInput):
        taking_part.answer(engine, person, token, 0, **{"step": 1, "strokes": [], **wrong})
    assert store.studies(engine)[0].last is None


@pytest.mark.parametrize("position", [-1, 2, 99, "0", None])
def test_a_plot_that_is_not_there(engine, study, position):
    person, token = taking_part.join(engine, study)
    with pytest.raises(BadInput):
        taking_part.points_of(engine, person, token, position)
    with pytest.raises(BadInput):
        taking_part.answer(engine, person, token, position, step=1, strokes=[])


def test_closing_opening_deleting_and_bringing_back(engine, study):
    person, token = taking_part.join(engine, study)
    store.set_open(engine, study, False)
    with pytest.raises(BadInput, match="closed"):
        taking_part.join(engine, study)
    with pytest.raises(BadInput, match="closed"):
        taking_part.answer(engine, person, token, 0, step=1, strokes=[])
    store.set_open(engine, study, True)
    taking_part.answer(engine, person, token, 0, step=1, strokes=[stroke(SQUARE)])
    store.delete(engine, study)
    assert store.studies(engine) == []
    with pytest.raises(BadInput):
        taking_part.task(engine, person, token)
    store.restore(engine, study)
    assert store.studies(engine)[0].people == 1
    store.delete(engine, study)
    from datetime import timedelta

    assert store.purge(engine) == 0
    holdings.hold(engine, study, ["f" * 64])
    assert store.purge(engine, timedelta(0)) == 1
    assert holdings.held(engine, [study]) == set()
    with pytest.raises(BadInput, match="gone"):
        store.restore(engine, study)


@pytest.mark.parametrize("study", ["", "x", None, "s" * 23, "../../etc/passwd", 7])
def test_a_study_that_is_not_there(engine, study):
    for ask in (store.get, taking_part.join, store.collected, store.stamp, store.delete):
        with pytest.raises(BadInput):
            ask(engine, study)


@pytest.mark.parametrize(
    "wrong",
    [{"title": " "}, {"plots": []}, {"consent": ""}, {"consent": "x" * 4_001}, {"title": None}],
)
def test_a_study_that_cannot_start(engine, wrong):
    given = {"title": "T", "plots": [a_plot()], "consent": "C", **wrong}
    with pytest.raises(BadInput):
        store.start(engine, **given)
    assert store.studies(engine) == []


def test_sixty_people_at_once_lose_nothing(engine, study):
    failed = []

    def take_part():
        try:
            person, token = taking_part.join(engine, study)
            for step in range(1, 4):
                drawn = [stroke(SQUARE, g) for g in range(step)]
                taking_part.answer(
                    engine, person, token, step % 2, step=step, strokes=drawn, finished=True
                )
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=take_part) for _ in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    row = store.studies(engine)[0]
    assert (row.people, row.finished) == (60, 60)
    assert store.collected(engine, study)[0].numbers == list(range(1, 61))


# --- agreement ----------------------------------------------------------------------------------


def test_pairs_are_those_of_the_library():
    rng = np.random.default_rng(3)
    drawn = rng.integers(-1, 4, (5, 80))
    found = agreement.measure(drawn)
    labels = np.where(drawn == NOISE, 10 + np.arange(80), drawn)  # each a group of its own
    for i in range(5):
        for j in range(5):
            a, b = labels[i], labels[j]
            assert np.isclose(found.pairs["ami"][i, j], adjusted_mutual_info_score(a, b))
            assert np.isclose(found.pairs["ari"][i, j], adjusted_rand_score(a, b))
            assert np.isclose(found.pairs["v_measure"][i, j], v_measure_score(a, b))
    above = found.pairs["ami"][np.triu_indices(5, 1)]
    assert np.isclose(found.ambiguity, 1 - above.mean())
    low, high = found.interval
    assert low <= found.ambiguity <= high


def test_those_who_drew_different_halves_do_not_agree():
    left, right = np.repeat([0, NOISE], 20), np.repeat([NOISE, 0], 20)
    assert agreement.measure(np.vstack([left, right])).ambiguity > 0.9
    assert np.isclose(agreement.measure(np.vstack([left, left])).ambiguity, 0)


def test_shares_consensus_and_points_by_hand():
    labels = np.array([[0, 0, 1, 1, -1], [0, 0, 1, 1, -1], [0, 0, 0, 0, 0]], np.int16)
    found = agreement.measure(labels)
    assert np.allclose(found.shares[0], [1, 1, 1 / 3, 1 / 3, 1 / 3])
    assert np.allclose(found.shares[4], [1 / 3] * 4 + [1])
    assert found.consensus.tolist() == [0, 0, 1, 1, NOISE]
    assert np.isclose(found.points[0], (1 + 3 * (1 / 3)) / 4)
    half = agreement.measure(np.array([[0, 0, 1, 1], [0, 0, -1, -1]], np.int16))
    assert half.consensus.tolist() == [0, 0, NOISE, NOISE]  # one of two is not more than half


def test_a_point_that_is_with_no_other_is_in_no_group():
    assert agreement.with_others(np.array([5, 2, 2, -1, 2, 7, 7])).tolist() == [
        -1,
        0,
        0,
        -1,
        0,
        1,
        1,
    ]
    assert agreement.with_others(np.array([-1, -1])).tolist() == [-1, -1]


def test_one_person_alone():
    found = agreement.measure(np.array([[0, 0, 1, 1]], np.int16))
    assert np.isnan(found.ambiguity) and found.interval is None and not found.outlying.any()
    assert found.consensus.tolist() == [0, 0, 1, 1]


def test_equal_people_agree_and_the_odd_one_out_is_named():
    truth = np.repeat([0, 1, 2], 30)
    same = np.tile(truth, (6, 1))
    assert np.isclose(agreement.measure(same).ambiguity, 0)
    odd = np.random.default_rng(0).integers(0, 3, 90)
    found = agreement.measure(np.vstack([same, odd]))
    assert found.outlying.tolist() == [False] * 6 + [True]
    assert not agreement.measure(np.vstack([same[:2], odd])).outlying.any()


@given(st.integers(1, 6), st.integers(1, 30), st.integers(0, 2**31))
@settings(max_examples=40)
def test_agreement_of_anything(people, n, seed):
    labels = np.random.default_rng(seed).integers(-1, 5, (people, n))
    found = agreement.measure(labels)
    assert np.allclose(found.shares, found.shares.T) and (found.shares <= 1).all()
    assert (found.points >= 0).all() and (found.points <= 1).all()
    assert found.consensus.shape == (n,)


def test_many_people_are_compared_on_pairs_drawn_by_chance():
    labels = np.random.default_rng(0).integers(0, 2, (90, 12))
    found = agreement.measure(labels)
    assert found.compared == agreement.MOST_PAIRS < 90 * 89 // 2
    assert np.isfinite(found.ambiguity) and np.isfinite(found.typical).all()


# --- files --------------------------------------------------------------------------------------


def test_a_study_travels_whole(engine, study, tmp_path):
    for group in (SQUARE, RIGHT):
        who = taking_part.join(engine, study)
        taking_part.answer(engine, *who, 0, step=1, strokes=[stroke(group)], rating=2)
    data = files.export(store.collected(engine, study))
    assert data == files.export(store.collected(engine, study))
    path = tmp_path / "study.zip"
    path.write_bytes(data)
    given = files.read(path, "study.zip")
    assert len(given) == 1  # nobody grouped the second plot
    plot, labels = given[0]
    assert np.array_equal(labels, store.collected(engine, study)[0].labels)
    assert np.allclose(plot.xy, two_blobs(), atol=1e-4)
    taken = store.take_in(engine, title="Again", given=given)
    back = store.collected(engine, taken)[0]
    assert np.array_equal(back.labels, labels) and not store.get(engine, taken).open
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        ratings = archive.read("ratings.csv").decode().splitlines()
    assert ratings[1] == "01-Two-blobs,0,1,2,0"


def test_the_training_reads_what_the_study_writes(engine, study, tmp_path):
    from models.clusternet.data import read_neutral

    who = taking_part.join(engine, study)
    taking_part.answer(engine, *who, 0, step=1, strokes=[stroke(SQUARE)])
    with zipfile.ZipFile(io.BytesIO(files.export(store.collected(engine, study)))) as archive:
        archive.extractall(tmp_path)
    points, labels, _ = read_neutral(tmp_path)[0]
    assert np.allclose(points, two_blobs(), atol=1e-4)
    assert labels.tolist() == store.collected(engine, study)[0].labels.tolist()


def test_a_study_without_answers_has_nothing_to_export(engine, study):
    with pytest.raises(BadInput, match="nothing to export"):
        files.export(store.collected(engine, study))


def npz(**held):
    buffer = io.BytesIO()
    np.savez(buffer, **held)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"junk",
        npz(points=two_blobs()),
        npz(points=two_blobs(), labels=np.zeros((2, 39), int)),
        npz(points=two_blobs()[:5], labels=np.zeros((2, 5), int)),
        npz(points=two_blobs(), labels=np.full((2, 40), -2)),
        npz(points=two_blobs(), labels=np.full((2, 40), 0.5)),
        npz(points=np.full((40, 2), np.inf), labels=np.zeros((2, 40), int)),
        npz(points=two_blobs(), labels=np.zeros((1_001, 40), np.int8)),
        npz(points=np.array([["a", "b"]] * 40), labels=np.zeros((2, 40), int)),
        npz(points=two_blobs(), labels=np.full((2, 40), "a")),
        npz(points=two_blobs(), labels=np.zeros((0, 40), int)),
        npz(),
    ],
)
def test_files_that_are_no_groupings_are_refused_in_one_sentence(tmp_path, data):
    path = tmp_path / "x.npz"
    path.write_bytes(data)
    with pytest.raises(BadInput) as error:
        files.read(path, "x.npz")
    assert "\n" not in str(error.value)


def test_names_of_plots_are_safe_file_names():
    assert files.member(0, "../../etc/passwd") == "01-etc-passwd"
    assert files.member(11, "§§") == "12-plot"


@given(st.binary(max_size=300))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_refused_in_words(tmp_path, data):
    path = tmp_path / "x.zip"
    path.write_bytes(data)
    with pytest.raises(BadInput):
        files.read(path, "x.zip")


# --- the command line ---------------------------------------------------------------------------


def command(capsys, *words):
    import json

    from analytics.cli import main

    code = main(["study", *words, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_studies_on_the_command_line(home, tmp_path, capsys):
    from analytics.store.database import connect

    engine = connect("", home)
    study = store.start(engine, title="Which?", plots=[a_plot()])
    for outline in (SQUARE, SQUARE, RIGHT):
        who = taking_part.join(engine, study)
        taking_part.answer(engine, *who, 0, step=1, strokes=[stroke(outline)], finished=True)
    code, found = command(capsys, "list")
    assert code == 0 and found["studies"][0]["people"] == 3
    out = str(tmp_path / "study.zip")
    code, told = command(capsys, "export", study, "--out", out)
    assert code == 0 and told["plots"][0]["people"] == 3
    assert 0 < told["plots"][0]["ambiguity"] < 1.5
    code, taken = command(capsys, "import", out, "--title", "Again")
    assert code == 0 and (taken["plots"], taken["people"]) == (1, 3)
    assert command(capsys, "delete", taken["id"]) == (0, {"deleted": taken["id"]})
    for wrong in (["export"], ["export", "nothing"], ["import", "/no/such.npz"], ["delete", "x"]):
        code, told = command(capsys, *wrong)
        assert code == 2 and "\n" not in told["error"]
