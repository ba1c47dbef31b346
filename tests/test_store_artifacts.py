"""Results on disk: whole, equal and safe, or absent."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from analytics.digest import of_json
from analytics.errors import BadInput, StoreError
from analytics.results import (
    Ambiguity,
    Clustering,
    Dataset,
    Projection,
    Score,
    ScoreCard,
    Table,
)
from analytics.store.artifacts import Artifacts
from analytics.store.files import write_atomic

D = [of_json(i) for i in range(10)]
FRAME = pd.DataFrame(
    {
        "mass": [1.5, None, 3.0],
        "name": ["Ä", "<b>", None],
        "n": [1, 2, 3],
        "day": pd.to_datetime(["2020-01-01", None, "2021-05-06"]),
        "ok": [True, False, True],
    }
)
RECORDS = [
    Table(digest=D[0], frame=FRAME, name="t", kinds={"mass": "number"}, notes=("one", "two")),
    Dataset(digest=D[1], parents=(D[0],), X=np.ones((3, 2), np.float32), columns=("a", "b"),
            rows=np.arange(3), frame=FRAME, image_shape=(1, 2)),
    Projection(digest=D[2], parents=(D[1],), xy=np.arange(6, dtype=np.float32).reshape(3, 2)),
    Clustering(digest=D[3], parents=(D[1],), labels=np.array([0, 0, -1], np.int32),
               extras={"centers": np.ones((1, 2)), "medoids": np.array([1])}, n_clusters=1),
    ScoreCard(digest=D[4], values={"s": Score(0.5, 0.4, 0.6, "S"), "none": Score(None)},
              points={"p": np.zeros(3, np.float32)}, tables={"t": np.eye(2)}),
    Ambiguity(digest=D[5], ambiguity=np.float64(0.25), interval=(0.2, 0.3), n=3),
]  # fmt: skip


def same(a, b):
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    if isinstance(a, pd.DataFrame):
        pd.testing.assert_frame_equal(a, b)
        return True
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return a == b


def assert_equal(left, right):
    assert type(left) is type(right)
    for name in vars(left):
        if name != "about":
            assert same(getattr(left, name), getattr(right, name)), name


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: type(r).__name__)
def test_every_record_comes_back_equal_from_disk_and_from_memory(record, tmp_path):
    first = Artifacts(tmp_path)
    first.save(record)
    assert_equal(record, first.load(record.digest))
    loaded = Artifacts(tmp_path).load(record.digest)
    assert_equal(record, loaded)
    assert loaded.about == first.load(record.digest).about
    assert {"created"} == set(loaded.about)
    for value in vars(loaded).values():
        assert not isinstance(value, np.ndarray) or not value.flags.writeable


def test_the_same_record_gives_the_same_bytes(tmp_path):
    for record in RECORDS:
        contents = []
        for name in ("a", "b"):
            Artifacts(tmp_path / name).save(record)
            contents.append([p.read_bytes() for p in Artifacts(tmp_path / name).files(record.digest)
                             if p.suffix != ".json"])  # fmt: skip
        assert contents[0] == contents[1]


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    xy=hnp.arrays(np.float32, st.tuples(st.integers(0, 20), st.just(2))),
    notes=st.lists(st.text(), max_size=3),
    params=st.dictionaries(st.text(), st.integers() | st.text() | st.none(), max_size=3),
)
def test_any_map_comes_back(tmp_path, xy, notes, params):
    record = Projection(digest=D[0], xy=xy, notes=tuple(notes), params=params)
    Artifacts(tmp_path).save(record)
    assert_equal(record, Artifacts(tmp_path).load(D[0]))


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 32, "0" * 31, None, "0" * 33])
def test_names_that_are_no_digests_never_reach_the_disk(name, tmp_path):
    store = Artifacts(tmp_path / "results")
    assert not store.has(name) and not store.intact(D[0])
    assert store.load(name) is None
    with pytest.raises(BadInput, match=r"no longer stored|not a digest"):
        store.require(name or D[9])
    with pytest.raises(BadInput):
        store.save(Projection(digest=name))
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("suffix", [".npz", ".parquet", ".json"])
@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "gone", "junk"])
def test_damage_is_a_miss_and_is_removed(tmp_path, suffix, damage):
    Artifacts(tmp_path).save(RECORDS[1])
    path = tmp_path / D[1][:2] / (D[1] + suffix)
    data = path.read_bytes()
    changed = {
        "cut": data[: len(data) // 2],
        "flip": data[:-9] + bytes([data[-9] ^ 1]) + data[-8:],
        "empty": b"",
        "junk": b"\x00\xff" * 50,
    }
    if damage == "gone":
        path.unlink()
    elif damage == "flip" and suffix == ".json":
        path.write_bytes(data.replace(b'"files"', b'"filez"'))
    else:
        path.write_bytes(changed[damage])
    store = Artifacts(tmp_path)
    assert not store.intact(D[1])
    assert store.load(D[1]) is None
    store.save(RECORDS[1])
    assert_equal(RECORDS[1], Artifacts(tmp_path).load(D[1]))


def test_objects_are_never_stored(tmp_path):
    store = Artifacts(tmp_path)
    with pytest.raises(ValueError, match="allow_pickle"):
        store.save(Projection(digest=D[0], xy=np.array([{}, []], object)))
    assert store.digests() == [] and not list(tmp_path.rglob("*part*"))


def test_a_result_that_cannot_be_read_is_said_and_kept(tmp_path, monkeypatch):
    store = Artifacts(tmp_path)
    store.save(RECORDS[2])
    path = tmp_path / D[2][:2] / (D[2] + ".npz")
    path.rename(path.with_suffix(".away"))
    path.mkdir()  # Opening a folder fails with a numbered OSError, also for root.
    with pytest.raises(StoreError, match="cannot be read"):
        Artifacts(tmp_path).load(D[2])
    assert Artifacts(tmp_path).has(D[2])


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "results").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="GESTALT_HOME"):
        Artifacts(tmp_path / "results").save(RECORDS[2])


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path):
    code = """
