"""Readers: every format there and back, every bad file with one sentence, hostile bytes."""

import gzip
import io
import json
import os
import struct
import warnings
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.data import archives, arrays, limits, readers, tables
from analytics.errors import BadInput, Cancelled

FRAME = pd.DataFrame(
    {
        "n": [1, 2, 3, -4],
        "x": [0.5, -1.25, np.nan, 1e300],
        "name": ["Zoë", "a, b", 'say "hi"', "two\nlines"],
        "flag": [True, False, True, True],
        "day": pd.to_datetime(["2024-01-31", "2024-02-01", "1999-12-31", "2024-02-03"]),
    }
)
ALLOWED = {"int64", "uint64", "float64", "float32", "bool", "str", "datetime64[us]"}


@pytest.fixture
def read(tmp_path):
    """Read bytes as a file of a name; the frame must keep the contract of the readers."""

    def inner(data: bytes | str, name: str = "data.csv", **options):
        path = tmp_path / "content"
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            frame, source, notes = readers.read_file(path, name, options)
        assert set(frame.dtypes.astype(str)) <= ALLOWED
        assert frame.columns.is_unique and all(isinstance(c, str) and c for c in frame.columns)
        assert json.loads(json.dumps(source, allow_nan=False)) == source
        frame.to_parquet(io.BytesIO())
        return frame, source, notes

    return inner


def refused(read, data, name="data.csv", **options) -> str:
    """The one sentence with which a file is refused."""
    with pytest.raises(BadInput) as caught:
        read(data, name, **options)
    sentence = str(caught.value)
    assert sentence.endswith(".") and "\n" not in sentence and "Traceback" not in sentence
    assert "!" not in sentence
    return sentence


def saved(write) -> bytes:
    buffer = io.BytesIO()
    write(buffer)
    return buffer.getvalue()


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__dot__", "."), data)
    return buffer.getvalue()


# --- formats there and back --------------------------------------------------------------------


WRITERS = {
    "data.csv": lambda f: f.to_csv(index=False).encode(),
    "data.tsv": lambda f: f.to_csv(index=False, sep="\t").encode(),
    "data.txt": lambda f: f.to_csv(index=False, sep="|").encode(),
    "data.json": lambda f: f.to_json(orient="records", date_format="iso").encode(),
    "data.jsonl": lambda f: f.to_json(orient="records", lines=True, date_format="iso").encode(),
    "data.parquet": lambda f: saved(f.to_parquet),
    "data.feather": lambda f: saved(f.to_feather),
    "data.xlsx": lambda f: saved(lambda b: f.to_excel(b, index=False)),
}
FORMATS = {"txt": "csv"}


@pytest.mark.parametrize("packing", ["", ".gz", ".zip"])
@pytest.mark.parametrize("name", WRITERS)
def test_every_table_format_comes_back(read, name, packing):
    data = WRITERS[name](FRAME)
    if packing == ".gz":
        data = gzip.compress(data)
    elif packing == ".zip":
        data = zipped(**{name: data, "__MACOSX/x": b"?", ".DS_Store": b"?"})
    frame, source, notes = read(data, name + packing)
    pd.testing.assert_frame_equal(frame, FRAME, check_dtype=False, rtol=1e-14)
    assert frame.dtypes.astype(str).tolist() == [
        "int64",
        "float64",
        "str",
        "bool",
        "datetime64[us]",
    ]
    ending = name.rsplit(".")[-1]
    assert source["format"] == FORMATS.get(ending, ending)
    assert source["bytes"] == len(data)
    assert source.get("compression") == {"": None, ".gz": "gzip", ".zip": "zip"}[packing]
    assert [n for n in notes if "time zone" not in n and "written as text" not in n] == []


@pytest.mark.parametrize("orient", ["records", "columns", "list", "split", "values", "wrapped"])
def test_json_shapes(read, orient):
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "z"]})
    if orient == "list":
        text = json.dumps(frame.to_dict("list"))
    elif orient == "values":
        text = json.dumps([["a", "b"], *frame.to_numpy().tolist()])
    elif orient == "wrapped":
        text = json.dumps({"count": 3, "data": frame.to_dict("records")})
    else:
        text = frame.to_json(orient=orient)
    found, source, _ = read(text, "d.json")
    pd.testing.assert_frame_equal(found, frame)
    assert source["format"] == "json"


