"""What each verb of the command line does: parsed options in, plain values for JSON out.

The keys of these answers are a promise to scripts; ``docs/command-line.md`` names them.
"""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from analytics import api, choosing, explaining, given, registry
from analytics.bigdata import command
from analytics.data import words
from analytics.data.naming import list_of
from analytics.errors import BadInput
from analytics.explanation import asking, export, topics
from analytics.language import asking as language
from analytics.readable import to_json
from analytics.results import Clustering, Dataset, ScoreCard, Table

# What is told of a cell of the grid of statistics and methods.
GRID = (
    "family", "of", "method", "space", "n_clusters", "noise_share", "silhouette", "ari", "digest",
    "error",
)  # fmt: skip


def methods(options) -> dict[str, Any]:
    """Every registered method with its parameters."""
    rows = []
    for m in registry.methods():
        fields = asdict(m)
        for unsaid in ("run", "cost", "order", "version"):
            del fields[unsaid]
        params = [{**asdict(p), "allowed": p.allowed()} for p in m.params]
        rows.append({**fields, "params": params})
    return {"methods": rows}


def samples(options) -> dict[str, Any]:
    """The built-in data sets."""
    from analytics.data.samples import DEFAULT, SAMPLES

    keys = ("id", "label", "description", "kind", "licence")
    return {"samples": [{k: getattr(s, k) for k in keys} for s in SAMPLES], "default": DEFAULT}


def profile(options) -> dict[str, Any]:
    """What is in a file."""
    if command.is_large(options):
        return command.profile(options)
    table = given.table(options)
    return {
        "name": table.name,
        "source": table.source,
        "kinds": table.kinds,
        "vectors": table.vectors,
        "recipe": table.recipe,
        "notes": list(table.notes),
        "digest": table.digest,
        **table.profile,
    }


def project(options) -> dict[str, Any]:
    """A map of a file, written to ``--out``."""
    dataset = given.dataset(options)
    made = api.project(
        dataset,
        options.method,
        seed=options.seed,
        columns=list_of(options.columns) or None,
        progress=options.progress,
        **given.params(options),
    )
    x, y = made.xy[:, 0], made.xy[:, 1]
    _write_csv(options.out, {"row": dataset.rows, "x": x, "y": y})
    card = api.faithfulness(made, progress=options.progress)
    return {
        "xy_file": options.out,
        "rows": dataset.n,
        "seconds": made.about.get("seconds"),
        "faithfulness": _card(card),
        "params": made.params,
        "seed": made.seed,
        "digest": made.digest,
        "notes": [*dataset.notes, *made.notes, *card.notes],
    }


def cluster(options) -> dict[str, Any]:
    """Groups of a file, written to ``--out``."""
    if options.why and not options.why.lower().endswith((".csv", ".json")):
        raise BadInput(f"--why {words.name(options.why)}: end its name in .csv or .json.")
    if options.provider != "offline" and not options.why:
        raise BadInput("--provider writes sentences on the groups: say where with --why PATH.")
    explaining.model_params(options.provider, given.model(options))  # says now what cannot be asked
    if options.picture and not options.picture.lower().endswith(".png"):
        raise BadInput(f"--picture {words.name(options.picture)}: end its name in .png.")
    dataset, projection = given.dataset(options), None
    if options.space == "map":
        projection = api.project(dataset, options.map, seed=options.seed, progress=options.progress)
    made = api.cluster(
        dataset,
        options.method,
        seed=options.seed,
        space=options.space,
        projection=projection,
        components=options.components,
        noise=options.noise,
        examples=given.examples(options.examples),
        with_labels=options.with_labels,
        progress=options.progress,
        **given.params(options),
    )
    _write_csv(options.out, {"row": dataset.rows, "label": made.labels})
    return {
        "labels_file": options.out,
        "rows": dataset.n,
        "n_clusters": made.n_clusters,
        "noise_share": made.noise_share,
        "seconds": made.about.get("seconds"),
        "scores": _card(api.validity(made, progress=options.progress)),
        "params": made.params,
        "seed": made.seed,
        "digest": made.digest,
        "map": projection.digest if projection is not None else None,
        "notes": [*dataset.notes, *made.notes],
        **(_why(options, dataset, made) if options.why else {}),
        **(_picture(options, dataset, projection, made) if options.picture else {}),
    }


