"""What is in the table, what is wrong with it, and how it is made ready."""

import pandas as pd
import streamlit as st

from analytics.data.limits import MAX_COLUMNS
from analytics.data.wording import ENCODE, MISSING, SCALE, TEXTS_BY
from analytics.errors import BadInput
from analytics.results import Dataset, Table
from pages.ui import automatic, features, frame, menus
from pages.ui.findings import facts
from pages.ui.words import count, safe_md

KINDS = ("number", "category", "text", "date", "boolean", "identifier", "empty")
ROWS_SHOWN = 200
COLUMNS_SHOWN = 200
WIDE = 240  # px of a long column name in the list: its type is seen beside it on a phone
SLOW = {"meaning": f"{TEXTS_BY['meaning']}, 100 texts a second"}
LEVEL = {"error": ":material/error:", "warning": ":material/warning:", "info": ":material/info:"}
ROLES = {
    "label": ("Label column", "Known classes, full or partly filled: never used as a feature."),
    "text": ("Text column", "Shown on hover, and read by the explanations."),
    "domain": ("Domain column", "Where each row comes from, when there are several sources."),
    "x": ("Ready coordinates: across", "Columns that already are a map."),
    "y": ("Ready coordinates: up", ""),
}


def show(table: Table, dataset: Dataset | None) -> None:
    """Facts and problems, then the recipe, then the rows."""
    rows, columns = table.frame.shape
    st.subheader(safe_md(table.name))
    st.caption(safe_md(" · ".join(_source_words(table, rows, columns))))
    for note in table.notes:
        st.caption(safe_md(note))
    left, right = st.columns([1.5, 1], gap="medium")
    with left:
        _problems(table)
        types = _columns(table)
    with right:
        _recipe(table, dataset, types)
    of = f"First {ROWS_SHOWN} of " if rows > ROWS_SHOWN else ""
    with st.expander(f"{of}{count(rows, 'row')}"):
        first = table.frame.iloc[:ROWS_SHOWN, :COLUMNS_SHOWN]
        st.dataframe(first, height=frame.tall(len(first), 320), lazy=False)
        if columns > COLUMNS_SHOWN:
            st.caption(f"{COLUMNS_SHOWN} of {columns:,} columns shown.")


def _source_words(table: Table, rows: int, columns: int) -> list[str]:
    source = table.source
    words = [count(rows, "row"), count(columns, "column")]
    if source.get("sample"):
        words.append(f"a sample that comes with Gestalt ({source.get('licence', '')})")
    elif source.get("format"):
        words.append(str(source["format"]).upper())
    separators = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar", " ": "space"}
    if source.get("separator"):
        separator = source["separator"]
        words.append(f"separated by {separators.get(separator, repr(separator))}")
    if source.get("encoding"):
        words.append(str(source["encoding"]))
    for key in ("sheet", "array", "member", "compression"):
        if source.get(key):
            words.append(f"{key} {source[key]}")
    return words


def _problems(table: Table) -> None:
    problems = table.profile.get("problems", [])
    st.markdown(f"**What to know before a run** ({len(problems)})")
    if not problems:
        st.caption("Nothing stands out: no missing, constant or duplicate columns or rows.")
    for place, problem in enumerate(problems):
        with st.container(horizontal=True, key=f"problem-{place}"):
            st.markdown(LEVEL[problem["severity"]], width="content")
            where = ", ".join(map(str, problem.get("columns", [])[:6]))
            at = ", ".join(str(r + 1) for r in problem.get("rows", [])[:6])
            details = [f"Columns: {where}."] if where else []
            details += [f"Rows: {at}."] if at else []
            st.markdown(safe_md(problem["words"]) + "  \n" + safe_md(problem.get("advice", "")))
            if details:
                with st.popover("Where", type="tertiary"):
                    st.text(" ".join(details))


def _columns(table: Table) -> dict[str, str]:
    """The column list with correctable types. Returns the corrections."""
    facts_by = table.profile.get("by_column", {})
    names = list(table.frame.columns[:COLUMNS_SHOWN])
    longest = max((len(n) for n in names), default=0)
    st.markdown("**Columns**")
    listing = pd.DataFrame(
        {
            "column": names,
            "type": [table.kinds.get(n, "text") for n in names],
            "missing": [facts_by.get(n, {}).get("missing") for n in names],
            "distinct": [facts_by.get(n, {}).get("distinct") for n in names],
            "low": [_cell(facts_by.get(n, {}).get("min")) for n in names],
            "high": [_cell(facts_by.get(n, {}).get("max")) for n in names],
            "shape": [facts_by.get(n, {}).get("histogram", {}).get("counts") for n in names],
        }
    )
    edited = st.data_editor(
        listing,
        hide_index=True,
        height=frame.tall(len(names), 420),
        disabled=["column", "missing", "distinct", "low", "high", "shape"],
        column_config={
            "column": st.column_config.TextColumn(width=WIDE if longest > 30 else None),
            "type": st.column_config.SelectboxColumn("type", options=KINDS, required=True),
            "low": st.column_config.TextColumn(alignment="right"),
            "high": st.column_config.TextColumn(alignment="right"),
            "shape": st.column_config.BarChartColumn("shape"),
        },
        key=f"types-{table.digest}",
    )
    if len(table.frame.columns) > COLUMNS_SHOWN:
        st.caption(f"{COLUMNS_SHOWN} of {len(table.frame.columns):,} columns shown.")
    old = table.kinds
    return {
        name: kind
        for name, kind in zip(edited["column"], edited["type"], strict=True)
        if kind != old.get(name, "text")
    }


