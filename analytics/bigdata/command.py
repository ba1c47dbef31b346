"""The verbs of the command line on files larger than memory."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from analytics import api, settings
from analytics.bigdata import cutting, groups, scoring, survey, where
from analytics.bigdata.source import FORMATS, Source, Told, chunks, opened, spans
from analytics.data import words
from analytics.data.naming import list_of
from analytics.errors import BadInput
from analytics.operations import Spread, execute
from analytics.progress import Progress, part
from analytics.report.tables import to_csv

LARGE = 256 * 2**20  # bytes above which a file is read piece by piece without being asked


def is_large(options) -> bool:
    """Whether a file is to be read piece by piece: by ``--stream``, or by its size and ending; a
    folder of files always."""
    if getattr(options, "stream", False):
        return True
    path = Path(options.file) if options.file and ":" not in options.file else None
    try:
        if path is not None and path.is_dir():
            return True
        large = path is not None and path.is_file() and path.stat().st_size > LARGE
    except (OSError, ValueError):
        return False
    return bool(large and path.suffix.lower().lstrip(".") in FORMATS)


def source_of(options) -> Source:
    """The file of a command, opened; says that it is read piece by piece. Raises BadInput."""
    path = where.named(options.file)
    if not path.is_file() and not path.is_dir():
        raise BadInput(f"There is no file {str(options.file)!r}: check its path.")
    where.tell(path)
    source = opened(path, options=_reading(options))
    files = f"{words.count(len(source.files), 'file')}, " * bool(source.files)
    megabytes = source.size / 2**20
    _say(f"{source.name} ({files}{megabytes:,.0f} MB) is read piece by piece, not loaded whole.")
    return source


@contextmanager
def spread_over(source: Source, progress: Progress) -> Iterator[Spread | None]:
    """What computes the spans of a file on the cluster of GESTALT_ENGINE; None without a cluster,
    for a file of one span, and for one that the workers do not see."""
    engine = settings.text("GESTALT_ENGINE")
    if not engine or len(spans(cutting.parted(source, part(progress, 0.0, 0.05)))) < 2:
        yield None
    elif not where.is_shared(source.path):
        _say(
            f"{source.name} is not in the folder of GESTALT_DATA, which the workers of the cluster "
            "read: it is read here."
        )
        yield None
    else:
        from analytics.jobs.spreading import spreading

        with spreading(settings.home(), _say) as spread:
            yield spread


def _say(words: str) -> None:
    print(words, file=sys.stderr)


def _reading(options) -> dict[str, str]:
    from analytics.given import pairs_of

    return pairs_of(options.read, "--read", "separator=;")


def profile(options) -> dict[str, Any]:
    """What is in a large file."""
    source = source_of(options)
    request = survey.survey_request(where.tell(source.path), _reading(options))
    with spread_over(source, options.progress) as spread:
        found = execute(request, api.default_store(), options.progress, spread)
    facts = dict(found.facts)
    said = {"format": facts.pop("format"), "bytes": facts.pop("bytes"),
            "sha256": facts.pop("content")}  # fmt: skip
    if "files" in facts:
        said["files"] = facts.pop("files")
    return {
        "name": facts.pop("name"),
        "source": said,
        "streamed": True,
        **facts,
        "vectors": {},
        "recipe": {},
        "digest": found.digest,
    }


def clams(options) -> dict[str, Any]:
    """The ambiguity of two columns of a large file, of all its rows."""
    source = source_of(options)
    numeric = [c for c, kind in source.kinds.items() if kind == "number"]
    if bool(options.x) != bool(options.y):
        raise BadInput("Give both --x and --y, or neither for the first two numeric columns.")
    names = [options.x, options.y] if options.x else numeric[:2]
    place, read = where.tell(source.path), _reading(options)
    wanted = scoring.large_ambiguity_request(place, names, options.aspect, options.seed, read)
    with spread_over(source, options.progress) as spread:
        found = execute(wanted, api.default_store(), options.progress, spread)
    return {**found_as_json(found), "columns": names, "notes": list(found.notes)}


def found_as_json(found) -> dict[str, Any]:
    """An ambiguity by the keys that the command line promises."""
    pairs = zip(found.pairs, found.separability, found.pair_ambiguity, strict=True)
    return {
        "ambiguity": found.ambiguity,
        "interval": list(found.interval),
        "n_components": found.n_components,
        "pairs": [{"i": i, "j": j, "separability": s, "ambiguity": a} for (i, j), s, a in pairs],
        "warnings": list(found.warnings),
        "points": found.n,
        "aspect": found.aspect,
        "seed": found.seed,
    }


def sample(options) -> dict[str, Any]:
    """A seeded sample of a file, written to ``--out``."""
    source_of(options)
    table = api.sample(
        options.file,
        options.rows,
        by=options.by,
        seed=options.seed,
        progress=options.progress,
        **_reading(options),
    )
    kind = "csv" if options.out.lower().endswith((".csv", ".tsv", ".txt")) else "parquet"
    if kind == "csv":
        api.write(options.out, to_csv(table.frame))
    else:
        buffer = io.BytesIO()
        table.frame.to_parquet(buffer, index=False)
        api.write(options.out, buffer.getvalue())
    facts = table.source["sampled"]
    return {
        "sample_file": options.out,
        "rows": len(table.frame),
        "of": facts["rows"],
        "sentence": facts["sentence"],
        "by": options.by,
        "seed": options.seed,
        "row_column": facts["row"],
        "sha256": table.params["content"],
        "digest": table.digest,
        "notes": list(table.notes),
    }


def count(options) -> dict[str, Any]:
    """Counts by group over all rows of a file, written to ``--out``."""
    source = source_of(options)
    by, of = list_of(options.by), list_of(options.of)
    for column in [*by, *of]:
        if column not in source.kinds:
            raise BadInput(
                f"There is no column {words.name(column)} in {source.name}: choose from "
                f"{words.names(source.columns, 8)}."
            )
    for column in of:
        if source.kinds[column] not in ("number", "boolean"):
            raise BadInput(
                f"{words.name(column)} holds no numbers, so it has no mean: leave it out."
            )
    if not by:
        raise BadInput("Name the columns to count by, as in --by region,year.")
    found, told = None, Told()
    wanted = list(dict.fromkeys([*by, *of]))
    for _, table in chunks(source, wanted, progress=options.progress, told=told):
        one = groups.of_chunk(table, by, of)
        found = one if found is None else groups.merge(found, one)
    frame = groups.table(found)
    api.write(options.out, to_csv(frame))
    return {
        "counts_file": options.out,
        "rows": int(frame["rows"].sum()),
        "groups": len(frame),
        "largest": frame.head(10).to_dict("records"),
        "notes": [*source.notes, *told.notes()],
    }


def apply(options) -> dict[str, Any]:
    """The groups of a sample given to every row of a file, written to ``--out``."""
    from analytics.bigdata.applying import HOW

    ways = [how for how in HOW[1:] if getattr(options, how)]
    if len(ways) > 1:
        raise BadInput("Give one of --rules, --fit and --minibatch.")
    with spread_over(source_of(options), options.progress) as spread:
        made = api.apply(
            options.run_digest,
            options.file,
            options.out,
            how=ways[0] if ways else "method",
            progress=options.progress,
            spread=spread,
            **_reading(options),
        )
    facts = dict(made.facts)
    groups = [{"label": label, "rows": rows} for label, rows in facts.pop("groups")]
    return {
        "labels_file": options.out,
        **facts,
        "groups": groups,
        "digest": made.digest,
        "notes": list(made.notes),
    }