def test_nested_json_becomes_dotted_columns_vectors_and_json_text(read):
    rows = [
        {"id": 1, "who": {"name": "a", "at": {"x": 1.5}}, "tags": ["p"], "emb": [1, 2.5]},
        {"id": 2, "who": {"name": "b"}, "tags": [], "emb": [3, 4]},
    ]
    frame, _, _ = read(json.dumps(rows), "d.json")
    assert list(frame.columns) == ["id", "who.name", "who.at.x", "tags", "emb_0", "emb_1"]
    assert frame["tags"].tolist() == ['["p"]', "[]"]
    assert frame["emb_1"].tolist() == [2.5, 4.0]
    assert np.isnan(frame["who.at.x"][1])


def test_json_values_of_several_types_and_sizes(read):
    text = '[{"a": 1, "b": 99999999999999999999, "c": NaN}, {"a": "x", "b": 1, "c": Infinity}]'
    frame, _, notes = read(text, "d.json")
    assert frame["a"].tolist() == ["1", "x"]
    assert frame["b"].tolist() == ["99999999999999999999", "1"]
    assert np.isnan(frame["c"][0]) and np.isinf(frame["c"][1])
    assert len(notes) == 2


@pytest.mark.parametrize("packing", ["", "gz", "zip"])
def test_npy_matrix(read, packing):
    matrix = np.arange(6, dtype=">f4").reshape(3, 2)
    data = saved(lambda b: np.save(b, matrix))
    data = {"": data, "gz": gzip.compress(data), "zip": zipped(**{"m.npy": data})}[packing]
    frame, source, _ = read(data, "m.npy" + ("." + packing if packing else ""))
    # A zip of one NPY is an NPZ, whose arrays have names.
    assert list(frame.columns) == (["m_0", "m_1"] if packing == "zip" else ["x0", "x1"])
    assert frame.dtypes.eq("float32").all()
    np.testing.assert_array_equal(frame.to_numpy(), matrix)
    assert source["format"] == ("npz" if packing == "zip" else "npy")


def test_npy_other_shapes(read):
    vector, _, _ = read(saved(lambda b: np.save(b, np.array([1, 2], np.uint8))), "v.npy")
    assert vector["column 1"].tolist() == [1, 2] and vector.dtypes.iloc[0] == np.int64
    people = np.array([(1, "a", 2.0)], [("id", "i4"), ("name", "U3"), ("w", "f8")])
    table, _, _ = read(saved(lambda b: np.save(b, people)), "p.npy")
    assert table.to_dict("list") == {"id": [1], "name": ["a"], "w": [2.0]}
    images = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    frame, source, notes = read(saved(lambda b: np.save(b, images)), "i.npy")
    assert frame.shape == (2, 12) and source["image_shape"] == [4, 3] and "image" in notes[0]
    times = np.array(["2024-01-01", "NaT"], "datetime64[D]")
    assert read(saved(lambda b: np.save(b, times)), "t.npy")[0].dtypes.iloc[0] == "datetime64[us]"


def test_npz_joins_what_has_equal_length(read):
    parts = {
        "note": np.array("scalar"),
        "y": np.array([0, 1, 0]),
        "X": np.arange(6.0).reshape(3, 2),
        "other": np.zeros((5, 2)),
        "feature_names": np.array(["width", "height"]),
        "word": np.array(["p", "q", "r"]),
    }
    frame, source, notes = read(saved(lambda b: np.savez_compressed(b, **parts)), "d.npz")
    assert list(frame.columns) == ["width", "height", "y", "word"]
    assert source["array"] == "X" and "other" in source["arrays"]
    assert any("'other'" in n for n in notes)
    del parts["feature_names"]
    data = saved(lambda b: np.savez(b, **parts))
    assert list(read(data, "d.npz")[0].columns) == ["x0", "x1", "y", "word"]
    frame, _, _ = read(data, "d.npz", array="other")
    assert frame.shape == (5, 2) and list(frame.columns) == ["other_0", "other_1"]
    assert "no array 'Z'" in refused(read, data, "d.npz", array="Z")


