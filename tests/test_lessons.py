"""Lessons: files, data made to a recipe, numbers by the engine, every lesson walked to its end."""

import re
import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import settings
from analytics.data import made
from analytics.data.operations import drawn_request
from analytics.errors import BadInput
from analytics.lessons import answers, measures, reading, sheet, wording
from analytics.lessons.lesson import GUESSES
from analytics.lessons.things import Found, Waiting, params_of
from analytics.operations import execute
from analytics.results import Clustering, Dataset, Grouping
from analytics.store.artifacts import Artifacts

FILES = sorted(reading.FOLDER.glob("*.toml"))
KMEANS = reading.FOLDER / "kmeans.toml"
MOONS = [[0.5 + 0.4 * np.cos(a), 0.3 + 0.4 * np.sin(a)] for a in np.linspace(0, 3.1, 30)]
MOONS += [[0.1 + 0.01 * i, 0.05 + 0.01 * (i % 3)] for i in range(30)]


def found(lesson, changed=None):
    """The results of a lesson, computed here and now."""
    store = Artifacts(settings.home() / "results")
    drawn = {n: MOONS for n, t in lesson.things.items() if "drawn" in t.spec}
    return Found(lesson, lambda r: execute(r, store), changed or {}, drawn)


# Data made to a recipe.


@pytest.mark.parametrize("recipe", made.RECIPES, ids=lambda r: r.id)
def test_a_recipe_gives_the_same_table_every_time(recipe):
    one, two = made.frame(recipe.id, {"points": 60}, 3), made.frame(recipe.id, {"points": 60}, 3)
    assert one.equals(two) and len(one) == 60
    assert not one.equals(made.frame(recipe.id, {"points": 60}, 4))
    assert list(one.columns[:2]) == ["x", "y"] and one.columns[-1] == "group"
    assert np.isfinite(one.iloc[:, :-1].to_numpy(float)).all()


def test_the_parameters_of_a_recipe_do_what_they_say():
    near = made.frame("pair", {"distance": 0, "points": 400}, 1)
    far = made.frame("pair", {"distance": 9, "points": 400, "share": 0.25}, 1)
    gap = far.groupby("group").x.mean()
    assert gap["B"] - gap["A"] == pytest.approx(9, abs=0.3)
    assert abs(near.groupby("group").x.mean().diff().iloc[1]) < 0.3
    assert (far.group == "B").mean() == 0.25
    ring = made.frame("ring", {"radius": 5, "thickness": 0.1}, 1).query("group == 'ring'")
    assert np.hypot(ring.x, ring.y).mean() == pytest.approx(5, abs=0.05)
    dense = made.frame("densities", {"scattered": 0.3, "points": 200}, 1)
    assert (dense.group == "scattered").mean() == pytest.approx(0.3, abs=0.01)
    assert made.frame("cloud", {"columns": 7}).shape == (300, 8)


def test_wrong_recipes_and_drawings_are_refused_in_words():
    with pytest.raises(BadInput, match="no recipe 'spiral'"):
        made.frame("spiral")
    with pytest.raises(BadInput, match=r"'distance'\) is '-1'"):
        made.frame("pair", {"distance": -1})
    for wrong in ([], [[1, 2]], [[1, 2], [1]], [[1, 2, 3]] * 3, [["a", 1]] * 3, "ab", None,
                  [[float("nan"), 0]] * 2, [[0, 0]] * 2001):  # fmt: skip
        with pytest.raises(BadInput, match=r"draw"):
            drawn_request(wrong)
    assert drawn_request(MOONS).digest == drawn_request(np.array(MOONS)).digest


# Words and numbers.


def test_numbers_are_written_like_everywhere():
    assert wording.shown(0.1234, "share") == "12\u00a0%"
    assert wording.shown(0.001, "share") == "under 1\u00a0%"
    assert wording.shown(1204, "count") == "1,204" and wording.shown(-0.001, "number") == "0.00"
    assert wording.shown(None, "number") == "–" and wording.shown(float("nan"), "count") == "–"
    assert wording.fill("a {x} and {y.z}", lambda n: n.upper()) == "a X and Y.Z"
    assert wording.stray("no digit, {k2} in braces") == ""
    assert wording.stray("about 3 of them") == "3" and wording.stray("{ open") == "{"


def labelled(labels):
    labels = np.array(labels, np.int32)
    return Clustering(labels=labels, n_clusters=int(labels.max()) + 1)


