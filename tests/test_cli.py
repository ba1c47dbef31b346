"""The command line: every verb, the promised keys, exit codes, and one line for what is wrong."""

import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import analytics
from analytics import cli, options, verbs
from analytics.store.artifacts import Artifacts

ROOT = Path(__file__).resolve().parents[1]
RNG = np.random.default_rng(3)


@pytest.fixture(scope="module", autouse=True)
def shared_home(tmp_path_factory):
    """One data folder for all tests here, so that nothing is computed twice."""
    before = os.environ["GESTALT_HOME"]
    os.environ["GESTALT_HOME"] = str(tmp_path_factory.mktemp("cli-home"))
    yield Path(os.environ["GESTALT_HOME"])
    os.environ["GESTALT_HOME"] = before


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(capsys, *arguments, code=0):
    """The printed JSON object of one command, and what it said on standard error."""
    assert cli.main([*map(str, arguments), "--json"]) == code
    out, err = capsys.readouterr()
    assert out.count("\n") == 1 and out.endswith("\n"), "exactly one line on standard output"
    answer = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} in the JSON"))
    assert isinstance(answer, dict)
    return answer, err


def refused(capsys, *arguments):
    """The one line of a refused command."""
    answer, err = run(capsys, *arguments, code=2)
    last = err.splitlines()[-1]
    assert answer == {"error": last} and last.endswith((".", "?")) and "Traceback" not in err
    return last


def make_csv(name="points.csv"):
    xy = np.concatenate([RNG.normal(c, 0.3, (20, 2)) for c in ((0, 0), (5, 5), (0, 5))])
    frame = pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "name": list("abc" * 20)})
    frame.to_csv(name, index=False)
    return frame


def test_methods(capsys):
    answer, _ = run(capsys, "methods")
    rows = {(m["kind"], m["id"]): m for m in answer["methods"]}
    assert set(rows) == {(m.kind, m.id) for m in analytics.methods()}
    k = rows["clustering", "kmeans"]["params"][0]
    assert (k["name"], k["type"], k["low"], k["default"]) == ("n_clusters", "int", 1, 8)
    assert {"label", "help", "allowed", "choices", "unit", "optional"} <= set(k)
    assert {"summary", "needs", "reference", "max_rows", "seeded"} <= set(
        rows["projection", "umap"]
    )


def test_samples(capsys):
    answer, _ = run(capsys, "samples")
    assert answer["default"] in [s["id"] for s in answer["samples"]]
    assert all(s["licence"] and s["description"] for s in answer["samples"])


def test_profile(capsys):
    answer, err = run(capsys, "profile", "sample:mixed")
    assert (answer["rows"], answer["columns"]) == (240, 12)
    assert {"infinite", "missing", "constant"} <= {p["code"] for p in answer["problems"]}
    assert set(answer["kinds"]) == set(answer["by_column"])
    assert answer["digest"] == analytics.read("sample:mixed").digest
    assert "%" in err and "{" not in err, "progress, and no JSON, on standard error"


def test_project_writes_the_map_of_the_api(capsys):
    answer, _ = run(capsys, "project", "sample:iris", "--method", "pca", "--out", "m.csv")
    made = analytics.project("sample:iris", "pca")
    assert answer["digest"] == made.digest and answer["params"] == made.params
    written = pd.read_csv("m.csv")
    assert list(written) == ["row", "x", "y"] and len(written) == answer["rows"] == 150
    np.testing.assert_array_equal(written[["x", "y"]].to_numpy(np.float32), made.xy)
    assert set(answer["faithfulness"]["trustworthiness"]) == {"value", "low", "high"}
    assert answer["xy_file"] == "m.csv" and answer["seconds"] >= 0 and answer["notes"]


