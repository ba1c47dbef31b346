"""Large files: read piece by piece, surveyed, sampled and counted, and what is wrong with them."""

import json
import os

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import analytics
from analytics import cli
from analytics.bigdata import records, source, survey, texts, where
from analytics.bigdata.source import Told, chunks, opened
from analytics.errors import BadInput, StoreError
from analytics.store.artifacts import Artifacts

N = 30_000


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch):
    monkeypatch.setattr(records, "BLOCK", 100_000)
    monkeypatch.setattr(texts, "HEAD", 20_000)
    monkeypatch.setattr(records, "LONGEST", 300_000)
    monkeypatch.setattr(source, "ROWS", 4_000)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "x": rng.normal(size=N).round(4),
            "y": rng.normal(size=N).round(4) + (np.arange(N) % 3) * 5,
            "n": rng.integers(0, 5, N),
            "kind": rng.choice(["red", "green", "deep blue"], N, p=[0.7, 0.2, 0.1]),
            "on": rng.random(N) < 0.5,
            "day": (pd.to_datetime("2021-01-01") + pd.to_timedelta(np.arange(N) % 90, "D")),
            "said": [f'a "word", {i % 7}\nand more' for i in range(N)],
        }
    )


@pytest.fixture(params=["csv", "parquet"])
def path(request, frame, tmp_path):
    path = tmp_path / f"big.{request.param}"
    if request.param == "csv":
        frame.to_csv(path, index=False, lineterminator="\r\n")
    else:
        frame.assign(kind=frame["kind"].astype("category")).to_parquet(path, row_group_size=9_000)
    return path


def whole(found, columns=None, told=None, as_text=False):
    parts = list(chunks(found, columns, told=told, as_text=as_text))
    assert [s for s, _ in parts] == list(np.cumsum([0, *[t.num_rows for _, t in parts]])[:-1])
    return len(parts), pa.concat_tables([t for _, t in parts]).to_pandas()


def test_pieces_hold_every_row_in_order(path, frame):
    found = opened(path)
    assert list(found.kinds.values()) == ["number"] * 3 + ["text", "boolean", "date", "text"]
    count, read = whole(found)
    assert count > 5
    want = frame.assign(n=frame["n"].astype(float), day=frame["day"].astype("datetime64[us]"))
    pd.testing.assert_frame_equal(read, want, check_dtype=False)
    assert list(whole(found, ["kind", "x"])[1].columns) == ["kind", "x"]


def test_a_survey_gives_the_facts_of_all_rows(path, frame, home):
    facts, seen = survey.look(opened(path), ("x", "y"))
    assert facts["rows"] == N and seen.points == N
    by = facts["by_column"]
    assert by["x"]["mean"] == pytest.approx(frame["x"].mean())
    assert by["kind"]["top"][0] == ["red", int((frame["kind"] == "red").sum())]
    assert by["day"]["max"] == "2021-03-31"
    assert facts["problems"] == [] and "standard error of 0.8 %" in facts["notes"][-1]


