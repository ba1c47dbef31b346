"""What is taken away: a page that asks nobody for anything, a record, a script that repeats it."""

import io
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import analytics
from analytics import operations
from analytics.digest import of_bytes
from analytics.errors import BadInput
from analytics.explanation.asking import edit_request
from analytics.perception.operations import drawn_aspect
from analytics.report.html import html_report
from analytics.report.lineage import complete_state, records
from analytics.report.record import content_hash, plain, run_record
from analytics.report.snippet import python_snippet
from analytics.report.tables import labels_table, to_csv
from analytics.results import Clustering, Dataset, Projection
from analytics.shares import share
from analytics.store.artifacts import Artifacts

ROOT = Path(__file__).resolve().parents[1]
EVIL = "<img src=x onerror=alert(1)>"
BOX = {"type": "box", "x": [-1.0, 4.0], "y": [-5.0, 5.0]}
VOID = {"meta", "br", "img", "rect", "path", "circle", "image", "use", "input", "hr", "link"}


class Page(HTMLParser):
    """The elements of a page: balanced tags, attributes, visible text, scripts."""

    def __init__(self, html: str):
        super().__init__()
        self.open, self.attributes, self.text, self.scripts, self.tags = [], [], "", [], []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attributes]

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        inside = self.open[-1] if self.open else ""
        if inside == "script":
            self.scripts.append(data)
        elif inside != "style":
            self.text += data


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Artifacts(tmp_path_factory.mktemp("report"))


@pytest.fixture(scope="module")
def evil_file(tmp_path_factory):
    """A file whose names and cells try to become markup, script or formulas."""
    rng = np.random.default_rng(0)
    centers = np.repeat([[0, 0], [9, 9]], 30, axis=0)
    values = centers + rng.normal(0, 1, (60, 2))
    frame = pd.DataFrame(values, columns=[EVIL, "b & c"]).round(3)
    frame["note"] = ["</script><script>alert(2)</script>", '=HYPERLINK("http://x")'] * 30
    frame.loc[3, "b & c"] = np.inf
    path = tmp_path_factory.mktemp("data") / "e'v\"il.csv"
    frame.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def state(store, evil_file):
    """The state of a clustering of the file, its map, scores and a selection."""
    recipe = {"features": [EVIL, "b & c"], "label": "", "text": "", "missing": "drop"}
    dataset = analytics.prepare(analytics.read(evil_file, store=store), recipe, store=store)
    made = analytics.cluster(dataset, "kmeans", n_clusters=2, seed=3, store=store)
    analytics.stability(made, store=store)
    return {**complete_state(store, made.digest), "selection": [BOX]}


@pytest.fixture(scope="module")
def html(store, state):
    return html_report(store, state, title=f"Report {EVIL}")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_nothing_on_the_page_is_fetched(page):
    loading = {"src", "href", "xlink:href", "srcset", "action", "data", "poster", "background"}
    for tag, name, value in page.attributes:
        if name in loading:
            assert re.match(r"data:|#", value), (tag, name, value[:60])
        assert "url(" not in value.replace("url(#", ""), (tag, name)
    assert not set(page.tags) & {"link", "iframe", "object", "embed", "base", "form"}


def test_the_page_forbids_every_request(page):
    """plotly.js holds addresses (of map tiles, fonts, schemas) as texts. None is used by a
    scatterplot, and this policy keeps the browser from using one."""
    policy = next(v for _, n, v in page.attributes if n == "content" and "default-src" in v)
    rules = dict(rule.split(None, 1) for rule in policy.split(";"))
    assert rules["default-src"].strip() == "'none'"
    for name, allowed in rules.items():
        assert set(allowed.split()) <= {
            "'none'", "data:", "blob:", "'unsafe-inline'", "'unsafe-eval'",
        }, name  # fmt: skip
    ours = [script for script in page.scripts if "Plotly.react(" in script and len(script) < 10**6]
    assert len(ours) == 1
    assert set(re.findall(r"https?://[^\"'\\ ]+", ours[0])) <= {"http://x"}  # a cell of the file


def test_names_and_cells_stay_text(page, html):
    assert "img" not in page.tags and page.tags.count("script") == 2
    assert page.text.count(EVIL) >= 3 and "alert(2)" in page.text
    assert "<script>alert" not in html
    # The figure cannot end its script element, and its hover texts are escaped for plotly too.
    line = next(line for line in html.splitlines() if line.startswith("  const light = "))
    assert "<" not in line and "u003cimg" not in line and "&lt;img src=x" in line