def test_cluster_has_the_promised_keys_and_the_digest_of_the_api(capsys):
    asked = ("--method", "kmeans", "--param", "n_clusters=3", "--seed", "4")
    answer, _ = run(capsys, "cluster", "sample:iris", *asked, "--out", "l.csv")
    promised = {"labels_file", "n_clusters", "noise_share", "seconds", "scores", "params", "digest"}
    assert promised <= set(answer)
    made = analytics.cluster("sample:iris", "kmeans", n_clusters=3, seed=4)
    assert answer["digest"] == made.digest
    written = pd.read_csv("l.csv")
    assert list(written) == ["row", "label"]
    np.testing.assert_array_equal(written["label"], made.labels)
    scores = analytics.validity(made).values
    assert answer["scores"]["ari"]["value"] == scores["ari"].value
    assert answer["params"]["n_clusters"] == 3 and answer["noise_share"] == 0


def test_cluster_draws_its_groups_and_reads_a_label_and_a_domain(capsys):
    make_csv("drawn.csv")
    made, _ = run(capsys, "cluster", "drawn.csv", "--label", "name", "--picture", "map.png")
    assert made["picture"] == "map.png" and Path("map.png").read_bytes()[:4] == b"\x89PNG"
    assert made["scores"]["ari"]["value"] is not None
    one, _ = run(capsys, "cluster", "drawn.csv", "--domain", "name")
    assert one["digest"] != made["digest"]
    assert "end its name in .png" in refused(capsys, "cluster", "drawn.csv", "--picture", "map.svg")


def test_cluster_says_why_when_asked(capsys):
    asked = ("cluster", "sample:iris", "--param", "n_clusters=3")
    answer, _ = run(capsys, *asked, "--why", "why.csv")
    assert [set(line) for line in answer["why"]] == [
        {"label", "size", "rule", "explained", "precision", "recall", "lift", "f1", "f1_interval"}
        | {"note"}
    ] * 3
    assert answer["why_file"] == "why.csv"
    table = pd.read_csv("why.csv")
    assert list(table["cluster"]) == [1, 2, 3]
    assert table["f1"].tolist() == pytest.approx([line["f1"] for line in answer["why"]])
    run(capsys, *asked, "--why", "why.json")
    assert len(json.loads(Path("why.json").read_text())["clusters"]) == 3
    assert "end its name in .csv or .json" in refused(capsys, *asked, "--why", "why.xlsx")
    assert "why" not in run(capsys, *asked)[0]


def test_the_choices_of_the_preparation(capsys):
    make_csv()
    asked = ("--features", "x", "--labels", "name", "--scale", "none", "--sample", "30")
    answer, _ = run(capsys, "cluster", "points.csv", *asked, "--param", "n_clusters=2")
    made = analytics.cluster(
        analytics.prepare("points.csv", features=["x"], label="name", scale="none", sample=30),
        "kmeans",
        n_clusters=2,
    )
    assert answer["digest"] == made.digest and answer["rows"] == 30
    asked = ("--type", "name=text", "--features", "x,y,name", "--coordinates", "none")
    answer, _ = run(capsys, "project", "points.csv", *asked)
    recipe = {"types": {"name": "text"}, "features": ["x", "y", "name"], "x": "", "y": ""}
    assert answer["digest"] == analytics.project(analytics.prepare("points.csv", recipe)).digest
    answer, _ = run(capsys, "project", "points.csv", "--coordinates", "y,x", "--method", "given")
    assert pd.read_csv("xy.csv")["x"].to_numpy() == pytest.approx(
        pd.read_csv("points.csv")["y"].to_numpy(), abs=1e-6
    )
    Path("semi.csv").write_text("a;b;c\n1,5;2,5;u\n2,5;1,0;v\n3,5;9,0;u\n")
    answer, _ = run(capsys, "profile", "semi.csv", "--read", "separator=;", "--read", "decimal=,")
    assert answer["by_column"]["a"]["max"] == 3.5


