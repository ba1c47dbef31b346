"""The command line: ``python -m analytics VERB …``.

Every verb takes ``--json`` (one JSON object on standard output; progress goes to standard error)
and ends with 0, with 2 for bad input (one line that says what is wrong and what to do), or with 1
when the fault is ours.
"""

import argparse
import csv
import json
import math
import os
import sys
import tempfile
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from analytics import api, registry
from analytics.errors import BadInput, StoreError
from analytics.results import Clustering, Dataset, ScoreCard

OK, OUR_FAULT, BAD_INPUT, STOPPED = 0, 1, 2, 130


class _Parser(argparse.ArgumentParser):
    """A parser whose complaints are one line."""

    def error(self, message: str) -> NoReturn:
        raise BadInput(f"{message[:1].upper()}{message[1:]}: see '{self.prog} --help'.")


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in arguments
    try:
        options = _parser().parse_args(arguments)
        answer = options.run(options)
        print(_dump(answer) if options.json else _readable(answer))
        return OK
    except (BadInput, StoreError) as error:
        return _fail(" ".join(str(error).split()), BAD_INPUT, as_json)
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return OK
    except KeyboardInterrupt:
        return STOPPED
    except Exception:
        if os.environ.get("GESTALT_DEBUG"):
            traceback.print_exc()
        place = Path(tempfile.gettempdir()) / "gestalt-error.log"
        place.write_text(traceback.format_exc())
        return _fail(
            f"A fault of ours stopped this; the details are in {place}.", OUR_FAULT, as_json
        )


def _fail(words: str, code: int, as_json: bool) -> int:
    print(words, file=sys.stderr)
    if as_json:
        print(_dump({"error": words}))
    return code


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="analytics", description="Gestalt on the command line.")
    verbs = parser.add_subparsers(dest="verb", required=True, parser_class=_Parser)

    def verb(name: str, run, help_: str, *, file: bool = True, out: str = "") -> _Parser:
        sub = verbs.add_parser(name, help=help_, description=help_)
        sub.set_defaults(run=run)
        if file:
            sub.add_argument("file", metavar="FILE", help="a data file, or sample:NAME")
        if out:
            sub.add_argument("--out", default=out, help=f"where to write (default {out})")
        sub.add_argument("--json", action="store_true", help="one JSON object on standard output")
        return sub

    verb("methods", _methods, "List the methods with their parameters.", file=False)
    verb("samples", _samples, "List the built-in data sets.", file=False)
    verb("profile", _profile, "Say what is in a file and what is wrong with it.")
    project = verb("project", _project, "Make a map of a file.", out="xy.csv")
    cluster = verb("cluster", _cluster, "Group the rows of a file.", out="labels.csv")
    for sub, default in ((project, "pca"), (cluster, "kmeans")):
        sub.add_argument("--method", default=default, help=f"see 'methods' (default {default})")
        sub.add_argument(
            "--param", action="append", default=[], metavar="NAME=VALUE", help="a method parameter"
        )
        sub.add_argument("--seed", type=int, default=0)
        sub.add_argument("--features", default="", metavar="A,B", help="columns to use")
        sub.add_argument("--labels", default="", metavar="COLUMN", help="the label column")
        sub.add_argument("--scale", default="", help="none, standard, minmax or robust")
        sub.add_argument("--sample", type=int, default=0, help="use at most this many rows")
    project.add_argument("--columns", default="", metavar="A,B", help="for method columns")
    cluster.add_argument("--space", default="full", choices=("full", "pca", "map"))
    cluster.add_argument("--components", type=int, help="dimensions of the PCA space")
    cluster.add_argument("--map", default="pca", help="projection for --space map (default pca)")
    cluster.add_argument("--noise", default="keep", choices=("keep", "nearest"))
    clams = verb("clams", _clams, "Score how ambiguous the groups in a scatterplot are.")
    clams.add_argument("--x", default="", metavar="COLUMN")
    clams.add_argument("--y", default="", metavar="COLUMN")
    clams.add_argument("--aspect", type=float, default=1.0, help="drawn unit of y over unit of x")
    clams.add_argument("--seed", type=int, default=0)
    compare = verb("compare", _compare, "Agreement of two label files.", file=False)
    compare.add_argument("a", metavar="LABELS_A")
    compare.add_argument("b", metavar="LABELS_B")
    report = verb(
        "report", _report, "Write a result as one HTML page.", file=False, out="report.html"
    )
    report.add_argument("result", metavar="RUN", help="the digest that project or cluster printed")
    report.add_argument("--title", default="")
    return parser


