"""Parameters declared as data and validated in one place.

The page form, the command line, the documentation and the job payload of a method are all made
from its tuple of :class:`Param`.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from analytics.errors import BadInput

ParamType = Literal["int", "float", "bool", "choice", "text"]
LONGEST = 200  # letters of a text


@dataclass(frozen=True)
class Param:
    """One parameter of a method.

    ``low`` and ``high`` are inclusive. ``optional`` allows None, which the method reads as
    "decide from the data" and reports in its notes. A parameter with ``depends_on=(name, values)``
    exists only while the named one has one of the values; otherwise it is left out of the
    canonical parameters, so that it cannot change a digest. ``basic`` ones are shown first.
    """

    name: str
    type: ParamType
    default: Any
    label: str
    help: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""
    optional: bool = False
    basic: bool = True
    depends_on: tuple[str, tuple] | None = None

    def allowed(self) -> str:
        """The accepted values in words."""
        if self.type == "choice":
            words = "one of " + ", ".join(self.choices)
        elif self.type == "bool":
            words = "true or false"
        elif self.type == "text":
            words = f"a text of at most {LONGEST} letters"
        else:
            noun = "a whole number" if self.type == "int" else "a number"
            if self.low is not None and self.high is not None:
                words = f"{noun} from {self.low:g} to {self.high:g}"
            elif self.low is not None:
                words = f"{noun} of at least {self.low:g}"
            elif self.high is not None:
                words = f"{noun} of at most {self.high:g}"
            else:
                words = noun
        return words + (", or none" if self.optional else "")


def in_words(name: str, value: Any, param: Param | None = None) -> str:
    """A setting within a sentence, named as the forms name it: "starts 4"."""
    label = param.label if param is not None else name.replace("_", " ")
    label = label if label[1:2].isupper() else label[:1].lower() + label[1:]
    if isinstance(value, bool):
        return f"{label}: {'yes' if value else 'no'}"
    if value is None:
        return f"{label} automatic"
    if isinstance(value, (list, tuple)):
        return f"{label} {', '.join(map(str, value))}"
    if param is not None and param.type == "choice":
        value = str(value).replace("_", " ")
    if isinstance(value, (int, float)):
        value = f"{value:,}" if isinstance(value, int) else f"{value:g}"
    unit = param.unit if param is not None and param.unit not in label else ""
    return " ".join(filter(None, (label, str(value) or "none", unit)))


def validate(params: Iterable[Param], given: Mapping[str, Any] | None) -> dict[str, Any]:
    """The canonical parameters: every live one, typed, in declared order.

    Values may be strings (as they come from a command line). Raises BadInput naming the
    parameter, the value given and what is allowed.
    """
    params = tuple(params)
    given = dict(given or {})
    known = {p.name for p in params}
    for name in given:
        if name not in known:
            names = ", ".join(sorted(known)) or "none"
            raise BadInput(f"Unknown parameter {_brief(name)!r}: this method takes {names}.")
    values: dict[str, Any] = {}
    for p in params:
        if p.depends_on is not None:
            other, wanted = p.depends_on
            if values.get(other) not in wanted:
                continue
        read = _text if p.type == "text" else _coerce
        values[p.name] = read(p, given[p.name]) if p.name in given else p.default
    return values


def _coerce(p: Param, value: Any) -> Any:
    if p.type == "choice" and isinstance(value, str) and value in p.choices:
        return value  # first, because "none" may be a choice
    if value is None or (isinstance(value, str) and value.strip().lower() in ("none", "auto", "")):
        if p.optional:
            return None
        raise _wrong(p, value)
    if p.type == "bool":
        if isinstance(value, bool):
            return value
        text = str(value).strip().lower()
        if text in ("true", "1", "yes", "on"):
            return True
        if text in ("false", "0", "no", "off"):
            return False
    elif p.type != "choice":
        number = _number(p, value)
        if number is not None:
            return number
    raise _wrong(p, value)


def _text(p: Param, value: Any) -> str:
    text = " ".join(value.split()) if isinstance(value, str) else None
    if text is None or len(text) > LONGEST:
        raise _wrong(p, value)
    return text


def _number(p: Param, value: Any) -> int | float | None:
    if isinstance(value, bool):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    if not math.isfinite(number) or (p.type == "int" and number != int(number)):
        return None
    if (p.low is not None and number < p.low) or (p.high is not None and number > p.high):
        return None
    return int(number) if p.type == "int" else number


def _wrong(p: Param, value: Any) -> BadInput:
    """Named as on a page and as on the command line."""
    given = f"{p.label} (parameter '{p.name}') is {_brief(value)!r}"
    return BadInput(f"{given}, but it takes {p.allowed()}.")


def _brief(value: Any) -> str:
    """What was given, short enough for a sentence."""
    shown = str(value)
    return shown if len(shown) <= 40 else shown[:39] + "…"
