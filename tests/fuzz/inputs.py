"""Whole files of every format, and damaged ones made from them; an input is known by its number."""

import gzip
import hashlib
import io
import json
import random
import re
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from analytics.results import Projection
from analytics.review import comments
from analytics.review import store as reviews
from analytics.review.sections import SECTIONS
from analytics.store import projects, runs
from analytics.store.artifacts import Artifacts
from analytics.store.bundle import export_bytes
from analytics.store.database import connect

MOMENT = b"2024-01-01T00:00:00"  # in place of the time of writing: a number gives one file
SPLICED = 0.15  # share of inputs that get a piece of another format
MOST_CHANGES = 12
EXTREMES = (b"\0", b"\xff", b"\x7f", b"\x80", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f",
            b"\0\0\0\0", b"\xff" * 8, b"\0\0\0\x80", b"\x01\0\0\0")  # fmt: skip
TOKENS = (b'"', b"'", b",", b";", b"\t", b"\n", b"\r\n", b"\xef\xbb\xbf", b"\xff\xfe", b"NaN",
          b"1e999", b"-1e308", b"9" * 40, b"{", b"}", b"[", b"]", b"null", b"\\u0000", b"\\ud800",
          b"<", b"&#0;", b"]]>", b"../", b"=1+1", "é\u202e𝕏".encode())  # fmt: skip

_DATE = re.compile(rb"\d{4}-\d\d-\d\dT[\d:]+(?=Z|\+00)")


def _frame() -> pd.DataFrame:
    when = pd.date_range("2024-01-30", periods=12, freq="17h")
    return pd.DataFrame(
        {
            "name": [f"row {i}" for i in range(12)],
            "number": np.linspace(-3, 9, 12),
            "whole": np.arange(12) * 1_000_003,
            "kind": ["a", "b", "ü"] * 4,
            "yes": [True, False] * 6,
            "when": when,
            "gap": [None, 1.5, np.nan] * 4,
        }
    )


def _bytes(write) -> bytes:
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def _zip(members: dict[str, bytes]) -> bytes:
    def write(file):
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                info = zipfile.ZipInfo(name)  # of a fixed date, so that a number gives one file
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, data)

    return _bytes(write)


def _members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@lru_cache(maxsize=1)
def tables() -> dict[str, tuple[str, bytes]]:
    """Format of a table -> a name and the bytes of a file that is read without complaint."""
    frame = _frame()
    csv = frame.to_csv(index=False).encode()
    numbers = np.arange(60, dtype=np.float32).reshape(20, 3)
    arrays = {"X": numbers, "names": np.array(["a", "bb"] * 10), "labels": np.arange(20) % 3}
    lists = json.loads(frame.to_json(orient="records", date_format="iso"))
    sheet = _members(_bytes(lambda f: frame.to_excel(f, index=False)))
    sheet["docProps/core.xml"] = _DATE.sub(MOMENT, sheet["docProps/core.xml"])
    return {
        "csv": ("a.csv", csv),
        "tsv": ("a.tsv", frame.to_csv(index=False, sep="\t").encode("utf-16")),
        "text": ("a.txt", b"x;y\n1,5;2\n2,5;3\n" * 4),
        "json": ("a.json", json.dumps(lists).encode()),
        "nested": ("b.json", json.dumps({"data": [{"a": {"b": [1, {"c": 2}]}}] * 3}).encode()),
        "jsonl": ("a.jsonl", "\n".join(map(json.dumps, lists)).encode()),
        "parquet": ("a.parquet", _bytes(lambda f: frame.to_parquet(f, index=False))),
        "feather": ("a.feather", _bytes(frame.to_feather)),
        "xlsx": ("a.xlsx", _zip(sheet)),
        "npy": ("a.npy", _bytes(lambda f: np.save(f, numbers))),
        "npz": ("a.npz", _bytes(lambda f: np.savez_compressed(f, **arrays))),
        "gzip": ("a.csv.gz", gzip.compress(csv, mtime=0)),
        "zip": ("a.zip", _zip({"a.csv": csv})),
    }


