"""The linked page, the bundle and the slides: compact, escaped, and only the columns asked for."""

import base64
import hashlib
import io
import json
import re
import zipfile
import zlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import analytics
from analytics.errors import BadInput
from analytics.report import columns, linked, packing, pictures, ticks
from analytics.report.bundle import bundle
from analytics.report.html import html_report
from analytics.report.lineage import complete_state
from analytics.report.linked import linked_report
from analytics.report.written import written
from analytics.store.artifacts import Artifacts

SECRET = "4929-0001-private"
EVIL = '</script><script>alert("x")</script>'
ARRAYS = {"u8": "u1", "u16": "<u2", "u32": "<u4", "f32": "<f4", "f64": "<f8"}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Artifacts(tmp_path_factory.mktemp("linked") / "results")


@pytest.fixture(scope="module")
def state(store):
    rng = np.random.default_rng(0)
    where = np.repeat([0.0, 9.0], 40)
    frame = pd.DataFrame({"a": where + rng.normal(size=80), "b": where + rng.normal(size=80)})
    frame["kind"] = [EVIL, "=1+1"] * 40
    frame["whole"] = np.arange(80) + 2**25
    frame["day"] = pd.date_range("2024-01-01", periods=80)
    frame["secret"] = [f"{SECRET} {i}" for i in range(80)]
    frame.loc[5, "kind"] = None
    dataset = analytics.prepare(frame, features=["a", "b"], store=store)
    made = analytics.cluster(dataset, "kmeans", n_clusters=2, store=store)
    return complete_state(store, made.digest) | {
        "selection": [{"type": "box", "x": [-99, 0], "y": [-99, 99]}]
    }


@pytest.fixture(scope="module")
def html(store, state):
    return linked_report(store, state, title=EVIL)


def unpacked(html):
    """The header and the arrays of a page, read as its script reads them."""
    text = re.search(r'<script type="text/plain" id="data">([^<]*)</script>', html)[1]
    raw = zlib.decompress(base64.b64decode(text))
    size = int.from_bytes(raw[:4], "little")
    return json.loads(raw[4 : 4 + size]), raw


def values(place, raw):
    assert place["start"] % 8 == 0
    return np.frombuffer(raw, ARRAYS[place["kind"]], place["count"], place["start"])


def cells(entry, raw):
    found = values(entry["values"], raw)
    if "words" not in entry:
        return found.tolist()
    return [entry["words"][code - 1] if code else None for code in found]


def test_the_page_holds_every_row_as_it_is(html, store, state):
    head, raw = unpacked(html)
    dataset, projection = (store.load(state[k]) for k in ("dataset", "projection"))
    frame, labels = dataset.frame, store.load(state["clustering"]).labels
    listed = {c["name"]: cells(c, raw) for c in head["columns"]}
    assert list(listed) == ["row", "Group", *columns.default(dataset)]
    assert listed["row"] == list(range(80))
    assert listed["Group"] == [f"Group {i + 1}" for i in labels]
    assert np.allclose(listed["a"], frame["a"], rtol=1e-6)
    assert listed["whole"] == frame["whole"].tolist()  # beyond what float32 holds exactly
    assert listed["day"][1] == "2024-01-02"
    assert listed["kind"][:6] == [EVIL, "=1+1", EVIL, "=1+1", EVIL, None]
    for axis, name in enumerate("xy"):
        low, high = head["limits"][axis]
        placed = low + values(head[name], raw) / packing.STEPS * (high - low)
        assert np.abs(placed - projection.xy[:, axis]).max() <= (high - low) / packing.STEPS
    assert (
        values(head["selected"], raw).astype(bool).tolist() == (projection.xy[:, 0] <= 0).tolist()
    )