def data(labels, names=("a", "b")):
    labels = np.array(labels, np.int32)
    X = np.zeros((len(labels), 2), np.float32)
    return Dataset(X=X, labels=labels, label_names=names, label_column="group")


def test_measures_by_hand():
    run = {name: m.run for name, m in measures.MEASURES.items()}
    known, groups = data([0, 0, 0, 0, 1, 1, 1, 1]), labelled([0, 0, 0, 1, 1, 1, -1, -1])
    assert run["agreement"]([labelled([1, 1, 0, 0])] * 2, {}) == 1
    assert run["agreement"]([labelled([0, 0, 1, 1]), labelled([0, 1, 0, 1])], {}) == pytest.approx(
        -0.5
    )
    assert run["noise"]([groups], {}) == 0.25 and run["groups"]([groups], {}) == 2
    assert run["kept"]([groups, known], {"group": "a"}) == 0.75
    assert run["parts"]([groups, known], {"group": "a"}) == 2
    assert run["purity"]([groups, known], {"group": "a"}) == 1
    assert run["joined"]([groups, known], {"group": "a", "other": "b"}) == 0
    assert run["joined"]([groups, known], {"group": "b", "other": "a"}) in (0, 0.25)
    assert run["share"]([known], {"group": "b"}) == 0.5 and run["classes"]([known], {}) == 2
    assert run["largest"]([groups], {}) == 3 / 8
    seen = Grouping(counts=np.array([2, 5]), count_shares=np.array([0.7, 0.3]))
    assert run["people_groups"]([seen], {}) == 2 and run["people_most"]([seen], {}) == 5
    with pytest.raises(BadInput, match="no group 'z': choose one of a, b"):
        run["kept"]([groups, known], {"group": "z"})


# Files.


def test_there_are_lessons_in_order():
    lessons = reading.lessons()
    assert len(lessons) >= 8 and len({lesson.order for lesson in lessons}) == len(lessons)
    assert all(5 <= lesson.minutes <= 10 for lesson in lessons)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_no_number_is_typed_into_a_text(path):
    """The reader refuses digits; this looks at the file itself, in case the reader should not."""
    content = tomllib.loads(path.read_text())
    texts = [content["title"], content["line"], *content["after"]]
    for step in content["step"]:
        texts += [step["title"], step["text"], step.get("goal", {}).get("text", "")]
        texts += [o[k] for o in step.get("options", ()) for k in ("text", "why") if k in o]
        texts += [figure.get("title", "") for figure in step.get("show", ())]
    assert not [t for t in texts if re.search(r"\d", re.sub(r"\{[^}]*\}", "", t))]