@lru_cache(maxsize=1)
def whole() -> dict[str, tuple[str, bytes]]:
    """Kind -> a name and the bytes of a file that is read without complaint, see ``readers``."""
    links = pd.DataFrame(
        {"source": list("abcdea"), "target": list("bcdeac"), "weight": range(1, 7)}
    )
    edges, nodes = links.to_csv(index=False).encode(), b"name,size\na,1\nb,2\nc,3\nd,4\ne,5\n"
    x = np.linspace(0, 1, 20)
    arrays = {
        "edges": np.array([[0, 1], [1, 2], [2, 0]]),
        "X": np.ones((3, 2), np.float32),
        "labels": np.arange(3),
    }
    drawn = {"points": np.stack([x, x * x], axis=1), "labels": np.arange(40).reshape(2, 20) // 20}
    grouping = _bytes(lambda f: np.savez_compressed(f, **drawn))
    plot = pd.DataFrame({"x": x, "y": x * x}).to_csv(index=False).encode()
    acts = ["open", "view", "open", "pay", "view"] * 3
    log = [f"{'aabbc'[i % 5]},2026-01-0{1 + i % 9} 10:00,{what}" for i, what in enumerate(acts)]
    answer = {
        "descriptions": ["small", "red"],
        "answer": "yes",
        "texts": [{"text": 1, "true": [1], "unsure": [2], "description": 2}],
        "sentence": "Small and red.",
        "claims": [{"column": 2, "relation": "at least", "value": 3}],
        "beyond": ["red"],
    }
    return tables() | {
        "links": ("links.csv", edges),
        "network": ("network.zip", _zip({"nodes.csv": nodes, "edges.csv": edges})),
        "arrays": ("graph.npz", _bytes(lambda f: np.savez_compressed(f, **arrays))),
        "events": ("log.csv", "\n".join(["user,time,action", *log]).encode()),
        "bigcsv": tables()["csv"],
        "bigparquet": tables()["parquet"],
        "project": ("project.zip", _project()),
        "grouping": ("one.npz", grouping),
        "groupings": ("all.zip", _zip({"a.npz": grouping, "b.npz": grouping})),
        "plots": ("plots.zip", _zip({"a.csv": plot, "b.csv": plot})),
        "answer": ("answer.txt", f"Here it is:\n```json\n{json.dumps(answer)}\n```".encode()),
    }


def _project() -> bytes:
    """A project of two views with two results and a review."""
    with tempfile.TemporaryDirectory(prefix="gestalt-fuzz-") as folder:
        home = Path(folder)
        engine, artifacts = connect(f"sqlite:///{home / 'a.sqlite'}"), Artifacts(home / "results")
        view = {"n": 1, "projection": "0" * 32}
        saved = projects.save_view(engine, name="One", state=view)
        projects.save_view(engine, name="Two", state={"n": 2}, project=saved.project)
        for seed in range(2):
            result = Projection(digest=f"{seed:032x}", xy=np.ones((9, 2), np.float32), seed=seed)
            artifacts.save(result)
            runs.record_run(engine, saved.project, digest=result.digest, kind="projection")
        _reviewed(engine, saved.project, view)
        data = export_bytes(engine, artifacts, saved.project, home)
        engine.dispose()
    members = _members(data)
    dated = {n: _DATE.sub(MOMENT, d) if n.endswith(".json") else d for n, d in members.items()}
    return _zip(_sealed(dated))


def _reviewed(engine, project: str, view: dict) -> None:
    """A review of one version with a comment and an answer."""
    made = reviews.start(engine, title="Told", view=view, project=project)
    number = {"id": "clams", "label": "Ambiguity", "value": 0.5, "low": 0.4, "high": 0.6}
    cluster = {
        "label": 0, "name": "Reds", "size": 9, "words": "Seen.", "rule": "a > 1", "earned": True,
        "visible": 0.9, "real": 0.5, "separation": 0.5, "stability": None, "explainable": 0.9,
        "interval": [0.8, 1.0],
    }  # fmt: skip
    run = {"name": "k-means", "groups": 2, "noise": 0.0, "silhouette": 0.5, "stability": None}
    plane = {"name": "PCA", "ambiguity": 0.5, "trustworthiness": None}
    evidence = {
        "data": {"name": "a.csv", "rows": 9, "columns": 2},
        "map": {"label": "PCA"},
        "clustering": {"groups": 1, "label": "k-means"},
        "clusters": [cluster],
        "numbers": [number],
        "tried": {"clusterings": [{**run, "ari": 0.2}], "maps": [plane]},
        "steps": [{"kind": "table", "label": "Data", "words": "Read."}],
        "versions": {"gestalt": "1"},
        "content": {"projection": "0" * 32},
    }
    parts = [{"id": name, "machine": "Said.", "text": None} for name in SECTIONS]
    document = {"format": 1, "title": "Told", "state": view, "picture": {"color": "clusters"}}
    reviews.publish(engine, made, {**document, "sections": parts, "evidence": evidence})
    token = reviews.get(engine, made).token
    about = {"kind": "selection", "shapes": [{"type": "box", "x": [0.0, 1.0], "y": [0.0, 1.0]}]}
    said, _ = comments.write(engine, token, 1, name="Ada", text="Why?", about=about)
    comments.write(engine, token, 1, name="Bo", text="So.", parent=said)


def _sealed(members: dict[str, bytes]) -> dict[str, bytes]:
    """A project's members with the sizes and hashes that its list of them should have."""
    manifest = json.loads(members["manifest.json"])
    for name, said in manifest["members"].items():
        data = members[name]
        said |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    return members | {"manifest.json": json.dumps(manifest, indent=1).encode()}


def made(kind: str, number: int, files: dict[str, tuple[str, bytes]]) -> tuple[str, bytes]:
    """The damaged file of a kind with this number: its name and bytes."""
    others = tables()  # only these are mixed in, so that a new kind changes no file of another
    rng = random.Random(f"{kind} {number}")
    name, data = files[kind]
    data = _inside(kind, bytearray(data), rng, files) if rng.random() < 0.5 else bytearray(data)
    for _ in range(rng.randint(1, MOST_CHANGES)):
        _change(data, rng)
    if rng.random() < SPLICED:
        other = others[rng.choice(sorted(others))][1]
        a, b = sorted((rng.randrange(len(other)), rng.randrange(len(other))))
        at = rng.randrange(len(data) + 1)
        data[at:at] = other[a:b]
    if rng.random() < 0.1:
        name = rng.choice(sorted(others.values()))[0]
    return name, bytes(data)


def _inside(kind: str, data: bytearray, rng: random.Random, files) -> bytearray:
    """Damage under the packing, so that more than the checksum of an archive is met."""
    if kind == "gzip":
        inner = bytearray(files["csv"][1])
        _change(inner, rng)
        return bytearray(gzip.compress(inner, mtime=0))
    if not data.startswith(b"PK"):
        return data
    members = _members(data)
    hit = rng.choice(sorted(members))
    inner = bytearray(members[hit])
    for _ in range(rng.randint(1, MOST_CHANGES)):
        _change(inner, rng)
    members[hit] = bytes(inner)
    if kind == "project" and hit != "manifest.json":
        members = _sealed(members)  # else no damage would come past the hashes
    return bytearray(_zip(members))


def _change(data: bytearray, rng: random.Random) -> None:
    """One change: a bit, an extreme value, a word of a format, a cut, a repeat, the end gone."""
    at = rng.randrange(len(data) + 1)
    length = int(len(data) ** rng.random())
    way = rng.randrange(6)
    if way == 0 and at < len(data):
        data[at] ^= 1 << rng.randrange(8)
    elif way == 1:
        value = rng.choice(EXTREMES)
        data[at : at + len(value)] = value
    elif way == 2:
        data[at:at] = rng.choice(TOKENS) * rng.choice((1, 1, 1, 50))
    elif way == 3:
        del data[at : at + length]
    elif way == 4 and len(data) < 200_000:
        data[at:at] = data[at : at + length] * rng.choice((1, 2, 9))
    elif way == 5 and rng.random() < 0.3:
        del data[at:]