def test_parquet_types(read):
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "big": pa.array([2**63, 1], pa.uint64()),
            "id": pa.array([2**60 + 1, None], pa.int64()),
            "maybe": pa.array([True, None]),
            "cat": pa.array(["a", "b"]).dictionary_encode(),
            "emb": pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float32(), 2)),
            "s": pa.array([{"k": 1}, {"k": 2}]),
            "tz": pa.array([0, 1], pa.timestamp("ns", "Europe/Berlin")),
            "raw": pa.array([b"\x00", b"\x01"]),
            "h": pa.array([1.5, 2.5], pa.float16()),
            "none": pa.nulls(2),
            "took": pa.array([1500, None], pa.duration("ms")),
        }
    )
    frame, _, notes = read(saved(lambda b: pq.write_table(table, b)), "t.parquet")
    kinds = dict(frame.dtypes.astype(str))
    assert kinds == {
        "big": "uint64", "id": "str", "maybe": "str", "cat": "str", "emb_0": "float64",
        "emb_1": "float64", "s.k": "int64", "tz": "datetime64[us]", "h": "float32",
        "none": "float64", "took": "float64",
    }  # fmt: skip
    assert frame["id"][0] == str(2**60 + 1) and frame["took"][0] == 1.5
    assert any("'raw'" in n and "left out" in n for n in notes)


def test_xlsx_sheets_titles_and_empty_rows(read):
    def write(buffer):
        with pd.ExcelWriter(buffer) as writer:
            pd.DataFrame().to_excel(writer, sheet_name="empty")
            cells = [["A title", None], [None, None], ["a", "b"], [1, 2.5], [None, None], [2, "x"]]
            pd.DataFrame(cells).to_excel(writer, sheet_name="first", index=False, header=False)
            pd.DataFrame({"z": [9]}).to_excel(writer, sheet_name="last", index=False)

    data = saved(write)
    frame, source, notes = read(data, "d.xlsx")
    assert frame.to_dict("list") == {"a": [1, 2], "b": ["2.5", "x"]}
    assert source["sheet"] == "first" and source["sheets"] == ["empty", "first", "last"]
    assert len(notes) == 4
    assert read(data, "d.xlsx", sheet="last")[0].to_dict("list") == {"z": [9]}
    assert "'empty', 'first', 'last'" in refused(read, data, "d.xlsx", sheet="no")
    assert "empty" in refused(read, data, "d.xlsx", sheet="empty")


def test_a_title_page_of_a_workbook_is_passed_over(read):
    def write(buffer):
        with pd.ExcelWriter(buffer) as writer:
            pd.DataFrame({"note": ["read me"]}).to_excel(writer, sheet_name="about", index=False)
            pd.DataFrame({"z": [9, 8]}).to_excel(writer, sheet_name="data", index=False)

    data = saved(write)
    frame, source, notes = read(data, "d.xlsx")
    assert source["sheet"] == "data" and frame["z"].tolist() == [9, 8] and "'data'" in notes[0]
    assert read(data, "d.xlsx", sheet="about")[0]["note"].tolist() == ["read me"]
    alone = saved(lambda b: pd.DataFrame({"z": [9]}).to_excel(b, index=False))
    assert read(alone, "d.xlsx")[0]["z"].tolist() == [9]


def test_pages_and_pictures_are_told_from_data(read):
    page = "<!DOCTYPE html>\n<html><body><table><tr><td>1, 2</td></tr></table></body>\n</html>\n"
    for name in ("data.csv", "data.xls", "data.txt"):
        assert "a web page" in refused(read, "\ufeff" + page, name)
    assert "a web page" in refused(read, "<html><head><title>Sign in</title>", "data.csv")
    texts = "<html>one</html>\n<html>two</html>\n<html>three</html>\n"
    assert len(read(texts, "pages.txt")[0]) == 3
    pictures = zipped(**{"a/1.png": b"\x89PNG", "a/2.JPG": b"\xff\xd8\xff"})
    assert "2 pictures" in refused(read, pictures, "pictures.zip")


# --- how text is understood --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "columns", "header"),
    [
        ("a,b\n1,2\n", ["a", "b"], True),
        ("1,2\n3,4\n", ["column 1", "column 2"], False),
        ("5.1,3.5,setosa\n4.9,3.0,setosa\n", ["column 1", "column 2", "column 3"], False),
        ("ann,2024-01-01\nbob,2024-01-02\ncy,2024-01-05\n", ["column 1", "column 2"], False),
        ("0,1\n0.5,2\n1.5,3\n", ["0", "1"], True),
        (",a\n0,1.5\n1,2.5\n", ["column 1", "a"], True),
        ("land,2000,2001,2002\nDE,1,5,2\nFR,3,3,9\n", ["land", "2000", "2001", "2002"], True),
        ("colour,size\nred,big\nblue,small\n", ["colour", "size"], True),
        ("red,big\nblue,small\nred,big\n", ["column 1", "column 2"], False),
        ('"a b" c\n1 2\n3 4\n', ["a b", "c"], True),
        ("a b\nr1 1 2\nr2 3 4\n", ["row", "a", "b"], True),
        ("a,b,\n1,2,\n3,4,\n", ["a", "b"], True),
        ("sep=;\na;b\n1;2\n", ["a", "b"], True),
        ("# made today\n# u v\n1 2\n3 4\n", ["u", "v"], False),
        ("My table\n\na,b\n1,2\n3,4\n", ["a", "b"], True),
        ("a\r1\r2\r", ["a"], True),
        ("name,first 'x\nA,1\nB,2\n", ["name", "first 'x"], True),
    ],
)
def test_names_and_header(read, text, columns, header):
    frame, source, _ = read(text)
    assert list(frame.columns) == columns
    assert source["header"] is header


