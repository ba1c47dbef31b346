"""Lesson files read and checked: a mistake is one sentence that names the file and the key."""

import re
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

from analytics import registry
from analytics.data import made, samples
from analytics.errors import BadInput
from analytics.lessons import wording
from analytics.lessons.lesson import GUESSES, STEPS, Lesson, Number, Option, Step, Thing
from analytics.lessons.measures import LABELLED, MEASURES, NUMBERS
from analytics.lessons.things import KINDS, params_of

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "lessons"
MINUTES = (5, 10)
_HEAD = ("title", "line", "minutes", "order", "after", "teacher")
# A figure names its kind and what it draws; "" stands for numbers.
FIGURES = {
    "points": "map",
    "curve": "curve",
    "counts": "people",
    "rules": "reasons",
    "bars": "",
    "numbers": "",
}
_FIGURE_KEYS = {"points": ("groups",), "curve": ("y", "mark"), "bars": ("x_title",)}
# What each kind of step may hold beside title, text and show; "!" must be there.
KEYS = {
    "text": (),
    "choice": ("name!", "options!"),
    "number": ("name!", "truth!", "low!", "high!", "close"),
    "lasso": ("name!", "on!", "truth!"),
    "draw": ("name!", "data!", "start"),
    "reveal": ("of!",),
    "experiment": ("vary!", "numbers", "goal"),
    "check": ("options!",),
}
_OPTION = {"choice": ("text", "when"), "check": ("text", "right", "when", "why")}
_BOUNDS = ("below", "above", "at_least", "at_most", "equals")
_NAME = re.compile(r"[a-z][a-z0-9_]*$")


@lru_cache(maxsize=1)
def lessons() -> tuple[Lesson, ...]:
    """All lessons that come with Gestalt, in their order. Raises BadInput."""
    found = [read(path) for path in sorted(FOLDER.glob("*.toml"))]
    return tuple(sorted(found, key=lambda lesson: (lesson.order, lesson.id)))


def get(lesson_id: str) -> Lesson:
    """One lesson. Raises BadInput naming the known ones."""
    for lesson in lessons():
        if lesson.id == lesson_id:
            return lesson
    known = ", ".join(lesson.id for lesson in lessons())
    raise BadInput(f"There is no lesson '{lesson_id[:40]}': choose one of {known}.")


