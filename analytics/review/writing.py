"""The texts of a review as the engine writes them, from what ``analytics.review.evidence`` gave.

Every number in them is in the evidence; what was not computed is said to be missing. The thresholds
are those of the pages: a cluster is seen as its own as ``analytics.perception.match.sentence``
says, a rule is earned as ``analytics.explanation.reasons`` says.
"""

from typing import Any

from analytics.data.wording import MISSING, SCALE
from analytics.perception.match import MERGED
from analytics.shares import share

LISTED = 6
SEEN = 0.75  # the share from which people see a cluster as its own, as in perception.match
AMBIGUOUS = 0.5  # the ambiguity from which people see different groups, as in perception.wording
NOISY = 0.1  # share of rows in no group that is worth a decision

Evidence = dict[str, Any]


def write(evidence: Evidence) -> dict[str, str]:
    """The machine's text of every part (see ``analytics.review.sections``)."""
    return {
        "question": _question(evidence),
        "data": _data(evidence["data"]),
        "picture": _picture(evidence),
        "ticks": _ticks(evidence),
        "tried": _tried(evidence["tried"]),
        "uncertain": _uncertain(evidence),
        "decide": _decide(evidence),
    }


def spread(number: dict[str, Any]) -> str:
    """A score with its interval: "0.60 (0.44–1.00)"."""
    return shown(number["value"], number["low"], number["high"])