def _methods(options) -> dict[str, Any]:
    rows = []
    for m in registry.methods():
        params = [{k: v for k, v in asdict(p).items() if v not in ("", (), None)} for p in m.params]
        rows.append(
            {
                "id": m.id,
                "kind": m.kind,
                "label": m.label,
                "summary": m.summary,
                "needs": list(m.needs),
                "max_rows": m.max_rows,
                "seeded": m.seeded,
                "reference": m.reference,
                "params": [
                    {**p, "default": q.default} for p, q in zip(params, m.params, strict=True)
                ],
            }
        )
    return {"methods": rows}


def _samples(options) -> dict[str, Any]:
    from analytics.data.samples import DEFAULT, SAMPLES

    rows = [
        {"id": s.id, "label": s.label, "description": s.description, "licence": s.licence}
        for s in SAMPLES
    ]
    return {"samples": rows, "default": DEFAULT}


def _profile(options) -> dict[str, Any]:
    table = api.read(options.file, progress=_progress)
    return {
        "name": table.name,
        "source": table.source,
        "kinds": table.kinds,
        "recipe": table.recipe,
        "notes": list(table.notes),
        **table.profile,
    }


def _dataset(options) -> Dataset:
    recipe: dict[str, Any] = {}
    if options.features:
        recipe["features"] = _names(options.features)
    for key in ("scale", "sample"):
        if getattr(options, key):
            recipe[key] = getattr(options, key)
    if options.labels:
        recipe["label"] = options.labels
    return api.prepare(options.file, recipe, seed=options.seed, progress=_progress)


def _project(options) -> dict[str, Any]:
    dataset = _dataset(options)
    columns = _names(options.columns) or None
    made = api.project(
        dataset,
        options.method,
        seed=options.seed,
        columns=columns,
        progress=_progress,
        **_params(options.param),
    )
    import pandas as pd

    xy = pd.DataFrame({"row": dataset.rows, "x": made.xy[:, 0], "y": made.xy[:, 1]})
    _write(options.out, xy)
    return {
        "digest": made.digest,
        "xy_file": options.out,
        "rows": dataset.n,
        "seconds": made.about.get("seconds"),
        "params": made.params,
        "seed": made.seed,
        "faithfulness": _card(api.faithfulness(made, progress=_progress)),
        "notes": [*dataset.notes, *made.notes],
    }


def _cluster(options) -> dict[str, Any]:
    dataset = _dataset(options)
    projection = None
    if options.space == "map":
        projection = api.project(dataset, options.map, seed=options.seed, progress=_progress)
    made: Clustering = api.cluster(
        dataset,
        options.method,
        seed=options.seed,
        space=options.space,
        projection=projection,
        components=options.components,
        noise=options.noise,
        progress=_progress,
        **_params(options.param),
    )
    import pandas as pd

    _write(options.out, pd.DataFrame({"row": dataset.rows, "label": made.labels}))
    return {
        "labels_file": options.out,
        "n_clusters": made.n_clusters,
        "noise_share": made.noise_share,
        "seconds": made.about.get("seconds"),
        "scores": _card(api.validity(made, progress=_progress)),
        "params": made.params,
        "seed": made.seed,
        "digest": made.digest,
        "rows": dataset.n,
        "notes": [*dataset.notes, *made.notes],
    }


