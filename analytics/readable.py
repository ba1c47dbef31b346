"""Answers of the command line as text: JSON for programs, aligned lines for people."""

import json
import textwrap
from typing import Any

from analytics.report.record import plain

WIDTH = 96
NAME = 24


def to_json(answer: dict[str, Any]) -> str:
    """One JSON object on one line, in ASCII; what is not finite becomes null."""
    return json.dumps(plain(answer), allow_nan=False)


def readable(answer: dict[str, Any]) -> str:
    """Lines for a person."""
    answer = plain(answer)
    for key, write in (("methods", _methods), ("samples", _samples), ("by_column", _profile)):
        if key in answer:
            return "\n".join(write(answer))
    return "\n".join(_lines(answer))


def _lines(answer: dict[str, Any], depth: int = 0) -> list[str]:
    """A key with its value on one line; what does not fit below it, indented."""
    pad, lines = "  " * depth, []
    for key, value in answer.items():
        if isinstance(value, dict) and value and not _is_score(value):
            lines += [f"{pad}{key}", *_lines(value, depth + 1)]
        elif isinstance(value, list) and value and not all(map(_is_short, value)):
            lines.append(f"{pad}{key}")
            for item in value:
                lines += _wrapped(_line(item), f"{pad}  ")
        else:
            lines.append(f"{pad}{key:<{NAME - len(pad)}} {_line(value)}")
    return lines


def _is_score(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"value", "low", "high"}


def _is_short(value: Any) -> bool:
    return not isinstance(value, (dict, list)) and len(str(value)) <= 20


def _line(value: Any) -> str:
    """A value on one line."""
    if _is_score(value):
        text = _line(value["value"])
        if value["low"] is not None and value["high"] is not None:
            text += f" ({_line(value['low'])} to {_line(value['high'])})"
    elif isinstance(value, dict):
        text = ", ".join(f"{k} {_line(v)}" for k, v in value.items())
    elif isinstance(value, list):
        text = ", ".join(map(_line, value))
    elif isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, float):
        text = f"{value:.4g}"
    else:
        text = "" if value is None else str(value)
    return text or "–"


def _wrapped(text: str, pad: str) -> list[str]:
    inner = pad + "  "
    return textwrap.wrap(text, WIDTH, initial_indent=pad, subsequent_indent=inner) or [pad]


def _methods(answer: dict[str, Any]) -> list[str]:
    lines = []
    for m in answer["methods"]:
        lines += ["", f"{m['kind']}  {m['id']}  ({m['label']})", *_wrapped(m["summary"], "  ")]
        for p in m["params"]:
            default = "automatic" if p["default"] is None else p["default"]
            unit = f" {p['unit']}" if p["unit"] else ""
            text = f"--param {p['name']}={default}{unit}: {p['label']}, {p['allowed']}."
            lines += _wrapped(f"{text} {p['help']}", "    ")
        lines += _wrapped(m["reference"], "  ")
    return lines[1:]


def _samples(answer: dict[str, Any]) -> list[str]:
    lines = []
    for s in answer["samples"]:
        star = " (shown first)" if s["id"] == answer["default"] else ""
        lines.append(f"sample:{s['id']:<16} {s['label']}{star}. {s['description']}")
    return lines


def _profile(answer: dict[str, Any]) -> list[str]:
    """The columns as a table, then what is wrong, then the suggested preparation."""
    lines = [f"{answer['name']}: {answer['rows']:,} rows, {answer['columns']:,} columns"]
    lines += [*_wrapped(_line(answer["source"]), ""), ""]
    width = min(max((len(c) for c in answer["by_column"]), default=0), 40)
    lines.append(f"{'column':<{width}}  {'type':<10} {'missing':>8} {'distinct':>9}  range")
    for name, facts in answer["by_column"].items():
        shown = name if len(name) <= width else name[: width - 1] + "…"
        low, high = facts.get("min"), facts.get("max")
        span = "" if low is None else f"{_line(low)} to {_line(high)}"
        counts = f"{facts['missing']:>8,} {facts['distinct']:>9,}"
        lines.append(f"{shown:<{width}}  {facts['kind']:<10} {counts}  {span}".rstrip())
    for problem in answer["problems"]:
        text = f"{problem['severity']}: {problem['words']} {problem['advice']}"
        lines += ["", *_wrapped(text, "")]
    if answer["recipe"]:
        lines += ["", "suggested preparation", *_lines(answer["recipe"], 1)]
    notes = [line for n in answer["notes"] for line in _wrapped(f"note: {n}", "")]
    return [*lines, *notes]
