"""The parts of the model: plots, simulated people, links, the network, training, weights."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import BadInput
from models.clusternet import annotators, batches, data, links, mergetree, scatterplots, train
from models.clusternet.network import (
    ClusterNet,
    ball_query,
    distances,
    farthest,
    gather,
    normalised,
)
from models.clusternet.weights import SHIPPED, digest_of, load_weights, save_weights


def two_blobs(apart: float, n: int = 150, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    middle = np.repeat([0, apart], n)
    return np.c_[middle, 0 * middle] + rng.normal(size=(2 * n, 2))


# --- plots --------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", list(scatterplots.FAMILIES))
def test_every_family_makes_the_same_plot_of_a_seed(family):
    one, two = (scatterplots.make(5, family, 300) for _ in range(2))
    assert np.array_equal(one.points, two.points)
    assert np.array_equal(one.components, two.components)
    assert len(one.points) == len(one.components) >= 250
    assert np.isfinite(one.points).all() and one.components.max() >= 0
    assert not np.array_equal(one.points, scatterplots.make(6, family, 300).points)


def test_families_held_out_are_not_drawn():
    drawn = {scatterplots.make(seed, n=60).family for seed in range(120)}
    assert not drawn & set(scatterplots.HELD_OUT) and len(drawn) > 10


# --- simulated people ---------------------------------------------------------------------------


def test_the_density_splits_what_lies_apart_and_nothing_else():
    rng = np.random.default_rng(1)
    who = annotators.person(rng)
    far = annotators.by_density(mergetree.prepare(two_blobs(12)), who)
    assert len(set(far[far >= 0].tolist())) == 2 and len(set(far[:150].tolist()) - {-1}) == 1
    people = [annotators.person(rng) for _ in range(12)]
    plot = mergetree.prepare(rng.random((800, 2)))
    ones = [len(set(annotators.by_density(plot, p).tolist()) - {-1}) == 1 for p in people]
    assert np.mean(ones) >= 0.75  # even texture is one group to nearly everybody


def test_a_ring_is_followed_round_its_core():
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 400)
    ring = np.c_[np.cos(angle), np.sin(angle)] * 5 + rng.normal(0, 0.1, (400, 2))
    points = np.vstack([ring, rng.normal(0, 0.6, (200, 2))])
    plot = mergetree.prepare(points)
    answers = [annotators.by_density(plot, annotators.person(rng)) for _ in range(10)]
    split = [len({*a[:400]} & {*a[400:]} - {-1}) == 0 for a in answers]
    assert np.mean(split) == 1


def test_shapes_that_overlap_are_seen_as_one_by_those_who_allow_less_overlap():
    components = np.repeat([0, 1], 150)
    shares = []
    for apart in (0.3, 2.0, 8.0):
        counts = annotators.confusion(two_blobs(apart), components)
        rng = np.random.default_rng(0)
        seen = [annotators.by_shape(components, counts, annotators.person(rng)) for _ in range(200)]
        shares.append(np.mean([len(set(s.tolist())) == 1 for s in seen]))
    assert shares[0] > 0.8 and shares[0] > shares[1] > shares[2] and shares[2] < 0.2


def test_confusion_counts_by_hand():
    """Two tight heaps of three and one stray of the first among the second."""
    points = np.array(
        [[0, 0], [0, 1], [1, 0], [0, 0.5], [9, 9], [9, 8], [8, 9], [9, 8.5], [8.8, 8.8]]
    )
    components = np.array([0, 0, 0, 0, 1, 1, 1, 1, 0])
    counts = annotators.confusion(points, components)
    assert counts.shape == (2, 2) and counts[0, 0] == counts[1, 1] == 0


def test_annotations_are_reproducible_and_leave_background_to_habit():
    plot = scatterplots.make(3, "mixed", 400)
    one, two = (
        annotators.annotate(plot.points, plot.components, np.random.default_rng(1), 6)
        for _ in range(2)
    )
    assert np.array_equal(one, two) and one.shape == (6, len(plot.points))
    assert one.min() >= annotators.LEFT_OUT


# --- links --------------------------------------------------------------------------------------

LINE = np.array([[0, 1], [1, 2], [2, 3], [0, 3]])
STRENGTH = np.array([0.9, 0.2, 0.8, 0.1])
ORDER = np.argsort(-STRENGTH)


def test_a_chain_is_as_strong_as_its_weakest_link():
    shares = links.chain_shares(LINE, ORDER, STRENGTH, 4)
    expected = [[1, 0.9, 0.2, 0.2], [0.9, 1, 0.2, 0.2], [0.2, 0.2, 1, 0.8], [0.2, 0.2, 0.8, 1]]
    assert shares == pytest.approx(np.array(expected))


def test_a_boundary_is_as_strong_as_its_mean_link():
    """Two triangles joined by one strong and three weak links: the chain takes the strong one."""
    inside = [[0, 1], [1, 2], [0, 2], [3, 4], [4, 5], [3, 5]]
    across = [[0, 3], [1, 4], [2, 5], [1, 3]]
    edges = np.array(inside + across)
    strength = np.array([0.9] * 6 + [0.8, 0.1, 0.1, 0.2])
    shares = links.boundary_shares(edges, strength, 6)
    assert shares[0, 1] == pytest.approx(0.9) and shares[4, 5] == pytest.approx(0.9)
    assert shares[:3, 3:] == pytest.approx(0.3)
    chain = links.chain_shares(edges, np.argsort(-strength, kind="stable"), strength, 6)
    assert chain[0, 3] == pytest.approx(0.8)


@given(st.integers(10, 40), st.integers(0, 2**31))
@settings(max_examples=30, deadline=None)
def test_boundary_shares_are_nested_groups(n, seed):
    rng = np.random.default_rng(seed)
    edges = links.edges(rng.random((n, 2)))
    shares = links.boundary_shares(edges, rng.random(len(edges)), n)
    assert np.array_equal(shares, shares.T) and (shares > 0).all()
    for cut in (0.3, 0.5, 0.7):
        same = shares >= cut
        assert np.array_equal(same @ same > 0, same)  # "together" is transitive at every cut


def test_every_pair_is_counted_at_its_weakest_link():
    labels = np.array([[0, 0, 1, 1], [0, 0, 0, 0]])
    together, pairs = links.chain_weights(LINE, ORDER, labels)
    assert pairs.tolist() == [1, 4, 1, 0]
    assert together.tolist() == [1, 2, 1, 0]  # four pairs across, joined by one of two people


@given(st.integers(10, 40), st.integers(0, 2**31))
@settings(max_examples=40, deadline=None)
def test_links_join_all_points_and_chains_agree_with_a_slow_search(n, seed):
    rng = np.random.default_rng(seed)
    points = rng.random((n, 2)) if seed % 3 else np.c_[rng.integers(0, 4, n), np.zeros(n)]
    if np.ptp(points) == 0:
        return
    edges = links.edges(points)
    strength = rng.random(len(edges))
    got = links.chain_shares(edges, np.argsort(-strength, kind="stable"), strength, n)
    slow = np.zeros((n, n))
    slow[edges[:, 0], edges[:, 1]] = slow[edges[:, 1], edges[:, 0]] = strength
    for k in range(n):
        slow = np.maximum(slow, np.minimum(slow[:, k : k + 1], slow[k : k + 1, :]))
    np.fill_diagonal(slow, 1)
    assert (got > 0).all() and got == pytest.approx(slow, abs=1e-6)
    assert np.isfinite(links.geometry(points, edges)).all()


def test_what_a_link_looks_like_does_not_turn_with_the_plot():
    points = two_blobs(6, 40)
    edges = links.edges(points)
    quarter = points @ np.array([[0, 1], [-1, 0]])
    one, two = links.geometry(points, edges), links.geometry(quarter, edges)
    exact = links.GEOMETRY - 2 * len(links.BLURS)  # the picture is blurred on a grid
    assert two[:, :exact] == pytest.approx(one[:, :exact], abs=1e-4)
    assert np.quantile(np.abs(two[:, exact:] - one[:, exact:]), 0.9) < 0.5


# --- the network --------------------------------------------------------------------------------


def test_farthest_points_by_hand():
    points = torch.tensor([[[0.0, 0], [1, 0], [9, 0], [10, 0], [5, 4]]])
    assert farthest(points, 3)[0].tolist() in ([0, 3, 4], [3, 0, 4])


def test_ball_query_gives_the_near_ones_and_repeats_the_nearest():
    points = torch.tensor([[[0.0, 0], [1, 0], [5, 0]]])
    found = ball_query(points, points, 1.5, 3)[0].tolist()
    assert found[0] == [0, 1, 0] and found[2] == [2, 2, 2]
    assert distances(points, points)[0, 0].tolist() == [0, 1, 25]
    assert gather(points, torch.tensor([[[2, 0]]]))[0, 0, :, 0].tolist() == [5, 0]


def test_the_order_of_the_points_does_not_matter():
    torch.manual_seed(0)
    net = ClusterNet().eval()
    points = two_blobs(4, 60)
    order = np.random.default_rng(2).permutation(len(points))
    edges = links.edges(points)
    place = np.argsort(order)

    def run(p, e):
        with torch.no_grad():
            shown = normalised(torch.tensor(p, dtype=torch.float32)[None])
            return net(shown, torch.tensor(e)[None], torch.tensor(links.geometry(p, e))[None])

    one, two = run(points, edges), run(points[order], place[edges])
    assert torch.allclose(one["links"], two["links"], atol=1e-4)
    assert torch.allclose(one["embedding"][:, order], two["embedding"], atol=1e-4)
    assert torch.allclose(one["agreement"][:, order], two["agreement"], atol=1e-4)


def test_training_lowers_every_part_of_the_objective(tmp_path):
    plots = []
    for seed in range(4):
        p = two_blobs(9, 70, seed)
        plots.append((p, np.repeat(np.repeat([[0, 1]], 5, 0), 70, axis=1), "blobs"))
    shard = data.pack(plots)
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    net = ClusterNet()
    batch = batches.batch_of(shard, np.arange(4), 128, rng, turn=False)
    optimiser = torch.optim.Adam(net.parameters(), 3e-3)
    first = {k: v.item() for k, v in train.losses(net, batch).items()}
    for _ in range(25):
        optimiser.zero_grad()
        sum(train.losses(net, batch).values()).backward()
        optimiser.step()
    last = {k: v.item() for k, v in train.losses(net, batch).items()}
    for part in ("chains", "links", "agreement", "left_out"):
        assert last[part] < 0.5 * first[part]
    assert last["pairs"] < first["pairs"]


# --- people's own groupings ---------------------------------------------------------------------


def people_file(folder, name, n=60, people=3, seed=0):
    rng = np.random.default_rng(seed)
    points = two_blobs(9, n // 2, seed)
    labels = np.repeat([[0, 1]], people, 0).repeat(n // 2, axis=1)
    labels[0, rng.integers(n)] = -1
    np.savez(folder / f"{name}.npz", points=points, labels=labels)
    return points, labels


def psc_folder(folder, names=("iris-pca", "iris-tsne")):
    (folder / "data").mkdir()
    for i, name in enumerate(names):
        rng = np.random.default_rng(i)
        points = two_blobs(9, 64, i)
        labels = np.repeat([0, 1], 64)[:, None].repeat(5, axis=1)
        table = np.c_[points, labels]
        table[rng.integers(128), 2] = np.nan
        np.save(folder / "data" / f"{name}.npy", table)
    (folder / "train.txt").write_text("\n".join(names))
    (folder / "valid.txt").write_text(f"data/{names[0]}.npy\n")
    (folder / "test.txt").write_text(names[0])


def test_the_neutral_format_is_read(tmp_path):
    points, labels = people_file(tmp_path, "a")
    (found,) = data.read_neutral(tmp_path)
    assert np.array_equal(found[0], points) and np.array_equal(found[1], labels)


def test_the_psc_layout_is_read(tmp_path):
    psc_folder(tmp_path)
    plots = data.read_psc(tmp_path)
    assert len(plots) == 2 and plots[0][0].shape == (128, 2) and plots[0][1].shape == (5, 128)
    assert (plots[0][1] == annotators.LEFT_OUT).sum() == 1
    assert len(data.read_psc(tmp_path, "valid")) == 1


@pytest.mark.parametrize(
    ("points", "labels", "words"),
    [
        (np.zeros((12, 3)), np.zeros((1, 12)), r"shape \(n, 2\)"),
        (np.random.rand(12, 2), np.zeros((1, 11)), r"shape \(annotators, 12\)"),
        (np.random.rand(5, 2), np.zeros((1, 5)), "at least 10"),
        (np.zeros((12, 2)), np.zeros((1, 12)), "not all at one place"),
        (np.random.rand(12, 2), np.full((1, 12), 0.5), "not a whole number"),
        (np.random.rand(12, 2), np.full((1, 12), -3), "between -1 and 32767"),
    ],
)
def test_groupings_that_cannot_be_used_are_named(tmp_path, points, labels, words):
    np.savez(tmp_path / "plot.npz", points=points, labels=labels)
    with pytest.raises(BadInput, match=words) as caught:
        data.read_neutral(tmp_path)
    assert "plot.npz" in str(caught.value)


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(BadInput, match="holds no"):
        data.read_neutral(tmp_path)
    with pytest.raises(BadInput, match="PSC folder holds"):
        data.read_psc(tmp_path)
    psc_folder(tmp_path)
    (tmp_path / "data" / "iris-pca.npy").write_bytes(b"no array")
    with pytest.raises(BadInput, match=r"iris-pca.npy cannot be read"):
        data.read_psc(tmp_path)
    (tmp_path / "train.txt").write_text("../../etc/passwd")
    with pytest.raises(BadInput, match="holds no such"):
        data.read_psc(tmp_path)
    np.save(tmp_path / "data" / "iris-pca.npy", np.zeros((30, 2)))
    with pytest.raises(BadInput, match="at least one annotator"):
        data.read_psc(tmp_path, "valid")


@pytest.mark.parametrize("layout", ["--npz", "--psc"])
def test_training_runs_on_peoples_groupings_and_goes_on(tmp_path, layout, capsys):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    if layout == "--psc":
        psc_folder(source)
    else:
        for i in range(3):
            people_file(source, f"plot{i}", 140, seed=i)
    command = [layout, str(source), "--out", str(out), "--batch", "2", "--threads", "1"]
    assert train.main([*command, "--steps", "2"]) == 0
    assert (out / "curves.csv").read_text().startswith("step,")
    assert "each grouped by" in (out / "card.md").read_text()
    assert train.main([*command, "--steps", "3"]) == 0
    assert torch.load(out / "checkpoint.pt", weights_only=True)["done"] == 3
    ClusterNet().load_state_dict(load_weights(out / "clusternet.safetensors"))
    assert train.main([layout, str(tmp_path / "none"), "--out", str(out)]) == 2


def test_shards_are_whole_and_the_same_every_time(tmp_path):
    seeds = [(1, "blobs"), (2, "lattice")]
    data.write_shard(tmp_path / "a.npz", seeds)
    data.write_shard(tmp_path / "b.npz", seeds)
    one, two = (data.read_shard(tmp_path / f"{x}.npz") for x in "ab")
    assert all(np.array_equal(one[k], two[k]) for k in one)
    assert one["points"].shape == (2, data.WIDTH, 2) and not list(tmp_path.glob("*.part"))


# --- weights ------------------------------------------------------------------------------------


def test_shipped_weights_are_small_whole_and_named_in_the_card():
    assert SHIPPED.stat().st_size < 10_000_000
    ClusterNet().load_state_dict(load_weights())
    assert digest_of(SHIPPED) in SHIPPED.with_name("card.md").read_text()


def test_damaged_weights_are_not_used(tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(ClusterNet(), path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(RuntimeError, match="damaged"):
        load_weights(path)