def test_the_page_says_everything(page, store, state):
    for words in (
        "Would people agree on the groups", "Group 1", "Group 2", "Faithfulness of the map",
        "Quality of the groups", "Stability of the groups", "What was done",
        "2 groups. Starts 4, first centres k-means++, iterations 300, tolerance 0.0001",
        "scaling: mean 0, standard deviation 1", "Equal units on both axes",
        "1 infinite value", "simulated people", "90 %", "rows are selected",
        "All 59 rows are drawn.",
    ):  # fmt: skip
        assert words in " ".join(page.text.split()), words
    found = records(store, state)
    assert f"{found['ambiguity'].ambiguity:.2f}" in page.text
    assert "main-svg" not in page.tags and "noscript" in page.tags and "svg" in page.tags


def test_the_rows_shown_are_announced(store, state):
    selected = run_record(store, state)["selected_rows"]
    assert 0 < selected < 59
    for given, total in ((state, selected), ({**state, "selection": []}, 59)):
        text = " ".join(Page(html_report(store, given)).text.split())
        assert f"{total} of {total} {'selected ' if total == selected else ''}rows and" in text


def test_large_maps_are_drawn_whole_and_say_so(store):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(rng.normal(size=(50_500, 2)), columns=["a", "b"])
    made = analytics.project(frame, "columns", store=store)
    state = {"table": "", "dataset": made.parents[0], "projection": made.digest}
    state["table"] = store.load(state["dataset"]).parents[0]
    html = html_report(store, state)
    page = Page(html)
    assert "5,000 of 50,500 points answer to hover; all are drawn." in page.text
    assert "200 of 50,500 rows" in " ".join(page.text.split())
    assert "Would people agree" not in page.text and len(html) < 9_000_000


def test_two_columns_are_drawn_as_they_are_scored(store):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"height": rng.normal(size=50)})
    frame["day"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 900, 50), "D")
    made = analytics.project(frame, "columns", columns=["day", "height"], store=store)
    page = Page(html_report(store, complete_state(store, made.digest)))
    script = next(s for s in page.scripts if "const light = " in s and len(s) < 10**6)
    figure, _ = json.JSONDecoder().raw_decode(script.split("const light = ")[1])
    assert figure["layout"]["yaxis"]["scaleratio"] == drawn_aspect(made) > 10
    assert "2021-01" in page.text  # on the picture for readers without scripts too


def test_the_groups_are_explained(page, store, state):
    text = " ".join(page.text.split())
    assert "Why these groups" in text and "On rows left out: F1 " in text
    assert f"Here {EVIL} is " in text or "Here b & c is " in text
    steps = {step["kind"]: step["words"] for step in run_record(store, state)["steps"]}
    assert steps["reasons"] == "2 of 2 groups explained by a statement."


def test_texts_in_words_are_in_the_report_the_record_and_the_script(store, tmp_path):
    texts = pd.DataFrame({"t": ["one two three", "a longer text of seven words"] * 6 + [EVIL]})
    dataset = analytics.prepare(texts, store=store, features=["t"], types={"t": "text"})
    found = analytics.explain(dataset, "t", "by length", k=2, store=store)
    projection = analytics.project(dataset, "pca", store=store)
    state = {
        "table": dataset.parents[0],
        "dataset": dataset.digest,
        "projection": projection.digest,
        "explanation": found.digest,
    }
    html = html_report(store, state)
    assert "The texts in words" in html and found.evidence[0]["description"] in html
    assert f"true of {share(found.evidence[0]['coverage'])} of the texts" in html
    step = run_record(store, state)["steps"][-1]
    assert "2 descriptions of t for the goal “by length”" in step["words"]
    script = python_snippet(store, state)
    assert "'by length'" in script and found.digest in script
    column = int(found.chosen[0])
    change = [{"do": "rename", "column": column, "words": EVIL}]
    edited = operations.execute(edit_request(found, dataset, change), store)
    state["explanation"] = edited.digest
    assert EVIL not in html_report(store, state)
    assert "changed by hand" in python_snippet(store, state)


def test_one_group_and_no_score_read_well(store):
    made = analytics.cluster("sample:iris", "kmeans", n_clusters=1, store=store)
    state = complete_state(store, made.digest)
    text = " ".join(Page(html_report(store, state)).text.split())
    assert "1 group." in text and "1 groups" not in text and "nan" not in text


