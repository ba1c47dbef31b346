"""Train ClusterNet: ``python -m models.clusternet.train --data DIR --out DIR``.

Plots come from shards in ``--data`` (made on the way when they are missing), or from people:
``--psc DIR`` (the published PSC layout) or ``--npz DIR`` (one neutral .npz per plot). Running the
same command again goes on from the last checkpoint. Writes ``checkpoint.pt`` (state of the run),
``clusternet.safetensors`` with its checksum, ``curves.csv`` and ``card.md``. Ctrl-C, or the signal
to end, saves first.
"""

import argparse
import csv
import math
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional

from analytics.errors import BadInput
from models.clusternet import batches, data, links, scatterplots
from models.clusternet.network import ClusterNet, normalised, share_loss
from models.clusternet.weights import save_weights

CHECK_EVERY = 250  # steps
_WEIGHTS = {"pairs": 1.0, "chains": 1.0, "links": 0.5, "agreement": 0.2, "left_out": 0.2}


def losses(net: ClusterNet, batch: dict, device: str = "cpu") -> dict[str, torch.Tensor]:
    """The parts of the objective on one batch, all cross-entropies of shares."""
    points = normalised(batch["points"].to(device))
    edges = batches.padded(batch["edges"]).to(device)
    out = net(points, edges, batches.padded(batch["geometry"]).to(device))
    embedding = out["embedding"]
    anchors = torch.gather(
        embedding, 1, batch["anchors"].to(device)[..., None].expand(-1, -1, embedding.shape[-1])
    )
    logits = net.bias - torch.cdist(anchors, embedding).square()
    chains, near = [], []
    for i, (e, told) in enumerate(zip(batch["edges"], batch["link_shares"], strict=True)):
        link = out["links"][i, : len(e)]
        near.append(share_loss(link, torch.from_numpy(told).to(device)))
        chains.append(_chain_loss(link, e, batch["labels"][i]))
    return {
        "pairs": share_loss(logits, batch["shares"].to(device)),
        "chains": torch.stack(chains).mean(),
        "links": torch.stack(near).mean(),
        "agreement": share_loss(out["agreement"], batch["agreement"].to(device)),
        "left_out": share_loss(out["left_out"], batch["left_out"].to(device)),
    }


def _chain_loss(link: torch.Tensor, edges: np.ndarray, labels: np.ndarray) -> torch.Tensor:
    """Cross-entropy over all pairs, each read off the weakest link of its best chain."""
    order = np.argsort(-link.detach().cpu().numpy(), kind="stable")
    together, pairs = links.chain_weights(edges, order, labels)
    used = np.flatnonzero(pairs)
    share = torch.from_numpy(together[used]).to(link)
    count = torch.from_numpy(pairs[used]).to(link)
    logits = link[torch.from_numpy(used).to(link.device)]
    costs = functional.softplus(logits) * count - logits * share
    return costs.sum() / count.sum()


def validate(net: ClusterNet, shards: dict[str, dict], device: str) -> dict[str, float]:
    """Mean loss parts on plots that are not trained on, at 256 points or what they have."""
    net.eval()
    found = {}
    with torch.no_grad():
        for name, shard in shards.items():
            rng = np.random.default_rng(0)
            n = max((s for s in batches.SIZES if s <= min(256, shard["sizes"].max())), default=0)
            able = np.flatnonzero(shard["sizes"] >= max(n, 1))[:96] if n else []
            parts = []
            for start in range(0, len(able), 8):
                batch = batches.batch_of(shard, able[start : start + 8], n, rng, turn=False)
                parts.append([v.item() for v in losses(net, batch, device).values()])
            if parts:
                means = np.mean(parts, axis=0)
                found |= {f"{name} {k}": float(v) for k, v in zip(_WEIGHTS, means, strict=True)}
    net.train()
    return found


