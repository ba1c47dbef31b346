"""Projects as zip files: round trips, and files made to do harm."""

import hashlib
import io
import json
import struct
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.digest import of_json
from analytics.errors import BadInput, Cancelled, StoreError
from analytics.results import Clustering, Dataset, Projection, Score, ScoreCard, Table
from analytics.store import bundle, projects, unpacking
from analytics.store.artifacts import Artifacts
from analytics.store.bundle import export_bytes, export_project, import_project
from analytics.store.database import connect

pytest_plugins = ["tests.postgres"]

FILE = b"a,b\n1,x\n2,y\n3,x\n"
CONTENT = hashlib.sha256(FILE).hexdigest()
T, D, M, C, S, GONE = (of_json(n) for n in ("t", "d", "m", "c", "s", "gone"))
FRAME = pd.DataFrame({"a": [1, 2, 3], "b": ["x", "y", "x"]})
RESULTS = (
    Table(digest=T, frame=FRAME, name="ab.csv", method="file", kinds={"a": "number"}),
    Dataset(digest=D, parents=(T,), X=np.ones((3, 1), np.float32), columns=("a",), frame=FRAME),
    Projection(digest=M, parents=(D,), xy=np.zeros((3, 2), np.float32), axes=("a", "b")),
    Clustering(digest=C, parents=(D,), labels=np.zeros(3, np.int32), n_clusters=1),
    ScoreCard(digest=S, parents=(D, C), values={"s": Score(0.5)}, points={"p": np.zeros(3)}),
)
STATE = {"page": "map", "projection": M, "clustering": C, "scores": S, "zoom": [0.5, 2.0]}


def fill(home, engine):
    """A project with two views, runs, results and an upload; returns (artifacts, Saved)."""
    artifacts = Artifacts(home / "results")
    for result in RESULTS:
        artifacts.save(result)
    (home / "uploads").mkdir(parents=True, exist_ok=True)
    (home / "uploads" / CONTENT).write_bytes(FILE)
    first = projects.save_view(engine, name="Penguins", state={"page": "data", "table": T})
    saved = projects.save_view(engine, name="The map", state=STATE, project=first.project, by="Ada")
    params = {"name": "ab.csv", "content": CONTENT}
    projects.record_run(engine, saved.project, digest=T, kind="table", params=params)
    projects.record_run(engine, saved.project, digest=D, kind="dataset", parents=(T,), seed=7)
    return artifacts, saved