def test_the_record_holds_all_that_decides_the_result(store, state, evil_file):
    import hashlib

    record = run_record(store, state)
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    data = record["data"]
    assert data["sha256"] == hashlib.sha256(evil_file.read_bytes()).hexdigest()
    assert (data["sha256_of"], data["rows"], data["columns"]) == ("file", 60, 3)
    steps = {step["kind"]: step for step in record["steps"]}
    found = records(store, state)
    assert list(steps) == list(found)
    for role, step in steps.items():
        made = found[role]
        assert step["params"] == plain(made.params) and step["seed"] == made.seed
        assert step["digest"] == made.digest and step["parents"] == list(made.parents)
        assert step["notes"] == list(made.notes) and step["words"].endswith(".")
    row = next(m for m in analytics.methods("clustering") if m.id == "kmeans")
    assert {p.name for p in row.params} <= set(steps["clustering"]["params"])
    assert steps["dataset"]["params"]["features"] == [EVIL, "b & c"]
    assert steps["clustering"]["content"] == of_bytes(found["clustering"].labels.tobytes())
    assert {"python", "numpy", "scikit-learn", "gestalt"} <= set(record["versions"])
    ambiguity = record["scores"]["ambiguity"]
    assert len(ambiguity["interval"]) == 2 and 0 <= ambiguity["ambiguity"] <= 1
    assert record["scores"]["validity"]["silhouette"]["low"] is not None
    assert record["selection"] == [BOX]


def test_samples_have_a_data_hash_too(store):
    state = complete_state(store, analytics.project("sample:iris", "pca", store=store).digest)
    first, again = (run_record(store, state)["data"] for _ in range(2))
    assert len(first["sha256"]) == 64 and first == again
    assert (first["sample"], first["sha256_of"]) == ("iris", "values")


def test_not_finite_numbers_become_null():
    value = {"a": np.float32("nan"), 2: [np.int64(3), float("inf"), (True, None, "x")]}
    assert plain(value) == {"a": None, "2": [3, None, [True, None, "x"]]}


def execute(script: str, folder: Path, home: Path) -> str:
    """What a script prints in a fresh interpreter with a fresh data folder."""
    (folder / "run.py").write_text(script, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "run.py"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "GESTALT_HOME": str(home), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_script_makes_the_same_results_again(store, state, evil_file, tmp_path):
    script = python_snippet(store, state)
    assert max(map(len, script.splitlines())) < 200
    out = execute(script, evil_file.parent, tmp_path / "home")
    assert out.count("as recorded") == 2 and "2 groups" in out
    selected = run_record(store, state)["selected_rows"]
    assert f"\n{selected} rows selected" in out
    again = Artifacts(tmp_path / "home" / "results")
    for role in ("table", "dataset", "projection", "clustering", "ambiguity"):
        assert again.has(state[role]), role
    assert content_hash(again.load(state["clustering"])) == content_hash(
        store.load(state["clustering"])
    )


def test_marker_shapes_are_in_the_report_and_in_the_script(store, state, evil_file, tmp_path):
    given = {**state, "shape": "column:note"}
    html = html_report(store, given)
    assert "Shape: note" in html and "<polygon" in html
    assert "Shape: " not in html_report(store, state)
    execute(python_snippet(store, given), evil_file.parent, tmp_path / "home")
    picture = (evil_file.parent / "map.svg").read_text(encoding="utf-8")
    assert picture.count("<polygon") > 10 and ">note<" in picture


def test_the_script_of_a_clustering_on_another_map(store, tmp_path):
    dataset = analytics.prepare("sample:clear", x="x", y="y", seed=2, sample=200, store=store)
    pca = analytics.project(dataset, "pca", store=store)
    shown = analytics.project(dataset, "columns", columns=["y", "x"], store=store)
    made = analytics.cluster(
        dataset, "dbscan", space="map", projection=pca, noise="nearest", store=store
    )
    state = complete_state(store, made.digest)
    assert state["projection"] == pca.digest
    unscored = dict.fromkeys(("ambiguity", "faithfulness", "grouping", "match"), "")
    script = python_snippet(store, {**state, "projection": shown.digest, **unscored})
    assert "used_map" in script and "'sample:clear'" in script
    out = execute(script, tmp_path, tmp_path / "home")
    assert out.count("as recorded") == 3


@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"label": ""},
        {"x": "", "y": ""},
        {"features": ["x", "y", "group"], "label": "group"},
        {"y": "x", "x": "y", "scale": "minmax"},
        {"types": {"group": "text"}, "features": ["group"], "label": ""},
    ],
)
def test_the_script_names_the_whole_recipe_when_a_part_would_not_do(store, recipe):
    dataset = analytics.prepare("sample:clear", recipe, store=store)
    script = python_snippet(store, {"table": dataset.parents[0], "dataset": dataset.digest})
    names = {"analytics": Bound(store), "of_bytes": of_bytes}
    exec(script.split("\n\n\n")[-1], names)  # without the imports: the store is this test's
    assert names["dataset"].digest == dataset.digest