def train(
    shards: list[dict], checks: dict[str, dict], out: Path, steps: int, size: int, rate: float,
    device: str, threads: int, about: str, start: Path | None = None,
) -> None:  # fmt: skip
    """Run (or go on) until ``steps``, checking and saving every CHECK_EVERY steps."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = ClusterNet().to(device)
    if start is not None:
        from models.clusternet.weights import load_weights

        net.load_state_dict(load_weights(start))
    optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-2)
    done = _resume(out / "checkpoint.pt", net, optimiser, device)
    rng = np.random.default_rng([11, done])
    net.train()
    # A process started in the background ignores Ctrl-C unless told otherwise.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    running, began = {}, time.monotonic()
    first = done
    try:
        for batch in batches.stream(shards, size, rng):
            if done >= steps:
                break
            for group in optimiser.param_groups:
                group["lr"] = rate * _schedule(done, steps)
            parts = losses(net, batch, device)
            total = sum(_WEIGHTS[k] * v for k, v in parts.items())
            optimiser.zero_grad()
            total.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            done += 1
            for k, v in parts.items():
                running[k] = 0.98 * running.get(k, v.item()) + 0.02 * v.item()
            _bar(done, steps, running, (time.monotonic() - began) / (done - first))
            if done % CHECK_EVERY == 0 or done == steps:
                _save(out, net, optimiser, done, running, validate(net, checks, device), about)
    except KeyboardInterrupt:
        _save(out, net, optimiser, done, running, {}, about)
    print(file=sys.stderr)


def _schedule(done: int, steps: int) -> float:
    """Warm-up over 200 steps, then a cosine down to a fiftieth."""
    return min(1.0, (done + 1) / 200) * (0.02 + 0.98 * (1 + math.cos(math.pi * done / steps)) / 2)


def _bar(done: int, steps: int, running: dict, seconds: float) -> None:
    parts = " ".join(f"{k} {v:.3f}" for k, v in running.items())
    filled = "#" * round(20 * done / steps)
    left = (steps - done) * seconds / 60
    words = f"[{filled:<20}] {done}/{steps} {parts} {left:.0f} min left"
    print("\r" + words, end="", file=sys.stderr, flush=True)


def _resume(path: Path, net: ClusterNet, optimiser, device: str) -> int:
    if not path.exists():
        return 0
    state = torch.load(path, map_location=device, weights_only=True)
    net.load_state_dict(state["net"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["done"])


def _save(out: Path, net, optimiser, done: int, running: dict, checked: dict, about: str) -> None:
    out.mkdir(parents=True, exist_ok=True)
    part = out / "checkpoint.pt.part"
    torch.save({"net": net.state_dict(), "optimiser": optimiser.state_dict(), "done": done}, part)
    os.replace(part, out / "checkpoint.pt")
    digest = save_weights(net, out / "clusternet.safetensors")
    row = {"step": done, **running, **checked}
    curves = out / "curves.csv"
    new = not curves.exists()
    if checked:
        with curves.open("a", newline="") as file:
            writer = csv.DictWriter(file, list(row))
            if new:
                writer.writeheader()
            writer.writerow({k: round(v, 5) for k, v in row.items()})
    (out / "card.md").write_text(_card(net, done, row, digest, about), "utf-8")


def _card(net: ClusterNet, done: int, row: dict, digest: str, about: str) -> str:
    count = sum(p.numel() for p in net.parameters())
    lines = [
        "# ClusterNet weights",
        "",
        f"Trained on: {about}",
        "",
        f"* {count:,} parameters, {done:,} steps, generator version {scatterplots.VERSION}",
        f"* SHA-256 of the weights: `{digest}`",
        "",
        "Cross-entropies (the entropy of the people's own shares included) at the last check:",
        "",
        *[f"* {k}: {v:.4f}" for k, v in row.items() if k != "step"],
        "",
    ]
    return "\n".join(lines)


def _made(options) -> tuple[list[dict], dict[str, dict], str]:
    folder = options.data
    for name, seeds in data.validation_seeds().items():
        if not (folder / f"{name}.npz").exists():
            data.write_shard(folder / f"{name}.npz", seeds)
    for number in range(options.shards):
        path = folder / f"train-{number:04d}.npz"
        if not path.exists():
            print(f"making {path.name}", file=sys.stderr)
            data.write_shard(path, data.shard_seeds(number))
    paths = sorted(folder.glob("train-*.npz"))[: options.shards]
    about = (
        f"{len(paths) * data.PER_SHARD:,} generated scatterplots, each grouped by {data.PEOPLE} "
        "simulated people. No human grouped any of them."
    )
    checks = {name: data.read_shard(folder / f"{name}.npz") for name in data.validation_seeds()}
    return [data.read_shard(p) for p in paths], checks, about


def _given(options) -> tuple[list[dict], dict[str, dict], str]:
    """People's groupings; the published validation list, or every tenth plot, is for checking."""
    if options.psc:
        plots, kept = data.read_psc(options.psc), data.read_psc(options.psc, "valid")
    else:
        every = data.read_neutral(options.npz)
        kept = every[::10] if len(every) > 1 else every
        plots = [p for i, p in enumerate(every) if i % 10] or every
    people = sorted({len(labels) for _, labels, _ in plots})
    about = (
        f"{len(plots)} plots from {(options.psc or options.npz).name}, each grouped by "
        f"{people[0]} to {people[-1]} people."
    )
    return [data.pack(plots)], {"known": data.pack(kept)}, about


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--data", type=Path, default=Path("clusternet-data"))
    source.add_argument("--psc", type=Path)
    source.add_argument("--npz", type=Path)
    parser.add_argument("--out", type=Path, default=Path("clusternet-run"))
    parser.add_argument("--start", type=Path, help="weights to begin from, for fine-tuning")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--shards", type=int, default=80)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 2) // 2))
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args(arguments)
    try:
        shards, checks, about = _given(options) if options.psc or options.npz else _made(options)
        train(
            shards, checks, options.out, options.steps, options.batch, options.rate,
            options.device, options.threads, about, options.start,
        )  # fmt: skip
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
