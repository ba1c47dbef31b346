"""Train the separability regression: ``python -m models.clams.train [--clustme DIR]``.

Without ``--clustme``: scatterplots of two Gaussians are drawn and judged by simulated people, whose
populations are chosen by the original's order of 32 plots when the evaluation data is there, else
kept as they are in the present model. With it: the plots and judgements of ClustMe are read, and
nothing is simulated. Either way the regressors are compared by cross-validation, and the model and
its card are written.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np

from analytics.errors import BadInput
from analytics.perception import separability
from analytics.perception.features import NAMES, features
from analytics.perception.separability import evaluate
from models.clams import card, plots, reference
from models.clams.people import Population, look
from models.clams.regressors import PEOPLE, REGRESSORS, cross_validated, fit_linear
from models.evaluation import folder

CLUSTME_PEOPLE = 34
FIRST = 40  # simulated plots whose mean features are kept, to see later whether fits have changed


def main(arguments: list[str] | None = None) -> int:
    """Run the training; 2 when an input cannot be used."""
    options = _options(arguments)
    try:
        found = _clustme(options) if options.clustme else _simulated(options)
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"format": 1, "features": list(NAMES), **found}, indent=1)
    (options.out / "separability.json").write_text(text + "\n", encoding="utf-8")
    (options.out / "CARD.md").write_text(card.write(found), encoding="utf-8")
    print(f"Written: {options.out / 'separability.json'}, {options.out / 'CARD.md'}")
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m models.clams.train", description=__doc__)
    parser.add_argument("--clustme", type=Path, help="folder with the ClustMe files")
    parser.add_argument("--plots", type=int, default=4_000, help="simulated scatterplots")
    parser.add_argument("--seed", type=int, default=0, help="of the simulated scatterplots")
    parser.add_argument("--out", type=Path, default=separability.FILE.parent)
    return parser.parse_args(arguments)


def _simulated(options) -> dict:
    print(f"Drawing {options.plots:,} scatterplots and fitting two Gaussians to each", flush=True)
    first, second = plots.fit_two(plots.draw(options.plots, options.seed))
    X, seen = features(first, second), look(first, second)
    where = folder("clams")
    if where is None:
        print("No reference order here: the populations stay as they were chosen.", flush=True)
        former = json.loads(separability.FILE.read_text(encoding="utf-8"))
        populations = [Population(*values) for values in former["populations"]]
        shares, measured = reference.judged(seen, populations).mean(axis=0), former["measured"]
        compared_on = None
    else:
        compared_on = reference.read(where)
        populations, shares, measured = _calibrate(compared_on, X, seen)
    return {
        "trained_on": f"{options.plots:,} simulated plots, {PEOPLE} simulated people of each of "
        f"{len(populations)} populations",
        "populations": [list(asdict(p).values()) for p in populations],
        "measured": measured,
        "regressors": _compare(X, shares, compared_on),
        "first_plots": {"seed": options.seed, "means": X[:FIRST].mean(axis=0).round(6).tolist()},
        "model": fit_linear(X, shares),
    }


def _calibrate(compared_on: reference.Reference, X: np.ndarray, seen) -> tuple:
    tried = reference.populations()
    print(f"Trying {len(tried):,} populations of simulated people", flush=True)
    shares = reference.judged(seen, tried)
    table = reference.agreement(compared_on, X, shares)
    chosen = reference.choose(table)
    crowd = shares[chosen].mean(axis=0)
    measured = {
        "populations_tried": len(tried),
        "spearman": reference.spearman(
            reference.scores(compared_on, reference.regression(X, crowd))
        ),
        "spearman_cross_validated": reference.cross_validate(compared_on, X, shares, table),
    }
    return [tried[i] for i in chosen], crowd, measured


def _clustme(options) -> dict:
    read, shares, unread = plots.read_clustme(options.clustme)
    for words in unread:
        print(f"Left out: {words}", file=sys.stderr)
    print(f"{len(read):,} plots read; fitting two Gaussians to each", flush=True)
    X = features(*plots.fit_two(read))
    model, where = fit_linear(X, shares, CLUSTME_PEOPLE), folder("clams")
    compared_on, measured = None, {}
    if where is not None:
        compared_on = reference.read(where)
        scored = reference.scores(compared_on, lambda Z: evaluate(model, Z))
        measured["spearman"] = reference.spearman(scored)
    return {
        "trained_on": f"{len(read):,} plots of ClustMe, judged by {CLUSTME_PEOPLE} people",
        "measured": measured,
        "regressors": _compare(X, shares, compared_on),
        "model": model,
    }


def _compare(X: np.ndarray, shares: np.ndarray, compared_on) -> dict[str, dict]:
    """Each regressor: error on plots it has not seen, and agreement with the original's order."""
    found = {}
    for name, fit in REGRESSORS.items():
        print(f"Comparing: {name}", flush=True)
        found[name] = cross_validated(fit, X, shares) if len(X) >= 10 else {}
        if compared_on is not None:
            scored = reference.scores(compared_on, fit(X, shares))
            found[name]["spearman"] = reference.spearman(scored)
    return found


if __name__ == "__main__":
    sys.exit(main())
