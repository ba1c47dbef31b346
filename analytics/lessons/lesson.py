"""What a lesson is made of."""

from dataclasses import dataclass, field
from typing import Any

GUESSES = ("choice", "number", "lasso", "draw")
STEPS = ("text", *GUESSES, "reveal", "experiment", "check")


@dataclass(frozen=True)
class Thing:
    """A result that a lesson shows: data, a map, groups, a score.

    kind : a key of ``things.KINDS``. of : the names of what it is made from. spec : the rest.
    """

    name: str
    kind: str
    of: tuple[str, ...] = ()
    spec: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Number:
    """A number read off things. measure : a key of ``measures.MEASURES``. label : what it is."""

    name: str
    measure: str
    of: tuple[str, ...]
    given: dict[str, Any] = field(default_factory=dict)
    label: str = ""


@dataclass(frozen=True)
class Option:
    """One answer to choose. when : conditions that make it the right one; right : said outright,
    for questions of understanding that no number decides. why : shown once it was chosen."""

    text: str
    when: tuple[dict[str, Any], ...] = ()
    right: bool | None = None
    why: str = ""


@dataclass(frozen=True)
class Step:
    """One screen of a lesson.

    kind : one of STEPS. name : of a guess, by which its reveal finds it. show : figures, see
    ``reading.FIGURES``. options : of "choice" and "check". more : what only one kind has, see
    ``reading.KEYS``.
    """

    kind: str
    title: str
    text: str
    name: str = ""
    show: tuple[dict[str, Any], ...] = ()
    options: tuple[Option, ...] = ()
    more: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Lesson:
    """A lesson as read. after : what the reader will know. teacher : notes, Markdown."""

    id: str
    title: str
    line: str
    minutes: int
    order: int
    after: tuple[str, ...]
    things: dict[str, Thing]
    numbers: dict[str, Number]
    steps: tuple[Step, ...]
    teacher: str

    def guess(self, name: str) -> Step | None:
        """The step that asks for a guess of this name."""
        return next((s for s in self.steps if s.kind in GUESSES and s.name == name), None)