def _picture(options, dataset: Dataset, projection, made: Clustering) -> dict[str, Any]:
    """The groups drawn on the map."""
    from analytics.figures.picture import map_png

    if projection is None:
        projection = api.project(dataset, options.map, seed=options.seed, progress=options.progress)
    label = registry.get("clustering", made.method).label
    title = f"{dataset.name}: {words.count(made.n_clusters, 'group')} by {label}"
    drawn = map_png(projection.xy, groups=made.labels, axes=projection.axes,
                    dated=projection.dated, title=title, links=dataset.edges)  # fmt: skip
    api.write(options.picture, drawn)
    return {"picture": options.picture}


def _why(options, dataset: Dataset, made: Clustering) -> dict[str, Any]:
    """How to tell each group, in short, and all of it written to a file."""
    from analytics.report import reasons
    from analytics.report.tables import to_csv

    path, told = options.why, None
    found = explaining.reasons(made, progress=options.progress)
    if options.provider == language.METHOD:
        told = explaining.sentences(
            made, model=given.model(options), seed=options.seed, progress=options.progress
        )
    if path.lower().endswith(".json"):
        api.write(path, to_json(reasons.reasons_json(found, dataset, told)).encode())
    else:
        api.write(path, to_csv(reasons.reasons_table(found, dataset, told)))
    answer = {"why_file": path, "why": reasons.reasons_short(found, told)}
    return answer if told is None else {**answer, **reasons.spent(told)}


def clams(options) -> dict[str, Any]:
    """The ambiguity of two columns as they are, neither scaled nor sampled."""
    if options.rank:
        return choosing.rank(options, options.progress)
    if not options.file:
        raise BadInput("Name a file to score, or a folder of files with --rank.")
    if command.is_large(options):
        return command.clams(options)
    table = given.table(options)
    names = given.chosen_axes(table, options.x, options.y)
    points = table.frame[names].to_numpy(np.float64, na_value=np.nan)
    finite = np.isfinite(points).all(axis=1)
    if finite.sum() < 2:
        raise BadInput(
            f"{words.count(int(finite.sum()), 'row')} of {table.name} with two finite numbers in "
            f"{words.names(names)}, and at least 2 are needed: choose other columns with --x and "
            "--y, or another file."
        )
    found = api.clams(
        points[finite], aspect=options.aspect, seed=options.seed, progress=options.progress
    )
    warnings = list(found.warnings)
    if not finite.all():
        left_out = words.count(int((~finite).sum()), "row")
        warnings.insert(0, f"{left_out} without two finite numbers left out.")
    return {**command.found_as_json(found), "warnings": warnings, "columns": names}


def advise(options) -> dict[str, Any]:
    """The map to show, written to ``--out``, and all that were tried."""
    dataset = given.dataset(options)
    answer, xy = choosing.advise(options, dataset, list_of(options.methods), options.progress)
    if xy is not None:
        _write_csv(options.out, {"row": dataset.rows, "x": xy[:, 0], "y": xy[:, 1]})
    return answer