def test_the_page_can_ask_for_nothing_and_runs_only_its_own_script(html):
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1].replace("&#39;", "'")
    rules = dict(rule.strip().split(None, 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["img-src"] == rules["font-src"] == "data:"
    for tag, rule in (("script", "script-src"), ("style", "style-src")):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"
    assert not re.findall(r'(?:src|href)="(?!data:|#)', html)
    assert not re.search(r'\sstyle="', html) and not re.search(r'\son\w+="', html)
    assert not re.search(r"https?://(?!$)", html.split('id="data"')[0].split("<style>")[0])


def test_data_stays_text(html):
    assert EVIL not in html and html.count("<script") == 2 == html.count("</script>")
    assert "&lt;/script&gt;" in html  # in the title


def test_only_the_columns_asked_for_leave(store, state, html):
    for page in (html, html_report(store, state)):
        assert SECRET not in page
    assert SECRET.encode() not in unpacked(html)[1]
    assert "1 other column is not in this file." in html
    some = linked_report(store, state, columns=["secret"])
    head, raw = unpacked(some)
    assert [c["name"] for c in head["columns"]] == ["row", "Group", "secret"]
    assert SECRET.encode() in raw and "5 other columns are not in this file" in some
    with pytest.raises(BadInput, match="There is no column 'secrets'"):
        linked_report(store, state, columns=["secrets"])
    with zipfile.ZipFile(io.BytesIO(bundle(store, state))) as packed:
        assert not any(SECRET.encode() in packed.read(name) for name in packed.namelist())


def test_what_the_page_says(html):
    text = " ".join(re.sub(r"<[^>]+>", " ", html.split('id="data"')[0]).split())
    for words in (
        "Would people agree on the groups", "Visible, real, explainable?", "Why these groups",
        "How is this computed?", "What was done", "All 80 rows are here.", "Map of 80 rows",
    ):  # fmt: skip
        assert words in text or words in html, words
    assert html.count("How is this computed?") == 2


def test_a_page_that_would_be_too_large_cuts_cells_and_then_refuses(store, state, monkeypatch):
    rng = np.random.default_rng(1)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz0123456789"))
    long = ["".join(rng.choice(letters, 380)) for _ in range(200)]
    frame = pd.DataFrame({"x": rng.normal(size=200), "y": rng.normal(size=200), "t": long})
    dataset = analytics.prepare(frame, features=["x", "y"], store=store)
    made = analytics.project(dataset, "pca", store=store)
    given = {"table": dataset.parents[0], "dataset": dataset.digest, "projection": made.digest}
    whole = linked_report(store, given)
    assert "Longer cells are cut" not in whole
    monkeypatch.setattr(linked, "MAX_BYTES", len(whole) - 1_000)
    cut = linked_report(store, given)
    assert "Longer cells are cut at 160 characters." in cut and len(cut) < len(whole) - 1_000
    monkeypatch.setattr(linked, "MAX_BYTES", 20_000)
    with pytest.raises(BadInput, match="choose fewer columns"):
        linked_report(store, given)


def test_of_many_rows_each_group_sends_its_share(store, state, monkeypatch):
    monkeypatch.setattr(linked, "MAX_ROWS", 20)
    page = linked_report(store, state)
    head, raw = unpacked(page)
    assert f"{head['n']} of 80 rows are here, drawn by chance" in page
    groups = cells(head["columns"][1], raw)
    assert groups.count("Group 1") == groups.count("Group 2") == 10


@given(
    st.lists(
        st.floats(allow_nan=True, allow_infinity=True) | st.integers(-(2**60), 2**60), max_size=40
    )
)
def test_numbers_keep_six_digits(numbers):
    block = packing.Block()
    entry = packing.column(block, pd.Series(numbers, name="n", dtype=float), 80)
    raw = zlib.decompress(base64.b64decode(block.text({"c": entry})))
    assert np.allclose(
        cells(entry, raw), np.array(numbers, float), rtol=1e-6, atol=1e-37, equal_nan=True
    )


@given(st.lists(st.none() | st.text(max_size=12), max_size=300))
def test_words_come_back_on_one_line(texts):
    block = packing.Block()
    entry = packing.column(block, pd.Series(texts, name="t", dtype=object), 10)
    raw = zlib.decompress(base64.b64decode(block.text({"c": entry})))
    back = cells(entry, raw)
    assert [b is None for b in back] == [t is None for t in texts]
    assert all(len(b) <= 10 and not set(b) & set("\x00\r\n\t") for b in back if b is not None)
    assert entry["words"] == sorted(entry["words"], key=lambda t: (t.casefold(), t))


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_dates_are_words_with_their_days(zone):
    days = pd.DatetimeIndex(["2021-03-01 12:00", None, "1969-12-31", "2021-03-01 12:00"], tz=zone)
    block = packing.Block()
    entry = packing.column(block, pd.Series(days, name="d"), 40)
    block.text({"columns": [entry]})
    arrays = [np.frombuffer(raw, ARRAYS[place["kind"]]) for place, raw in block._arrays]
    assert entry["words"] == ["1969-12-31 00:00:00", "2021-03-01 12:00:00"] and entry["colored"]
    assert arrays[0].tolist() == [-1.0, 18_687.5] and arrays[1].tolist() == [2, 0, 1, 2]
    nothing = packing.column(packing.Block(), pd.Series(days[1:2], name="d"), 40)
    assert nothing["words"] == [] and "days" not in nothing


def test_points_without_a_place_and_flat_maps():
    found = packing.coordinates(np.array([np.nan, 2.0, 4.0, np.inf]), 2.0, 4.0)
    assert found.tolist() == [packing.STEPS + 1, 0, packing.STEPS, packing.STEPS + 1]
    assert packing.coordinates(np.array([3.0, 3.0]), 3.0, 3.0).tolist() == [0, 0]


def test_the_bundle(store, state):
    first, again = bundle(store, state), bundle(store, state)
    assert first == again
    with zipfile.ZipFile(io.BytesIO(first)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    assert list(files) == [
        "README.txt", "labels.csv", "coordinates.csv", "scores.csv", "run.json", "run.py",
        "groups.csv",
    ]  # fmt: skip
    labels = pd.read_csv(io.BytesIO(files["labels.csv"]))
    assert labels["cluster"].value_counts().tolist() == [40, 40]
    assert labels["kind"].tolist()[1] == "'=1+1"
    places = pd.read_csv(io.BytesIO(files["coordinates.csv"]))
    assert np.allclose(places[["x", "y"]], store.load(state["projection"]).xy, rtol=1e-5)
    scored = pd.read_csv(io.BytesIO(files["scores.csv"]))
    assert {"ambiguity", "silhouette", "trustworthiness"} <= set(scored["id"])
    told = pd.read_csv(io.BytesIO(files["groups.csv"]))
    assert told["rows"].tolist() == [40, 40] and set(told["real_tick"]) == {"yes"}
    assert json.loads(files["run.json"])["data"]["rows"] == 80
    for name in files:
        assert name in files["README.txt"].decode() or name == "README.txt"


@pytest.mark.parametrize("size", pictures.SIZES)
def test_slides_have_the_size_of_slides_on_light_paper(store, state, size):
    image = Image.open(io.BytesIO(written(store, state, "png", "A title", size=size)))
    assert image.size == pictures.SIZES[size] and image.getpixel((2, 2)) == (255, 255, 255)
    svg = written(store, state, "svg", "A title", size=size).decode()
    width, height = pictures.SIZES[size]
    assert f'width="{width}" height="{height}"' in svg and "A title" in svg
    sizes = [float(v) for v in re.findall(r'font-size="([\d.]+)"', svg)]
    assert min(sizes) >= 30  # 15 pt on a slide of 540 pt


def test_what_cannot_be_written_says_so(store, state):
    with pytest.raises(BadInput, match="There is no slide"):
        written(store, state, "png", size="21:9")
    with pytest.raises(BadInput, match="A linked page is HTML"):
        written(store, state, "zip", linked=True)


@pytest.mark.parametrize(
    "row, expected",
    [
        ((0.8, 0.5, 0.75, 0.8, True), (2, 2, 2)),
        ((0.5, 0.5, 0.6, 0.9, False), (1, 1, 1)),
        ((0.49, 0.2, 0.9, 0.49, False), (0, 0, 0)),
        ((0.9, None, None, None, False), (2, None, None)),
        ((0.9, 0.6, None, 0.5, True), (2, 2, 1)),
    ],
)
def test_ticks_are_full_half_or_empty(row, expected):
    names = ("visible", "separation", "stability", "explainable", "earned")
    found = ticks.grades(dict(zip(names, row, strict=True)))
    assert tuple(found.values()) == expected
    signs = [ticks.sign(tick, grade) for tick, grade in found.items()]
    for grade, shown, tick in zip(expected, signs, found, strict=True):
        assert shown == ("–" if grade is None else ticks.SIGNS[tick][2 - grade])