class Bound:
    """The functions of the library, on one store."""

    def __init__(self, store):
        self._store = store

    def __getattr__(self, name):
        return lambda *a, **k: getattr(analytics, name)(*a, **k, store=self._store)


def test_a_missing_or_mixed_up_state_is_refused(store, state):
    other = complete_state(store, analytics.project("sample:iris", "pca", store=store).digest)
    wrong = [
        ({}, "needs a table"),
        ({**state, "dataset": ""}, "needs a dataset"),
        ({**state, "projection": ""}, "needs a projection"),
        ({**state, "clustering": "f" * 32}, "no longer stored"),
        ({**state, "projection": other["projection"]}, "was not made from its dataset"),
        ({**state, "dataset": other["dataset"]}, "was not made from its table"),
        ({**state, "clustering": state["projection"]}, "The clustering of this report"),
        ({**state, "selection": [{"type": "star"}]}, "neither a box nor a lasso"),
        ({**state, "dataset": "../../secret"}, "no longer stored"),
    ]
    for given, words in wrong:
        with pytest.raises(BadInput, match=words):
            html_report(store, given)
    for given in (wrong[0][0], wrong[4][0]):
        for make in (run_record, python_snippet):
            with pytest.raises(BadInput):
                make(store, given)


def table_of(names=("a",), cells=(("x",),)):
    frame = pd.DataFrame(cells, columns=list(names))
    n = len(frame)
    dataset = Dataset(X=np.zeros((n, 1), np.float32), rows=np.arange(n) + 5, frame=frame)
    clustering = Clustering(labels=np.resize(np.array([0, 1, -1], np.int32), n), n_clusters=2)
    return dataset, Projection(xy=np.ones((n, 2), np.float32)), clustering


def test_rows_with_their_groups():
    dataset, projection, clustering = table_of(cells=[["p"], ["q"], ["r"]])
    table = labels_table(dataset, projection, clustering, np.array([True, False, True]))
    assert list(table) == ["row", "cluster", "selected", "x", "y", "a"]
    assert table["row"].tolist() == [5, 6, 7]
    assert table["cluster"].tolist() == [1, 2, -1]  # as on the page; noise as everywhere
    assert list(labels_table(dataset, None, None)) == ["row", "a"]


def test_columns_with_our_names_keep_their_values():
    names = ("x", "x_data", "row", "cluster", "A")
    dataset, projection, clustering = table_of(names, [[1, 2, 3, 4, 5]])
    table = labels_table(dataset, projection, clustering)
    assert table.columns.is_unique
    assert table.iloc[0].tolist() == [5, 1, 1, 1, 1, 2, 3, 4, 5]
    table.to_parquet(io.BytesIO())


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＠"])
def test_formulas_become_text_in_csv(start):
    cell = start + "1+cmd|' /C calc'!A0"
    frame = pd.DataFrame({cell: [cell, "safe", None], "n": [-1.5, 2.0, None]})
    frame["c"] = pd.Categorical([cell, "b", "b"])
    back = pd.read_csv(io.BytesIO(to_csv(frame)))
    expected = "'" + cell
    assert back.columns[0] == expected and back.iloc[0, 0] == expected
    assert back["c"].tolist() == [expected, "b", "b"]
    assert back.iloc[1, 0] == "safe" and back["n"].tolist()[:2] == [-1.5, 2.0]
    assert not to_csv(frame).decode().startswith(cell)
    assert frame.iloc[0, 0] == cell, "the table itself is not changed"


def test_csv_of_odd_tables():
    frame = pd.DataFrame({"t": pd.to_datetime(["2020-01-02", None]), "b": [True, False]})
    assert to_csv(frame) == b"t,b\n2020-01-02,True\n,False\n"
    assert to_csv(pd.DataFrame({"größe": ["ß,\"'"]})) == 'größe\n"ß,""\'"\n'.encode()
    assert to_csv(pd.DataFrame({"a": []})) == b"a\n"


def test_an_unknown_name_is_refused(store, home):
    for name in ("", "x", "f" * 32, "v" + "A" * 21, "a/../b" * 4):
        with pytest.raises(BadInput, match="view"):
            complete_state(store, name)