def grid(options) -> dict[str, Any]:
    """Every family of statistics of signals with every method, written to ``--out`` cell by
    cell."""
    from analytics.comparing.api import grid as tried

    options.signals = options.signals or "all"
    dataset = given.dataset(options)
    k = options.groups if options.groups is not None else len(dataset.label_names) or 3
    found = tried(dataset, k, progress=options.progress)
    cells = [{name: e.get(name) for name in GRID} for e in found.entries]
    _write_csv(options.out, {name: [c[name] for c in cells] for name in GRID})
    return {
        "grid_file": options.out,
        "sentence": found.sentence,
        "score": found.facts["score"],
        "groups": found.facts["k"],
        "best": cells[found.chosen] if found.chosen >= 0 else None,
        "signals": dataset.n,
        "seed": dataset.seed,
        "digest": found.digest,
        "notes": list(dataset.notes),
    }


def perceive(options) -> dict[str, Any]:
    """The groups people would see in two columns, written to ``--out`` row by row."""
    table = given.table(options)
    names = given.chosen_axes(table, options.x, options.y)
    points = table.frame[names].to_numpy(np.float64, na_value=np.nan)
    found = api.perceive(
        points, aspect=options.aspect, seed=options.seed, progress=options.progress
    )
    columns = {
        "row": np.arange(len(points)),
        "label": found.labels,
        "agreement": found.point_agreement,
    }
    _write_csv(options.out, columns)
    return {
        "labels_file": options.out,
        "n_clusters": found.n_clusters,
        "n_clusters_shares": dict(
            zip(found.counts.tolist(), found.count_shares.tolist(), strict=True)
        ),
        "agreement": found.agreement,
        "interval": list(found.interval),
        "two_people": found.two_people,
        "uncertainty": found.uncertainty,
        "points": found.points,
        "columns": names,
        "aspect": found.aspect,
        "seed": found.seed,
        "warnings": list(found.warnings),
    }


def explain(options) -> dict[str, Any]:
    """The texts of a column grouped by descriptions, written to ``--out`` row by row."""
    table = given.table(options)
    column = options.text or next((c for c, kind in table.kinds.items() if kind == "text"), "")
    if not column:
        raise BadInput(f"No column of {table.name} looks like text: name one with --text.")
    params = {p.name: v for p in asking.PARAMS if (v := getattr(options, p.name)) is not None}
    found = explaining.explain(
        table,
        column,
        options.goal,
        examples=options.example,
        keywords=[topics.read(line)[0] for line in options.keywords],
        provider=options.provider,
        model=given.model(options),
        apply=options.apply,
        seed=options.seed,
        progress=options.progress,
        **params,
    )
    _write_csv(
        options.out, dict(export.table(found, table)[["row", "cluster", "description", "chance"]])
    )
    return {
        "explained_file": options.out,
        **export.answer(found, table),
        "seconds": found.about.get("seconds"),
    }


def compare(options) -> dict[str, Any]:
    """Agreement of label columns of files, matched by row number where one is given."""
    from analytics.comparing import files

    columns = list_of(options.columns)
    many = len(columns) > 2 or len(options.files) > 2
    if not many and columns:
        columns = given.two(options.columns, "--columns")

    def read(path: str) -> Table:
        return api.read(path, progress=options.progress)

    names, series = files.gathered(options.files, columns, read)
    if len(series) == 2:
        return files.two(names, series)
    answer, table = files.many(names, series, options.progress)
    if options.out:
        from analytics.report.tables import to_csv

        api.write(options.out, to_csv(table))
        answer["consensus_file"] = options.out
    return answer


def report(options) -> dict[str, Any]:
    """A stored result or saved view written to ``--out``, as its ending says."""
    path = api.report(
        options.result,
        options.out,
        title=options.title,
        linked=options.linked,
        columns=list_of(options.columns) or None,
        size=options.size,
        progress=options.progress,
    )
    return {"report": options.out, "bytes": path.stat().st_size}


def _card(card: ScoreCard) -> dict[str, Any]:
    return {
        name: {"value": s.value, "low": s.low, "high": s.high} for name, s in card.values.items()
    }


def _write_csv(path: str, columns: dict[str, np.ndarray]) -> None:
    from analytics.report.tables import to_csv

    api.write(path, to_csv(pd.DataFrame(columns)))
