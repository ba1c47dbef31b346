"""Uploads: stored by hash, whole or not at all."""

import hashlib
import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.data import uploads
from analytics.errors import BadInput, StoreError


def files(home):
    return sorted(p.name for p in (home / "uploads").iterdir())


def test_stage_names_content_by_its_hash(tmp_path):
    data = b"a,b\n1,2\n" * 300_000
    staged = uploads.stage(io.BytesIO(data), "C:\\Users\\me\\my data.csv", tmp_path)
    assert staged == {"content": hashlib.sha256(data).hexdigest(), "name": "my data.csv"}
    assert uploads.path_of(staged["content"], tmp_path).read_bytes() == data
    assert uploads.stage(data, "other.csv", tmp_path)["content"] == staged["content"]
    assert files(tmp_path) == [staged["content"]]


def test_a_cancelled_upload_leaves_nothing(tmp_path):
    class Dropped(io.BytesIO):
        def read(self, size=-1):
            if self.tell():
                raise ConnectionError("gone")
            return super().read(size)

    with pytest.raises(ConnectionError):
        uploads.stage(Dropped(b"x" * 3_000_000), "a.csv", tmp_path)
    assert files(tmp_path) == []


def test_limits(tmp_path, monkeypatch):
    monkeypatch.setenv("GESTALT_UPLOAD_MB", "1")
    uploads.stage(b"x" * 2**20, "a.csv", tmp_path)
    with pytest.raises(BadInput, match="larger than 1 MB"):
        uploads.stage(b"x" * (2**20 + 1), "a.csv", tmp_path)
    with pytest.raises(BadInput, match="empty"):
        uploads.stage(b"", "a.csv", tmp_path)
    assert len(files(tmp_path)) == 1


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "uploads").write_text("a file in the way")
    with pytest.raises(StoreError, match="could not be saved"):
        uploads.stage(b"x", "a.csv", tmp_path)


@pytest.mark.parametrize("content", ["", "../../etc/passwd", "A" * 64, "0" * 63, None, "g" * 64])
def test_path_of_accepts_hashes_only(content, tmp_path):
    with pytest.raises(BadInput, match="SHA-256"):
        uploads.path_of(content, tmp_path)


def test_path_of_what_is_gone(tmp_path):
    with pytest.raises(BadInput, match="no longer stored"):
        uploads.path_of("0" * 64, tmp_path)


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=300))
def test_safe_name_is_one_plain_name(name):
    safe = uploads.safe_name(name)
    assert 1 <= len(safe) <= 120 and not set(safe) & set("/\\\n\0")
    assert not safe.startswith(".")
    assert uploads.safe_name("x" * 300 + ".csv").endswith("x.csv")


def test_trim_removes_the_oldest_that_no_project_needs(tmp_path):
    staged = [uploads.stage(bytes([65 + i]) * 1000, "a.csv", tmp_path) for i in range(4)]
    for age, entry in enumerate(reversed(staged)):
        os.utime(tmp_path / "uploads" / entry["content"], (1e9 - age, 1e9 - age))
    abandoned = tmp_path / "uploads" / ".part-old"
    abandoned.write_bytes(b"x")
    os.utime(abandoned, (1e9, 1e9))
    freed = uploads.trim(tmp_path, 2000, keep={staged[0]["content"]})
    assert freed == 2000
    assert files(tmp_path) == sorted(staged[i]["content"] for i in (0, 3))
    assert uploads.trim(tmp_path, 2000) == 0
    assert uploads.trim(tmp_path / "nowhere", 10) == 0
