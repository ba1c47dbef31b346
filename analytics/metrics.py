"""Counts of what the server does, and their text in the OpenMetrics form.

Written out here because it is a page of code: a library for it would add its own registry, threads
and process files. Labels are fixed words of the program (a page, a kind of job, a state), never
what people name. A worker hands over what it counted with :func:`take` when a job ends.
"""

import math
import threading
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
QUICK = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0)
LONG = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1800.0)


@dataclass(frozen=True)
class Family:
    """One thing measured. kind : "counter", "gauge", "histogram" or "info". buckets : upper
    bounds in ``unit`` of a histogram."""

    name: str
    kind: str
    help: str
    unit: str = ""
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


def _family(name: str, kind: str, help_: str, unit: str = "", labels=(), buckets=()) -> Family:
    return Family(f"gestalt_{name}", kind, help_, unit, tuple(labels), tuple(buckets))


FAMILIES = {
    f.name: f
    for f in (
        _family("build", "info", "Version of the program.", labels=["version"]),
        _family("sessions", "gauge", "Browser tabs connected."),
        _family("page_run_seconds", "histogram", "Runs of a page.", "seconds", ["page"], QUICK),
        _family("part_run_seconds", "histogram", "Runs of a part of a page by itself.", "seconds",
                ["part"], QUICK),
        _family("http_requests", "counter", "Requests answered.", labels=["status"]),
        _family("jobs", "gauge", "Jobs waiting or running.", labels=["state"]),
        _family("job_seconds", "histogram", "Jobs that ended, from start to end.", "seconds",
                ["kind", "state"], LONG),
        _family("workers", "gauge", "Worker processes.", labels=["state"]),
        _family("memory_bytes", "gauge", "Resident memory.", "bytes", ["process"]),
        _family("stored_bytes", "gauge", "Size of the data folder by part.", "bytes", ["part"]),
        _family("disk_free_bytes", "gauge", "Free on the disk of the data folder.", "bytes"),
        _family("uploads", "counter", "Files taken in from browsers."),
        _family("upload_bytes", "counter", "Bytes of files taken in.", "bytes"),
        _family("model_calls", "counter", "Requests to language models."),
        _family("model_tokens", "counter", "Tokens read and written by them.", labels=["way"]),
        _family("model_dollars", "counter", "What they cost, where the price is known."),
        _family("faults", "counter", "Faults of the program.", labels=["where"]),
    )
}  # fmt: skip

Labels = tuple[str, ...]
_lock = threading.Lock()
_counts: dict[tuple[str, Labels], float] = {}
_seen: dict[tuple[str, Labels], list[float]] = {}  # a count for each bucket, one above, the sum


def add(name: str, value: float = 1, **labels: str) -> None:
    """Count something; ``value`` is 0 or more. Raises KeyError for an unknown family."""
    key = _key(name, labels)
    with _lock:
        _counts[key] = _counts.get(key, 0.0) + value


def observe(name: str, value: float, **labels: str) -> None:
    """Enter a duration into a histogram."""
    key, buckets = _key(name, labels), FAMILIES[name].buckets
    with _lock:
        held = _seen.setdefault(key, [0.0] * (len(buckets) + 2))
        held[bisect_left(buckets, value)] += 1
        held[-1] += value


def _key(name: str, labels: dict[str, str]) -> tuple[str, Labels]:
    return name, tuple(str(labels[label]) for label in FAMILIES[name].labels)


def take() -> list:
    """What was counted since the last time, as plain JSON; the counts start again at 0."""
    with _lock:
        taken = [[name, list(labels), value] for (name, labels), value in _counts.items()]
        _counts.clear()
    return taken


def give(taken: Iterable) -> None:
    """Add what another process took."""
    for name, labels, value in taken:
        add(name, value, **dict(zip(FAMILIES[name].labels, labels, strict=True)))


def reset() -> None:
    """Forget all counts."""
    with _lock:
        _counts.clear()
        _seen.clear()


Gauges = dict[str, dict[Labels, float]]


def text(gauges: Gauges) -> str:
    """Everything counted, and what was just looked at, in the OpenMetrics form.

    gauges : family -> label values -> value; an info family has the value 1.
    """
    with _lock:
        counts, seen = dict(_counts), {key: list(held) for key, held in _seen.items()}
    lines = []
    for family in FAMILIES.values():
        name = family.name
        samples = {key[1]: value for key, value in counts.items() if key[0] == name}
        if family.kind == "counter" and not family.labels:
            samples.setdefault((), 0.0)
        if family.kind == "histogram":
            found = {key[1]: held for key, held in seen.items() if key[0] == name}
            written = _histogram(family, found)
        elif family.kind == "counter":
            written = [_sample(name + "_total", family.labels, k, v) for k, v in samples.items()]
        else:
            ending = "_info" if family.kind == "info" else ""
            looked = gauges.get(name, {})
            written = [_sample(name + ending, family.labels, k, v) for k, v in looked.items()]
        lines += [*_head(family), *written]
    return "\n".join([*lines, "# EOF", ""])


def _head(family: Family) -> list[str]:
    head = [f"# TYPE {family.name} {family.kind}"]
    if family.unit:
        head.append(f"# UNIT {family.name} {family.unit}")
    return [*head, f"# HELP {family.name} {family.help}"]


def _histogram(family: Family, seen: dict[Labels, list[float]]) -> list[str]:
    lines = []
    for labels, held in seen.items():
        total = 0.0
        for bound, count in zip((*family.buckets, math.inf), held[:-1], strict=True):
            total += count
            names, values = (*family.labels, "le"), (*labels, _number(bound))
            lines.append(_sample(family.name + "_bucket", names, values, total))
        lines.append(_sample(family.name + "_count", family.labels, labels, total))
        lines.append(_sample(family.name + "_sum", family.labels, labels, held[-1]))
    return lines


def _sample(name: str, names: Iterable[str], values: Iterable[str], value: float) -> str:
    pairs = [f'{n}="{_escape(v)}"' for n, v in zip(names, values, strict=True)]
    told = "{" + ",".join(pairs) + "}" if pairs else ""
    return f"{name}{told} {_number(value)}"


def _escape(text_: str) -> str:
    return str(text_).replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    if math.isinf(value):
        return "+Inf"
    return str(int(value)) if value == int(value) and "." not in str(value) else repr(float(value))
