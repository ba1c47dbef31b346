"""Bayesian search for maps, in the two stages of the AmbReducer: faithful first, then clear.

Optuna's tree-structured Parzen estimator (J. Bergstra et al., Algorithms for Hyper-Parameter
Optimization, NeurIPS 2011), one study per method, seeded; the authors' code uses Gaussian
processes. Only t-SNE, UMAP and densMAP are searched, of the others the default map is tried.
"""

from collections.abc import Callable, Iterator
from typing import Any

from analytics.pictures.advice import at_most
from analytics.pictures.sweep import Candidate, Range, estimate, fits, limits

SEARCHED = ("tsne", "umap", "densmap")
STARTS = 5  # maps of a study before the model proposes
FAITHFUL_SHARE = 0.5  # of the budget of a method goes to the first stage
PENALTY = 2.0  # beyond any ambiguity, for a map that is not faithful enough

Try = Callable[[Candidate], dict[str, Any] | None]


def search(
    methods: tuple[str, ...], n: int, d: int, seed: int, seconds: float, within: float, attempt: Try
) -> Iterator[None]:
    """Try maps until the estimates reach the budget; yields after each.

    ``attempt`` draws and scores a candidate and gives its entry (see ``advice.entry``), or None
    when it cannot be drawn. Every method has the same share of the budget.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    swept = [m for m in methods if m in SEARCHED and fits(m, n)]
    for place, method in enumerate(swept):
        ranges, own = limits(method, n), seconds / len(swept)
        tried: list[tuple[dict, dict]] = []
        faithful = _study(optuna, seed, place, 0)
        spent = 0.0
        while spent < FAITHFUL_SHARE * own:
            spent += yield from _step(
                faithful, method, ranges, (n, d), attempt, tried, lambda e: -e["faithfulness"]
            )
        best = max((e["faithfulness"] for _, e in tried), default=0.0)

        def clear(e, best=best) -> float:
            lost = best - e["faithfulness"]
            return at_most(e) if lost <= within * best else PENALTY + lost

        second = _study(optuna, seed, place, 1)
        for params, e in tried:
            second.add_trial(
                optuna.trial.create_trial(
                    params=params, distributions=_distributions(optuna, ranges), value=clear(e)
                )
            )
        while spent < own:
            spent += yield from _step(second, method, ranges, (n, d), attempt, tried, clear)


def _study(optuna, seed: int, place: int, stage: int):
    number = (seed * 1_000_003 + 2 * place + stage) % 2**32
    sampler = optuna.samplers.TPESampler(seed=number, n_startup_trials=STARTS)
    return optuna.create_study(sampler=sampler)


def _distributions(optuna, ranges: tuple[Range, ...]) -> dict[str, Any]:
    kinds = optuna.distributions
    return {
        r.name: kinds.IntDistribution(int(r.low), int(r.high), log=r.log)
        if r.whole
        else kinds.FloatDistribution(r.low, r.high, log=r.log)
        for r in ranges
    }


def _step(study, method, ranges, size, attempt: Try, tried: list, value):
    """One proposal, drawn, scored and told; returns its estimated seconds."""
    import optuna

    trial = study.ask(_distributions(optuna, ranges))
    params = {r.name: trial.params[r.name] for r in ranges}
    rounded = {k: v if isinstance(v, int) else float(f"{v:.3g}") for k, v in params.items()}
    candidate = Candidate(method, rounded, estimate(method, rounded, *size))
    found = attempt(candidate)
    if found is None:
        study.tell(trial, state=optuna.trial.TrialState.FAIL)
    else:
        tried.append((params, found))
        study.tell(trial, value(found))
    yield None
    return candidate.seconds