def changed_file(tmp_path, change):
    """A shipped lesson with one thing changed."""
    text = KMEANS.read_text()
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(change(text))
    return wrong


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t + "\n[", r"wrong\.toml cannot be read"),
        (lambda t: t.replace("minutes = ", "minutes = 4", 1), r"'minutes'"),
        (lambda t: t.replace("title = ", "titel = ", 1), r"titel"),
        (lambda t: t.replace('kind = "text"', 'kind = "film"', 1), r"step 1, kind"),
        (lambda t: t.replace('method = "', 'method = "x', 1), r"There is no clustering method"),
        (lambda t: t.replace('make = "', 'make = "x', 1), r"There is no recipe"),
        (lambda t: t.replace('of = "', 'of = "x', 1), r"nothing called 'x"),
        (lambda t: t.replace('measure = "', 'measure = "x', 1), r"measure"),
        (lambda t: t.replace("That is all", "With 3 groups", 1), r"'3' is typed"),
        (lambda t: t.replace("That is all", "{nothing}", 1), r"\{nothing\}"),
        (lambda t: t.replace("right = true, why", "right = true, wy", 1), r"wy"),
        (lambda t: t.replace('kind = "reveal"', 'kind = "text"', 1), r"wrong\.toml"),
        (lambda t: t.replace("vary = [", "vary = [3,", 1), r"vary"),
        (lambda t: t.replace('make = "ring"', "make = 7", 1), r"wrong\.toml is wrong at"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_file_is_one_sentence(tmp_path, change, said):
    with pytest.raises(BadInput, match=said) as caught:
        reading.read(changed_file(tmp_path, change))
    assert "wrong.toml" in str(caught.value) and str(caught.value).count("\n") == 0


@given(st.data())
def test_any_line_left_out_is_read_or_refused_in_words(tmp_path_factory, data):
    lines = KMEANS.read_text().splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    path = tmp_path_factory.mktemp("lessons") / "cut.toml"
    path.write_text("\n".join(lines[:at] + lines[at + 1 :]))
    try:
        reading.read(path)
    except BadInput as error:
        assert "cut.toml" in str(error)


def spoken_of(lesson):
    """The names of things and numbers that a lesson speaks of or rests on."""
    used = {name for step in lesson.steps for name in wording.mentions(step)}
    while True:
        both = (*lesson.numbers.values(), *lesson.things.values())
        more = {n for part in both if part.name in used for n in part.of}
        if more <= used:
            return used
        used |= more


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_lesson_computes_nothing_that_it_does_not_speak_of(path):
    lesson = reading.read(path)
    assert not {*lesson.numbers, *lesson.things} - spoken_of(lesson)


# Every lesson, from its first step to its check question.


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_lesson_is_walked_to_its_end(path):
    lesson = reading.read(path)
    here = found(lesson)
    assert {"reveal", "experiment", "check"} <= {s.kind for s in lesson.steps}
    assert any(s.kind in GUESSES for s in lesson.steps)
    for step in lesson.steps:
        assert not wording.places(here.text(step.text))
        for figure in step.show:
            name = next(figure[k] for k in reading.FIGURES if k in figure)
            values = [here.number(n) for n in name] if isinstance(name, list) else here.thing(name)
            assert values is not None
        if step.kind in ("choice", "check"):
            right = answers.happened(here, step)
            assert 0 <= right < len(step.options)
            assert all(here.text(o.text) and (step.kind == "choice" or here.text(o.why))
                       for o in step.options)  # fmt: skip
        elif step.kind == "number":
            truth = here.number(step.more["truth"])
            assert answers.number(here, step, truth).near
            how = measures.MEASURES[lesson.numbers[step.more["truth"]].measure].shown
            assert step.more["low"] <= truth * (100 if how == "share" else 1) <= step.more["high"]
        elif step.kind == "lasso":
            for name in step.more["truth"]:
                first = measures.labels_of(here.thing(name)) == 0
                same = answers.overlap(here, name, first)
                assert same.jaccard == 1 and same.both == same.size == first.sum()
    assert all(here.number(n) is not None for n in lesson.numbers)


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_an_experiment_runs_again_and_moves_its_numbers(path):
    lesson = reading.read(path)
    for step in (s for s in lesson.steps if s.kind == "experiment"):
        before = [found(lesson).shown(n) for n in step.more["numbers"]]
        moved = []
        for control in step.more["vary"]:
            thing = lesson.things[control["of"]]
            param = next(p for p in params_of(thing) if p.name == control["param"])
            start = thing.spec.get("params", {}).get(param.name, param.default)
            if param.type == "choice":
                ends = [c for c in param.choices if c != start]
            else:
                ends = [v for k in ("low", "high") if (v := control.get(k)) not in (None, start)]
            for end in ends[:2]:
                after = found(lesson, {(control["of"], control["param"]): end})
                moved.append([after.shown(n) for n in step.more["numbers"]] != before)
                assert all(after.thing(n) for n in wording.mentions(step) if n in lesson.things)
        assert any(moved)


def test_other_data_gives_other_numbers_in_the_text():
    lesson = reading.get("kmeans")
    step = next(s for s in lesson.steps if "{wide_kept}" in s.text)
    one = found(lesson).text(step.text)
    two = found(lesson, {("uneven", "width"): 0.6}).text(step.text)
    assert one != two and re.sub(r"[\d.]+", "", one) == re.sub(r"[\d.]+", "", two)


def test_a_result_under_way_is_waited_for():
    lesson = reading.get("kmeans")
    late = Found(lesson, lambda request: None)
    with pytest.raises(Waiting):
        late.text("{uneven_agree}")


def test_the_sheet_for_teachers_holds_every_lesson_and_no_markup_of_others():
    page = sheet.page(reading.lessons())
    assert all(lesson.title.replace("'", "&#x27;") in page for lesson in reading.lessons())
    assert "src=" not in page and "http" not in page
    assert sheet.html("**a** <b>\n\n- one\n  more\n- two\nlast") == (
        "<p><b>a</b> &lt;b&gt;</p><ul><li>one more</li><li>two last</li></ul>"
    )