def test_header_can_be_chosen(read):
    assert list(read("a,b\n1,2\n", header=False)[0].columns) == ["column 1", "column 2"]
    assert list(read("1,2\n3,4\n", header="true")[0].columns) == ["1", "2"]


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2,5\n", ";"),
        ("1,5;2,5;3,5\n2,5;3,5;4,5\n", ";"),
        ("a\tb\n1,2\t3\n", "\t"),
        ("a|b\nx|y\n", "|"),
        ("1  2.5 a\n3 4   b\n", " "),
        ('a,b\n"1;2;3",4\n"1;2;3",5\n', ","),
        ("v\n1\n2\n", None),
    ],
)
def test_separator(read, text, separator):
    assert read(text)[1]["separator"] == separator


def test_prose_is_one_text_column(read):
    text = "It was late, and raining.\nNobody came, she said, not one.\nThe end.\n"
    frame, source, _ = read(text, "pasted.txt")
    assert list(frame.columns) == ["text"] and len(frame) == 3
    assert source["separator"] is None and source["format"] == "text"
    two = "It was late, and it rained.\nNobody came, as she said.\n"
    assert read(two, "pasted.txt")[0].shape == (2, 1)


def test_cells(read):
    text = (
        "num,gap,inf,odd,zip,long,thousand,day,mix,late\n"
        '1,NA,inf,?,01234,123456789012345678901,"1,234",2024-01-01,1,yes\n'
        '+2,n/a,-inf,2,99999,1,"2,000.5",2024-01-02 10:30,x,\n'
    )
    frame, _, notes = read(text)
    kinds = dict(frame.dtypes.astype(str))
    assert kinds == {
        "num": "int64", "gap": "float64", "inf": "float64", "odd": "float64", "zip": "str",
        "long": "str", "thousand": "float64", "day": "datetime64[us]", "mix": "str", "late": "str",
    }  # fmt: skip
    assert np.isinf(frame["inf"]).all() and frame["gap"].isna().all()
    assert frame["thousand"].tolist() == [1234, 2000.5]
    assert frame["late"].isna().tolist() == [False, True]
    assert len(notes) == 4


def test_question_mark_stays_in_text(read):
    assert read("a,b\n?,1\nx,2\n")[0]["a"].tolist() == ["?", "x"]


def test_decimal_comma_with_points_between_thousands(read):
    frame, source, _ = read("a;b\n1.234,56;1\n2.000,5;2\n")
    assert frame["a"].tolist() == [1234.56, 2000.5] and source["decimal"] == ","


@pytest.mark.parametrize(
    ("rows", "decimal", "values"),
    [
        (("20,31;12.345", "5,5;8.000", ";1.200"), ",", (20.31, 12345)),
        (("20.31;12,345", "5.5;8,000", ";1,200"), ".", (20.31, 12345)),
        (("1.345;2", "8.000;3"), ".", (1.345, 2)),
        (("1,345;2", "8,000;3"), ",", (1.345, 2)),
        (("0,345;12.500", "0,125;8.000", ";3.250", ";4.750"), ",", (0.345, 12500)),
        (("1.345;one", "8.125;1,5", "9.250;two", "7.750;three"), ".", (1.345, "one")),
    ],
)
def test_numbers_that_may_hold_thousands_do_not_decide_the_decimal_sign(
    read, rows, decimal, values
):
    frame, source, _ = read("\n".join(("a;b", *rows)))
    assert source["decimal"] == decimal and tuple(frame.iloc[0]) == values


def test_ragged_rows_are_counted_and_placed(read):
    frame, _, notes = read("a,b\n1,2\n3,4,5\n6\n7,8\n")
    assert frame["a"].tolist() == [1, 6, 7] and np.isnan(frame["b"][1])
    assert "1, the first in line 4" in notes[0] and "left out: 1, the first in line 3" in notes[1]