def shown(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """A number to two places with its interval, a dash when there is none."""
    if value is None:
        return "–"
    words = f"{value + 0.0:.2f}"
    return words if low is None or high is None else f"{words} ({low:.2f}–{high:.2f})"


def many(n: int, one: str) -> str:
    """A count with its noun."""
    return f"{n:,} {one if n == 1 else one + 's'}"


def listed(names: list[str], most: int = LISTED) -> str:
    """ "a, b and c", or "a, b and 7 more"; semicolons between names with commas of their own."""
    names = [str(name) for name in names]
    if len(names) > most:
        names = [*names[: most - 1], f"{len(names) - most + 1} more"]
    between = "; " if any("," in name for name in names) else ", "
    return names[0] if len(names) == 1 else between.join(names[:-1]) + " and " + names[-1]


def number_of(evidence: Evidence, name: str) -> dict[str, Any] | None:
    """One score of the evidence by its id."""
    return next((n for n in evidence["numbers"] if n["id"] == name), None)


def _question(evidence: Evidence) -> str:
    name, groups = evidence["data"]["name"], evidence["clustering"]
    if evidence["goal"]:
        return f"{evidence['goal']} (asked of {name})"
    if groups is None:
        return f"Which rows of {name} belong together, and would people agree about it?"
    return (
        f"Do the {many(groups['groups'], 'group')} that {groups['label']} finds in {name} exist: "
        "would people see them, do they hold in the data, and can they be told in words?"
    )


def _data(data: dict[str, Any]) -> str:
    size = f"{many(data['rows'], 'row')} and {many(data['columns'], 'column')}"
    parts = [f"**{data['name']}**: {size}{_links(data)}. {_source(data)}"]
    used = listed(data["features"] + [""] * (data["n_features"] - len(data["features"])))
    parts.append(
        f"Rows are compared by {many(data['n_features'], 'column')}: {used}."
        if data["features"]
        else "Rows are not compared by columns of their own."
    )
    parts.append(_repaired(data))
    if data["problems"]:
        parts.append("What to know about it:\n" + _list(data["problems"][:LISTED]))
    return "\n\n".join(parts)


def _links(data: dict[str, Any]) -> str:
    return f", {many(data['links'], 'link')} between rows" if data["links"] else ""


def _source(data: dict[str, Any]) -> str:
    if data["sample"]:
        return f"A sample that comes with Gestalt ({data['licence']})."
    size = f" of {data['bytes'] / 1e6:.2g} MB" if data["bytes"] else ""
    return f"Read from a file{size} with SHA-256 {data['sha256'][:12]}…"


def _repaired(data: dict[str, Any]) -> str:
    """What was left out, filled in or scaled."""
    how = data["handling"]
    missing = f"{many(data['missing'], 'cell')} of the table {_are(data['missing'])} empty"
    filled = MISSING.get(how["missing"], f"fill by {how['missing']}").replace("fill ", "filled ")
    handled = {"drop": "rows with an empty cell are left out"}.get(how["missing"], filled)
    parts = [f"{missing} ({handled})." if data["missing"] else "No cell of the table is empty."]
    if data["used"] < data["rows"]:
        parts.append(f"{data['used']:,} of {data['rows']:,} rows are used.")
    scaled = {"none": "Columns keep their units.", "": ""}
    to = SCALE.get(how["scale"], how["scale"])
    parts.append(scaled.get(how["scale"] or "", f"Columns are scaled to {to}."))
    if data["label"]:
        parts.append(f"The column {data['label']} is held back as the known answer.")
    return " ".join([*filter(None, parts), *data["notes"][:LISTED]])


def _are(n: int) -> str:
    return "is" if n == 1 else "are"


def _list(lines: list[str]) -> str:
    return "\n".join(f"- {' '.join(str(line).split())}" for line in lines)


def _picture(evidence: Evidence) -> str:
    data, made, groups = evidence["data"], evidence["map"], evidence["clustering"]
    axes = f" of {made['axes'][0]} against {made['axes'][1]}" if len(made["axes"]) == 2 else ""
    words = f"{many(data['used'], 'row')} as a {made['label']} map{axes}"
    if groups is not None:
        noise = f"; {share(groups['noise'])} of them are in no group" if groups["noise"] else ""
        words += f", coloured by the {many(groups['groups'], 'group')} of {groups['label']}{noise}"
    notes = made["notes"][:1]
    meaning = [] if axes else ["Only nearness means something here; the axes do not."]
    return " ".join([words + ".", *meaning, *notes])


def _ticks(evidence: Evidence) -> str:
    clusters = evidence["clusters"]
    if not clusters:
        return "No groups were made, so no cluster has earned anything."
    n, lines = len(clusters), []
    judged = [c for c in clusters if c["visible"] is not None]
    if judged:
        own = [c for c in judged if _is_own(c)]
        lines.append(f"**Visible**: people would see {len(own)} of {n} as groups of their own.")
    else:
        lines.append("**Visible**: what people would see was not computed.")
    known = [c for c in clusters if c["real"] is not None]
    if known:
        least = min(known, key=lambda c: c["real"])
        tested = all(c["stability"] is not None for c in known)
        by = "separation and reruns" if tested else "separation alone: reruns were not tested"
        lines.append(
            f"**Real**: the weakest is {least['name']} with {shown(least['real'])}, by {by}."
        )
    else:
        lines.append("**Real**: neither separation nor reruns were computed.")
    told = [c for c in clusters if c["explainable"] is not None]
    earned = sum(bool(c["earned"]) for c in told)
    lines.append(
        f"**Explainable**: a statement picks out {earned} of {n} (F1 of 0.8 or more on rows left "
        "out)."
        if told
        else "**Explainable**: no statements were made."
    )
    if evidence["clustering"]["groups"] > n:
        lines.append(f"The first {n} of {evidence['clustering']['groups']:,} clusters are listed.")
    return _list(lines)


def _is_own(cluster: dict[str, Any]) -> bool:
    """As ``analytics.perception.match.sentence`` has it."""
    return not cluster["merged"] and cluster["parts"] <= 1 and cluster["visible"] >= SEEN


def _tried(tried: dict[str, Any]) -> str:
    groups, maps = len(tried["clusterings"]), len(tried["maps"])
    if not groups and not maps:
        return "Nothing else was tried on these data in this project: one clustering, one map."
    both = [
        many(n, one) if n else f"no {one}" for n, one in ((groups, "clustering"), (maps, "map"))
    ]
    parts = [f"Besides what is shown: {both[0]} and {both[1]}."]
    near = [c for c in tried["clusterings"] if c["ari"] is not None]
    if near:
        least, most = (f(near, key=lambda c: c["ari"]) for f in (min, max))
        parts.append(
            f"The one most like it is {most['name']} (adjusted Rand index {shown(most['ari'])})"
            + (f", the least {least['name']} ({shown(least['ari'])})." if groups > 1 else ".")
        )
    if tried["left_out"]:
        parts.append(f"{many(tried['left_out'], 'older run')} are not listed.")
    return " ".join(parts)


def _uncertain(evidence: Evidence) -> str:
    lines = []
    clams = number_of(evidence, "clams")
    if clams is not None:
        lines.append(
            f"Ambiguity of the picture {spread(clams)} (CLAMS, 90 % interval; 0 clear, 1 "
            f"ambiguous). {evidence['clams_words']}"
        )
    agreement, two = number_of(evidence, "agreement"), number_of(evidence, "two_people")
    if agreement is not None:
        lines.append(
            f"People would agree with {spread(agreement)} (ClusterNet, 95 % interval; 1 all alike)"
            + (f"; two people would match with an ARI of {spread(two)}." if two else ".")
        )
    steady = number_of(evidence, "recovery")
    if steady is not None:
        lines.append(f"Rerun on 80 % of the rows, the groups come back with {spread(steady)}.")
    elif evidence["clustering"] is not None:
        lines.append("Whether the groups survive reruns was not tested.")
    trust = number_of(evidence, "trustworthiness")
    if trust is not None:
        lines.append(f"Neighbours on the map are neighbours in the data: {spread(trust)}.")
    lines += evidence["warnings"][:LISTED]
    lines.append(
        "What people would see is predicted by models that learned from simulated people; nobody "
        "was asked about this picture."
    )
    return _list(lines)


def _decide(evidence: Evidence) -> str:
    """What the numbers leave to people, as questions; each names what speaks for asking."""
    clusters = evidence["clusters"]
    name = {c["label"]: c["name"] for c in clusters}
    lines = []
    for c in clusters:
        later = [other for other in c["merged"] if other > c["label"] and other in name]
        if later:
            others = listed([name[other] for other in later])
            lines.append(
                f"Keep {c['name']} and {others} apart, or join them? At least "
                f"{share(MERGED)} of people would join their points."
            )
        if c["parts"] > 1:
            lines.append(f"Split {c['name']}? People would see {c['parts']} groups in it.")
        if c["stability"] is not None and c["stability"] < AMBIGUOUS:
            lines.append(
                f"Rely on {c['name']}? It comes back in reruns with {shown(c['stability'])} only."
            )
    plain = [c["name"] for c in clusters if c["explainable"] is not None and not c["earned"]]
    if plain:
        lines.append(f"Name {listed(plain)} without a rule that picks {_them(plain)} out?")
    groups, clams = evidence["clustering"], number_of(evidence, "clams")
    if groups is not None and groups["noise"] >= NOISY:
        lines.append(f"What becomes of the {groups['noise_rows']:,} rows in no group?")
    if clams is not None and clams["value"] >= AMBIGUOUS:
        lines.append("Show this picture as evidence, although people would disagree about it?")
    if not lines:
        return "Nothing in these numbers asks for a decision. What would you change?"
    return _list(lines[: 2 * LISTED])


def _them(names: list[str]) -> str:
    return "it" if len(names) == 1 else "them"
