"""Fine-tuning on studies: what is read, that both models move the right way, that nothing shipped
changes. How far they move on held-out plots is measured by ``bench/finetune.py``."""

import json

import numpy as np
import pytest

from analytics.errors import BadInput
from analytics.perception import separability
from models import finetune
from models.clusternet.weights import SHIPPED, digest_of


def blobs(seed, apart=8.0, n=40):
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(0, 0.7, (n, 2)), rng.normal([apart, 0], 0.7, (n, 2))])


def write(folder, plots=4, people=2, labels=None):
    folder.mkdir(exist_ok=True)
    for i in range(plots):
        points = blobs(i)
        drawn = np.repeat([0, 1], 40) if labels is None else labels
        np.savez(folder / f"{i}.npz", points=points, labels=np.tile(drawn, (people, 1)))
    return folder


def test_every_plot_is_held_out_once():
    plots = [finetune.Grouped(str(i), np.zeros((2, 2)), np.zeros((2, 2))) for i in range(10)]
    held = []
    for fold in range(finetune.FOLDS):
        learn, out = finetune.parted(plots, fold)
        assert len(learn) + len(out) == 10 and len(out) >= 2
        held += [plot.name for plot in out]
    assert sorted(held) == [str(i) for i in range(10)]


def test_components_and_what_people_made_of_them():
    truth = np.repeat([0, 1], 40)
    plot = finetune.Grouped("x", blobs(0), np.stack([truth, truth, 0 * truth, truth - 1]))
    X, shares = finetune.pairs_of(plot)
    assert X.shape == (1, len(separability.NAMES))
    assert shares.tolist() == [0.25]  # one of four sees one group


def test_the_regression_moves_towards_the_answers_and_little_with_few():
    rng = np.random.default_rng(0)
    model = separability.model()
    low, high = np.array(model["low"]), np.array(model["high"])
    X = low + rng.random((200, len(low))) * (high - low)
    shares = np.ones(200)
    before = separability.evaluate(model, X)
    many = separability.evaluate(finetune.tune_regression(X, shares, 10), X)
    one = separability.evaluate(finetune.tune_regression(X[:1], shares[:1], 10), X)
    assert (many.mean() - before.mean()) > 2 * (one.mean() - before.mean()) > 0
    assert finetune.error(finetune.tune_regression(X, shares, 10), X, shares) < finetune.error(
        model, X, shares
    )


def test_a_run_writes_both_models_and_leaves_the_shipped_alone(tmp_path, capsys):
    before = digest_of(SHIPPED), separability.FILE.read_text()
    out = tmp_path / "out"
    source = write(tmp_path / "study", labels=np.zeros(80, int))  # everybody sees one group
    code = finetune.main([str(source), "--out", str(out), "--steps", "3", "--made", "0"])
    assert code == 0
    assert (digest_of(SHIPPED), separability.FILE.read_text()) == before
    report = json.loads((out / "report.json").read_text())
    assert len(report["learned_from"]) == 3 and len(report["held_out"]) == 1
    assert 0 <= report["clusternet"]["after"]["share_error"] <= 1
    assert report["clams"]["after"] < report["clams"]["before"]
    assert digest_of(out / "clusternet.safetensors") == (
        (out / "clusternet.sha256").read_text().strip()
    )
    assert digest_of(out / "clusternet.safetensors") != before[0]
    assert json.loads((out / "separability.json").read_text())["features"]
    assert "CLAMS: error of one-group shares" in capsys.readouterr().out


def test_what_cannot_be_learned_from_is_said(tmp_path, capsys):
    for source in (tmp_path / "nothing", write(tmp_path / "few", plots=3)):
        assert finetune.main([str(source), "--out", str(tmp_path / "o")]) == 2
        assert capsys.readouterr().err.count("\n") == 1
    with pytest.raises(BadInput, match="two people"):
        finetune.read(write(tmp_path / "alone", people=1))
