"""Rarity weights: by hand, as a layer of points, in the table of rows."""

import numpy as np
import pandas as pd
import pytest

from analytics.clustering.rarity import RARITY, weights
from analytics.report.tables import labels_table
from analytics.results import NOISE, Clustering, Dataset
from pages.ui import mapcontrols, mapview


def test_by_hand():
    labels = np.array([0, 0, 0, 1, NOISE, NOISE, NOISE, NOISE, NOISE, NOISE])
    found = weights(labels)
    assert found[0] == pytest.approx((1 + 0.7**5) / 2)
    assert found[3] == found[4] == pytest.approx((1 + 0.9**5) / 2), "noise is as rare as one row"
    assert weights(np.zeros(4, int)).tolist() == [0.5] * 4
    assert weights(np.array([0, 1]), eta=0, gamma=1).tolist() == [0.5, 0.5]
    assert weights(np.full(3, NOISE)).tolist() == pytest.approx([(1 + (2 / 3) ** 5) / 2] * 3)


def test_it_is_a_layer_and_a_column_while_shown():
    data = Dataset(
        X=np.zeros((4, 1), np.float32), rows=np.arange(4), frame=pd.DataFrame({"a": range(4)})
    )
    groups = Clustering(labels=np.array([0, 0, 0, 1], np.int32), n_clusters=2)
    assert RARITY in mapcontrols._layers(groups) and RARITY not in mapcontrols._layers(None)
    title, values = mapview._layer(data, groups, RARITY, None, None)
    assert title == "rarity weight" and values.tolist() == weights(groups.labels).tolist()
    assert mapview._layer(data, None, RARITY, None, None) is None
    table = labels_table(data, None, groups, None, RARITY)
    assert list(table) == ["row", "cluster", "rarity_weight", "a"]
    assert "rarity_weight" not in labels_table(data, None, groups)