def test_cluster_on_the_map_with_noise_moved(capsys):
    asked = ("--space", "map", "--map", "pca", "--method", "dbscan", "--noise", "nearest")
    answer, _ = run(capsys, "cluster", "sample:iris", *asked)
    assert answer["params"]["space"] == "map" and answer["noise_share"] == 0
    assert answer["map"] == analytics.project("sample:iris", "pca").digest


def test_features_with_commas_in_their_names(capsys):
    asked = ("--features", '"petal length, cm", "petal width, cm"')
    answer, _ = run(capsys, "project", "sample:iris", *asked, "--out", "xy.csv")
    recipe = {"features": ["petal length, cm", "petal width, cm"]}
    assert answer["digest"] == analytics.project(analytics.prepare("sample:iris", recipe)).digest


def test_clams_has_the_promised_keys(capsys):
    answer, _ = run(capsys, "clams", "sample:clear")
    assert {"ambiguity", "interval", "n_components", "pairs", "warnings"} <= set(answer)
    assert answer["columns"] == ["x", "y"] and answer["n_components"] == 4
    low, high = answer["interval"]
    assert 0 <= low <= answer["ambiguity"] <= high <= 1
    assert [set(p) for p in answer["pairs"]] == [{"i", "j", "separability", "ambiguity"}] * 6
    table = analytics.read("sample:clear")
    assert answer["ambiguity"] == analytics.clams(table.frame[["x", "y"]]).ambiguity


def test_clams_passes_over_row_numbers_and_gaps(capsys):
    run(capsys, "project", "sample:iris", "--out", "m.csv")
    frame = pd.read_csv("m.csv")
    frame.loc[:2, "x"] = [np.nan, np.inf, -np.inf]
    frame.to_csv("m.csv", index=False)
    answer, _ = run(capsys, "clams", "m.csv")
    assert answer["columns"] == ["x", "y"] and answer["points"] == 147
    assert answer["warnings"][0] == "3 rows without two finite numbers left out."
    answer, _ = run(capsys, "clams", "m.csv", "--x", "y", "--y", "x")
    assert answer["columns"] == ["y", "x"]


def test_compare(capsys):
    Path("a.csv").write_text("row,label\n0,0\n1,0\n2,1\n3,1\n5,-1\n")
    Path("b.csv").write_text("size,kind\n1,u\n2,u\n3,v\n4,v\n5,w\n6,v\n")
    answer, _ = run(capsys, "compare", "a.csv", "a.csv")
    assert answer["ari"] == 1.0 and answer["n"] == 5
    # Row 5 of b belongs to row number 5 of a; row 4 has no partner.
    answer, _ = run(capsys, "compare", "a.csv", "b.csv", "--columns", "label,kind")
    assert (answer["n"], answer["left_out"], answer["columns"]) == (5, 1, ["label", "kind"])
    assert answer["ari"] == analytics.compare([0, 0, 1, 1, -1], list("uuvvv"))["ari"]
    Path("c.csv").write_text("label\na\nb\n")
    assert "b.csv has 6 rows and c.csv 2 rows" in refused(capsys, "compare", "b.csv", "c.csv")
    assert "no column 'z'" in refused(capsys, "compare", "a.csv", "b.csv", "--columns", "label,z")
    assert "takes two names" in refused(capsys, "compare", "a.csv", "b.csv", "--columns", "label")