def _cell(value) -> str:
    if isinstance(value, (int, float)):
        return f"{value:.5g}"
    return str(value or "").removesuffix("T00:00:00")[:40]


def _recipe(table: Table, dataset: Dataset | None, types: dict[str, str]) -> None:
    """The choices that turn the table into numbers."""
    from analytics.data.operations import dataset_request

    used = dict(dataset.params) if dataset is not None else dict(table.recipe)
    base = {**table.recipe, **used}
    columns = list(table.frame.columns)
    key = f"{table.digest}-{dataset.digest if dataset else ''}"
    st.markdown("**How the data is prepared**")
    recipe = {**base, "types": {**base.get("types", {}), **types}}
    recipe["features"] = _features(table, base, columns, key)

    def role(name: str) -> None:
        label, help_ = ROLES[name]
        recipe[name] = _column_choice(label, columns, base.get(name, ""), f"{name}-{key}", help_)

    role("label")
    recipe.pop("kmer", None)
    recipe |= _ways(table, base, recipe, key)
    recipe |= features.more(table, base, recipe["features"], key)
    with st.expander("Text, domain, coordinates, images, sample"):
        for name in ("text", "domain", "x", "y"):
            role(name)
        recipe["sample"] = st.number_input(
            "Sample of rows (0 = all)", 0, None, int(base.get("sample", 0)), key=f"sample-{key}"
        )
        seed = st.number_input("Seed of the sample", 0, 2**32 - 1, 0, key=f"seed-{key}")
        wide, high = (*base.get("image", []), 0, 0)[:2]
        width = st.number_input(
            "Image width (0 = none)", 0, MAX_COLUMNS, int(wide), key=f"iw-{key}"
        )
        height = st.number_input("Image height", 0, MAX_COLUMNS, int(high), key=f"ih-{key}")
        recipe["image"] = [width, height] if width and height else []
    if st.button("Prepare the data", type="primary", key="prepare"):
        try:
            automatic.prepare(dataset_request(table, recipe, int(seed)), recipe, step=True)
        except BadInput as error:
            st.error(safe_md(str(error)))
        else:
            st.rerun()
    if dataset is not None:
        shape = f"{dataset.n:,} × {dataset.X.shape[1]:,}"
        facts([("Rows × features in use", shape)])
        for note in dataset.notes:
            st.caption(safe_md(note))


def _ways(table: Table, base: dict, recipe: dict, key: str) -> dict:
    """How gaps, scales, categories and texts become numbers."""
    choices = [
        ("missing", "Missing values", MISSING),
        ("scale", "Scaling", SCALE),
        ("encode", "Categories", ENCODE),
    ]
    if "text" in {**table.kinds, **recipe["types"]}.values():
        choices.append(("texts_by", "Texts as features", TEXTS_BY | SLOW))
    ways = {}
    for name, label, options in choices:
        ways[name] = st.selectbox(
            label,
            list(options),
            index=list(options).index(base[name]) if base.get(name) in options else 0,
            format_func=options.get,
            key=f"{name}-{key}",
        )
    if {**recipe, **ways}.get("texts_by") == "kmers":
        ways["kmer"] = features.letters(base, key)
    return ways


def _features(table: Table, base: dict, columns: list[str], key: str) -> list[str]:
    """The feature picker; a block of vector columns is one entry."""
    blocks = {f"{name} ({len(cols):,} columns)": cols for name, cols in table.vectors.items()}
    inside = {c for cols in blocks.values() for c in cols}
    options = [*blocks, *(c for c in columns if c not in inside)][:2000]
    chosen = set(base.get("features", []))
    default = [o for o in options if (chosen.issuperset(blocks[o]) if o in blocks else o in chosen)]
    picked = st.multiselect("Features", options, default=default, key=f"features-{key}")
    return [c for option in picked for c in blocks.get(option, [option])]


def _column_choice(label: str, columns: list[str], value: str, key: str, help_: str) -> str:
    options = ["", *columns[:2000]]
    return st.selectbox(
        label,
        options,
        index=options.index(value) if value in options else 0,
        format_func=menus.told_apart(options, lambda c: c or "none"),
        key=key,
        help=help_ or None,
    )