def test_a_sample_is_a_table_with_its_lineage(path, frame, home):
    store = Artifacts(home / "results")
    table = analytics.sample(path, 600, by="kind", seed=3, store=store)
    again = analytics.sample(path, 600, by="kind", seed=3, store=Artifacts(home / "other"))
    assert table.digest == again.digest and table.frame.equals(again.frame)
    assert analytics.sample(path, 600, by="kind", seed=4, store=store).digest != table.digest
    assert len(table.frame) == 600
    rows = table.frame["file row"].to_numpy()
    assert (table.frame["said"].to_numpy() == frame["said"].to_numpy()[rows]).all()
    np.testing.assert_array_equal(table.frame["x"], frame["x"].to_numpy()[rows])
    share = table.frame["kind"].value_counts() - frame["kind"].value_counts() * 600 / N
    assert share.abs().max() < 1
    assert table.kinds["file row"] == "identifier" and "file row" not in table.recipe["features"]
    said = f"600 of 30,000 rows of {path.name}, drawn in the proportions of 'kind', seed 3."
    assert table.notes[0] == table.source["sampled"]["sentence"] == said
    assert len(table.params["content"]) == 64 and str(path.parent) not in json.dumps(table.params)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "is empty"),
        (b"PAR1 and then nothing of use", "cut off or damaged"),
        (b"\x89PNG\r\n", "is a picture"),
        (b"PK\x03\x04", "."),
        (b"a,b\n" + b"1,2\n" * 9_000 + b'3,"4\n' + b"5,6\n" * 90_000, "line 9,002"),
        (b"a,b\n", "no rows of data"),
        (b"a b c\n" + b"1 2 3\n" * 9_000, "runs of blanks"),
        (b'[{"a": 1}]\n' + b" " * 30_000, "looks like JSON"),
    ],
)
def test_files_that_cannot_be_read_are_refused_in_one_sentence(text, said, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_bytes(text)
    with pytest.raises(BadInput, match=said) as error:
        whole(opened(path))
    assert "\n" not in str(error.value) and str(error.value).endswith(".")


def test_broken_rows_far_down_are_named_by_line(tmp_path):
    lines = ["a,b,c", *["1,2,x"] * 20_000]
    lines[15_000] = "1,2"  # line 15,001
    lines[18_000] = "1,2,3,4"
    lines[18_001] = "1,2,3,,,"  # only empty ones too many
    path = tmp_path / "broken.csv"
    path.write_text("\n".join(lines))
    told = Told()
    _, read = whole(opened(path), told=told)
    assert len(read) == 19_999
    assert told.short == [1, 15_001] and told.long == [1, 18_001]
    assert "in line 18,001" in told.notes()[1]


def test_a_type_that_changes_far_down(tmp_path):
    few = ["1.5"] * 30_000
    few[25_000] = "broken"
    many = ["7"] * 15_000 + ["word"] * 15_000
    path = tmp_path / "turns.csv"
    path.write_text("few,many\n" + "".join(f"{a},{b}\n" for a, b in zip(few, many, strict=True)))
    assert set(opened(path).kinds.values()) == {"number"}
    facts, _ = survey.look(opened(path))
    assert facts["kinds"] == {"few": "number", "many": "text"}
    assert facts["by_column"]["few"]["missing"] == 1
    assert facts["by_column"]["many"]["top"] == [["7", 15_000], ["word", 15_000]]
    notes = " ".join(facts["notes"])
    assert "row 25,001" in notes and "row 15,001" in notes and "'broken'" in notes


def test_stray_quotes_other_encodings_and_decimal_commas(tmp_path):
    rows = "".join(f'{i};5" pipe;{i},5;Zürich\n' for i in range(9_001))
    path = tmp_path / "odd.csv"
    path.write_bytes(("i;size;value;town\n" + rows).encode("cp1252"))
    found = opened(path, options={"encoding": "cp1252"})
    assert found.layout.decimal == "," and found.kinds["value"] == "number"
    _, read = whole(found)
    assert len(read) == 9_001 and read["value"].sum() == 9_001 * 9_000 / 2 + 9_001 / 2
    assert set(read["town"]) == {"Zürich"} and set(read["size"]) == {'5" pipe'}
    path.write_bytes(b"a,b\n" + b"1,x\n" * 9_000 + b"2,\xff\n")
    told = Told()
    assert whole(opened(path), told=told)[1]["b"].iloc[-1] == "\ufffd"
    assert told.replaced == [1, 9_002]


def test_a_file_that_changes_while_it_is_read(path):
    found = opened(path)
    pieces = chunks(found)
    next(pieces)
    with path.open("ab") as file:
        file.write(b"more")
    with pytest.raises(BadInput, match="changed while it was read"):
        list(pieces)


def test_a_parquet_file_that_is_damaged_inside(frame, tmp_path):
    path = tmp_path / "hurt.parquet"
    frame[["x", "said"]].to_parquet(path, row_group_size=5_000)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 4_000] = b"\x13" * 4_000
    path.write_bytes(content)
    with pytest.raises(BadInput, match="damaged after row"):
        whole(opened(path))
    nested = tmp_path / "nested.parquet"
    pq.write_table(pa.table({"v": [[1, 2], [3]], "x": [1, 2]}), nested)
    found = opened(nested)
    assert found.columns == ["x"] and "'v'" in found.notes[0]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["x", "turned\u202e"], "('turned')"),
        (["x", " y", "z\n", ""], "('y', 'z', '')"),
        (["x", "x"], "('x')"),
        (["x", "y" * 201], "('" + "y" * 39 + "…')"),
    ],
)
def test_columns_of_a_parquet_file_that_cannot_keep_their_names_are_named(names, said, tmp_path):
    path = tmp_path / "named.parquet"
    pq.write_table(pa.table([pa.array([1.0, 2.0])] * len(names), names=names), path)
    with pytest.raises(BadInput, match="signs that turn the line around") as caught:
        opened(path)
    assert said in str(caught.value)


def test_a_parquet_file_with_a_name_that_is_no_text(tmp_path):
    path = tmp_path / "named.parquet"
    pq.write_table(pa.table({"abcd": [1.0, 2.0]}), path, store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"abcd", b"ab\x80d"))
    with pytest.raises(BadInput, match="list of its columns"):
        opened(path)