@pytest.fixture
def here(tmp_path):
    """(home, engine, artifacts, saved) of a SQLite store with the project."""
    home = tmp_path / "here"
    engine = connect(f"sqlite:///{tmp_path / 'here.sqlite'}")
    artifacts, saved = fill(home, engine)
    yield home, engine, artifacts, saved
    engine.dispose()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a project file."""
    folder = tmp_path_factory.mktemp("whole")
    engine = connect(f"sqlite:///{folder / 'gestalt.sqlite'}")
    data = exported((folder, engine, *fill(folder, engine)))
    engine.dispose()
    return data


@pytest.fixture
def there(tmp_path):
    """(home, engine, artifacts) of an empty SQLite store."""
    engine = connect(f"sqlite:///{tmp_path / 'there.sqlite'}")
    yield tmp_path / "there", engine, Artifacts(tmp_path / "there" / "results")
    engine.dispose()


def exported(here, **options):
    home, engine, artifacts, saved = here
    return export_bytes(engine, artifacts, saved.project, home, **options)


def taken(there, data, **options):
    home, engine, artifacts = there
    return import_project(engine, artifacts, io.BytesIO(data), home, **options)


def assert_untouched(there):
    home, engine, artifacts = there
    assert projects.list_projects(engine) == [] and artifacts.digests() == []
    assert [p for p in home.rglob("*") if p.is_file()] == []
    assert not list(home.glob(".import-*"))


def test_a_project_travels_whole(tmp_path, engine):
    """From one store to another over a path, on each database."""
    artifacts, saved = fill(tmp_path / "here", engine)
    path = tmp_path / "out.zip"
    facts = export_project(engine, artifacts, saved.project, path, tmp_path / "here")
    assert facts == bundle.Exported("Penguins", 5, 1, ())
    home = tmp_path / "there"
    fresh = Artifacts(home / "results")
    said = []
    brought = import_project(
        engine, fresh, str(path), home, progress=lambda share, words: said.append(share)
    )
    assert brought.project != saved.project and brought.view != saved.view
    assert brought.name == "Penguins (copy)"
    view = projects.open_view(engine, brought.view)
    assert (view.name, view.state, view.revision, view.saved_by) == ("The map", STATE, 1, "Ada")
    names = [v.name for v in projects.list_views(engine, brought.project)]
    assert names == ["The map", "Penguins"]
    for old, new in zip(
        projects.runs(engine, saved.project), projects.runs(engine, brought.project), strict=True
    ):
        assert (old.digest, old.params, old.seed, old.parents) == (
            new.digest,
            new.params,
            new.seed,
            new.parents,
        )
    assert (home / "uploads" / CONTENT).read_bytes() == FILE
    for result in RESULTS:
        mine, theirs = artifacts.files(result.digest), fresh.files(result.digest)
        assert [p.read_bytes() for p in mine[:-1]] == [p.read_bytes() for p in theirs[:-1]]
        assert "imported" in fresh.load(result.digest).about
    assert sorted(p.name for p in home.iterdir()) == ["results", "uploads"]
    assert sorted(said) == said and min(said) >= 0 and max(said) <= 1
    (row,) = [r for r in projects.list_projects(engine) if r.id == brought.project]
    assert (row.dataset, row.views, row.runs) == ("ab.csv", 2, 2)


def test_importing_twice_gives_two_projects_and_results_stay_as_they_are(here, there):
    data = exported(here)
    first, second = taken(there, data), taken(there, data)
    assert [first.name, second.name] == ["Penguins", "Penguins (copy)"]
    home, engine, artifacts, _ = here
    before = {d: [p.read_bytes() for p in artifacts.files(d)] for d in artifacts.digests()}
    taken((home, engine, artifacts), data)
    after = {d: [p.read_bytes() for p in artifacts.files(d)] for d in artifacts.digests()}
    assert after == before


def test_a_damaged_result_here_is_mended_by_an_import(here):
    home, engine, artifacts, _ = here
    data = exported(here)
    path = artifacts.files(M)[0]
    path.write_bytes(b"junk")
    taken((home, engine, Artifacts(home / "results")), data)
    assert artifacts.intact(M)


def test_what_is_gone_is_left_out_and_said(here, there):
    home, engine, artifacts, saved = here
    projects.save_view(engine, name="x", state={"old": GONE}, project=saved.project)
    artifacts.files(S)[0].write_bytes(b"damaged")
    (home / "uploads" / CONTENT).unlink()
    file = io.BytesIO()
    facts = export_project(engine, artifacts, saved.project, file, home)
    assert facts.missing == tuple(sorted((GONE, S))) and (facts.results, facts.uploads) == (4, 0)
    taken(there, file.getvalue())
    assert there[2].digests() != [] and not there[2].has(S)


def test_equal_projects_give_equal_files_and_uploads_can_stay_out(here):
    assert exported(here) == exported(here)
    names = zipfile.ZipFile(io.BytesIO(exported(here, uploads=False))).namelist()
    assert "manifest.json" in names and not [n for n in names if n.startswith("uploads")]


def test_an_export_that_fails_leaves_no_file(here, tmp_path):
    home, engine, artifacts, saved = here
    with pytest.raises(StoreError, match="could not be written"):
        export_project(engine, artifacts, saved.project, tmp_path / "no" / "x.zip", home)
    with pytest.raises(BadInput, match="no such project"):
        export_project(engine, artifacts, "p" * 20, tmp_path / "x.zip", home)

    def stop(share, words):
        raise Cancelled

    with pytest.raises(Cancelled):
        export_project(engine, artifacts, saved.project, tmp_path / "x.zip", home, progress=stop)
    assert not [p for p in tmp_path.iterdir() if "x.zip" in p.name or "part" in p.name]


# Files made to do harm.


def rebuilt(data, change, keep_manifest=False):
    """The project file with its members changed by ``change(members)``, and a manifest to fit."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    if not keep_manifest:
        manifest = json.loads(members.pop("manifest.json"))
        manifest["members"] = {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in members.items()
        }
        members["manifest.json"] = json.dumps(manifest).encode()
    return zipped(members)


