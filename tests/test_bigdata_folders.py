"""A folder of part files is read as one file would be: the same bits, and what is wrong with it."""

import os
import shutil
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import analytics
from analytics import api, cli
from analytics.bigdata import applying, folders, scoring, source, survey, where
from analytics.bigdata.source import Told, chunks, opened
from analytics.errors import BadInput
from analytics.operations import execute
from analytics.store.records import pack

CUTS = [0, 4_000, 7_000, 12_000]  # rows at which the files begin and end
KINDS = ("parquet", "csv")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The same rows as three files in a folder and as one, of either kind; and a home."""
    rng = np.random.default_rng(0)
    n = CUTS[-1]
    g = rng.integers(0, 3, n)
    frame = pd.DataFrame(
        {
            "x": rng.normal(g * 5, 1).round(4),
            "y": rng.normal((g == 1) * 6, 1).round(4),
            "size": rng.lognormal(g, 1).round(4),
            "kind": np.array(["a", "b", None])[g],
            "on": rng.random(n) < 0.3,
        }
    )
    base = tmp_path_factory.mktemp("folders")
    for kind in KINDS:
        (base / kind).mkdir()
        for i, (a, b) in enumerate(pairwise(CUTS)):
            write(frame[a:b], base / kind / f"part-{i}.{kind}")
        write(frame, base / f"one.{kind}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GESTALT_HOME", str(base / "home"))
        patch.setattr(source, "SPAN", 2_500)  # three row groups of 1,000
        patch.setattr(source, "ROWS", 1_700)
        yield base


def write(frame, path):
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, row_group_size=1_000, index=False)


def both(data, kind, make):
    """What is made of the folder and of the one file."""
    return [make(data / kind), make(data / f"one.{kind}")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_profile_is_that_of_one_file(data, kind):
    def profile(path):
        found = execute(survey.survey_request(where.tell(path)), api.default_store()).facts
        return {k: v for k, v in found.items() if k not in ("name", "bytes", "content", "notes")}

    many, one = both(data, kind, profile)
    assert many.pop("files") == 3 and "files" not in one
    if kind == "csv":  # its pieces end elsewhere, so what is approximate may differ
        for name, column in one["by_column"].items():
            mine = many["by_column"][name]
            for key in [*column["approximate"], "top_within"]:
                del column[key], mine[key]
            for key in {"mean", "std"} & set(column):
                mine[key] = pytest.approx(column[key], rel=1e-12)
    assert many == one


@pytest.mark.parametrize("kind", KINDS)
def test_clams_of_all_rows_is_that_of_one_file(data, kind):
    def clams(path):
        wanted = scoring.large_ambiguity_request(where.tell(path), ["x", "y"], 0.8)
        found = execute(wanted, api.default_store())
        return found if kind == "csv" else pack(found.with_(about={}, digest="", params={}))

    many, one = both(data, kind, clams)
    if kind == "csv":
        assert many.ambiguity == pytest.approx(one.ambiguity, rel=1e-9)
        return
    assert many[0] == one[0]
    assert {k: v.tobytes() for k, v in many[1].items()} == {
        k: v.tobytes() for k, v in one[1].items()
    }


@pytest.mark.parametrize("kind", KINDS)
def test_python_reads_a_path_piece_by_piece(data, kind):
    wanted = survey.survey_request(where.tell(data / kind))
    facts = analytics.profile(data / kind, stream=True)
    assert facts == execute(wanted, api.default_store()).facts and facts["rows"] == CUTS[-1]
    assert analytics.clams(str(data / kind), axes=["x", "y"]).n == CUTS[-1]
    with pytest.raises(BadInput, match="Two different numeric columns"):
        analytics.clams(data / kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sample_and_its_groups_are_those_of_one_file(data, kind):
    def applied(path):
        table = analytics.sample(path, 300, by="kind")
        dataset = analytics.prepare(table, features=["x", "y", "size"])
        found = analytics.cluster(dataset, "kmeans", n_clusters=3)
        hows = ("method", "fit") if kind == "parquet" else ("method",)
        made = [analytics.apply(found, path, how=how) for how in hows]
        files = [applying.file_of(m.digest) for m in made]
        if kind == "csv":  # its pieces, which are those of the labels too, end elsewhere
            return table, [pd.read_parquet(f).to_numpy().tobytes() for f in files]
        return table, [(m.facts, f.read_bytes()) for m, f in zip(made, files, strict=True)]

    (table, many), (other, one) = both(data, kind, applied)
    pd.testing.assert_frame_equal(table.frame, other.frame)
    assert table.source["sampled"]["file"] == kind and table.source["sampled"]["rows"] == CUTS[-1]
    assert many == one


def test_the_script_of_a_report_draws_the_sample_again(data, monkeypatch):
    from analytics.report.snippet import python_snippet

    table = analytics.sample(data / "csv", 100, by="kind", seed=3)
    dataset = analytics.prepare(table, features=["x", "y"])
    state = {"table": table.digest, "dataset": dataset.digest}
    script = python_snippet(api.default_store(), state)
    assert "analytics.sample('csv', rows=100, by='kind', seed=3)" in script
    monkeypatch.chdir(data)
    held = {}
    exec(script, held)
    assert held["dataset"].digest == dataset.digest


def test_spans_go_across_the_files(data):
    many, one = (opened(p) for p in (data / "parquet", data / "one.parquet"))
    assert source.spans(many) == source.spans(one)
    assert [(s.start, s.size) for s in source.spans(many)] == [
        (0, 3_000), (3_000, 3_000), (6_000, 3_000), (9_000, 3_000)
    ]  # fmt: skip
    for span in (None, *source.spans(one)):
        a, b = (list(chunks(s, ["x", "kind"], span=span)) for s in (many, one))
        assert [(at, t.num_rows) for at, t in a] == [(at, t.num_rows) for at, t in b]
        assert all(x.equals(y) for (_, x), (_, y) in zip(a, b, strict=True))


def test_a_folder_is_known_by_the_names_and_contents_of_its_files(data, tmp_path):
    folder = tmp_path / "data"
    shutil.copytree(data / "csv", folder)
    first = where.identify(folder)
    assert first == where.identify(data / "csv")
    (folder / "_SUCCESS").write_text("")
    (folder / ".part-0.csv.crc").write_bytes(b"\0\1")
    assert where.identify(folder) == first and len(opened(folder).files) == 3
    seen = where.tell(folder)
    (folder / "part-0.csv").rename(folder / "part-9.csv")
    assert where.identify(folder) != first
    with pytest.raises(BadInput, match="changed since it was looked at"):
        where.path_of(seen)
    pieces = chunks(opened(folder))
    next(pieces)
    (folder / "part-91.csv").write_text("x\n1\n")
    with pytest.raises(BadInput, match="changed while it was read"):
        list(pieces)


def test_files_without_rows_or_values_and_columns_in_another_order(tmp_path):
    pq.write_table(pa.table({"a": pa.nulls(2), "b": [1, 2]}), tmp_path / "1.parquet")
    pq.write_table(pa.table({"b": [3.5], "a": ["x"]}), tmp_path / "2.parquet")
    pq.write_table(pa.table({"a": pa.nulls(0, pa.string()), "b": pa.nulls(0, pa.int8())}),
                   tmp_path / "3.parquet")  # fmt: skip
    found = opened(tmp_path)
    assert found.kinds == {"b": "number", "a": "text"} and found.rows == 3
    (_, table), = chunks(found)  # fmt: skip
    assert table.to_pydict() == {"b": [1, 2, 3.5], "a": [None, None, "x"]}
    csv = tmp_path / "csv"
    csv.mkdir()
    (csv / "1.csv").write_text("a;b\n")
    (csv / "2.csv").write_text("b;a\n" + "1,5;x\n" * 9 + "2;y;z\n")
    (csv / "3.csv").write_text("a;b\n7;broken\nx\n")
    told = Told()
    tables = [t for _, t in chunks(opened(csv, options={"decimal": ","}), told=told)]
    assert pa.concat_tables(tables).column("b").to_pylist() == [1.5] * 9 + [None, None]
    said = " ".join(told.notes())
    assert "in line 11 of 'csv/2.csv'" in said and "in line 3 of 'csv/3.csv'" in said
    assert "the first is 'broken' in row 10" in said


def folder_with(tmp_path, files):
    folder = tmp_path / "data"
    folder.mkdir()
    for name, content in files.items():
        if content is None:
            (folder / name).mkdir()
        elif isinstance(content, dict):
            pq.write_table(pa.table(content), folder / name)
        else:
            (folder / name).write_text(content)
    return folder


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, "'data' is empty"),
        ({".hidden.csv": "a,b\n1,2\n"}, "'data' is empty"),
        ({"1.csv": "a,b\n1,2\n", "sub": None}, "'sub' in 'data' is a folder"),
        ({"1.parquet": {"a": [1]}, "_delta_log": None}, "'_delta_log' in 'data' is a folder"),
        ({"1.csv": "a,b\n1,2\n", "2.csv": ""}, "'data/2.csv' is empty"),
        ({"1.csv": "a,b\n1,2\n", "2.parquet": {"a": [1], "b": [2]}}, "one kind"),
        ({"1.csv": "a,b\n1,2\n", "2.csv": "a,c\n1,2\n"}, "'b' of 'data/1.csv' is not in"),
        ({"1.csv": "a,b\n1,2\n", "2.csv": "3,4\n5,6\n"}, "a line with their names"),
        ({"1.parquet": {"a": [1]}, "2.parquet": {"a": [1], "b": [1]}}, "'b' of 'data/2.parquet'"),
        ({"1.parquet": {"a": [1]}, "2.parquet": {"a": ["x"]}}, "'a' holds texts in 'data/2"),
        ({"1.parquet": {"a": [1]}, "2.parquet": "PAR1 and no more"}, "'data/2.parquet' is cut off"),
        ({"1.parquet": {"a": pa.nulls(0, pa.int8())}}, "no rows of data"),
        ({"1.csv": "a,b\n", "2.csv": "a,b\n"}, "no rows of data"),
    ],
)
def test_a_folder_that_cannot_be_read_as_one_is_refused_in_a_sentence(files, said, tmp_path):
    folder = folder_with(tmp_path, files)
    with pytest.raises(BadInput, match=said) as error:
        list(chunks(opened(folder)))
    assert "\n" not in str(error.value) and str(error.value).endswith(".")


def test_links_and_too_many_files_are_refused(tmp_path, monkeypatch, capsys):
    folder = folder_with(tmp_path, {"1.csv": "a,b\n1,2\n", "2.csv": "a,b\n1,2\n"})
    monkeypatch.setattr(folders, "MOST", 1)
    with pytest.raises(BadInput, match="holds 2 files, but at most 1"):
        opened(folder)
    os.symlink(tmp_path, folder / "3.csv")
    with pytest.raises(BadInput, match=r"'3\.csv' in 'data' is a link"):
        opened(folder)
    assert cli.main(["cluster", str(folder)]) == 2
    assert "is a folder, which cannot be read whole: draw a sample" in capsys.readouterr().err


def test_the_command_line_takes_a_folder(data, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(data / "parquet")
    out = str(tmp_path / "counts.csv")
    for verb in (
        ["profile", "."],
        ["clams", "../parquet/"],
        ["count", ".", "--by", "kind", "--out", out],
    ):
        assert cli.main(verb) == 0
        assert "parquet (3 files, 0 MB) is read piece by piece" in capsys.readouterr().err
    assert pd.read_csv(out)["rows"].sum() == CUTS[-1]


def test_a_folder_of_the_server_is_found_by_its_name(data, monkeypatch):
    monkeypatch.setenv("GESTALT_DATA", str(data))
    places = {p.name: p for p in where.listed()}
    assert places["parquet"].files == 3 and places["one.csv"].files == 0
    assert places["csv"].stamp[0] == sum(f.stat().st_size for f in (data / "csv").iterdir())
    assert where.find(where.identify(data / "csv"), "csv") == data / "csv"