def test_unbalanced_quotes(read):
    frame, _, notes = read('a,b\n1,"x\n2,y\n3,z\n')
    assert frame["b"].tolist() == ['"x', "y", "z"] and "line 2" in notes[0]
    assert "line 3" in refused(read, 'a,b\n1,2\n2,"x\n2,y,3\n')


def test_a_quotation_mark_that_swallows_the_table_is_named(read):
    _, _, notes = read('a,b,c\n1,"2,3\n' + "4,5,6\n" * 40)
    assert any("do not pair up, the first one in line 2" in note for note in notes)


def test_quoted_line_ends_and_blanks_after_commas(read):
    frame, _, _ = read('a, b, c\n1, "x, y", p\n2, "line\nend", q\n')
    assert frame["b"].tolist() == ["x, y", "line\nend"] and frame["c"].tolist() == ["p", "q"]


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"), ("utf-32", "utf-32"), ("latin-1", "cp1252"),
        ("cp1252", "cp1252"),
    ],
)  # fmt: skip
def test_encodings(read, encoding, named):
    text = "stadt;größe\nZürich;1\nKöln;2\n"
    frame, source, _ = read(text.encode(encoding))
    assert frame["stadt"].tolist() == ["Zürich", "Köln"] and "größe" in frame
    assert source["encoding"] == named


@pytest.mark.parametrize(
    ("sentence", "encoding"),
    [
        ("Příliš žluťoučký kůň úpěl ďábelské ódy v zahradě", "cp1250"),
        ("Le garçon a été élevé à la campagne où il était aimé", "cp1252"),
        ("Сегодня хорошая погода и мы идём гулять в парк", "cp1251"),
        ("今日は天気がいいですね。明日も晴れるでしょう", "shift_jis"),
        ("Η Αθήνα είναι η πρωτεύουσα της Ελλάδας από το 1834", "cp1253"),
        ("Версия Windows для всех жителей города и области", "cp1251"),
    ],
)
def test_legacy_encodings_are_told_apart(read, sentence, encoding):
    rows = "".join(f"{i},{sentence}\n" for i in range(8))
    frame, source, notes = read(f"id,text\n{rows}".encode(encoding))
    assert frame["text"][0] == sentence and source["encoding"] == encoding
    assert "not UTF-8" in notes[0]


def test_repeated_accented_labels_are_not_taken_for_greek(read):
    words = ["Müller"] * 40 + ["Süß"] * 40 + ["é"] * 40
    rows = "".join(f"{i / 7},{word}\n" for i, word in enumerate(words))
    frame, source, _ = read(f"a,label\n{rows}".encode("latin-1"))
    assert frame["label"].tolist() == words and source["encoding"] == "cp1252"


def test_few_damaged_places_do_not_change_the_encoding(read):
    data = ("word\n" + "Größe\n" * 50).encode() + b"kap\xfft\n"
    frame, source, notes = read(data)
    assert source["encoding"] == "utf-8" and frame["word"][0] == "Größe" and "line 52" in notes[0]


def test_names_are_made_unique_and_printable(read):
    text = "a,a,,<b onclick=x>,t\x07ab," + "long" * 60 + ",a (2)\n1,2,3,4,5,6,7\n"
    frame, _, notes = read(text)
    assert list(frame.columns[:5]) == ["a", "a (3)", "column 3", "<b onclick=x>", "t ab"]
    assert len(frame.columns[5]) == 200 and frame.columns[6] == "a (2)"
    assert len(notes) == 3


# --- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "name", "words"),
    [
        (b"", "a.csv", "empty"),
        (b" \n\n", "a.csv", "empty"),
        (b"# only\n", "a.csv", "only comment lines"),
        (b"a,b\n", "a.csv", "column names but no rows"),
        (bytes(range(256)) * 4, "a.csv", "neither text"),
        (b"\x00\x01" * 50, "a.parquet", "neither text"),
        (b"PAR1junk", "a.parquet", "damaged"),
        (b"ARROW1junk", "a.feather", "damaged"),
        (b"PK\x03\x04 nothing", "a.zip", "damaged"),
        (b"PK\x05\x06" + b"\0" * 18, "a.zip", "holds no file"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "a.csv.gz", "gzip file is damaged"),
        (zipped(**{"a.csv": b"a,b\n1,2\n"})[:-30], "a.xlsx", "zip, which XLSX and NPZ are too"),
        (gzip.compress(b"", mtime=0), "a.csv.gz", "empty"),
        (gzip.compress(gzip.compress(b"a\n1\n", mtime=0), mtime=0), "a.gz", "another archive"),
        (b"%PDF-1.7", "a.pdf", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "a.xls", "password"),
        (b"\x80\x04\x95abc", "a.pkl", "run code"),
        (b"\x93NUMPY\x01\x00", "a.npy", "damaged header"),
        (b"[1, 2", "a.json", "line 1, column"),
        (b"{}", "a.json", "no rows"),
        (b"[]", "a.json", "no rows"),
        (b"[{}, {}]", "a.json", "empty"),
        (b'[{"a": 1}, 2]', "a.json", "mixes"),
        (b'{"a": [1], "b": [1, 2]}', "a.json", "differ in length"),
        (b'{"a": 1}\n{"a": \n', "a.jsonl", "line 2"),
        (b"[" * 100_000, "a.json", "JSON"),
    ],
)
def test_bad_files(read, data, name, words):
    assert words in refused(read, data, name)


