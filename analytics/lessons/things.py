"""The results that a lesson shows, each made by the operation that makes it everywhere else."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from analytics import registry
from analytics.clustering import operations as clusterings
from analytics.data import made
from analytics.data import operations as data
from analytics.errors import BadInput
from analytics.explanation.operations import reasons_request
from analytics.lessons import wording
from analytics.lessons.lesson import Lesson, Thing
from analytics.operations import Request
from analytics.params import Param
from analytics.perception import operations as perception
from analytics.projection import operations as projections
from analytics.results import Projection, Record

Points = list[list[float]]


class Waiting(Exception):
    """A result is being computed; ask again when it has arrived."""


@dataclass
class Found:
    """The results of one lesson for one reader.

    ask : gives the result of a request, or None while it is being computed. changed : (thing,
    parameter) -> value, what the controls of an experiment say. drawn : thing -> the reader's
    points.
    """

    lesson: Lesson
    ask: Callable[[Request], Record | None]
    changed: dict[tuple[str, str], Any] = field(default_factory=dict)
    drawn: dict[str, Points] = field(default_factory=dict)
    made: dict[str, Record] = field(default_factory=dict)

    def with_(self, changed: dict[tuple[str, str], Any]) -> "Found":
        """The same lesson with other settings."""
        return Found(self.lesson, self.ask, changed, self.drawn)

    def get(self, request: Request) -> Record:
        """The result of a request. Raises Waiting, BadInput."""
        record = self.ask(request)
        if record is None:
            raise Waiting(request.kind)
        return record

    def thing(self, name: str) -> Record:
        """The result of a thing of the lesson. Raises Waiting, BadInput."""
        if name not in self.made:
            thing = self.lesson.things[name]
            self.made[name] = KINDS[thing.kind].make(self, thing)
        return self.made[name]

    def parents(self, thing: Thing) -> list[Record]:
        """The results a thing is made from."""
        return [self.thing(name) for name in thing.of]

    def params(self, thing: Thing) -> dict[str, Any]:
        """The parameters of a thing, with what an experiment changed."""
        here = {p: v for (name, p), v in self.changed.items() if name == thing.name}
        return {**thing.spec.get("params", {}), **here}

    def number(self, name: str) -> float | None:
        """A number of the lesson. Raises Waiting, BadInput."""
        from analytics.lessons.measures import MEASURES

        number = self.lesson.numbers[name]
        made_of = [self.number(n) if n in self.lesson.numbers else self.thing(n) for n in number.of]
        value = MEASURES[number.measure].run(made_of, number.given)
        return None if value is None else float(value)

    def shown(self, name: str) -> str:
        """A number, or "thing.parameter", as written in a text. Raises Waiting, BadInput."""
        from analytics.lessons.measures import MEASURES

        if "." in name:
            thing, _, param = name.partition(".")
            return wording.of_param(self.setting(thing, param))
        how = MEASURES[self.lesson.numbers[name].measure].shown
        return wording.shown(self.number(name), how)

    def setting(self, name: str, param: str) -> Any:
        """The value that a parameter of a thing has; one that is found out is read off the result.
        Raises Waiting, BadInput."""
        thing = self.lesson.things[name]
        if thing.kind == "data":
            return made.check(thing.spec["make"], self.params(thing))[param]
        stage = "projection" if thing.kind == "map" else "clustering"
        row = registry.get(stage, thing.spec.get("method", "columns"))
        value = row.check(self.params(thing)).get(param)
        return self.thing(name).params.get(param) if value is None else value

    def text(self, words: str) -> str:
        """A text of the lesson with its numbers. Raises Waiting, BadInput."""
        return wording.fill(words, self.shown)

    def holds(self, when: tuple[dict[str, Any], ...]) -> bool:
        """Whether all conditions are met. Raises Waiting, BadInput."""
        return all(self._holds(c) for c in when)

    def _holds(self, condition: dict[str, Any]) -> bool:
        value = self.number(condition["number"])
        if value is None:
            return False

        def bound(key: str) -> float:
            given = condition[key]
            return self.number(given) if isinstance(given, str) else float(given)

        tests = {
            "below": lambda b: value < b,
            "above": lambda b: value > b,
            "at_least": lambda b: value >= b,
            "at_most": lambda b: value <= b,
            "equals": lambda b: abs(value - b) < 1e-9,
        }
        return all(test(bound(key)) for key, test in tests.items() if key in condition)


@dataclass(frozen=True)
class Kind:
    """One kind of thing. of : the kinds of what it is made from, "|" between those allowed.
    keys : what its table in the file may hold beside ``of``."""

    make: Callable[[Found, Thing], Record]
    of: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


def _data(found: Found, thing: Thing) -> Record:
    spec = thing.spec
    if "drawn" in spec:
        points = found.drawn.get(thing.name)
        if not points:
            raise BadInput("Nothing is drawn yet: go back to the drawing and add points.")
        asked = data.drawn_request(points)
    elif "make" in spec:
        asked = data.made_request(spec["make"], found.params(thing), spec.get("seed", 0))
    else:
        asked = data.sample_request(spec["sample"])
    table = found.get(asked)
    recipe = {k: spec[k] for k in ("features", "label", "scale", "sample_rows") if k in spec}
    if "sample_rows" in recipe:
        recipe["sample"] = recipe.pop("sample_rows")
    if "sample" not in spec:
        recipe = {"scale": "none", **({"label": "group"} if "make" in spec else {}), **recipe}
    return found.get(data.dataset_request(table, recipe))


def _map(found: Found, thing: Thing) -> Record:
    (dataset,) = found.parents(thing)
    method = thing.spec.get("method", "columns")
    params, seed = found.params(thing), thing.spec.get("seed", 0)
    return found.get(projections.projection_request(dataset, method, params, seed))


def _groups(found: Found, thing: Thing) -> Record:
    (parent,) = found.parents(thing)
    params, seed = found.params(thing), thing.spec.get("seed", 0)
    space, projection, dataset = "full", None, parent
    if isinstance(parent, Projection):
        space, projection = "map", parent
        dataset = found.thing(found.lesson.things[thing.of[0]].of[0])
    method = thing.spec["method"]
    return found.get(
        clusterings.clustering_request(dataset, method, params, seed, space, projection)
    )


def _asked(make: Callable[..., Request]) -> Callable[[Found, Thing], Record]:
    """A thing whose request needs only what it is made from."""
    return lambda found, thing: found.get(make(*found.parents(thing)))


def _seen(make: Callable[..., Request]) -> Callable[[Found, Thing], Record]:
    """What is predicted of a map as lessons draw it, with equal units on both axes."""
    return lambda found, thing: found.get(make(*found.parents(thing), aspect=1.0))


def _curve(found: Found, thing: Thing) -> Record:
    (dataset,) = found.parents(thing)
    params = {"max_k": 10, "bic": True}
    return found.get(clusterings.suggestion_request(dataset, "k", params=params))


_METHOD = ("method", "params", "seed")
_DATA = ("sample", "make", "drawn", "params", "seed", "features", "label", "scale", "sample_rows")

KINDS = {
    "data": Kind(_data, (), _DATA),
    "map": Kind(_map, ("data",), _METHOD),
    "groups": Kind(_groups, ("data|map",), _METHOD),
    "ambiguity": Kind(_seen(perception.ambiguity_request), ("map",)),
    "people": Kind(_seen(perception.grouping_request), ("map",)),
    "match": Kind(_asked(perception.match_request), ("people", "groups")),
    "quality": Kind(_asked(clusterings.validity_request), ("groups",)),
    "stability": Kind(_asked(clusterings.stability_request), ("groups",)),
    "faithfulness": Kind(_asked(projections.faithfulness_request), ("map",)),
    "reasons": Kind(_asked(reasons_request), ("groups",)),
    "curve": Kind(_curve, ("data",)),
}


def params_of(thing: Thing) -> tuple[Param, ...]:
    """The declared parameters of a thing, which an experiment may change. Raises BadInput."""
    if thing.kind == "data" and "make" in thing.spec:
        return made.get(thing.spec["make"]).params
    if thing.kind in ("map", "groups"):
        kind = "projection" if thing.kind == "map" else "clustering"
        return registry.get(kind, thing.spec.get("method", "columns")).params
    return ()
