"""One method, one parameter, several values: what comes out, and how steady it is."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from analytics import registry
from analytics.clustering.operations import clustering_request, stability_request, validity_request
from analytics.errors import BadInput
from analytics.operations import Request, Run
from analytics.params import Param
from analytics.progress import Progress, part
from analytics.registry import Method
from analytics.results import Clustering, Dataset, Gallery, Projection, ScoreCard

MOST_VALUES = 16
RUNS = (2, 10)


def swept(method: Method) -> tuple[Param, ...]:
    """The parameters of a method that can be swept, those shown first in front."""
    return tuple(sorted((p for p in method.params if p.type != "text"), key=lambda p: not p.basic))


def suggested(param: Param, n: int) -> list[Any]:
    """Values worth trying: each choice, or numbers round the default within its limits."""
    if param.type == "bool":
        return [False, True]
    if param.type == "choice":
        return list(param.choices)
    if param.name in ("n_clusters", "n_components"):
        return [k for k in range(2, 11) if k <= n]
    base = param.default or 1.0
    found = [base * f for f in (0.25, 0.5, 0.75, 1, 1.5, 2, 4)]
    low = -np.inf if param.low is None else param.low
    high = np.inf if param.high is None else param.high
    if param.type == "int":
        found = [round(v) for v in found]
    inside = [v for v in found if low <= v <= high]
    return sorted({v if param.type == "int" else float(f"{v:.3g}") for v in inside})


def parsed(text: str, param: Param) -> list[Any]:
    """The values of a list in words: separated by commas or spaces, "2-6" for whole numbers.

    Raises BadInput.
    """
    parts = [p for p in re.split(r"[,;\s]+", text.strip()) if p]
    values: list[Any] = []
    for word in parts:
        span = re.fullmatch(r"(\d{1,6})-(\d{1,6})", word)
        if span and param.type == "int":
            low, high = int(span[1]), int(span[2])
            if high - low >= MOST_VALUES:
                raise _too_many(high - low + 1)
            values += range(low, high + 1)
        else:
            values.append(word)
    return checked(values, param)


def checked(values: Sequence[Any], param: Param) -> list[Any]:
    """Canonical values, each once, in their order. Raises BadInput."""
    from analytics.params import validate

    plain = param.__class__(**{**param.__dict__, "depends_on": None})
    found = list(dict.fromkeys(validate((plain,), {param.name: v})[param.name] for v in values))
    if len(found) < 2:
        raise BadInput(f"Give at least two values of {param.label}, for example 2, 4, 8.")
    if len(found) > MOST_VALUES:
        raise _too_many(len(found))
    return found


def _too_many(count: int) -> BadInput:
    return BadInput(f"{count} values are given, but a sweep takes at most {MOST_VALUES}.")


def sweep(
    dataset: Dataset,
    projection: Projection | None,
    method: str,
    params: dict[str, Any],
    seed: int,
    progress: Progress,
    run,
) -> Gallery:
    """Run a method once per value, test how steady each result is, and score it.

    params : "over", "values", "given" (the other parameters), "runs" (reruns of each kind, 0 for
    none) and those of the space. run : see ``analytics.operations.Operation``. One entry per value:
    "value", "digest", "n_clusters", "noise_share", "silhouette", "stability" with "low" and "high"
    (mean ARI over subsamples, 95 %), "seconds"; or "value" and "error".
    """
    row = registry.get("clustering", method)
    param = next(p for p in row.params if p.name == params["over"])
    values, entries = params["values"], []
    asked = [_request(dataset, projection, method, value, params, seed) for value in values]
    _ahead(asked, params["runs"], run, progress)
    for i, value in enumerate(values):
        said = part(progress, i / len(values), (i + 1) / len(values))
        said(0.0, f"{param.label} {value}, {i + 1} of {len(values)}")
        try:
            entries.append(_entry(asked[i], value, params["runs"], said, run))
        except BadInput as error:
            entries.append({"value": value, "error": str(error)})
    if all("error" in e for e in entries):
        raise BadInput(f"No value worked. {entries[0]['error']}")
    chosen = steadiest(entries)
    return Gallery(
        entries=tuple(entries),
        chosen=chosen,
        sentence=_sentence(param, entries, chosen),
        facts={"label": param.label, "over": param.name, "method": row.label},
    )


def _request(dataset, projection, method, value, params, seed) -> Request | BadInput:
    """What to ask for at one value, or why it cannot be asked for."""
    try:
        return clustering_request(
            dataset,
            method,
            {**params["given"], params["over"]: value},
            seed,
            space=params.get("space", "full"),
            projection=projection,
            components=params.get("components"),
            noise=params.get("noise", "keep"),
        )
    except BadInput as error:
        return error


def _ahead(asked: Sequence[Request | BadInput], runs: int, run: Run, progress: Progress) -> None:
    """Where there is a cluster: all clusterings side by side, then all that is asked of them."""
    if run.spread is None:
        return
    wanted = [r for r in asked if isinstance(r, Request)]
    run.ahead(wanted, part(progress, 0.0, 0.4))
    made = [found for r in wanted if (found := run.artifacts.load(r.digest)) is not None]
    later = [validity_request(found) for found in made]
    later += [stability_request(found, runs) for found in made] if runs else []
    run.ahead(later, part(progress, 0.4, 1.0))


def _entry(asked: Request | BadInput, value, runs: int, progress: Progress, run) -> dict[str, Any]:
    if isinstance(asked, BadInput):
        raise asked
    found: Clustering = run(asked, part(progress, 0.05, 0.3))
    validity: ScoreCard = run(validity_request(found), part(progress, 0.3, 0.4))
    silhouette = validity.values.get("silhouette")
    entry = {
        "value": value,
        "digest": found.digest,
        "n_clusters": found.n_clusters,
        "noise_share": found.noise_share,
        "silhouette": silhouette.value if silhouette else None,
        "seconds": found.about.get("seconds"),
    }
    if runs:
        card = run(stability_request(found, runs), part(progress, 0.4, 1.0))
        score = card.values.get("subsamples")
        if score is not None:
            entry |= {"stability": score.value, "low": score.low, "high": score.high}
    return entry


def steadiest(entries: Sequence[dict[str, Any]]) -> int:
    """The entry whose groups come back best, -1 when none was tested; of equals the first.

    Results in one group are left out: one group always comes back.
    """
    tested = [
        (e["stability"], -i)
        for i, e in enumerate(entries)
        if e.get("stability") is not None and e["n_clusters"] > 1
    ]
    return -max(tested)[1] if tested else -1


def _sentence(param: Param, entries: list[dict], chosen: int) -> str:
    worked = [e for e in entries if "error" not in e]
    counts = [e["n_clusters"] for e in worked]
    words = (
        f"{len(worked)} of {len(entries)} values of {param.label} worked and gave from "
        f"{min(counts)} to {max(counts)} groups."
    )
    if chosen >= 0:
        best = entries[chosen]
        words += (
            f" The groups come back best over subsamples at {best['value']} "
            f"({best['n_clusters']} groups, ARI {best['stability']:.2f})."
        )
    return words