def read(path: Path) -> Lesson:
    """The lesson of a file. Raises BadInput."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"The lesson file {path.name} cannot be read: {error}.") from None
    reader = _Reader(path.name)
    try:
        return reader.lesson(path.stem, content)
    except (TypeError, AttributeError, KeyError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise reader.wrong(reader.at, "a value is of the wrong kind") from None


class _Reader:
    """Reads one file; knows its name and what has been declared so far."""

    def __init__(self, file: str):
        self.file = file
        self.at = "the top"  # what was looked at last
        self.things: dict[str, Thing] = {}
        self.numbers: dict[str, Number] = {}

    def wrong(self, key: str, what: str) -> BadInput:
        return BadInput(f"The lesson file {self.file} is wrong at '{key}': {what}.")

    def lesson(self, lesson_id: str, content: dict[str, Any]) -> Lesson:
        self.keys("the top", content, (*_HEAD, *KINDS, "number", "step"))
        for kind in KINDS:
            for name, spec in self.table(kind, content.get(kind, {})).items():
                self.things[name] = self.thing(kind, name, spec)
        for name, thing in self.things.items():
            self.check_of(f"{thing.kind}.{name}", thing.of, KINDS[thing.kind].of)
        for name, spec in self.table("number", content.get("number", {})).items():
            self.numbers[name] = self.number(name, spec)
        steps = self.items("step", content.get("step", []))
        read = tuple(self.step(f"step {i}", spec) for i, spec in enumerate(steps, 1))
        self.check_steps(read)
        minutes = self.whole("minutes", content.get("minutes"))
        if not MINUTES[0] <= minutes <= MINUTES[1]:
            raise self.wrong("minutes", f"a lesson takes {MINUTES[0]} to {MINUTES[1]}")
        after = content.get("after")
        if not isinstance(after, list) or not after:
            raise self.wrong("after", "list what the reader will know, at least one text")
        return Lesson(
            id=lesson_id,
            title=self.words("title", content.get("title")),
            line=self.words("line", content.get("line")),
            minutes=minutes,
            order=self.whole("order", content.get("order")),
            after=tuple(self.words("after", text) for text in after),
            things=self.things,
            numbers=self.numbers,
            steps=read,
            teacher=self.words("teacher", content.get("teacher"), numbers=True),
        )

    # Parts of a file.

    def thing(self, kind: str, name: str, spec: Any) -> Thing:
        at = f"{kind}.{name}"
        self.check_name(at, name)
        self.keys(at, spec, ("of", *KINDS[kind].keys))
        of = spec.get("of", [])
        of = (of,) if isinstance(of, str) else tuple(of)
        thing = Thing(name, kind, of, {k: v for k, v in spec.items() if k != "of"})
        try:
            if kind == "data":
                self.check_data(at, spec)
            elif kind in ("map", "groups"):
                method = spec.get("method", "columns" if kind == "map" else "")
                stage = "projection" if kind == "map" else "clustering"
                registry.get(stage, method).check(spec.get("params"))
        except BadInput as error:
            raise self.wrong(at, str(error).rstrip(".")) from None
        return thing

    def check_data(self, at: str, spec: dict[str, Any]) -> None:
        if sum(k in spec for k in ("sample", "make", "drawn")) != 1:
            raise self.wrong(at, "give one of sample, make and drawn")
        if "sample" in spec:
            samples.get(spec["sample"])
        elif "make" in spec:
            made.check(spec["make"], spec.get("params"))

    def check_of(self, at: str, of: tuple[str, ...], kinds: tuple[str, ...]) -> None:
        if len(of) != len(kinds):
            raise self.wrong(at, f"'of' takes {len(kinds)} names")
        for name, allowed in zip(of, kinds, strict=True):
            if name not in self.things:
                raise self.wrong(at, f"there is nothing called '{name}'")
            if self.things[name].kind not in allowed.split("|"):
                raise self.wrong(at, f"'{name}' is no {allowed.replace('|', ' or ')}")

    def number(self, name: str, spec: Any) -> Number:
        at = f"number.{name}"
        self.check_name(at, name)
        measure = MEASURES.get(spec.get("measure", ""))
        if measure is None:
            raise self.wrong(f"{at}.measure", f"choose one of {', '.join(MEASURES)}")
        self.keys(at, spec, ("measure", "of", "label", *(key for key, _ in measure.given)))
        missing = [key for key, needed in measure.given if needed and key not in spec]
        if missing:
            raise self.wrong(at, f"'{missing[0]}' is missing")
        of = spec.get("of", [])
        of = (of,) if isinstance(of, str) else tuple(of)
        if measure.of == NUMBERS:  # those declared above it, so that none rests on itself
            self.check_numbers(at, list(of))
        else:
            self.check_of(at, of, measure.of)
        given = {key: spec[key] for key, _ in measure.given if key in spec}
        return Number(name, spec["measure"], of, given, str(spec.get("label", name)))

    def step(self, at: str, spec: dict[str, Any]) -> Step:
        kind = spec.get("kind")
        if kind not in STEPS:
            raise self.wrong(f"{at}, kind", f"choose one of {', '.join(STEPS)}")
        own = [key.rstrip("!") for key in KEYS[kind]]
        self.keys(at, spec, ("kind", "title", "text", "show", *own))
        for key in (k[:-1] for k in KEYS[kind] if k.endswith("!")):
            if key not in spec:
                raise self.wrong(f"{at}, {key}", "it is missing")
        shown = tuple(
            self.figure(f"{at}, show", figure) for figure in self.items(at, spec.get("show", []))
        )
        options = tuple(
            self.option(f"{at}, options", kind, option)
            for option in self.items(f"{at}, options", spec.get("options", []))
        )
        more = {k: spec[k] for k in own if k in spec and k not in ("name", "options")}
        step = Step(
            kind,
            self.words(f"{at}, title", spec.get("title")),
            self.words(f"{at}, text", spec.get("text")),
            str(spec.get("name", "")),
            shown,
            options,
            more,
        )
        getattr(self, f"check_{kind}", lambda at, step: None)(at, step)
        return step

    def option(self, at: str, kind: str, spec: dict[str, Any]) -> Option:
        self.keys(at, spec, _OPTION[kind])
        when = spec.get("when", ())
        when = tuple([when] if isinstance(when, dict) else when)
        for condition in when:
            self.condition(at, condition)
        if not when and "right" not in spec:
            raise self.wrong(at, "each option takes 'when', or 'right' in a check")
        why = self.words(f"{at}, why", spec["why"]) if "why" in spec else ""
        if kind == "check" and not why:
            raise self.wrong(at, "each option of a check says 'why'")
        return Option(self.words(at, spec.get("text")), when, spec.get("right"), why)

    def condition(self, at: str, condition: Any) -> None:
        self.keys(at, condition, ("number", *_BOUNDS))
        names = [condition.get("number"), *(v for v in condition.values() if isinstance(v, str))]
        unknown = [n for n in names if n not in self.numbers]
        if unknown or len(condition) < 2:
            raise self.wrong(at, f"a condition compares a number; '{unknown or condition}' is none")

    def figure(self, at: str, spec: dict[str, Any]) -> dict[str, Any]:
        kind = next((k for k in FIGURES if k in spec), None)
        if kind is None:
            raise self.wrong(at, f"a figure is one of {', '.join(FIGURES)}")
        self.keys(at, spec, (kind, "title", *_FIGURE_KEYS.get(kind, ())))
        wanted = FIGURES[kind]
        if wanted:
            self.check_of(at, (spec[kind],), (wanted,))
        else:
            self.check_numbers(at, spec[kind])
        if "groups" in spec:
            self.check_of(at, (spec["groups"],), (LABELLED,))
        if "mark" in spec:
            self.check_numbers(at, [spec["mark"]])
        if kind == "curve" and spec.get("y") not in ("silhouette", "inertia", "bic"):
            raise self.wrong(at, "y is silhouette, inertia or bic")
        self.words(at, spec.get("title", "-"))
        return spec

    # What single kinds of steps need.

    def check_number(self, at: str, step: Step) -> None:
        self.check_numbers(f"{at}, truth", [step.more["truth"]])

    def check_lasso(self, at: str, step: Step) -> None:
        self.check_of(f"{at}, on", (step.more["on"],), ("map",))
        for name in step.more["truth"]:
            self.check_of(f"{at}, truth", (name,), (LABELLED,))

    def check_draw(self, at: str, step: Step) -> None:
        self.check_of(f"{at}, data", (step.more["data"],), ("data",))
        if "drawn" not in self.things[step.more["data"]].spec:
            raise self.wrong(f"{at}, data", "it takes data with 'drawn = true'")

    def check_experiment(self, at: str, step: Step) -> None:
        for control in self.items(f"{at}, vary", step.more["vary"]):
            self.keys(f"{at}, vary", control, ("of", "param", "low", "high", "step", "label"))
            thing = self.things.get(control.get("of", ""))
            known = [p.name for p in params_of(thing)] if thing else []
            if control.get("param") not in known:
                raise self.wrong(f"{at}, vary", f"a control takes of and one of {known}")
        self.check_numbers(f"{at}, numbers", step.more.get("numbers", []))
        if "goal" in step.more:
            self.keys(f"{at}, goal", step.more["goal"], ("text", "when"))
            self.words(f"{at}, goal", step.more["goal"].get("text"))
            for condition in self.items(f"{at}, goal", step.more["goal"].get("when", [])):
                self.condition(f"{at}, goal", condition)

    def check_check(self, at: str, step: Step) -> None:
        if len(step.options) < 2:
            raise self.wrong(f"{at}, options", "a question takes at least two")

    def check_steps(self, steps: tuple[Step, ...]) -> None:
        guesses = [s.name for s in steps if s.kind in GUESSES]
        revealed = [s.more["of"] for s in steps if s.kind == "reveal"]
        for name in guesses:
            if guesses.count(name) > 1 or revealed.count(name) != 1:
                raise self.wrong(f"step, {name}", "each guess has its name and one reveal")
        for name in revealed:
            if name not in guesses:
                raise self.wrong("step, of", f"there is no guess called '{name}'")
        for kind in ("reveal", "experiment", "check"):
            if not any(s.kind == kind for s in steps):
                raise self.wrong("step", f"a lesson has at least one {kind}")

    # Plain values.

    def words(self, at: str, text: Any, numbers: bool = False) -> str:
        """A text. Unless ``numbers``, what it counts or measures stands in braces."""
        if not isinstance(text, str) or not text.strip():
            raise self.wrong(at, "a text is missing")
        if not numbers:
            if stray := wording.stray(text):
                raise self.wrong(at, f"'{stray}' is typed; write a number as its name in braces")
            for name in wording.places(text):
                self.place(at, name)
        return text.strip()

    def place(self, at: str, name: str) -> None:
        thing, _, param = name.partition(".")
        if param:
            known = [p.name for p in params_of(self.things[thing])] if thing in self.things else []
            if param not in known:
                raise self.wrong(at, f"{{{name}}} is no parameter of anything here")
        elif name not in self.numbers:
            raise self.wrong(at, f"there is no number called {{{name}}}")

    def whole(self, at: str, value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.wrong(at, "it takes a whole number")
        return value

    def table(self, at: str, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or not all(isinstance(v, dict) for v in value.values()):
            raise self.wrong(at, f"write [{at}.NAME]")
        return value

    def items(self, at: str, value: Any) -> list[dict[str, Any]]:
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.wrong(at, "it takes a list of tables")
        return value

    def check_name(self, at: str, name: str) -> None:
        if not _NAME.match(name) or name in self.things or name in self.numbers:
            raise self.wrong(at, "a name is of small letters, and only one thing or number has it")

    def check_numbers(self, at: str, names: Any) -> None:
        if not isinstance(names, list) or any(n not in self.numbers for n in names):
            raise self.wrong(at, f"it takes names of numbers; {names} are not all")

    def keys(self, at: str, value: Any, allowed: tuple[str, ...]) -> None:
        self.at = at
        if not isinstance(value, dict):
            raise self.wrong(at, "it takes keys and values")
        unknown = [key for key in value if key not in allowed]
        if unknown:
            raise self.wrong(f"{at}, {unknown[0]}", f"known are {', '.join(allowed)}")