def zipped(members, compression=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def npz(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def with_file(members, digest, suffix, content):
    """Replace a result's file and mend the hash its JSON gives."""
    name = f"results/{digest}"
    members[name + suffix] = content
    document = json.loads(members[name + ".json"])
    document["files"][suffix] = hashlib.sha256(content).hexdigest()
    members[name + ".json"] = json.dumps(document).encode()


def with_content(members, result, **changes):
    document = json.loads(members[f"results/{result}.json"])
    document["content"].update(changes)
    members[f"results/{result}.json"] = json.dumps(document).encode()


def huge_npz():
    """An array that claims 8 TB and holds 16 bytes."""
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
    header += b" " * (118 - len(header) - 1) + b"\n"
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\0" * 16
    return zipped({"xy.npy": array}, zipfile.ZIP_STORED)


def parquet(frame, **options):
    file = io.BytesIO()
    frame.to_parquet(file, index=False, **options)
    return file.getvalue()


def rename(members, old, new):
    members[new] = members.pop(old)


CHANGES = {
    "another name": lambda m: m.update({"readme.txt": b"hi"}),
    "upwards": lambda m: m.update({"../../evil.json": b"{}"}),
    "absolute": lambda m: m.update({"/etc/evil": b"{}"}),
    "backslash": lambda m: m.update({"results\\..\\x.json": b"{}"}),
    "other suffix": lambda m: m.update({f"results/{T}.pkl": b"x"}),
    "no digest": lambda m: m.update({"results/" + "A" * 32 + ".json": b"{}"}),
    "foreign digest": lambda m: with_content(m, M, digest=C),
    "renamed result": lambda m: [
        rename(m, f"results/{M}{s}", f"results/{GONE}{s}") for s in (".json", ".npz")
    ],
    "result without arrays": lambda m: m.pop(f"results/{M}.npz"),
    "result without json": lambda m: m.pop(f"results/{M}.json"),
    "arrays too many": lambda m: m.update({f"results/{M}.parquet": parquet(FRAME)}),
    "arrays changed": lambda m: m.update({f"results/{M}.npz": npz(xy=np.ones((3, 2)))}),
    "claims 8 TB": lambda m: with_file(m, M, ".npz", huge_npz()),
    "packed arrays": lambda m: with_file(m, M, ".npz", zipped({"xy.npy": b"\0" * 100_000})),
    "python objects": lambda m: with_file(m, M, ".npz", npz(xy=np.array([{}, 1], object))),
    "no arrays": lambda m: with_file(m, M, ".npz", b"PK\x05\x06" + b"\0" * 18),
    "arrays are junk": lambda m: with_file(m, M, ".npz", b"junk"),
    "a field too many": lambda m: with_content(m, M, evil=1),
    "frame is junk": lambda m: with_file(m, T, ".parquet", b"PAR1junkPAR1"),
    "frame packed": lambda m: with_file(m, T, ".parquet", parquet(FRAME, compression="gzip")),
    "frame nested": lambda m: with_file(m, T, ".parquet", parquet(pd.DataFrame({"a": [[1], [2]]}))),
    "not a record": lambda m: m.update({f"results/{M}.json": b"[]"}),
    "deep json": lambda m: m.update({f"results/{M}.json": b"[" * 100_000}),
    "parents are words": lambda m: with_content(m, M, parents=["x"]),
    "notes are numbers": lambda m: with_content(m, M, notes=[1]),
    "params are a list": lambda m: with_content(m, M, params=[1]),
    "score is a table": lambda m: with_content(m, S, values={"s": {"score": {"value": {}}}}),
    "view is a list": lambda m: m.update({"views/00001.json": b"[]"}),
    "view state is a text": lambda m: m.update(
        {"views/00001.json": b'{"name": "x", "state": "y", "saved_by": ""}'}
    ),
    "view name is empty": lambda m: m.update(
        {"views/00001.json": b'{"name": " ", "state": {}, "saved_by": ""}'}
    ),
    "view too long": lambda m: m.update({"views/00001.json": b" " * 2_000_001}),
    "run too long": lambda m: m.update({"runs/00001.json": b" " * 20_000_001}),
    "view is NaN": lambda m: m.update(
        {"views/00001.json": b'{"name": "x", "state": {"a": NaN}, "saved_by": ""}'}
    ),
    "run is cut": lambda m: m.update({"runs/00001.json": b'{"digest": "x"'}),
    "run seed": lambda m: m.update(
        {"runs/00001.json": m["runs/00001.json"].replace(b'"seed": 0', b'"seed": 1e999')}
    ),
    "upload under another hash": lambda m: m.update({"uploads/" + "0" * 64: b"x"}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_project_file_is_refused_in_one_sentence(whole, there, change):
    data = rebuilt(whole, change)
    with pytest.raises(BadInput) as held:
        taken(there, data)
    sentence = str(held.value)
    assert sentence.endswith(".") and "\n" not in sentence and len(sentence) < 300
    assert_untouched(there)


MANIFESTS = {
    "missing member": (lambda m: m.pop("views/00001.json"), "missing from"),
    "unlisted member": (lambda m: m.update({"views/00009.json": b"{}"}), "list of contents"),
    "wrong hash": (lambda m: m.update({"views/00001.json": b"{}"}), "was changed"),
    "no manifest": (lambda m: m.pop("manifest.json"), "no manifest"),
    "junk": (lambda m: m.update({"manifest.json": b"\xff\x00"}), "damaged"),
    "deep": (lambda m: m.update({"manifest.json": b"[" * 99_999}), "damaged"),
    "a list": (lambda m: m.update({"manifest.json": b"[1]"}), "damaged"),
    "no members": (lambda m: m.update({"manifest.json": b'{"format": 1}'}), "damaged"),
    "no project": (
        lambda m: m.update({"manifest.json": b'{"format": 1, "members": {}, "project": 3}'}),
        "damaged",
    ),
    "newer": (
        lambda m: m.update({"manifest.json": b'{"format": 3, "members": {}}'}),
        "newer Gestalt",
    ),
    "older": (lambda m: m.update({"manifest.json": b'{"format": 0, "members": {}}'}), "damaged"),
}


@pytest.mark.parametrize(("change", "words"), MANIFESTS.values(), ids=MANIFESTS.keys())
def test_a_manifest_that_does_not_fit_is_refused(whole, there, change, words):
    with pytest.raises(BadInput, match=words):
        taken(there, rebuilt(whole, change, keep_manifest=True))
    assert_untouched(there)


@pytest.mark.parametrize("data", [b"", b"x", b"PK\x03\x04", b"\0" * 5000, b"a,b\n1,2\n"])
def test_what_is_no_zip_is_refused(there, data):
    with pytest.raises(BadInput, match="not a Gestalt project"):
        taken(there, data)


def test_a_file_that_is_not_there_is_refused(there, tmp_path):
    home, engine, artifacts = there
    for path in (tmp_path / "none.zip", tmp_path, "a\0b"):
        with pytest.raises(BadInput, match="cannot be opened"):
            import_project(engine, artifacts, path, home)


def test_a_bomb_is_refused_before_it_is_unpacked(whole, there):
    data = rebuilt(whole, lambda m: m.update({"uploads/" + "0" * 64: b"\0" * 20_000_000}))
    assert len(data) < 100_000
    with pytest.raises(BadInput, match="unpacks to 20 MB, but at most 5 MB"):
        taken(there, data, max_bytes=5_000_000)
    assert_untouched(there)


def test_a_table_of_contents_that_claims_gigabytes_is_refused(there):
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 0x7FFFFFFF, 0, 0)
    with pytest.raises(BadInput, match="not a Gestalt project"):
        taken(there, b"\0" * 100 + end)


def test_text_that_grows_in_memory_is_refused(whole, there, monkeypatch):
    """One long text said often is small in the file and large when spelt out."""
    monkeypatch.setattr("analytics.store.verify.MAX_FRAME_BYTES", 10_000_000)
    frame = pd.DataFrame({"a": ["x" * 100_000] * 1000})
    content = parquet(frame)
    assert len(content) < 200_000
    with pytest.raises(BadInput, match="too much memory"):
        taken(there, rebuilt(whole, lambda m: with_file(m, T, ".parquet", content)))
    assert_untouched(there)


def test_a_member_twice_and_an_encrypted_one_are_refused(whole, there):
    file = io.BytesIO(whole)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(file, "a") as archive:
        archive.writestr("manifest.json", b"{}")
    with pytest.raises(BadInput, match="twice"):
        taken(there, file.getvalue())
    at = whole.rindex(b"PK\1\2")
    locked = whole[: at + 8] + bytes([whole[at + 8] | 1]) + whole[at + 9 :]
    with pytest.raises(BadInput, match="encrypted"):
        taken(there, locked)
    assert_untouched(there)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_damage_is_refused_or_harmless(whole, there, data):
    at = data.draw(st.integers(0, len(whole) - 1))
    kind = data.draw(st.sampled_from(["cut", "flip", "insert"]))
    byte = bytes([data.draw(st.integers(0, 255))])
    broken = {
        "cut": whole[:at],
        "flip": whole[:at] + byte + whole[at + 1 :],
        "insert": whole[:at] + byte * 3 + whole[at:],
    }[kind]
    count = len(projects.list_projects(there[1]))
    try:
        saved = taken(there, broken)
    except BadInput:
        assert len(projects.list_projects(there[1])) == count
    else:
        assert projects.open_view(there[1], saved.view).state == STATE
    assert not list(there[0].glob(".import-*"))


def test_a_cancelled_import_leaves_nothing(whole, there):
    for moment in (0.0, 0.5, 0.7):

        def stop(share, words, moment=moment):
            if share >= moment:
                raise Cancelled

        with pytest.raises(Cancelled):
            taken(there, whole, progress=stop)
        assert_untouched(there)


def test_when_the_database_refuses_no_file_stays(whole, there):
    with there[1].begin() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    with pytest.raises(StoreError):
        taken(there, whole)
    assert_untouched(there)


def test_when_the_folder_refuses_no_row_stays(whole, there):
    home, engine, artifacts = there
    home.mkdir()
    (home / "uploads").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="could not be stored"):
        taken(there, whole)
    assert projects.list_projects(engine) == [] and artifacts.digests() == []


def test_too_little_room_is_said_before_unpacking(whole, there, monkeypatch):
    monkeypatch.setattr(
        unpacking.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 10})
    )
    with pytest.raises(StoreError, match="are free"):
        taken(there, whole)
    assert_untouched(there)