def test_compare_says_what_moved_and_takes_many(capsys):
    text = "row,one,two,three\n" + "".join(
        f"{i},{i // 4},{'ab'[i > 4]},{i // 4 if i else -1}\n" for i in range(8)
    )
    Path("many.csv").write_text(text)
    answer, _ = run(capsys, "compare", "many.csv", "--columns", "one,two")
    assert answer["moved"] == 1 and answer["ari"] < 1
    assert answer["pairs"][0] == {
        "a": 0, "b": "a", "rows": 4, "of_a": 1.0, "of_b": 0.8, "overlap": 0.8, "match": True,
    }  # fmt: skip
    args = ("--columns", "one,two,three", "--out", "c.csv")
    answer, _ = run(capsys, "compare", "many.csv", *args)
    assert answer["results"] == ["one", "two", "three"] and len(answer["ari"]) == 3
    assert answer["n_clusters"] == [2, 2, 2] and answer["noise_share"][2] == 0.125
    assert answer["consensus"]["n_clusters"] == 2 and answer["consensus_file"] == "c.csv"
    table = pd.read_csv("c.csv")
    assert list(table) == ["row", "label", "changes"] and table["label"].nunique() == 2
    assert table["changes"].idxmax() == 4
    Path("d.csv").write_text("row,label\n0,x\n7,y\n")
    answer, _ = run(
        capsys, "compare", "many.csv", "many.csv", "d.csv", "--columns", "one,two,label"
    )
    assert answer["n"] == 2 and answer["left_out"] == 6 and answer["ari"][0][2] == 1
    assert "name two label columns" in refused(capsys, "compare", "many.csv")
    words = refused(capsys, "compare", *["many.csv"] * 3, "--columns", "one,two")
    assert "names 2 columns for 3 files" in words


def test_report_of_a_result_and_of_a_saved_view(capsys):
    from analytics.store.database import connect
    from analytics.store.projects import save_view
    from analytics.view import View

    made = analytics.cluster("sample:iris", "kmeans", n_clusters=3, seed=4)
    answer, _ = run(capsys, "report", made.digest, "--out", "r.html")
    assert answer["report"] == "r.html" and answer["bytes"] == Path("r.html").stat().st_size
    dataset = Artifacts(Path(os.environ["GESTALT_HOME"]) / "results").load(made.parents[0])
    view = View(dataset.parents[0], dataset.digest, "", made.digest)
    saved = save_view(connect(), name="My <view>", state={"view": view.to_json()})
    run(capsys, "report", saved.view, "--out", "v.html")
    assert "<title>My &lt;view&gt;</title>" in Path("v.html").read_text(encoding="utf-8")


def test_report_as_linked_page_bundle_and_slide(capsys):
    made = analytics.cluster("sample:iris", "kmeans", n_clusters=3, seed=4)
    linked = ("--linked", "--columns", "species", "--out", "l.html")
    answer, _ = run(capsys, "report", made.digest, *linked)
    assert answer["bytes"] == Path("l.html").stat().st_size < 1_000_000
    assert 'role="grid"' in Path("l.html").read_text(encoding="utf-8")
    run(capsys, "report", made.digest, "--out", "all.zip")
    assert Path("all.zip").read_bytes().startswith(b"PK")
    run(capsys, "report", made.digest, "--out", "slide.png", "--size", "4:3")
    assert Path("slide.png").read_bytes().startswith(b"\x89PNG")
    assert "There is no column 'wings'" in refused(
        capsys, "report", made.digest, "--columns", "wings"
    )
    assert "A linked page is HTML" in refused(
        capsys, "report", made.digest, "--linked", "--out", "l.zip"
    )