def _clams(options) -> dict[str, Any]:
    import pandas as pd

    table = api.read(options.file, progress=_progress)
    frame = table.frame
    numeric = [c for c in frame if pd.api.types.is_numeric_dtype(frame[c])]
    names = [options.x, options.y]
    if not any(names):
        names = [c for c in numeric if not pd.api.types.is_bool_dtype(frame[c])][:2]
        if len(names) < 2:
            raise BadInput(
                f"{table.name} has fewer than two numeric columns: name a file with x and y."
            )
    for name in names:
        if name not in numeric:
            raise BadInput(
                f"There is no numeric column {name!r} in {table.name}: give --x and --y, "
                f"two of {', '.join(numeric[:10])}."
            )
    points = frame[names].to_numpy(float)
    finite = pd.notna(points).all(axis=1) & (abs(points) < math.inf).all(axis=1)
    result = api.clams(points[finite], aspect=options.aspect, seed=options.seed, progress=_progress)
    left_out = int((~finite).sum())
    warnings = [f"{left_out:,} rows without two finite numbers were left out."] if left_out else []
    return {
        "ambiguity": result.ambiguity,
        "interval": list(result.interval),
        "n_components": result.n_components,
        "pairs": [
            {"i": int(i), "j": int(j), "separability": float(s), "ambiguity": float(a)}
            for (i, j), s, a in zip(
                result.pairs, result.separability, result.pair_ambiguity, strict=True
            )
        ],
        "warnings": [*warnings, *result.warnings],
        "columns": names,
        "aspect": result.aspect,
        "points": int(finite.sum()),
    }


def _compare(options) -> dict[str, Any]:
    from analytics.clustering.agreement import compare

    a, b = (_labels(path) for path in (options.a, options.b))
    if len(a) != len(b):
        raise BadInput(
            f"{options.a} has {len(a):,} rows and {options.b} {len(b):,}: "
            "compare two groupings of the same rows."
        )
    return compare(a.to_numpy(), b.to_numpy())


def _labels(path: str):
    """The label column of a file: "label", "cluster", or the last one."""
    frame = api.read(path, progress=_progress).frame
    name = next((c for c in ("label", "cluster") if c in frame), frame.columns[-1])
    return frame[name]


def _report(options) -> dict[str, Any]:
    path = api.report(options.result, options.out, title=options.title, progress=_progress)
    return {"report": str(path), "bytes": path.stat().st_size}


def _names(text: str) -> list[str]:
    """Column names separated by commas; one that holds a comma is put in double quotes."""
    cells = next(csv.reader([text], skipinitialspace=True), [])
    return [c.strip() for c in cells if c.strip()]


def _params(pairs: list[str]) -> dict[str, str]:
    params = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.isidentifier():
            raise BadInput(f"--param {pair!r} is not NAME=VALUE, for example n_clusters=8.")
        params[name] = value
    return params


def _card(card: ScoreCard) -> dict[str, Any]:
    return {
        name: {"value": s.value, "low": s.low, "high": s.high} for name, s in card.values.items()
    }


def _write(path: str, frame) -> None:
    try:
        frame.to_csv(path, index=False)
    except OSError as error:
        why = error.strerror or "unknown reason"
        raise BadInput(
            f"{path} cannot be written ({why}): choose another place with --out."
        ) from None


def _progress(fraction: float | None, words: str) -> None:
    share = "" if fraction is None else f"{fraction:4.0%} "
    print(f"{share}{words}", file=sys.stderr)


def _dump(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _readable(answer: dict[str, Any]) -> str:
    """Indented lines; long lists one line each."""
    return "\n".join(_lines(_plain(answer), 0))


def _lines(value: Any, depth: int) -> list[str]:
    pad = "  " * depth
    lines = []
    for key, item in value.items() if isinstance(value, dict) else enumerate(value, 1):
        if isinstance(item, (dict, list)) and item:
            lines.append(f"{pad}{key}:")
            lines.extend(_lines(item, depth + 1))
        else:
            lines.append(f"{pad}{key}: {'–' if item in (None, [], {}, '') else item}")
    return lines