def test_bad_zips(read):
    inner = zipped(**{"a.csv": b"a\n1\n"})
    assert "another archive" in refused(read, zipped(**{"inner.zip": inner}), "a.zip")
    many = {f"f{i}.csv": b"a\n1\n" for i in range(20)}
    assert "20 files ('f0.csv', 'f1.csv', 'f2.csv' and 17 more)" in refused(
        read, zipped(**many), "a.zip"
    )
    for path in ("../../etc/a.csv", "/abs/a.csv", "..\\a.csv"):
        assert "outside" in refused(read, zipped(**{path: b"a\n1\n"}), "a.zip")
    whole = zipped(**{"a.csv": os.urandom(5000)})
    assert "damaged" in refused(read, whole[:-30], "a.zip")
    assert "damaged" in refused(read, whole[:500] + b"xxxx" + whole[504:], "a.zip")
    locked = bytearray(zipped(**{"a.csv": b"a\n1\n"}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        locked[locked.index(mark) + at] |= 1
    assert "password" in refused(read, bytes(locked), "a.zip")


def test_link_in_zip(read):
    link = zipfile.ZipInfo("a.csv")
    link.external_attr = 0o120777 << 16
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert "link" in refused(read, buffer.getvalue(), "a.zip")


def test_a_member_without_a_name(read, tmp_path):
    whole = zipped(**{"a.csv": b"x\n1\n"})
    nameless = whole.replace(b"a.csv", b"\0.csv")  # Python ends a name at a zero
    assert "no file" in refused(read, nameless, "a.zip")


def test_bombs(read, monkeypatch):
    monkeypatch.setattr(archives, "RATIO_FLOOR_BYTES", 2**20)
    monkeypatch.setattr(archives, "MAX_RATIO", 100)
    zeros = b"0,0,0,0\n" * 400_000
    assert "far more" in refused(read, gzip.compress(zeros), "a.csv.gz")
    assert "far more" in refused(read, zipped(**{"a.csv": zeros}), "a.zip")
    npz = saved(lambda b: np.savez_compressed(b, X=np.zeros((1000, 1000))))
    assert "far more" in refused(read, npz, "a.npz")
    sheet = {"xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": b" " * 4_000_000}
    assert "far more" in refused(read, zipped(**sheet), "a.xlsx")
    monkeypatch.setattr(archives, "MAX_DIRECTORY_BYTES", 500)
    assert "too many" in refused(read, zipped(**{f"{i}.csv": b"" for i in range(50)}), "a.zip")


def test_far_cells_in_a_small_workbook(read):
    data = saved(lambda b: pd.DataFrame({"a": [1]}).to_excel(b, index=False))
    source = zipfile.ZipFile(io.BytesIO(data))
    parts = {n: source.read(n) for n in source.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    far = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    plain = parts[sheet]
    parts[sheet] = plain.replace(b"</sheetData>", far)
    assert parts[sheet] != plain
    assert "16,384 columns" in refused(read, zipped(**parts), "a.xlsx")
    hidden = b'<row r="1048576">' + b"<c><v>1</v></c>" * 100 + b"</row></sheetData>"
    parts[sheet] = plain.replace(b"</sheetData>", hidden)
    assert "cells" in refused(read, zipped(**parts), "a.xlsx")


def test_bad_arrays(read, monkeypatch):
    objects = saved(lambda b: np.save(b, np.array([{}], object), allow_pickle=True))
    assert "objects" in refused(read, objects, "a.npy")
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999, 9), }\n"
    huge = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    assert "99999999999 × 9" in refused(read, huge, "a.npy")
    assert "99999999999 × 9" in refused(read, zipped(**{"X.npy": huge}), "a.npz")
    zero = huge.replace(b"<f8", b"<V0")
    assert "cells" in refused(read, zero, "a.npy")
    assert "complex" in refused(read, saved(lambda b: np.save(b, np.array([1j]))), "a.npy")
    for value in (1, "a word"):
        one = saved(lambda b, value=value: np.save(b, np.array(value)))
        assert "single value: give one row" in refused(read, one, "a.npy")
        assert "single values only" in refused(read, zipped(**{"X.npy": one}), "a.npz")
    assert "empty" in refused(read, saved(lambda b: np.save(b, np.zeros((0, 3)))), "a.npy")
    npz = zipped(**{"X.npy": objects})
    assert "objects" in refused(read, npz, "a.npz")
    monkeypatch.setattr(arrays, "check_size", lambda *a: limits.check_size(*a[:2], 10))
    wide = saved(lambda b: np.save(b, np.zeros((4, 4))))
    assert "more than 10 cells" in refused(read, wide, "a.npy")


def test_strings_in_arrays_and_text_that_calls_itself_an_array(read):
    words = np.array(["one apple", "two pears", "drei Äpfel"])
    assert list(read(saved(lambda b: np.save(b, words)), "a.npy")[0].iloc[:, 0]) == list(words)
    assert read(saved(lambda b: np.savez(b, words=words)), "a.npz")[0].columns == ["words"]
    for name in ("a.npy", "a.npz", "a.parquet", "a.xlsx"):
        sentence = refused(read, b"404: Not Found\n", name)
        assert "lines of text and no table" in sentence and ".txt" in sentence
    assert read(b"404: Not Found\n", "a.txt")[0].shape == (1, 1)
    assert read(b"a,b\n1,2\n3,4\n", "a.npy")[0].shape == (2, 2)  # a table is one by its content
    assert read(b"1 2 3\n4 5 6\n", "a.npy")[0].shape == (2, 3)


def test_names_lose_signs_that_turn_the_direction_of_writing(read):
    frame, _, notes = read("a\u202egnp,\u2066b\u2069,عربى\n1,2,3\n4,5,6\n".encode(), "a.csv")
    assert list(frame.columns) == ["agnp", "b", "عربى"]
    assert any("turn the line around" in n and "'agnp', 'b'" in n for n in notes)


def test_limits(read, monkeypatch):
    text = ",".join(f"c{i}" for i in range(20_001)) + "\n" + "1," * 20_000 + "1\n"
    assert "at most 20,000" in refused(read, text)
    monkeypatch.setattr(limits, "MAX_CELLS", 100)
    assert "more than 100 cells" in refused(read, "a,b\n" + "1,2\n" * 60)
    assert "more than 100 cells" in refused(
        read, saved(pd.DataFrame({"a": range(101)}).to_parquet), "a.parquet"
    )
    monkeypatch.setattr(readers, "MAX_FILE_BYTES", 10)
    assert "at most" in refused(read, "a,b\n1,2\n1,2\n")


def test_a_late_surprise_changes_the_type(read):
    text = "a,b\n" + "1.5,2.5\n" * 3000 + "?,x\n"
    frame, _, notes = read(text)
    assert frame["a"].isna().sum() == 1 and frame["b"].iloc[-1] == "x"
    assert frame["b"].iloc[0] == "2.5" and len(notes) == 1


def test_ten_thousand_columns(read):
    matrix = np.random.default_rng(0).normal(size=(6, 10_000))
    rows = [range(10_000), *matrix.tolist()]
    frame, source, _ = read("".join(",".join(map(str, row)) + "\n" for row in rows))
    assert frame.shape == (6, 10_000) and source["header"]
    np.testing.assert_array_equal(frame.to_numpy(), matrix)


def test_one_long_line_among_short_ones(read):
    text = "id,text\n" + "1,a\n" * 50_000 + "2," + "x" * 5_000_000 + "\n3,b\n"
    frame, _, _ = read(text)
    assert len(frame) == 50_002 and len(frame["text"][50_000]) == 5_000_000


def test_wrong_names_are_noted(read):
    assert read(saved(FRAME.to_parquet), "x.csv")[2] == (
        "The name says .csv, the content is Parquet; read as Parquet.",
    )
    assert "content is CSV" in read("a,b\n1,2\n", "x.json")[2][0]
    assert read("a\tb\n1\t2\n", "x.csv")[2] == ()
    assert read('{"a": 1}\n{"a": 2}\n', "noname")[1]["format"] == "jsonl"
    assert read("[note] hello\n[note] you\n", "x.txt")[0].shape == (2, 1)


def test_options_are_checked(read):
    assert "Unknown reading option 'sep'" in refused(read, "a\n1\n", sep=",")
    assert "encoding" in refused(read, "a\n1\n", encoding="zip")
    assert "separator" in refused(read, "a\n1\n", separator="ab")
    assert "header" in refused(read, "a\n1\n", header="maybe")
    assert "decimal" in refused(read, "a\n1\n", decimal="x")
    frame, _, _ = read("a:b\n1:2\n", separator=":", encoding="latin-1", sheet=None)
    assert list(frame.columns) == ["a", "b"]
    assert read("a,b\n1,2\n", separator="none")[0].shape[1] == 1


def test_missing_file_and_cancel(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        readers.read_file(tmp_path / "no", "no.csv")
    (tmp_path / "a.csv").write_text("a\n1\n")

    def stop(fraction, words):
        assert fraction is None or 0 <= fraction <= 1
        if fraction:
            raise Cancelled

    with pytest.raises(Cancelled):
        readers.read_file(tmp_path / "a.csv", "a.csv", progress=stop)


def test_span_counts_rows_across_chunks():
    span = tables._Span()
    span.add(b'<row r="2"><c r="B2"><v>1</v></c><c r="ZZ2"/></row>')
    assert (span.rows, span.columns) == (2, 2)
    span.add(b'<x:row r="7"><x:c t="n" r="D7"><v>1</v></x:c><c><v>2</v></c>')
    assert (span.rows, span.columns) == (7, 4)
    span.add(b"<c><v>2</v></c>" * 5)
    assert span.columns == 7  # the seven cells of row 7


@pytest.mark.parametrize(
    "xml",
    [b"<c " + b'r="A1" ' * 100_000, b"<c " + b" r" * 300_000 + b" =", b"<c" * 300_000,
     b"<row " + b" r=" * 200_000, b"<c>" * 5_000 + b"<" * 100_000],
)  # fmt: skip
def test_span_takes_no_time_on_strange_tags(xml):
    tables._Span().add(xml)


def test_span_refuses_places_it_cannot_read():
    for odd in (b'<c r = "XFD1048576">', b"<c a='r='  r ='A1'>", b'<c r="&#65;1">', b"<\0c\0"):
        with pytest.raises(BadInput, match="damaged"):
            tables._Span().add(odd)


# --- properties --------------------------------------------------------------------------------

QUIET = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
MAGIC = st.sampled_from(
    [b"", b"PAR1", b"ARROW1\0\0", b"\xff\xff\xff\xff", b"\x93NUMPY\x01\0v\0",
     b"PK\x03\x04", b"FEA1",
     b"\x1f\x8b\x08\0", b"[", b'{"a":', b'a,b\n"', b"\xff\xfe", b"\xef\xbb\xbf", b"#"]
)  # fmt: skip
NAMES = st.sampled_from([f"x.{e}" for e in readers.FORMATS] + ["x", ".", "x.csv.gz"])


@QUIET
@given(MAGIC, st.binary(max_size=400), NAMES)
def test_random_bytes_are_read_or_refused(read, magic, data, name):
    try:
        read(magic + data, name)
    except BadInput as error:
        assert str(error).endswith(".")


@QUIET
@given(MAGIC, st.text(st.sampled_from('ab1.,;\t |"\n\r#?-é'), max_size=60), NAMES)
def test_random_text_is_read_or_refused(read, magic, text, name):
    try:
        read(magic + text.encode(), name)
    except BadInput as error:
        assert str(error).endswith(".")


WORDS = st.text(
    st.sampled_from("abcdefghijklmnopqrstuvwxyzäéß ,;|\t\"'"), min_size=1, max_size=8
).map(lambda w: "w" + w.strip())


@QUIET
@given(
    st.lists(
        st.tuples(st.integers(-(2**62), 2**62), st.floats(allow_nan=False), WORDS),
        min_size=3,
        max_size=12,
    ),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"]),
)
def test_small_tables_come_back(read, rows, separator, encoding):
    frame = pd.DataFrame(rows, columns=["whole", "real", "word"])
    data = frame.to_csv(index=False, sep=separator).encode(encoding)
    found, source, _ = read(data, "t.csv", encoding=encoding if encoding == "utf-16-le" else None)
    assert source["separator"] == separator
    pd.testing.assert_frame_equal(found, frame, check_dtype=False, check_exact=True)
