"""What a map or a clustering is called."""

from collections.abc import Iterable, Mapping, Sequence

from analytics import registry
from analytics.clustering.examples import said
from analytics.data.wording import ENCODE, MISSING, SCALE
from analytics.params import in_words
from analytics.results import Clustering, Dataset, Projection
from pages.ui import frame, session
from pages.ui.words import count


def run_name(digest: str) -> str:
    """A result's method and what sets it apart from its defaults."""
    record = session.load(digest)
    if record is None:
        return digest[:8]
    kind = "projection" if isinstance(record, Projection) else "clustering"
    label = frame.method_label(kind, record.method)
    if record.method in frame.MADE_HERE:
        return frame.made_here(record)
    try:
        known = {p.name: p for p in registry.get(kind, record.method).params}
    except ValueError:
        known = {}
    settings = {k: v for k, v in record.params.items() if k not in ("examples", "with_labels")}
    if isinstance(record, Clustering) and settings.get("n_clusters") == record.n_clusters:
        del settings["n_clusters"]  # said once
    changed = [
        in_words(k, v, known.get(k))
        for k, v in settings.items()
        if v != (known[k].default if k in known else None) and v != "full"
    ]
    if "examples" in record.params:
        changed.append(said(record.params["examples"]))
    if isinstance(record, Clustering):
        changed.insert(0, count(record.n_clusters, "group"))
    seed = [f"seed {record.seed}"] if record.seed else []
    extra = [*changed, *seed]
    return label + (f" ({', '.join(extra)})" if extra else "")


def names_of(digests: Iterable[str]) -> dict[str, str]:
    """What results are called in a menu, by digest: no two the same."""
    return distinct({digest: run_name(digest) for digest in digests})


def distinct(names: Mapping[str, str]) -> dict[str, str]:
    """Names of stored results by digest, those alike with what sets these results apart."""
    alike: dict[str, list[str]] = {}
    for digest, name in names.items():
        alike.setdefault(name, []).append(digest)
    told = dict(names)
    for name, same in alike.items():
        if len(same) < 2:
            continue
        runs = [run for run in map(session.load, same) if run is not None]
        made = [
            (run, on) for run in runs if isinstance(on := session.load(run.parents[0]), Dataset)
        ]
        for (run, _), words in zip(made, apart(made), strict=True):
            told[run.digest] = f"{name}, {words}"
    return told


def apart(alike: Sequence[tuple[Clustering | Projection, Dataset]]) -> list[str]:
    """What sets results of one name apart, in a few words each: the map, rows, columns or
    preparation they were made on; where these are the same too, the start of their digest.

    alike : each result with its dataset. Depends on no order, so that a result keeps its words
    wherever it is named.
    """
    facts = zip(*(_made_on(run, dataset) for run, dataset in alike), strict=True)
    telling = [values for values in facts if len(set(values)) > 1]
    words = [", ".join(filter(None, told)) for told in zip(*telling, strict=True)]
    words = words or [""] * len(alike)
    return [
        told
        if words.count(told) == 1
        else ", ".join(filter(None, (told, f"result {run.digest[:6]}")))
        for told, (run, _) in zip(words, alike, strict=True)
    ]


def _made_on(run: Clustering | Projection, dataset: Dataset) -> list[str]:
    on_map = isinstance(run, Clustering) and run.space == "map"
    maps = (session.load(d) for d in run.parents[1:]) if on_map else ()
    own = [run_name(m.digest) for m in maps if isinstance(m, Projection)]
    recipe = dataset.params
    return [
        *(own[:1] or [""]),
        count(dataset.n, "row"),
        count(dataset.X.shape[1], "feature"),
        f"values {SCALE.get(recipe.get('scale'), '')}",
        f"gaps: {MISSING.get(recipe.get('missing'), '')}",
        f"categories: {ENCODE.get(recipe.get('encode'), '')}",
    ]
