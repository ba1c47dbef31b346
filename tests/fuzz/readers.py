"""How each kind of file is read, whatever is done with it in the program: ``READ[kind]``.

Each takes the path and the name that a person gave. A file that cannot be read ends in BadInput.
"""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from analytics.bigdata import source as pieces
from analytics.data.readers import read_file
from analytics.errors import BadInput
from analytics.graphs import reading
from analytics.language import answers
from analytics.pictures import files as pictures
from analytics.store.artifacts import Artifacts
from analytics.store.database import connect
from analytics.store.unbundle import import_project
from analytics.study import files as groupings

Reader = Callable[[Path, str], object]


@lru_cache(maxsize=1)
def _store(home: Path):
    """The store that projects are taken into: its engine and results."""
    home.mkdir(exist_ok=True)
    return connect(f"sqlite:///{home / 'gestalt.sqlite'}"), Artifacts(home / "results")


def _project(path: Path, name: str) -> object:
    home = path.parent / "store"
    return import_project(*_store(home), path, home)


def _piecewise(path: Path, name: str) -> object:
    """All rows of a file that is read without holding it."""
    source = pieces.opened(path, name)
    return [table.num_rows for _, table in pieces.chunks(source)]


def _ranked(path: Path, name: str) -> object:
    """A zip of plots; one that cannot be read carries a sentence, which counts as read."""
    return list(pictures.of_zip(path, pictures.members(path)))


def _answer(path: Path, name: str) -> object:
    """What a language model said, read in each of the forms that are asked for."""
    text, found, said = path.read_bytes().decode("utf-8", "replace"), [], None
    for read in (
        answers.descriptions,
        answers.one,
        lambda t: answers.many(t, 3, 2),
        lambda t: answers.picked(t, 3, 2),
        lambda t: answers.described(t, 3, True),
        lambda t: answers.uncovered(t, "Small and red."),
    ):
        try:
            found.append(read(text))
        except answers.Malformed as error:
            said = error
    if not found:
        raise BadInput(str(said))
    return found


READ: dict[str, Reader] = {
    "links": reading.read,
    "network": reading.read,
    "arrays": reading.read,
    "events": reading.read,
    "bigcsv": _piecewise,
    "bigparquet": _piecewise,
    "project": _project,
    "grouping": groupings.read,
    "groupings": groupings.read,
    "plots": _ranked,
    "answer": _answer,
}


def read(kind: str, path: Path, name: str) -> object:
    """Read a file as its kind is read; the kinds of tables by the door for all of them."""
    return READ.get(kind, read_file)(path, name)
