"""The controls of an experiment, made from the declared parameters of what it varies."""

from typing import Any

import streamlit as st

from analytics.lessons.lesson import Step
from analytics.lessons.things import Found, params_of
from analytics.params import Param


def controls(found: Found, step: Step, key: str) -> dict[tuple[str, str], Any]:
    """The settings chosen: (thing, parameter) -> value."""
    changed: dict[tuple[str, str], Any] = {}
    for i, control in enumerate(step.more["vary"]):
        name, wanted = control["of"], control["param"]
        thing = found.lesson.things[name]
        param = next(p for p in params_of(thing) if p.name == wanted)
        start = thing.spec.get("params", {}).get(wanted, param.default)
        changed[name, wanted] = _control(param, control, start, f"{key}-vary-{i}")
    return changed


def _control(p: Param, control: dict[str, Any], start: Any, key: str) -> Any:
    label = control.get("label", p.label) + (f" ({p.unit})" if p.unit else "")
    common = {"key": key, "help": p.help or None, "persist_state": "session"}
    if p.type == "bool":
        return st.toggle(label, bool(start), **common)
    if p.type == "choice":
        return st.selectbox(label, p.choices, p.choices.index(start), **common)
    cast = int if p.type == "int" else float
    low, high = control.get("low", p.low), control.get("high", p.high)
    step = cast(control.get("step", 1 if p.type == "int" else (high - low) / 50))
    return st.slider(label, cast(low), cast(high), cast(start), step, **common)