def test_words_for_people(capsys):
    for verb in ("methods", "samples"):
        assert cli.main([verb]) == 0
    assert cli.main(["profile", "sample:mixed"]) == 0
    out, _ = capsys.readouterr()
    assert "--param n_clusters=8" in out and "sample:iris" in out and "warning: " in out
    assert max(map(len, out.splitlines())) < 180
    assert cli.main(["cluster", "sample:iris", "--param", "n_clusters=3", "--seed", "4"]) == 0
    out, _ = capsys.readouterr()
    assert "n_clusters               3\n" in out and " to 0." in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "required: VERB"),
        (("fly",), "'fly'"),
        (("profile",), "required: FILE"),
        (("profile", "a", "b"), "Unrecognized arguments: b"),
        (("cluster", "sample:iris", "--seed", "x"), "invalid int value: 'x'"),
        (("cluster", "sample:iris", "--seed", "-1"), "The seed is -1"),
        (("cluster", "sample:iris", "--seed", str(2**40)), "from 0 to 4294967295"),
        (("cluster", "sample:iris", "--meth", "kmeans"), "Unrecognized arguments: --meth"),
        (("cluster", "sample:iris", "--method", "k"), "no clustering method 'k': choose one of"),
        (("cluster", "sample:iris", "--param", "n_clusters"), "'n_clusters' is not NAME=VALUE"),
        (("cluster", "sample:iris", "--param", "=3"), "is not NAME=VALUE"),
        (("cluster", "sample:iris", "--param", "seed=3"), "Unknown parameter 'seed'"),
        (("cluster", "sample:iris", "--param", "n_clusters=151"), "151"),
        (("cluster", "sample:iris", "--method", "dbscan", "--param", "eps=0"), "'eps') is '0'"),
        (("cluster", "sample:iris", "--space", "sky"), "'sky'"),
        (("cluster", "sample:iris", "--space", "pca", "--components", "9"), "from 1 to 4"),
        (("cluster", "sample:iris", "--scale", "big"), "one of none, standard, minmax, robust."),
        (("cluster", "sample:iris", "--sample", "-5"), "'sample') is '-5'"),
        (("cluster", "sample:iris", "--features", "wings"), "There is no column 'wings'"),
        (("cluster", "sample:iris", "--features", '"a\nb'), "."),
        (("cluster", "sample:iris", "--labels", "speces"), "did you mean 'species'"),
        (("cluster", "sample:iris", "--type", "species"), "is not NAME=VALUE"),
        (("cluster", "sample:iris", "--coordinates", "a"), "takes two names"),
        (("cluster", "sample:iris", "--out", "no/place.csv"), "cannot be written"),
        (("cluster", "sample:iris", "--out", "."), "cannot be written"),
        (("project", "sample:iris", "--columns", "a,b"), "only"),
        (("profile", "sample:nope"), "There is no sample 'nope'"),
        (("profile", "missing.csv"), "'missing.csv' cannot be read"),
        (("profile", "."), "is empty: put Parquet or CSV files into it"),
        (("profile", "sample:iris", "--read", "sheet=1"), "takes no reading options"),
        (("clams", "sample:iris", "--x", "petal length, cm"), "Give both --x and --y"),
        (("clams", "sample:iris", "--x", "species", "--y", "x"), "no numeric column 'species'"),
        (("clams", "sample:clear", "--x", "x", "--y", "x"), "given for both"),
        (("clams", "sample:clear", "--aspect", "0"), "aspect"),
        (("clams", "sample:clear", "--aspect", "nan"), "aspect"),
        (("clams", "sample:messages"), "0 numeric columns"),
        (("report", "f" * 32), "no stored map, clustering or view"),
        (("report", "../../../etc/passwd"), "no stored map, clustering or view"),
        (("report", "v" * 22), "view"),
    ],
)
def test_one_line_says_what_is_wrong(capsys, arguments, words):
    assert words in refused(capsys, *arguments)


def zipped(**members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return buffer.getvalue()


def huge_npz():
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 9), }"
    header += b" " * (118 - len(header) % 64) + b"\n"
    npy = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    return zipped(a_npy=npy)


def objects_npy():
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    return buffer.getvalue()


