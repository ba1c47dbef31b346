"""The model card of the separability regression, written from what the training measured."""

from dataclasses import fields

import numpy as np

from analytics.perception.features import NAMES
from models.clams.people import Population

_HEAD = """# Model card: separability of two groups in a scatterplot

What it predicts: the share of people who see *one* cluster where two Gaussians are drawn. It is the
regression inside the ambiguity score (docs/clams.md). Written by `python -m models.clams.train`.

"""

_LIMITS = """## Limits

* No human judgement went into the regression itself unless "Trained on" says ClustMe. Simulated
  people follow two published models and know nothing of colour, labels, tasks or habits.
* The populations of simulated people are chosen by an order made by the authors' software, not by
  people, and on 32 plots only. A rank correlation on 32 plots has a standard error near 0.04.
* It sees two Gaussians. Curved, nested and chained groups are known to it only through the few
  ellipses that follow them.
* Features outside the range of the training plots are cut to that range.

To train it on the real judgements: `python -m models.clams.train --clustme DIR`, where DIR holds
`metadata.csv` (columns XYposCSVfilename, probSingle) and `scatterplots/NAME.csv` (x, y).
"""


def write(found: dict) -> str:
    """The card as Markdown."""
    return "\n".join([_HEAD + _data(found), _table(found), _numbers(found), _LIMITS])


def _data(found: dict) -> str:
    lines = [f"Trained on: {found['trained_on']}."]
    if "populations" in found:
        lines += ["", "| simulated populations | median | lowest | highest |", "|---|---|---|---|"]
        columns = np.array(found["populations"]).T
        for field, values in zip(fields(Population), columns, strict=True):
            numbers = (np.median(values), values.min(), values.max())
            lines.append(f"| {field.name} | {' | '.join(f'{v:.3g}' for v in numbers)} |")
    measured = found["measured"]
    if "spearman" in measured:
        lines += ["", "Agreement with the original's order of 32 plots (Spearman): "]
        lines[-1] += f"{measured['spearman']:.3f} with the populations as shipped."
    if "spearman_cross_validated" in measured:
        cv = measured["spearman_cross_validated"]
        lines.append(
            f"On plots left out when the populations were chosen (4 folds, 50 times): mean "
            f"{cv['mean']:.3f}, from {cv['p5']:.3f} to {cv['p95']:.3f} in nine of ten repeats."
        )
    return "\n".join(lines) + "\n"


def _table(found: dict) -> str:
    lines = [
        "## Regressors compared",
        "",
        "Error of the predicted share on plots left out (5 folds), and agreement of the score with",
        "the original's order (only the populations are chosen by it). Shipped is the first. The",
        "flexible ones repeat the simulated people more exactly but agree less with the order that",
        "carries real people's judgements: what they add is peculiar to the simulation. Besides,",
        "fifteen numbers can be read.",
        "",
        "| regressor | RMSE | R² | Spearman |",
        "|---|---|---|---|",
    ]
    for name, numbers in found["regressors"].items():
        cells = [f"{numbers[k]:.3f}" if k in numbers else "" for k in ("rmse", "r2", "spearman")]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _numbers(found: dict) -> str:
    lines = [
        "## The numbers",
        "",
        "Effect on the logit of one standard deviation of each feature.",
        "",
    ]
    lines += ["| feature | effect |", "|---|---|"]
    effects = zip(NAMES, found["model"]["coefficients"], strict=True)
    lines += [f"| {name} | {value:+.2f} |" for name, value in effects]
    return "\n".join(lines) + "\n"
