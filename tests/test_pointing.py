"""Examples pointed out: how they become labels, what is refused, files of them, and the page."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

import analytics
from analytics import api, registry
from analytics.clustering import examples
from analytics.clustering.operations import clustering_request
from analytics.digest import of_json
from analytics.errors import BadInput
from analytics.pipeline import Choice, first_clustering
from analytics.results import UNLABELLED, Dataset
from pages.ui import pointing, services
from tests.apptest import settle, start, view

RNG = np.random.default_rng(3)
CENTRES = np.array([[0.0, 0], [8, 0], [0, 8]])
TRUTH = np.repeat(np.arange(3), 20)
POINTS = CENTRES[TRUTH] + RNG.normal(0, 0.5, (60, 2)) + 20  # off the origin: directions differ


@pytest.fixture(scope="module", autouse=True)
def workers():
    yield
    services.stop()


def data(**more):
    return Dataset(X=POINTS.astype(np.float32), rows=np.arange(60) + 100, digest=of_json(7), **more)


def test_examples_become_labels_by_hand():
    made = examples.joined(data(), {"b": [101, 100], "a": [159]})
    assert made.label_names == ("a", "b") and made.label_column == examples.POINTED
    assert made.labels[[0, 1, 59]].tolist() == [1, 1, 0]
    assert (made.labels[2:59] == UNLABELLED).all()


def test_examples_beside_labels_join_those_of_their_name_and_are_right():
    labels = np.full(60, UNLABELLED, np.int32)
    labels[:3] = [0, 1, 1]
    known = data(labels=labels, label_names=("x", "y"), label_column="kind")
    made = examples.joined(known, {"y": [100], "z": [103]}, with_labels=True)
    assert made.label_names == ("x", "y", "z") and made.label_column == "kind"
    assert made.labels[:5].tolist() == [1, 1, 1, 2, UNLABELLED]
    alone = examples.joined(known, {"y": [100], "z": [103]})
    assert alone.label_names == ("y", "z")
    assert alone.labels[:5].tolist() == [0, UNLABELLED, UNLABELLED, 1, UNLABELLED]


@given(st.lists(st.tuples(st.integers(100, 159), st.sampled_from("abc")), min_size=1, max_size=30))
def test_every_example_has_its_label_and_no_other_row_has_one(pairs):
    found = dict(pairs)
    groups = {g: [r for r in found if found[r] == g] for g in set(found.values())}
    made = examples.joined(data(), groups)
    held = {
        int(made.rows[i]): made.label_names[made.labels[i]] for i in np.where(made.labels >= 0)[0]
    }
    assert held == found


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([3], "rows by group"),
        ({"a": []}, "has no examples"),
        ({"a": "100"}, "has no examples"),
        ({"a": [100.5]}, "whole numbers"),
        ({"a": [True]}, "whole numbers"),
        ({"": [100]}, "no name"),
        ({"a" * 61: [100]}, "no name"),
        ({7: [100]}, "no name"),
        ({"a": [99]}, "Row 99 is an example but not among the 60 rows"),
        ({"a": [2**62]}, "not among"),
        ({"a": [2**70]}, "whole numbers"),
        ({"a": [-1]}, "not among"),
        ({"a": [100], "b": [100]}, "Row 100 is an example of 'a' and of 'b'"),
        ({str(i): [100 + i] for i in range(51)}, "at most 50"),
        ({"a": [100] * 2001}, "at most 2,000"),
    ],
)
def test_wrong_examples_are_one_sentence(given, words):
    with pytest.raises(BadInput, match=words):
        examples.checked(given, data())


def test_a_request_without_examples_is_the_one_it_was():
    plain = clustering_request(data(), "slk")
    assert plain.digest == clustering_request(data(), "slk", examples={}).digest
    assert not {"examples", "with_labels"} & set(plain.params)


def test_a_request_says_what_is_read_and_has_one_form():
    first = clustering_request(data(), "slk", examples={"b": [101], " a ": [105, 103]})
    again = clustering_request(data(), "slk", examples={"a": [103, 105], "b": [101]})
    assert first.digest == again.digest
    assert first.params["use_labels"] and first.params["examples"] == {"a": [103, 105], "b": [101]}
    with pytest.raises(BadInput, match="does not start from examples"):
        clustering_request(data(), "kmeans", examples={"a": [100]})
    middle = clustering_request(data(), "local", {"labels": "ignore"}, examples={"a": [107]})
    assert middle.params["node"] == 107 and middle.params["labels"] == "use"


def test_every_method_that_reads_labels_takes_examples():
    found = {m.id for m in registry.methods("clustering") if examples.taken(m)}
    assert {"slk", "gpc", "local"} <= found and "kmeans" not in found
    assert all("labels" in registry.get("clustering", i).needs for i in found - {"slk", "local"})


@pytest.mark.parametrize("method", ["slk", "gpc"])
def test_one_example_of_each_group_is_enough(method, tmp_path, monkeypatch):
    told = {"a": [0], "b": [20], "c": [40]}
    if method != "slk":
        told = {
            name: list(range(rows[0], rows[0] + 8)) for name, rows in told.items() if name != "c"
        }
    made = api.cluster(POINTS, method, examples=told)
    assert adjusted_rand_score(TRUTH, made.labels) > 0.9
    assert any("examples of" in note for note in made.notes)
    assert analytics.stability(made, runs=2).values  # refits start from the same examples


def test_other_data_do_not_inherit_examples():
    kept = Choice("slk", {"examples": {"a": [1]}, "use_labels": True})
    assert first_clustering(data(), None, kept).method == "kmeans"


def test_a_file_of_examples(tmp_path):
    path = tmp_path / "e.csv"
    path.write_bytes("\ufeffgroup, row \nred,3\nblue, 4\nred,5\n".encode())
    assert examples.read(path) == {"red": [3, 5], "blue": [4]}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no columns named row and group"),
        (b"a,b\n1,2\n", "no columns named row and group"),
        (b"row,group\n", "lists no examples"),
        (b"row,group\n1,a\nx,b\n", "Line 3"),
        (b"row,group\n1\n", "Line 2"),
        (b"row,group\n-1,a\n", "Line 2"),
        ("row,group\n٣,a\n".encode(), "Line 2"),
        (b"\xff\xfe\x00", "not a CSV file in UTF-8"),
        (b"row,group\n" + b"1,a\n" * 2001, "more than 2,000"),
        (b"row,group\n1," + b"a" * 140_000, "cannot be read as CSV|no name"),
        (b"x" * 1_000_001, "larger than"),
    ],
)
def test_a_bad_file_of_examples_is_one_sentence(content, words, tmp_path):
    path = tmp_path / "e.csv"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=words):
        examples.checked(examples.read(path), data())


def test_a_missing_file_of_examples(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        examples.read(tmp_path / "none.csv")


def test_a_row_added_to_another_group_leaves_the_first():
    at = settle(start())
    at.switch_page("clusters.py").run()
    dataset = services.artifacts().require(view(at).dataset)
    assert _expander(at, "Examples").caption[0].value.startswith("k\\-means uses none")
    mask = np.zeros(dataset.n, bool)
    box = next(b for b in at.selectbox if b.label == "Method")
    box.set_value("slk").run()
    add = next(b for b in at.button if b.key == "pointing-add")
    assert add.disabled

    for rows, name in (((0, 1, 2), "first"), ((2, 100), "second")):
        mask[:] = False
        mask[list(rows)] = True
        at.session_state[pointing._STATE] = {
            **at.session_state[pointing._STATE],
            **_kept(dataset, at.session_state[pointing._STATE], name, mask),
        }
    at.run()
    shown = at.session_state[pointing._STATE][dataset.parents[0]]
    assert shown == {"first": [0, 1], "second": [2, 100]}
    next(b for b in at.button if b.label == "Cluster").click().run()
    settle(at)
    made = services.artifacts().require(view(at).clustering)
    assert made.method == "slk" and made.params["examples"] == shown
    labels = made.labels
    assert labels[0] == labels[1] != labels[2] == labels[100]

    other = settle(start(view(at).to_query()))  # whoever is sent the link finds the examples
    other.switch_page("clusters.py").run()
    assert _expander(other, "4 examples of 2 groups")
    next(b for b in other.button if b.key == "pointing-drop-first").click().run()
    assert _expander(other, "2 examples of 1 group") and not other.exception


def _kept(dataset, state, name, mask):
    """What the button does, as AppTest cannot select on a plot."""
    before = state.get(dataset.parents[0], {})
    return {dataset.parents[0]: pointing.added(dataset, before, name, mask)}


def _expander(at, label):
    return next(e for e in at.expander if e.label == label)