REFUSED_FILES = {
    "empty.csv": b"",
    "header.csv": b"a,b\n",
    "blank.csv": b"\n\n \n",
    "junk.csv": bytes(range(256)) * 40,
    "random.parquet": b"PAR1" + bytes(range(200)),
    "broken.zip": zipped(a_csv=b"a,b\n1,2\n3,4\n")[:-30],
    "nested.zip": zipped(a_zip=zipped(a_csv=b"a\n1\n")),
    "many.zip": zipped(a_csv=b"a\n1\n2\n", b_csv=b"a\n1\n2\n"),
    "bomb.csv.gz": gzip.compress(b"1,2\n" * 250_000) * 150,  # 150 MB
    "objects.npy": objects_npy(),
    "huge.npz": huge_npz(),
    "broken.json": b'{"a": [1, 2',
    "picture.csv": b"\x89PNG\r\n\x1a\n" + b"0" * 50,
}
NO_CLUSTERS = {
    "one_row.csv": b"a,b\n1,2\n",
    "all_missing.csv": b"a,b\n,\n,\nNA,\n",
    "constant.csv": b"a,b\n1,2\n1,2\n1,2\n",
}
USED = {
    "two_points.csv": b"a,b\n1,2\n3,4\n",
    "one_column.csv": b"a\n1\n2\n3\n9\n",
    "latin1.csv": "größe,länge\n1,2\n3,5\n8,9\n".encode("latin-1"),
    "utf16.csv": "größe,länge\n1,2\n3,5\n8,9\n".encode("utf-16"),
    "quotes.csv": b'a,b,c\n1,2,"x\n3,4,y\n5,6,z\n',
    "twice.csv": b"a,a\n1,2\n3,5\n8,9\n",
    "html.csv": b"<img src=x onerror=alert(1)>,b\n1,2\n3,5\n8,9\n",
    "infinite.csv": b"a,b\n1,2\ninf,5\n8,9\n3,4\n",
    "large.csv": b"a,b\n1e300,2\n-1e300,5\n8,9\n3,1e-300\n",
    "wrong_ending.json": b"a,b\n1,2\n3,5\n8,9\n",
    "same.csv": b"a,b,c\n1,2,x\n1,2,y\n1,2,z\n",
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED_FILES)
@pytest.mark.parametrize("verb", ["profile", "cluster", "clams"])
def test_files_that_are_none(capsys, name, verb):
    Path(name).write_bytes(REFUSED_FILES[name])
    refused(capsys, verb, name)


@pytest.mark.parametrize("name", NO_CLUSTERS)
def test_files_with_nothing_to_group_can_still_be_profiled(capsys, name):
    Path(name).write_bytes(NO_CLUSTERS[name])
    for verb in ("cluster", "project"):
        refused(capsys, verb, name)
    answer, _ = run(capsys, "profile", name)
    assert answer["problems"]


@pytest.mark.parametrize("name", USED)
def test_odd_files_are_used_or_refused_in_one_line(capsys, name):
    Path(name).write_bytes(USED[name])
    answer, _ = run(capsys, "profile", name)
    assert answer["rows"] >= 2
    for verb in ("project", "cluster", "clams"):
        groups = ["--param", "n_clusters=2"] if verb == "cluster" else []
        code = cli.main([verb, name, "--json", *groups])
        out, err = capsys.readouterr()
        assert code in (0, 2) and isinstance(json.loads(out), dict), err
        assert "Traceback" not in err and "Warning" not in err


def test_a_folder_that_cannot_be_written_is_not_our_fault(capsys, monkeypatch):
    Path("file").write_text("x")
    monkeypatch.setenv("GESTALT_HOME", str(Path("file/home").absolute()))
    assert "set GESTALT_HOME to a folder" in refused(capsys, "profile", "sample:iris")


def test_our_own_fault_is_logged_and_exits_with_one(capsys, monkeypatch):
    def broken(options):
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(verbs, "samples", broken)
    monkeypatch.delenv(cli.DEBUG, raising=False)
    answer, err = run(capsys, "samples", code=1)
    assert err.count("\n") == 1 and "Traceback" not in err
    log = Path(answer["error"].rstrip(".").rpartition(" ")[2])
    assert "ZeroDivisionError: inside" in log.read_text() and log.stat().st_mode & 0o077 == 0
    log.unlink()
    monkeypatch.setenv(cli.DEBUG, "1")
    answer, err = run(capsys, "samples", code=1)
    assert "ZeroDivisionError: inside" in err
    Path(answer["error"].rstrip(".").rpartition(" ")[2]).unlink()


