"""``clams --rank`` and ``advise`` on the command line."""

import json

import numpy as np
import pandas as pd
import pytest

from analytics import cli


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch, home):
    monkeypatch.chdir(tmp_path)


def run(capsys, *arguments, code=0):
    assert cli.main([*arguments, "--json"]) == code
    return json.loads(capsys.readouterr().out)


def plot(path, gap):
    random = np.random.default_rng(0)
    xy = np.concatenate([random.normal(c, 0.5, (50, 2)) for c in ((0, 0), (gap, 0), (0, gap))])
    pd.DataFrame(xy, columns=["x", "y"]).to_csv(path, index=False)


def test_rank_sorts_the_files_of_a_folder(tmp_path, capsys):
    folder = tmp_path / "plots"
    folder.mkdir()
    plot(folder / "close.csv", 1.8)
    plot(folder / "far.csv", 20)
    (folder / "bad.csv").write_text("a\nb\n")
    answer = run(capsys, "clams", "--rank", str(folder))
    assert [p["file"] for p in answer["ranking"]] == ["far.csv", "close.csv"]
    first = answer["ranking"][0]
    assert set(first) == {
        "file", "columns", "ambiguity", "interval", "n_components", "points", "aspect", "warnings",
    }  # fmt: skip
    assert first["interval"][0] <= first["ambiguity"] <= first["interval"][1]
    assert answer["failed"][0]["file"] == "bad.csv" and answer["failed"][0]["error"]
    assert answer == run(capsys, "clams", "--rank", str(folder))


def test_rank_of_one_file_takes_its_pairs_of_columns(capsys):
    answer = run(capsys, "clams", "--rank", "sample:iris")
    assert len(answer["ranking"]) == 6 and not answer["failed"]
    assert all(len(p["columns"]) == 2 and "file" not in p for p in answer["ranking"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("clams",), "Name a file to score, or a folder of files with --rank."),
        (("clams", "x.csv", "--rank", "."), "leave out FILE"),
        (("clams", "--rank", "."), "holds no data file"),
        (("clams", "--rank", "nowhere.csv"), "cannot be read"),
        (("advise", "sample:iris", "--methods", "kmeans"), "'kmeans' is not swept"),
        (("advise", "sample:iris", "--seconds", "1"), "takes a whole number from 10 to 3000"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(capsys, arguments, words):
    assert words in run(capsys, *arguments, code=2)["error"]


def test_advise_writes_the_recommended_map(tmp_path, capsys):
    answer = run(capsys, "advise", "sample:iris", "--seconds", "10", "--methods", "pca,isomap")
    best = answer["recommended"]
    assert best["digest"] and best == answer["candidates"][0]
    assert 0 <= best["faithfulness"]["low"] <= best["faithfulness"]["value"] <= 1
    xy = pd.read_csv(answer["xy_file"])
    assert list(xy.columns) == ["row", "x", "y"] and len(xy) == 150
    assert {d["method"] for d in answer["defaults"]} == {"pca", "isomap"}
    assert best["name"] in answer["sentence"]
