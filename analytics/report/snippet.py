"""A Python script that makes the same results again, and says whether they are the same."""

from typing import Any

from analytics.data import prepare
from analytics.figures.shapes import of_state as shapes_of
from analytics.report.lineage import records
from analytics.report.record import content_hash
from analytics.results import Dataset, Record, Table
from analytics.store.artifacts import Artifacts

_CHECK = '''
def check(what, values, expected):
    """Say whether an array has the recorded content."""
    same = of_bytes(values.tobytes()) == expected
    print(what, "as recorded" if same else "differs: compare the library versions in the record")
'''


def python_snippet(artifacts: Artifacts, state: dict[str, Any]) -> str:
    """Runnable Python for the results of a state. Raises BadInput like ``records``."""
    found = records(artifacts, state)
    table, dataset = found["table"], found["dataset"]
    if dataset.method == "labelled":
        return "# The data has a few labels taken from groups: its steps are in run.json.\n"
    body = [*_read(table), _prepare(table, dataset)]
    if "projection" in found:
        body += ["", *_made("projection", found["projection"], "projection.xy")]
    if "clustering" in found:
        body += ["", *_clustering(artifacts, found["clustering"], state.get("projection") or "")]
    if "explanation" in found:
        body += ["", *_explained(found["explanation"])]
    if "ambiguity" in found:
        a = found["ambiguity"]
        arguments = ["projection", f"aspect={a.aspect!r}", f"seed={a.seed}"]
        body += ["", _call("ambiguity", "clams", arguments)]
        body.append("print('ambiguity', round(ambiguity.ambiguity, 4), ambiguity.interval)")
    shapes = [dict(shape) for shape in state.get("selection") or ()]
    draw = "projection" in found and shapes_of(state, dataset, found.get("clustering"))
    imports = ["import analytics", "from analytics.digest import of_bytes"]
    if shapes and "projection" in found:
        imports.append("from analytics.selection import resolve")
        body += ["", f"selected = resolve({shapes!r}, projection.xy)"]
        body.append("print(int(selected.sum()), 'rows selected')")
    if draw:
        imports += [
            "from analytics.figures import shapes",
            "from analytics.figures.picture import map_svg",
        ]
        body += ["", *_drawn(state, "clustering" in found)]
    return "\n".join([*imports, "", _CHECK, "", *body]) + "\n"


def _drawn(state: dict[str, Any], grouped: bool) -> list[str]:
    """The picture with its marker shapes."""
    groups, used = ("clustering.labels", "clustering") if grouped else ("None", "None")
    return [
        f"state = {{'shape': {state['shape']!r}}}",
        f"marks = shapes.of_state(state, dataset, {used})",
        "with open('map.svg', 'w', encoding='utf-8') as file:",
        f"    file.write(map_svg(projection.xy, groups={groups}, shapes=marks))",
    ]


def _read(table: Table) -> list[str]:
    if table.method == "sample":
        return [f"table = analytics.read({'sample:' + table.params['sample']!r})"]
    name = table.params.get("name", "data.csv")
    options = [f"{key}={value!r}" for key, value in table.params.get("options", {}).items()]
    lines = [
        f"# Put the path of your file first; its SHA-256 is {table.params.get('content', '')}."
    ]
    links = table.params.get("links")
    how = [f"name={name!r}", *options]
    if table.method == "rows":  # of a file, or a folder, of any size
        given = {"rows": table.params["count"], "by": table.params["by"], "seed": table.seed}
        how = [*(f"{key}={value!r}" for key, value in given.items()), *options]
    elif links:
        lines.append(f"# Put the path of the links at graph; their SHA-256 is {links['content']}.")
        how.append(f"graph={links['name']!r}")
    return [
        *lines,
        _call("table", "sample" if table.method == "rows" else "read", [repr(name), *how]),
        f"assert table.digest == {table.digest!r}, "
        "'this is another file, or another version of Gestalt reads it otherwise'",
    ]


def _prepare(table: Table, dataset: Dataset) -> str:
    """Only what differs from the suggestion, if that means the same."""
    recipe = {k: v for k, v in dataset.params.items() if v != table.recipe.get(k)}
    if prepare.check(recipe, table) != dataset.params:
        recipe = dataset.params
    return _call("dataset", "prepare", ["table", *_arguments(recipe, dataset.seed)])


def _made(target: str, record: Record, values: str, extra: tuple[str, ...] = ()) -> list[str]:
    function = "cluster" if values.endswith("labels") else "project"
    arguments = ["dataset", repr(record.method), *_arguments(record.params, record.seed), *extra]
    return [
        _call(target, function, arguments),
        f"check({target!r}, {values}, {content_hash(record)!r})",
    ]


def _clustering(artifacts: Artifacts, record: Record, shown: str) -> list[str]:
    """The clustering, after the map it was made on when that is not the one shown."""
    if record.method == "consensus":
        return ["# The groups are a consensus: the results it joins are in run.json."]
    if record.method == "corrected":
        return _corrected(artifacts, record, shown)
    lines, extra = [], ()
    if record.space == "map":
        used = record.parents[1]
        extra = ("projection=projection",)
        if used != shown:
            lines = _made("used_map", artifacts.require(used), "used_map.xy")
            extra = ("projection=used_map",)
    lines += _made("clustering", record, "clustering.labels", extra)
    lines.append(f"assert clustering.digest == {record.digest!r}, 'the settings differ'")
    return [*lines, "print(clustering.n_clusters, 'groups')"]


def _corrected(artifacts: Artifacts, record: Record, shown: str) -> list[str]:
    """The clustering as computed, then the changes by hand."""
    base = artifacts.require(record.parents[1])
    drawn_on = {e["where"]["map"] for e in record.params["edits"] if "map" in e.get("where", {})}
    if drawn_on - {shown} or base.method == "consensus":
        return ["# The groups were changed by hand on other maps: the steps are in run.json."]
    extra = ["maps=[projection]"] if drawn_on else []
    edits = f"edits={record.params['edits']!r}"
    return [
        *_clustering(artifacts, base, shown),
        _call("clustering", "correct", ["clustering", edits, *extra]),
        f"assert clustering.digest == {record.digest!r}, 'the settings differ'",
    ]


def _explained(record: Record) -> list[str]:
    """The explanation, when nobody changed it and it was made offline of all texts."""
    params = record.params
    if record.method != "offline" or record.edits or "inside" in params or len(record.parents) > 1:
        return [
            "# The explanation was changed by hand or made otherwise: its steps are in run.json."
        ]
    if params.get("topics"):
        made = [f"keywords={params['topics']!r}"]
    else:
        names = ("k", "overlap", "uncovered", "largest", "rounds", "sample")
        made = [repr(params["goal"]), f"examples={params['examples']!r}"]
        made += [f"{n}={params[n]!r}" for n in names if params[n] is not None]
    call = ["dataset", repr(record.column), *made, f"seed={record.seed}"]
    return [
        _call("explanation", "explain", call),
        f"assert explanation.digest == {record.digest!r}, 'the settings differ'",
        "print([entry['description'] for entry in explanation.evidence])",
    ]


def _arguments(params: dict[str, Any], seed: int) -> list[str]:
    return [*(f"{key}={value!r}" for key, value in params.items()), f"seed={seed}"]


def _call(target: str, function: str, arguments: list[str]) -> str:
    line = f"{target} = analytics.{function}({', '.join(arguments)})"
    if len(line) <= 96:
        return line
    inner = "".join(f"    {argument},\n" for argument in arguments)
    return f"{target} = analytics.{function}(\n{inner})"