@pytest.mark.parametrize(
    ("error", "code"), [(KeyboardInterrupt(), 130), (MemoryError(), 2), (BrokenPipeError(), 0)]
)
def test_other_ends(capfd, monkeypatch, error, code):
    def stopped(options):
        raise error

    monkeypatch.setattr(verbs, "samples", stopped)
    monkeypatch.setattr(cli.os, "dup2", lambda *_: None)
    assert cli.main(["samples"]) == code
    out, err = capfd.readouterr()
    assert out == "" and ("not enough memory" in err if code == 2 else err == "")


def start(*arguments, **options):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    command = [sys.executable, "-m", "analytics", *arguments]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, **options
    )


def test_a_bomb_is_refused_without_a_line_for_every_megabyte(capsys):
    Path("bomb.csv.gz").write_bytes(REFUSED_FILES["bomb.csv.gz"])
    _, err = run(capsys, "profile", "bomb.csv.gz", code=2)
    assert len(err.splitlines()) <= 3 and "Unpacking" in err


def test_a_real_process_in_a_plain_ascii_world():
    Path("größe.csv").write_text("größe,b\n1,2\n3,5\n8,9\n", encoding="utf-8")
    ascii_only = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    process = start("profile", "größe.csv", env=ascii_only)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0 and b"gr\\xf6" in out and b"Traceback" not in err
    process = start("profile", "nope.csv", "--json", env=ascii_only)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2 and err.count(b"\n") == 1
    assert set(json.loads(out)) == {"error"}


def test_interrupting_a_real_process_is_quiet():
    process = start("project", "sample:digits", "--method", "mds", "--param", "n_init=50",
                    "--param", "init=random")  # fmt: skip
    try:
        for line in process.stderr:
            if b"100 % Ready" in line:
                break
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130 and out == b"" and b"Traceback" not in err


SWALLOWS = """
import runpy, time
import analytics.cli as cli
def main():
    try:
        print("ready", flush=True)
        time.sleep(60)
    except BaseException:  # as a library may do in an import
        time.sleep(60)
    return 0
cli.main = main
runpy.run_module("analytics", run_name="__main__")
"""


def test_an_interrupt_that_is_swallowed_ends_the_process_all_the_same():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", SWALLOWS], stdout=subprocess.PIPE, env=environment
    )
    try:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
    finally:
        process.kill()
        process.wait()


def test_every_verb_and_option_is_documented():
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    groups = next(a for a in options.parser()._actions if isinstance(a.choices, dict))
    for verb, parser in groups.choices.items():
        assert f"`{verb}" in text, verb
        for action in parser._actions:
            for option in action.option_strings:
                assert option in text or option in ("-h", "--help"), f"{verb} {option}"


def test_the_example_of_the_shops_is_as_documented(capsys):
    text = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    exec(text.split("```python\n")[1].split("```")[0], {})
    assert cli.main(["profile", "shops.csv"]) == 0
    assert f"2>/dev/null\n{capsys.readouterr().out}```" in text
    answer, _ = run(capsys, "cluster", "shops.csv", "--param", "n_clusters=3", "--labels", "region")
    assert text.count(answer["digest"]) == 2 and answer["scores"]["ari"]["value"] == 1


def test_the_server_takes_no_options_and_says_so():
    command = [sys.executable, "app.py", "--help"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip().endswith("docs/settings.md lists the settings.")


def test_a_written_text_is_no_formula(tmp_path):
    words = np.array(["=HYPERLINK(1)", "-5 degrees", "plain"], object)
    verbs._write_csv(str(tmp_path / "out.csv"), {"row": np.arange(3) - 1, "words": words})
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines == ["row,words", "-1,'=HYPERLINK(1)", "0,'-5 degrees", "1,plain"]