import resource, sys
import numpy as np
from pathlib import Path
from analytics.errors import StoreError
from analytics.results import Projection
from analytics.store.artifacts import Artifacts
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    Artifacts(Path(sys.argv[1])).save(Projection(digest="0" * 32, xy=np.zeros((9999, 2))))
except StoreError as error:
    print(error)
"""
    run = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True
    )
    assert "cannot be written" in run.stdout and "GESTALT_HOME" in run.stdout
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def test_lineage_lists_parents_first_and_survives_loops(tmp_path):
    store = Artifacts(tmp_path)
    for record in RECORDS:
        store.save(record)
    assert store.lineage([D[3]]) == [D[0], D[1], D[3]]
    assert store.lineage([D[2], D[3]]) == [D[0], D[1], D[2], D[3]]
    assert store.lineage([D[9]]) == [D[9]]
    store.save(Projection(digest=D[6], parents=(D[7],)))
    store.save(Projection(digest=D[7], parents=(D[6],)))
    assert set(store.lineage([D[6]])) == {D[6], D[7]}


def test_trim_removes_the_least_recently_used_and_keeps_whole_lineages(tmp_path):
    store = Artifacts(tmp_path)
    for age, record in enumerate(RECORDS):
        store.save(record)
        os.utime(tmp_path / record.digest[:2] / f"{record.digest}.json", (age, age))
    assert store.digests() == D[:6]
    assert store.trim(10**9) == 0
    store.load(D[4])  # From memory, and yet used last.
    assert store.digests()[-1] == D[4]
    assert store.trim(0, keep=[D[3]]) > 0
    assert set(store.digests()) == {D[0], D[1], D[3]}
    assert store.trim(0) > 0
    assert store.digests() == [] and store.load(D[3]) is None


def test_trim_removes_a_result_before_what_it_was_made_from(tmp_path):
    store, line = Artifacts(tmp_path), (D[0], D[1], D[3])
    for age, digest in enumerate(line):  # what was made first was used last long ago
        store.save(next(record for record in RECORDS if record.digest == digest))
        os.utime(tmp_path / digest[:2] / f"{digest}.json", (age, age))
    for left in ({D[0], D[1]}, {D[0]}, set()):
        assert store.trim(sum(store._size(d) for d in store.digests()) - 1) > 0
        assert set(store.digests()) == left


def test_trim_sweeps_what_killed_writers_left(tmp_path):
    store = Artifacts(tmp_path)
    store.save(RECORDS[2])
    folder = tmp_path / D[2][:2]
    fresh = folder / ".part-fresh"
    for path in (folder / ".part-old", folder / f"{D[8]}.npz", fresh):
        path.write_bytes(b"x" * 10)
    for path in (folder / ".part-old", folder / f"{D[8]}.npz", folder / f"{D[2]}.npz"):
        os.utime(path, (1, 1))
    assert store.trim(10**9) == 20
    assert fresh.exists() and store.intact(D[2])


def test_the_memory_is_bounded_by_number_and_bytes(tmp_path):
    few = Artifacts(tmp_path, remembered=2)
    for record in RECORDS[:3]:
        few.save(record)
    assert few.load(D[2]) is few.load(D[2])
    assert few.load(D[0]) is not RECORDS[0]
    small = Artifacts(tmp_path, remembered_bytes=10)
    assert small.load(D[2]) is small.load(D[2])


def test_what_somebody_holds_is_not_read_again(tmp_path, monkeypatch):
    store = Artifacts(tmp_path, remembered=1)
    for record in RECORDS[:3]:
        store.save(record)
    read, really = [], store._read
    monkeypatch.setattr(store, "_read", lambda digest: read.append(digest) or really(digest))
    held = store.load(D[0])
    store.load(D[1])
    assert store.load(D[0]) is held and read == [D[0], D[1]]
    del held
    store.load(D[0])
    assert read == [D[0], D[1], D[0]]
    store.forget()
    store.load(D[0])
    assert read == [D[0], D[1], D[0], D[0]]


KILLED = """
import sys
import numpy as np
from pathlib import Path
from analytics.digest import of_json
from analytics.results import Projection
from analytics.store.artifacts import Artifacts
store = Artifacts(Path(sys.argv[1]))
n = 0
while True:
    n += 1
    store.save(Projection(digest=of_json(n), xy=np.full((2000, 2), n, np.float32), seed=n))
    print(n, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_only_whole_results(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path], stdout=subprocess.PIPE, text=True
    )
    for _ in range(20):
        last = int(process.stdout.readline())
    time.sleep(0.003)
    process.send_signal(signal.SIGKILL)
    last = max([last, *map(int, process.stdout.read().split())])
    process.wait()
    store = Artifacts(tmp_path)
    assert {of_json(n) for n in range(1, last + 1)} <= set(store.digests())
    for digest in store.digests():
        record = store.load(digest)
        assert record is not None and (record.xy == record.seed).all()


