"""Small files that stand for large tables: refused in one sentence, before anything is laid out.

Each bomb comes to little more than the 2 GB that are read at most, so that a reader that falls for
one fails its test and not the machine.
"""

import io
import struct
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from analytics.data import expanding, limits
from analytics.data.limits import MIB
from analytics.data.readers import read_file
from analytics.errors import BadInput

ROWS = 2_100  # of 1 MB each
WORD = "x" * MIB
HEAD = b'<?xml version="1.0"?>'
SHEETS = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def refused(path) -> str:
    with pytest.raises(BadInput) as error:
        read_file(path, path.name)
    return str(error.value)


def said_often(rows=ROWS, word=WORD):
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([word]))


def listed(column):
    return pa.ListArray.from_arrays(pa.array([0, ROWS], pa.int32()), column)


@pytest.mark.parametrize("arrow", [True, False], ids=["typed", "plain"])
@pytest.mark.parametrize("nested", [False, True], ids=["column", "list"])
def test_one_long_text_in_many_rows_of_parquet(tmp_path, arrow, nested):
    path = tmp_path / "a.parquet"
    column = listed(said_often()) if nested else said_often()
    pq.write_table(pa.table({"a": column}), path, store_schema=arrow, compression="zstd")
    assert path.stat().st_size < MIB
    assert "unpacks to 2,100 MB" in refused(path)


def test_one_long_text_in_many_rows_of_feather(tmp_path):
    path = tmp_path / "a.feather"
    feather.write_feather(pa.table({"a": said_often()}), path, compression="zstd")
    assert "unpacks to 2,100 MB" in refused(path)


def test_views_of_one_text(tmp_path):
    one = struct.pack("<i4sii", MIB, b"xxxx", 0, 0)
    views = [None, pa.py_buffer(one * ROWS), pa.py_buffer(WORD.encode())]
    column = pa.Array.from_buffers(pa.string_view(), ROWS, views)
    path = tmp_path / "a.arrow"
    for made in (column, listed(column)):
        with (
            pa.OSFile(str(path), "wb") as out,
            pa.ipc.new_file(out, pa.schema([("a", made.type)])) as file,
        ):
            file.write(pa.record_batch([made], names=["a"]))
        assert "unpacks to" in refused(path) or "inside of lists" in refused(path)


@pytest.mark.parametrize("name", ["a.parquet", "a.arrow"])
def test_a_row_of_too_many_values(tmp_path, monkeypatch, name):
    monkeypatch.setattr(limits, "MAX_CELLS", 1000)
    table, path = pa.table({"a": [[0] * 2000]}), tmp_path / name
    if name == "a.parquet":
        pq.write_table(table, path)
    else:
        feather.write_feather(table, path)
    assert "more than 1,000 cells" in refused(path)


def test_lists_in_lists_in_lists(tmp_path):
    column = pa.array([1, 2])
    for _ in range(200):
        column = pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), column)
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"a": column}), path)
    assert "damaged, incomplete, or uses a feature" in refused(path)


def workbook(path, strings: bytes, cells: int, doctype: bytes = b"") -> None:
    """A workbook of ``cells`` rows that all say the first shared string."""
    buffer = io.BytesIO()
    pd.DataFrame({"a": ["b"]}).to_excel(buffer, index=False)
    old = zipfile.ZipFile(buffer)
    parts = {name: old.read(name) for name in old.namelist()}
    rows = b"".join(
        b'<row r="%d"><c r="A%d" t="s"><v>0</v></c></row>' % (i, i) for i in range(1, cells + 1)
    )
    sheet = HEAD + b"<worksheet " + SHEETS + b"><sheetData>" + rows + b"</sheetData></worksheet>"
    parts["xl/worksheets/sheet1.xml"] = sheet
    parts["xl/sharedStrings.xml"] = HEAD + doctype + b"<sst " + SHEETS + b">" + strings + b"</sst>"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def test_one_long_text_in_many_cells_of_a_workbook(tmp_path):
    path = tmp_path / "a.xlsx"
    workbook(path, b"<si><t>" + WORD.encode() + b"</t></si>", ROWS)
    assert "unpacks to far more" in refused(path)


@pytest.mark.parametrize(
    "entities",
    [
        b'<!ENTITY a "' + b"x" * 1000 + b'"><!ENTITY b "' + b"&a;" * 1000 + b'">',
        b'<!ENTITY b SYSTEM "file:///etc/passwd">',
    ],
    ids=["growing", "of another file"],
)
def test_entities_of_a_workbook_are_not_followed(tmp_path, entities):
    path = tmp_path / "a.xlsx"
    workbook(path, b"<si><t>&b;</t></si>", 3, b"<!DOCTYPE a [" + entities + b"]>")
    assert "damaged or uses a feature" in refused(path)


def test_honest_files_that_say_a_text_often_are_read(tmp_path, monkeypatch):
    words = [f"{'word ' * 40}{i % 7}" for i in range(500)]
    table = pa.table({"a": words, "b": [["u", "v"]] * 500, "n": list(range(500))})
    path = tmp_path / "a.parquet"
    pq.write_table(table, path)
    plain = read_file(path, "a.parquet")[0]
    monkeypatch.setattr(expanding, "MAX_UNPACKED_BYTES", 1000)  # now all is read by its dictionary
    assert expanding.shared_words(pq.ParquetFile(path).metadata) == ["a", "b.list.element"]
    pd.testing.assert_frame_equal(read_file(path, "a.parquet")[0], plain)
    assert plain["a"].tolist() == words
    sheet = tmp_path / "a.xlsx"
    strings = b"".join(b"<si><t>w%d</t></si>" % i for i in range(9))
    workbook(sheet, strings, 300)
    with zipfile.ZipFile(sheet) as archive:
        assert expanding.sheet_words(archive) == 300 * len(b"<si><t>w0</t></si>")
    assert read_file(sheet, "a.xlsx")[0].shape == (300, 1)
