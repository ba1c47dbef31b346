"""How the CLAMS score moves with drawing, what would change it, and who belongs to a component."""

import numpy as np
import pytest

from analytics.operations import execute
from analytics.perception.changes import changes
from analytics.perception.clams import clams
from analytics.perception.groups import members
from analytics.perception.mixture import Gaussians
from analytics.perception.operations import curves_request
from analytics.perception.sensitivity import DIAMETERS, OPACITIES, curves, drawn_score
from analytics.results import Projection
from analytics.store.artifacts import Artifacts
from tests.test_clams import CLOUD, blobs

PAIR = Gaussians(
    np.array([0.5, 0.5]), np.array([[-0.25, 0], [0.25, 0]]), np.stack([np.eye(2) * 0.01] * 2)
)


def test_tables_hold_what_they_say():
    card = curves(CLOUD)
    sizes = card.tables["sample_size"]
    assert sizes[0, 0] == 50 and sizes[-1, 0] == len(CLOUD) and (np.diff(sizes[:, 0]) > 0).all()
    assert sizes[-1, 1] == pytest.approx(clams(CLOUD, bootstrap=0).ambiguity)
    assert (sizes[:, 2] <= sizes[:, 1] + 1e-9).all() and (sizes[:, 1] <= sizes[:, 3] + 1e-9).all()
    assert card.tables["mark_size"][:, 0].tolist() == list(DIAMETERS)
    assert card.tables["opacity"][:, 0].tolist() == list(OPACITIES)
    aspects = dict(card.tables["aspect"])
    assert aspects[2.0] == pytest.approx(clams(CLOUD, aspect=2.0, bootstrap=0).ambiguity)


def test_vanishing_marks_leave_the_score_and_large_ones_blur_two_groups_into_doubt():
    plain = drawn_score(PAIR, 1000, 1e-6, 1.0)
    i, j = PAIR.take(np.array([0])), PAIR.take(np.array([1]))
    from analytics.perception.separability import entropy, predict

    assert plain == pytest.approx(float(entropy(predict(i, j))[0]), abs=1e-6)
    assert drawn_score(PAIR, 1000, 60, 1.0) > plain + 0.05
    # Fainter marks saturate less, so the valley stays deeper.
    assert drawn_score(PAIR, 100_000, 6, 0.05) < drawn_score(PAIR, 100_000, 6, 1.0)
    assert drawn_score(PAIR.take(np.array([0])), 1000, 6, 1.0) == 0


def test_points_at_one_place_have_a_curve_of_zeros_only():
    card = curves(np.ones((60, 2)))
    assert list(card.tables) == ["sample_size"]
    assert (card.tables["sample_size"][:, 1] == 0).all()


def test_curves_run_as_a_request(tmp_path):
    artifacts = Artifacts(tmp_path)
    projection = Projection(digest="a" * 32, xy=CLOUD.astype(np.float32))
    artifacts.save(projection)
    found = execute(curves_request(projection), artifacts)
    again = Artifacts(tmp_path).load(found.digest)
    assert np.array_equal(again.tables["sample_size"], found.tables["sample_size"])


def test_changes_are_those_of_the_mean_over_pairs():
    found = clams(CLOUD, bootstrap=0)
    assert found.n_components == 3
    options = changes(found, most=100)
    assert len(options) == len(found.pairs) + 3
    gone = next(c for c in options if c.components == (0,))
    rest = found.pair_ambiguity[(found.pairs != 0).all(axis=1)]
    assert gone.score == pytest.approx(rest.mean())
    assert gone.words.startswith("Without A (")
    agreed = next(c for c in options if len(c.components) == 2)
    pair = int(np.flatnonzero((found.pairs == agreed.components).all(axis=1))[0])
    assert agreed.score == pytest.approx(
        (found.pair_ambiguity.sum() - found.pair_ambiguity[pair]) / len(found.pairs)
    )
    effects = [abs(c.score - found.ambiguity) for c in options]
    assert effects == sorted(effects, reverse=True)
    assert changes(clams(blobs((200,), [(0, 0)], [1.0]), bootstrap=0)) == []


def test_points_belong_to_the_component_they_were_drawn_from():
    points = blobs((300, 200), [(1e6, 0), (1e6 + 12, 3)], [1, 1])
    found = clams(points, bootstrap=0)
    assert (members(found, points) == np.repeat([0, 1], [300, 200])).all()
    alone = clams(np.ones((5, 2)))
    assert (members(alone, np.ones((5, 2))) == 0).all()
