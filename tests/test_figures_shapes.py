"""Marker shapes by a second column: who gets which mark, what is said, every picture."""

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.errors import BadInput
from analytics.figures import marks, shapes, theme
from analytics.figures.map import map_figure
from analytics.figures.picture import map_png, map_svg
from analytics.results import NOISE, UNLABELLED, Clustering, Dataset

XY = np.random.default_rng(0).normal(size=(60, 2))
SITES = np.array(["north", "south", "east <b>"])[np.arange(60) % 3]


def dataset(**columns):
    n = len(next(iter(columns.values())))
    return Dataset(X=np.zeros((n, 1), np.float32), columns=("a",), frame=pd.DataFrame(columns))


def test_a_column_shapes_the_marks_and_colour_stays_with_the_groups():
    groups = (np.arange(60) // 30).astype(np.int32)
    found = shapes.by("column:site", dataset(site=SITES))
    drawn = marks.make(XY, groups=groups, shapes=found)
    by_row = dict(zip(drawn.rows.tolist(), drawn.shapes.tolist(), strict=True))
    for value in set(SITES):
        assert len({by_row[i] for i in np.flatnonzero(value == SITES)}) == 1
    assert set(by_row.values()) == set(theme.SHAPE_NUMBERS[:3])
    codes = dict(zip(drawn.rows.tolist(), drawn.codes.tolist(), strict=True))
    assert [codes[i] for i in range(60)] == (2 * groups).tolist()


def test_beyond_eight_kinds_the_rest_share_a_mark_and_are_counted():
    values = np.repeat(list("abcdefghij"), range(12, 2, -1))
    found = shapes.by("column:v", dataset(v=values))
    assert [name for _, name in found.key()] == [*"abcdefg", "3 other values"]
    eight = shapes.by("column:v", dataset(v=values[np.isin(values, list("abcdefgh"))]))
    assert [name for _, name in eight.key()] == list("abcdefgh")
    groups = shapes.of_groups(np.arange(12), {0: "one"}, "")
    assert groups.codes.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7]
    assert groups.key()[0][1] == "one" and groups.key()[-1][1] == "5 others"


def test_what_has_no_value_is_a_hollow_circle_and_noise_is_hollow_in_its_shape():
    found = shapes.by("column:v", dataset(v=["a", None, "b", "b"]))
    assert found.key()[-1] == (theme.HOLLOW_CIRCLE, "No value")
    drawn = marks.make(XY[:4], groups=np.array([0, 0, 0, NOISE]), shapes=found)
    seen = dict(zip(drawn.rows.tolist(), drawn.shapes.tolist(), strict=True))
    # b is the more frequent value, so it has the first mark, the circle.
    assert seen == {0: 1, 1: theme.HOLLOW_CIRCLE, 2: 0, 3: theme.HOLLOW}


def test_choices_leave_out_measurements_and_dates():
    data = dataset(
        x=[0.5, 1.5], n=[1, 2], ok=[True, False], day=pd.to_datetime(["2020", "2021"]), s=["a", "b"]
    )
    assert shapes.choices(data, None) == ["column:n", "column:ok", "column:s"]
    data = replace(data, labels=np.array([0, UNLABELLED]), label_names=("yes",), label_column="s")
    clustering = Clustering(labels=np.zeros(2, np.int32), n_clusters=1)
    assert shapes.choices(data, clustering)[:2] == ["clusters", "label"]
    assert shapes.by("label", data).key() == [(0, "yes"), (theme.HOLLOW_CIRCLE, "No label")]
    assert shapes.by("column:gone", data) is None and shapes.by("", data) is None


def test_the_key_is_on_every_picture_and_escaped():
    found = shapes.by("column:site", dataset(site=SITES))
    figure = json.loads(map_figure(XY, shapes=found).figure.to_json())
    (key,) = [a["text"] for a in figure["layout"]["annotations"] if "Shape" in a["text"]]
    assert "■" in key and "east &lt;b&gt;" in key and "<b>" not in key
    assert len(set(figure["data"][0]["marker"]["symbol"])) > 1 or "bdata" in str(figure["data"][0])
    text = map_svg(XY, shapes=found)
    words = ["".join(e.itertext()) for e in ET.fromstring(text.encode()).iter()]
    assert {"north", "south", "east <b>", "site"} <= set(words)
    assert text.count("<polygon") == 40 + 2 and text.count("<circle") == 20 + 1
    plain = map_png(XY, width=400, height=300)
    assert map_png(XY, shapes=found, width=400, height=300) != plain


def test_too_many_points_for_shapes_is_said(monkeypatch):
    monkeypatch.setattr(shapes, "MAX_SHAPED", 50)
    found = shapes.by("column:site", dataset(site=SITES))
    assert "drawn up to 50 points" in map_svg(XY, shapes=found, caption="Map")
    assert shapes.too_many(found, 60) and not shapes.too_many(found, 50)


def test_lengths_are_checked():
    with pytest.raises(BadInput, match="4 rows but 60 shapes"):
        marks.make(XY[:4], shapes=shapes.by("column:site", dataset(site=SITES)))


@given(st.lists(st.one_of(st.none(), st.text(max_size=2)), min_size=1, max_size=60))
def test_every_row_has_a_mark_that_the_key_names(values):
    found = shapes.by("column:v", dataset(v=pd.Series(values, dtype="string")))
    assert set(found.marks().tolist()) == {number for number, _ in found.key()}
    assert len(found.key()) <= shapes.MOST + 1