def test_only_plain_files_of_the_folder_are_offered(tmp_path, monkeypatch):
    folder, outside = tmp_path / "data", tmp_path / "secret.csv"
    (folder / "sub").mkdir(parents=True)
    outside.write_text("a,b\n1,2\n")
    (folder / "a.csv").write_text("a,b\n1,2\n")
    (folder / "sub" / "b.csv").write_text("a,b\n1,2\n")
    (folder / ".hidden.csv").write_text("a\n1\n")
    (folder / "notes.md").write_text("no")
    os.symlink(outside, folder / "link.csv")
    monkeypatch.setenv("GESTALT_DATA", str(folder))
    for name in (".cache", "_old", "notes"):
        (folder / name).mkdir()
    (folder / ".cache" / "c.csv").write_text("a,b\n1,2\n")
    os.symlink(folder / "sub", folder / "linked")
    assert [(p.name, p.files) for p in where.listed()] == [("a.csv", 0), ("sub", 1)]
    assert where.in_folder("a.csv") == folder / "a.csv"
    assert where.in_folder("sub") == folder / "sub"
    for name in ("../secret.csv", "link.csv", "sub/b.csv", "/etc/passwd", "..", "", "a.csv\0",
                 str(outside), "sub\\b.csv", "none.csv", ".cache", "linked", None):  # fmt: skip
        with pytest.raises(BadInput, match="no file"):
            where.in_folder(name)
    monkeypatch.setenv("GESTALT_DATA", "")
    assert where.listed() == []
    with pytest.raises(BadInput, match="no file"):
        where.in_folder("a.csv")
    monkeypatch.setenv("GESTALT_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(BadInput, match="GESTALT_DATA"):
        where.listed()


def test_a_file_is_known_by_its_content(home, monkeypatch):
    folder = home / "data"
    folder.mkdir()
    path = folder / "a.csv"
    path.write_text("a,b\n1,2\n")
    monkeypatch.setenv("GESTALT_DATA", str(folder))
    (place,) = where.listed()
    content = where.identify(path)
    assert where.path_of(place) == where.find(content, "a.csv") == path
    path.write_text("a,b\n1,3\n")
    with pytest.raises(BadInput, match="changed since"):
        where.path_of(place)
    with pytest.raises(BadInput, match="no longer the file"):
        where.find(content, "a.csv")


def run(capsys, *arguments, code=0):
    assert cli.main([*map(str, arguments), "--json"]) == code
    out, err = capsys.readouterr()
    return json.loads(out), err


def test_the_command_line_streams(path, frame, home, capsys, monkeypatch):
    monkeypatch.chdir(home)
    found, err = run(capsys, "profile", path, "--stream")
    assert found["streamed"] and found["rows"] == N and "piece by piece" in err
    assert found["source"]["sha256"] == where.identify(path)
    ranked, _ = run(capsys, "clams", path, "--stream", "--x", "x", "--y", "y")
    usual, _ = run(capsys, "clams", path, "--x", "x", "--y", "y")
    assert ranked["ambiguity"] == pytest.approx(usual["ambiguity"], abs=0.005)
    drawn, _ = run(capsys, "sample", path, "--rows", 50, "--by", "kind", "--out", "s.csv")
    assert drawn["rows"] == len(pd.read_csv("s.csv")) == 50 and drawn["of"] == N
    counted, _ = run(capsys, "count", path, "--by", "kind,on", "--of", "x")
    written = pd.read_csv("counts.csv")
    assert counted["rows"] == written["rows"].sum() == N and counted["groups"] == 6
    red = frame[(frame["kind"] == "red") & frame["on"]]
    first = written[(written["kind"] == "red") & written["on"].astype(str).eq("True")]
    assert first["x: mean"].item() == pytest.approx(red["x"].mean())
    for wrong in (
        ["count", path],
        ["count", path, "--by", "none"],
        ["count", path, "--by", "kind", "--of", "said"],
        ["sample", path, "--rows", 1],
        ["sample", path, "--by", "none"],
        ["clams", path, "--stream", "--x", "kind", "--y", "x"],
        ["profile", home / "none.csv", "--stream"],
    ):
        answer, _ = run(capsys, *wrong, code=2)
        assert answer["error"].endswith(".")


def test_a_data_folder_that_takes_no_hash_is_said_with_what_to_do(home, tmp_path):
    pd.DataFrame({"x": [1.0, 2.0]}).to_csv(tmp_path / "few.csv", index=False)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "hashes").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match=r"cannot be written .*: free some space there or set"):
        analytics.sample(tmp_path / "few.csv", 2)
