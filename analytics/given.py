"""What the options of a command give: its table, dataset, columns, parameters and model."""

from typing import Any

import pandas as pd

from analytics import api, registry
from analytics.data import prepare, words
from analytics.data.naming import list_of
from analytics.errors import BadInput
from analytics.language import asking as language
from analytics.pictures.files import axes
from analytics.results import Dataset, Table


def table(options) -> Table:
    """The table of the file. Raises BadInput."""
    given = pairs_of(options.read, "--read", "separator=;")
    graph = getattr(options, "graph", "") or None
    return api.read(options.file, graph=graph, progress=options.progress, **given)


def dataset(options) -> Dataset:
    """The file prepared as the options say. Raises BadInput."""
    recipe: dict[str, Any] = {
        p.name: getattr(options, p.name)
        for p in prepare.PARAMS
        if getattr(options, p.name) is not None
    }
    if options.features:
        recipe["features"] = list_of(options.features)
    if options.labels:
        recipe["label"] = options.labels
    if options.domain:
        recipe["domain"] = options.domain
    if options.coordinates:
        recipe["x"], recipe["y"] = _coordinates(options.coordinates)
    if options.type:
        recipe["types"] = pairs_of(options.type, "--type", "year=category")
    return api.prepare(table(options), recipe, seed=options.seed, progress=options.progress)


def chosen_axes(source: Table, x: str, y: str) -> list[str]:
    """The two columns to score. Raises BadInput."""
    frame, kinds = source.frame, pd.api.types
    numeric = [
        c for c in frame if kinds.is_numeric_dtype(frame[c]) and not kinds.is_bool_dtype(frame[c])
    ]
    if bool(x) != bool(y):
        raise BadInput("Give both --x and --y, or neither for the first two numeric columns.")
    if not x:
        # A column that numbers the rows, as in the files written here, is no coordinate.
        return axes(source.frame, source.kinds, source.name)
    for name in (x, y):
        if name not in numeric:
            raise BadInput(
                f"There is no numeric column {words.name(name)} in {source.name}: "
                f"choose from {words.names(numeric, 8) or 'another file'}."
            )
    if x == y:
        raise BadInput(f"Column {words.name(x)} is given for both --x and --y: give two columns.")
    return [x, y]


def params(options) -> dict[str, str]:
    """The method's own parameters, checked here so that they cannot name anything else."""
    kind = "projection" if options.verb == "project" else "clustering"
    row = registry.get(kind, options.method)
    return row.check(pairs_of(options.param, "--param", "n_clusters=8"))


def model(options) -> dict[str, Any]:
    """What was said of a language model; empty when nothing was."""
    given = {"base_url": options.base_url, "model": options.model, "mask": list_of(options.mask)}
    given |= {p.name: getattr(options, p.name) for p in language.PARAMS}
    return {name: value for name, value in given.items() if value not in (None, "", [])}


def examples(path: str) -> dict[str, list[int]] | None:
    """The rows of a file of examples by their group; None without one. Raises BadInput."""
    from analytics.clustering.examples import read

    return read(path) if path else None


def pairs_of(given: list[str], option: str, example: str) -> dict[str, str]:
    """What an option that is repeated as NAME=VALUE says. Raises BadInput."""
    pairs = {}
    for pair in given:
        name, equals, value = pair.rpartition("=") if option == "--type" else pair.partition("=")
        if not equals or not name.strip():
            raise BadInput(f"{option} {words.name(pair)} is not NAME=VALUE, for example {example}.")
        pairs[name.strip()] = value
    return pairs


def two(text: str, option: str) -> list[str]:
    """Exactly two names. Raises BadInput."""
    names = list_of(text)
    if len(names) != 2:
        raise BadInput(f"{option} takes two names separated by a comma, as in first,second.")
    return names


def _coordinates(text: str) -> list[str]:
    return ["", ""] if text == "none" else two(text, "--coordinates")
