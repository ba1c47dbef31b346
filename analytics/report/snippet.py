"""A Python script that makes the same results again, and checks that they are the same."""

from typing import Any

from analytics.report.lineage import records
from analytics.results import Table
from analytics.store.artifacts import Artifacts


def python_snippet(artifacts: Artifacts, state: dict[str, Any]) -> str:
    """Runnable Python for the results of a state."""
    found = records(artifacts, state)
    table = found["table"]
    lines = ["import analytics", "", *_read(table)]
    recipe = {k: v for k, v in found["dataset"].params.items() if v != table.recipe.get(k)}
    lines.append(_call("dataset", "prepare", ["table", *_arguments(recipe, found["dataset"].seed)]))
    if "projection" in found:
        p = found["projection"]
        arguments = ["dataset", repr(p.method), *_arguments(p.params, p.seed)]
        lines.append(_call("projection", "project", arguments))
    if "clustering" in found:
        c = found["clustering"]
        arguments = ["dataset", repr(c.method), *_arguments(c.params, c.seed)]
        if c.space == "map":
            own = [d for d in c.parents[1:] if d != state.get("projection")]
            if own:
                p = artifacts.require(own[0])
                used = ["dataset", repr(p.method), *_arguments(p.params, p.seed)]
                lines.append(_call("used_map", "project", used))
            arguments.append(f"projection={'used_map' if own else 'projection'}")
        lines.append(_call("clustering", "cluster", arguments))
        lines.append(f"assert clustering.digest == {c.digest!r}")
        lines.append("print(clustering.n_clusters, 'groups')")
    if "projection" in found:
        lines.append("print('ambiguity', round(analytics.clams(projection).ambiguity, 4))")
    return "\n".join(lines) + "\n"


def _read(table: Table) -> list[str]:
    if table.method == "sample":
        return [f"table = analytics.read({'sample:' + table.params['sample']!r})"]
    options = _arguments(table.params.get("options", {}), None)
    call = _call("table", "read", [repr(table.params.get("name", "data.csv")), *options])
    return [f"# The file with SHA-256 {table.params.get('content', '')}", call]


def _arguments(params: dict[str, Any], seed: int | None) -> list[str]:
    shown = [f"{key}={value!r}" for key, value in params.items()]
    return shown + ([f"seed={seed}"] if seed is not None else [])


def _call(target: str, function: str, arguments: list[str]) -> str:
    line = f"{target} = analytics.{function}({', '.join(arguments)})"
    if len(line) <= 96:
        return line
    inner = "".join(f"    {argument},\n" for argument in arguments)
    return f"{target} = analytics.{function}(\n{inner})"