def test_write_atomic_replaces_or_leaves(tmp_path):
    path = tmp_path / "a"
    write_atomic(path, b"one")
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    with pytest.raises(TypeError):
        write_atomic(path, "text")
    assert path.read_bytes() == b"two" and [p.name for p in tmp_path.iterdir()] == ["a"]


def test_the_json_names_the_hash_of_each_file(tmp_path):
    Artifacts(tmp_path).save(RECORDS[1])
    *others, path = Artifacts(tmp_path).files(D[1])
    document = json.loads(path.read_text())
    assert document["files"] == {
        p.suffix: hashlib.sha256(p.read_bytes()).hexdigest() for p in others
    }


def test_one_run_reads_each_result_once(tmp_path, monkeypatch):
    for record in RECORDS:
        Artifacts(tmp_path).save(record)
    store, read = Artifacts(tmp_path, remembered=1), []
    whole = store._read
    monkeypatch.setattr(store, "_read", lambda *given: read.append(given[0]) or whole(*given))
    with store.holding():
        kept = [store.load(d) for d in D[1:4]]
        assert all(store.load(record.digest) is record for record in kept)
    assert read == D[1:4]
    del kept
    store.load(D[1])
    assert read == [*D[1:4], D[1]]  # after the run only what is remembered is held


def test_an_outline_has_the_words_and_no_arrays(tmp_path):
    store = Artifacts(tmp_path)
    for record in RECORDS:
        store.save(record)
    fresh = Artifacts(tmp_path)
    table, card = fresh.outline(D[0]), fresh.outline(D[4])
    assert table.notes == ("one", "two")
    assert table.kinds == {"mass": "number"} and table.frame.empty
    assert card.values["s"] == Score(0.5, 0.4, 0.6, "S") and not card.points
    assert len(fresh.load(D[0]).frame) == 3 and len(fresh.load(D[4]).points["p"]) == 3
    assert fresh.outline(D[9]) is None
    other = Artifacts(tmp_path)
    other._path(D[2], ".npz").unlink()
    assert other.outline(D[2]) is None and not other.has(D[2])


def test_arrays_are_read_in_one_go_or_as_numpy_does(tmp_path):
    from analytics.store import arrays

    given = {
        "rows": np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        "words": np.array(["a", "longer"]),
        "none": np.zeros((0, 2), np.float32),
        "one": np.array(5, np.int64),
        "flags": np.array([True, False]),
    }
    for save in (np.savez, np.savez_compressed):
        path = tmp_path / f"{save.__name__}.npz"
        save(path, **given)
        data = path.read_bytes()
        with path.open("rb") as file:
            found = arrays.read(file, hashlib.sha256(data).hexdigest())
        assert found.keys() == given.keys() and all(same(found[k], given[k]) for k in given)
        for place in (0, 70, len(data) // 2, len(data) - 1):
            path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            with path.open("rb") as file, pytest.raises(ValueError, match="changed"):
                arrays.read(file, hashlib.sha256(data).hexdigest())
        path.write_bytes(data[:-30])
        with path.open("rb") as file, pytest.raises(ValueError, match="changed"):
            arrays.read(file, hashlib.sha256(data).hexdigest())
