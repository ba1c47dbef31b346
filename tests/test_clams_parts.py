"""The parts of CLAMS against answers known by hand: mixture, knee, DEMP, entropy, Gabriel."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import label
from scipy.stats import multivariate_normal, norm

from analytics.perception import cells as cells_module
from analytics.perception import mixture, resamples, ridge, separability
from analytics.perception.cells import Cells, Drawing, reduce
from analytics.perception.demp import demp
from analytics.perception.features import NAMES, features
from analytics.perception.groups import knee
from analytics.perception.mixture import Gaussians

AS_IS = Drawing(np.ones(2), np.zeros(2), 1.0)


def one(mean, covariance=((1, 0), (0, 1)), weight=1.0):
    return Gaussians(np.array([weight]), np.array([mean], float), np.array([covariance], float))


def blobs(n, centres, sd=1.0, seed=0):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(size=(n, 2)) * sd + c for c in centres])


@pytest.mark.parametrize("distance", [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 12.0])
def test_demp_of_two_equal_round_gaussians_has_its_closed_form(distance):
    found = demp(one((0, 0)), one((0.6 * distance, 0.8 * distance)))
    assert found[0] == pytest.approx(norm.cdf(-distance / 2), rel=5e-4)


def test_demp_with_unequal_weights_along_a_line():
    # Boundary at x = 1 + ln(3) / 2 for means 0 and 2, unit variance and weights 3 : 1.
    cut = 1 + np.log(3) / 2
    found = demp(one((0, 0), weight=0.75), one((2, 0), weight=0.25))
    assert found[0] == pytest.approx(norm.cdf(cut - 2), rel=1e-4)


def test_demp_agrees_with_drawing_from_the_gaussians():
    a = one((0, 0), ((1, 0.4), (0.4, 0.5)), 0.6)
    b = one((1.2, 0.3), ((0.2, -0.1), (-0.1, 0.9)), 0.4)
    rng = np.random.default_rng(1)

    def density(g, x):
        return g.weights[0] * multivariate_normal(g.means[0], g.covariances[0]).pdf(x)

    drawn = [rng.multivariate_normal(g.means[0], g.covariances[0], 200_000) for g in (a, b)]
    shares = [
        np.mean(density(b, drawn[0]) > density(a, drawn[0])),
        np.mean(density(a, drawn[1]) > density(b, drawn[1])),
    ]
    assert demp(a, b)[0] == pytest.approx(max(shares), abs=0.005)


def test_demp_and_the_prediction_do_not_depend_on_who_is_first():
    a, b = one((0, 0), weight=0.3), one((1, 2), ((2, 0), (0, 0.1)), 0.7)
    assert demp(a, b)[0] == demp(b, a)[0]
    assert separability.predict(a, b) == pytest.approx(separability.predict(b, a), abs=1e-9)


def test_valley_of_two_equal_round_gaussians_has_its_closed_form():
    # Two peaks from a distance of 2 standard deviations on; far apart the peaks are at the means
    # and the saddle half way: log(2 exp(-d^2 / 8)).
    assert ridge.valley(one((0, 0)), one((1.9, 0)))[0] == pytest.approx(0, abs=1e-9)
    assert ridge.valley(one((0, 0)), one((2.5, 0)))[0] < -0.01
    far = ridge.valley(one((0, 0)), one((6, 8)))[0]
    assert far == pytest.approx(np.log(2) - 100 / 8, rel=1e-3)


def test_valley_against_a_search_over_the_plane():
    a = one((0, 0), ((1, 0.3), (0.3, 0.4)), 0.7)
    b = one((2.2, 1.4), ((0.3, -0.1), (-0.1, 0.8)), 0.3)
    y, x = np.mgrid[-3:5:400j, -4:6:500j]
    place = np.stack([x, y], axis=-1)
    height = sum(
        g.weights[0] * multivariate_normal(g.means[0], g.covariances[0]).pdf(place) for g in (a, b)
    )
    # The saddle is the highest level at which the two peaks hang together.
    peaks = [
        np.unravel_index(np.where(side, height, 0).argmax(), height.shape)
        for side in (x < 1, x > 1.6)
    ]
    low, high = 0.0, min(height[p] for p in peaks)
    for _ in range(30):
        level = (low + high) / 2
        parts, _ = label(height >= level)
        joined = parts[peaks[0]] == parts[peaks[1]]
        low, high = (level, high) if joined else (low, level)
    expected = np.log(low / min(height[p] for p in peaks))
    assert ridge.valley(a, b)[0] == pytest.approx(expected, abs=0.01)


def test_ink_fills_valleys_and_little_ink_changes_nothing():
    a, b = one((0, 0)), one((4, 0))
    clean, opaque = ridge.valley(a, b)[0], ridge.valley(a, b, ink=10.0)[0]
    assert clean < opaque < 0
    assert ridge.valley(a, b, ink=1e-4)[0] == pytest.approx(clean, abs=1e-3)
    assert ridge.valley(a, b, ink=np.array([10.0]))[0] == opaque


@pytest.mark.parametrize("distance", np.arange(0, 9, 1.0))
def test_more_people_see_two_groups_the_farther_apart(distance):
    nearer = separability.predict(one((0, 0)), one((distance, 0)))[0]
    farther = separability.predict(one((0, 0)), one((distance + 1, 0)))[0]
    assert farther < nearer


def test_nearly_all_see_one_group_at_one_place_and_two_far_apart():
    assert separability.predict(one((0, 0)), one((0, 0)))[0] > 0.85
    assert separability.predict(one((0, 0)), one((1e6, 0)))[0] < 0.02
    assert separability.predict(one((0, 0)).take(np.zeros(0, int)), one((0, 0))).shape == (0,)


def test_features_of_a_pair_known_by_hand():
    a, b = one((0, 0), ((4, 0), (0, 1)), 0.75), one((10, 0), ((1, 0), (0, 4)), 0.25)
    row = dict(zip(NAMES, features(a, b)[0], strict=True))
    side = 10 + 2.5 * 2 + 2.5 * 1
    assert row["mean_distance"] == pytest.approx(10 / side)
    assert row["axis_sum"] == pytest.approx(2 * np.sqrt(5) / side)
    assert row["axis_difference"] == row["axis_vector_distance"] == pytest.approx(0)
    assert row["relative_distance"] == pytest.approx(10 / (2 * np.sqrt(5)))
    assert row["ellipticity_mean"] == pytest.approx(np.log(2))
    assert row["density_difference"] == row["share_difference"] == pytest.approx(np.log(3))
    assert row["rotation_agreement"] == pytest.approx(-0.25)  # crossed, both half elongated
    assert row["facing_mean"] == pytest.approx(0)  # one points at the other, one across
    assert row["facing_difference"] == pytest.approx(1)


def test_a_model_of_other_features_is_refused(tmp_path, monkeypatch):
    (tmp_path / "model.json").write_text('{"features": ["size"], "model": {}}')
    monkeypatch.setattr(separability, "FILE", tmp_path / "model.json")
    separability.model.cache_clear()
    with pytest.raises(RuntimeError, match="other features"):
        separability.model()
    monkeypatch.undo()
    separability.model.cache_clear()


def test_entropy_in_bits():
    bits = separability.entropy(np.array([0.0, 0.25, 0.5, 1.0]))
    assert bits == pytest.approx([0, 0.811278, 1, 0], abs=1e-6)


def test_gabriel_graph_of_a_square_with_its_centre():
    edges = separability.gabriel_edges(np.array([[0, 0], [2, 0], [2, 2], [0, 2], [1, 1]]))
    # The centre lies on the circle over each side (kept) and inside that over each diagonal.
    expected = np.array(
        [[0, 1, 0, 1, 1], [1, 0, 1, 0, 1], [0, 1, 0, 1, 1], [1, 0, 1, 0, 1], [1, 1, 1, 1, 0]]
    )
    assert edges.astype(int).tolist() == expected.tolist()


def test_pairs_above_the_threshold_or_next_to_each_other_are_kept():
    means = np.array([[0.0, 0], [1, 0], [2, 0]])  # pairs 01, 02, 12; 02 is no Gabriel edge
    assert separability.kept_pairs(means, np.array([0.0, 0.0, 0.0])).tolist() == [True, False, True]
    assert separability.kept_pairs(means, np.array([0.0, 0.1, 0.0])).all()
    assert not separability.kept_pairs(means, np.array([0.0, 0.1, 0.0]), 0.2)[1]


def test_a_curve_that_only_rises_is_not_followed_to_its_end_and_has_the_same_knee():
    whole = np.array([100.0, 20, 10, 11, 12, 13, 14, 15, 16, 17])
    assert knee(whole[:7], 10) == knee(whole)
    points = blobs(300, [(-0.3, 0), (0.3, 0)], sd=0.03)
    fits, bic = mixture.fit_path(reduce(points, AS_IS), 17)
    assert len(fits) == len(bic) == 2 + mixture.PATIENCE


def test_cells_join_into_larger_ones_with_the_same_points():
    points = blobs(4000, [(-0.2, 0), (0.2, 0.1)], sd=0.08)
    fine = reduce(points, AS_IS)
    fewer = cells_module.coarse(fine, 48)
    assert len(fewer.counts) < len(fine.counts) and fewer.counts.sum() == len(points)
    for a, b in zip(fine.moments, fewer.moments, strict=True):
        assert (a * fine.counts).sum() == pytest.approx((b * fewer.counts).sum())
    assert cells_module.coarse(fewer, 1000) is fewer


def test_knee_where_the_curve_bends():
    assert knee(np.array([100.0, 60, 20, 10, 5, 0])) == (3, True)
    assert knee(np.array([100.0, 10, 8, 6, 4, 2, 0])) == (2, True)


def test_rising_curve_means_one_group_and_a_straight_one_has_no_knee():
    assert knee(np.array([0.0, 10, 20, 30])) == (1, True)
    assert knee(np.array([30.0, 20, 10, 0])) == (4, False)


def test_short_and_flat_curves_take_the_lowest():
    assert knee(np.array([5.0])) == (1, True)
    assert knee(np.array([5.0, 2.0])) == (2, True)
    assert knee(np.array([3.0, 3.0, 3.0])) == (1, True)


def test_em_finds_two_blobs_again():
    points = blobs(400, [(-0.3, 0), (0.3, 0)], sd=0.03)
    fits, bic = mixture.fit_path(reduce(points, AS_IS), 4)
    assert np.argmin(bic) == 1
    found = fits[1].take(np.argsort(fits[1].means[:, 0]))
    assert found.weights == pytest.approx([0.5, 0.5], abs=1e-3)
    for k, part in enumerate((points[:400], points[400:])):
        assert found.means[k] == pytest.approx(part.mean(axis=0), abs=1e-6)
        expected = np.cov(part.T, bias=True) + mixture.FLOOR * np.eye(2)
        assert found.covariances[k] == pytest.approx(expected, abs=1e-7)


def test_one_component_is_the_sample_mean_and_covariance_even_in_cells(monkeypatch):
    points = blobs(3000, [(0, 0)], sd=0.1)
    points = points[np.abs(points).max(axis=1) < 0.5]
    monkeypatch.setattr(cells_module, "MAX_POINTS", 100)
    cells = reduce(points, AS_IS)
    assert len(cells.counts) < len(points) and cells.counts.sum() == len(points)
    (fit,), _ = mixture.fit_path(cells, 1)
    assert fit.means[0] == pytest.approx(points.mean(axis=0), abs=1e-12)
    expected = np.cov(points.T, bias=True) + mixture.FLOOR * np.eye(2)
    assert fit.covariances[0] == pytest.approx(expected, abs=1e-12)


def test_cells_give_nearly_the_fit_of_the_points(monkeypatch):
    points = blobs(1500, [(-0.15, 0), (0.1, 0.1), (0.1, -0.2)], sd=0.06)
    exact, exact_bic = mixture.fit_path(reduce(points, AS_IS), 3)
    monkeypatch.setattr(cells_module, "MAX_POINTS", 100)
    binned, binned_bic = mixture.fit_path(reduce(points, AS_IS), 3)
    a, b = (f[2].take(np.argsort(f[2].means @ [1.0, 0.3])) for f in (exact, binned))
    assert a.means == pytest.approx(b.means, abs=1e-3)
    assert a.weights == pytest.approx(b.weights, abs=2e-3)
    assert binned_bic == pytest.approx(exact_bic, abs=0.01 * np.ptp(exact_bic))


def test_em_never_lowers_the_likelihood():
    cells = reduce(blobs(200, [(-0.1, 0), (0.1, 0.1)], sd=0.07, seed=3), AS_IS)
    fit = mixture.fit_path(cells, 3)[0][2]
    share = cells.counts / cells.counts.sum()
    start = fit._replace(means=fit.means + 0.05)
    levels = [
        mixture.log_likelihood(cells, mixture.refine(cells, start, steps, 0.0)[0]) @ share
        for steps in range(1, 12)
    ]
    assert np.diff(levels).min() > -1e-6  # the variance floor may cost a trace


def em_step(x, weights, means, covariances):
    """One EM step as the textbook writes it, without the floor."""
    density = [
        w * multivariate_normal(m, c).pdf(x)
        for w, m, c in zip(weights, means, covariances, strict=True)
    ]
    post = np.array(density) / np.sum(density, axis=0)
    means = (post @ x) / post.sum(axis=1)[:, None]
    spread = [np.cov(x.T, aweights=p, bias=True) + mixture.FLOOR * np.eye(2) for p in post]
    return post.mean(axis=1), means, np.array(spread), np.log(np.sum(density, axis=0)).mean()


def test_one_step_is_that_of_the_textbook():
    points = blobs(60, [(-0.1, 0), (0.1, 0.1), (0.2, -0.1)], sd=0.07, seed=5)
    start = mixture.split(reduce(points, AS_IS), one((0, 0), np.eye(2) * 0.02))
    found, level = mixture.refine(reduce(points, AS_IS), start, 1)
    weights, means, covariances, before = em_step(points, *start)
    assert level == pytest.approx(before, abs=1e-12)
    assert found.weights == pytest.approx(weights, abs=1e-12)
    assert found.means == pytest.approx(means, abs=1e-12)
    assert found.covariances == pytest.approx(covariances, abs=1e-12)


def test_points_where_the_density_vanishes_between_two_steps_are_followed(monkeypatch):
    # A wide start closes on the blob at once, so the log density at the lone point falls by 1,000.
    again = []
    taken = mixture.exponentials
    monkeypatch.setattr(mixture, "exponentials", lambda t: again.append(1) or taken(t))
    points = np.vstack([blobs(2000, [(-0.4, 0)], sd=1e-4), [[0.4, 0.0]]])
    cells = reduce(points, AS_IS)
    start = Gaussians(
        np.ones(2) / 2, np.array([[-0.4, 0], [-0.4, 1e-4]]), np.stack([np.eye(2)] * 2)
    )
    fit, level = mixture.refine(cells, start, 30, 0.0)
    assert len(again) > 1  # the first is the start's own
    assert np.isfinite(level) and all(np.isfinite(values).all() for values in fit)
    assert mixture.level(cells, fit) == pytest.approx(level, abs=1e-3)


def test_resamples_together_are_refined_as_each_alone():
    points = blobs(200, [(-0.2, 0), (0.2, 0.1), (0.1, -0.3)], sd=0.09, seed=4)
    cells = reduce(points, AS_IS)
    start = mixture.fit_path(cells, 3)[0][2]
    counts = np.random.default_rng(0).multinomial(600, cells.counts / 600, 70).astype(float)
    together = resamples.refine_all(cells, counts, start, 40, 1e-6)
    for r, row in enumerate(counts):
        kept = np.flatnonzero(row)
        alone, _ = mixture.refine(Cells(row[kept], cells.moments[:, kept]), start, 40, 1e-6)
        for values, known in zip(together, alone, strict=True):
            assert values[r] == pytest.approx(known, abs=1e-9)
        assert separability.scores(together)[r] == pytest.approx(separability.score(alone))


def test_resamples_far_from_the_start_are_followed(monkeypatch):
    again = []
    taken = resamples.exponentials
    monkeypatch.setattr(
        resamples, "exponentials", lambda t, axis: again.append(1) or taken(t, axis)
    )
    points = np.vstack([blobs(2000, [(-0.4, 0)], sd=1e-4), [[0.4, 0.0]]])
    cells = reduce(points, AS_IS)
    start = Gaussians(
        np.ones(2) / 2, np.array([[-0.4, 0], [-0.4, 1e-4]]), np.stack([np.eye(2)] * 2)
    )
    found = resamples.refine_all(cells, np.stack([cells.counts] * 3), start, 30, 0.0)
    alone, _ = mixture.refine(cells, start, 30, 0.0)
    assert again
    for values, known in zip(found, alone, strict=True):
        assert values == pytest.approx(np.stack([known] * 3), abs=1e-9)


def test_a_split_is_em_of_two_on_its_own():
    points = blobs(150, [(-0.2, 0), (0.2, 0.05)], sd=0.08, seed=2)
    whole = mixture.refine(reduce(points, AS_IS), one((0, 0)))[0]
    found = mixture.split(reduce(points, AS_IS), whole)
    expected = tuple(mixture._halves(whole))
    for _ in range(mixture._SPLIT_STEPS):
        *expected, _ = em_step(points, *expected)
    for values, known in zip(found, expected, strict=True):
        assert values == pytest.approx(known, abs=1e-9)


def test_merging_two_halves_gives_the_whole():
    halves = Gaussians(
        np.array([0.2, 0.4, 0.4]),
        np.array([[5.0, 5.0], [-1, 0], [1, 0]]),
        np.stack([np.eye(2)] * 3),
    )
    merged = mixture.merge(halves)
    assert merged.weights == pytest.approx([0.2, 0.8])
    assert merged.means[1] == pytest.approx([0, 0])
    assert merged.covariances[1] == pytest.approx(np.array([[2, 0], [0, 1]]))


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 2 * np.pi), st.booleans(), st.floats(0.01, 100), st.integers(0, 10_000))
def test_demp_ignores_motion_and_scale(angle, mirrored, scale, seed):
    rng = np.random.default_rng(seed)
    shapes = rng.normal(size=(2, 2, 2))
    pair = [one(rng.normal(size=2), s @ s.T + 0.1 * np.eye(2), 1 + k) for k, s in enumerate(shapes)]
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turn = scale * turn @ np.diag([-1 if mirrored else 1, 1])
    moved = [
        Gaussians(g.weights, g.means @ turn.T + 3, turn @ g.covariances @ turn.T) for g in pair
    ]
    assert demp(*moved) == pytest.approx(demp(*pair), rel=0.02, abs=1e-6)
    assert ridge.valley(*moved) == pytest.approx(ridge.valley(*pair), rel=0.02, abs=0.02)
    assert 0 < separability.predict(*pair)[0] < 1


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 3), st.booleans(), st.floats(0.01, 100), st.integers(0, 10_000))
def test_prediction_ignores_quarter_turns_mirrors_and_scale(quarters, mirrored, scale, seed):
    rng = np.random.default_rng(seed)
    shapes = rng.normal(size=(2, 2, 2))
    pair = [one(rng.normal(size=2), s @ s.T + 0.1 * np.eye(2), 1 + k) for k, s in enumerate(shapes)]
    turn = np.linalg.matrix_power(np.array([[0.0, -1], [1, 0]]), quarters)
    turn = scale * turn @ np.diag([-1 if mirrored else 1, 1])
    moved = [
        Gaussians(g.weights, g.means @ turn.T + 3, turn @ g.covariances @ turn.T) for g in pair
    ]
    before, after = separability.predict(*pair), separability.predict(*moved)
    assert after == pytest.approx(before, abs=2e-3)
