"""The groups of a sample given to all rows of its file, as a job with a file to take away."""

import pandas as pd
import streamlit as st

from analytics.bigdata import applying, lineage, refitting
from analytics.errors import BadInput
from analytics.operations import Request
from analytics.results import NOISE, Clustering, Explanation
from analytics.shares import percent
from pages.ui import frame, services, session
from pages.ui.words import safe_md, share

WAYS = {
    "as the method does": "method",
    "by the rules in words": "rules",
}
FIT = "by the centres of all rows"
ONCE = "by centres moved once"
LARGEST = 300 * 2**20  # bytes that are sent through the page
HOW = """
The columns of every row go through the preparation of the sample, with its constants. Centres, a
mixture or medoids then decide as they did for the sample; for other methods the five nearest rows
of the sample vote. The agreement is the share of the sample's rows that this rule alone would give
their own label; in the file they keep it. Centres of k-means can be moved over all rows first
(Lloyd's algorithm), and a Gaussian mixture fitted to them (EM), in at most ten rounds; then the
rows of the sample, too, get the nearest or likeliest one. Moved once, the centres follow
mini-batches of 10,000 rows through the file: faster with many groups and nearly as good, but only
where the rows come in no order. In a sorted file the groups can get worse than without it.
"""
HOW_TEXTS = """
The texts of the sample are vectors of what they mean, and rules learned on them say which
description each fits. The same rules are put to the texts of all rows; a text that no description
is likely to fit, or a blank, gets none. The agreement is the share of texts of the sample that stay
where they are when they are held back and the others judge them.
"""


def offer(found: Clustering | Explanation) -> None:
    """The fold, where the data on screen is a sample of a larger file."""
    table = session.outline(session.current().view.table)
    of = table.source.get("sampled") if table is not None else None
    if not of:
        return
    with st.expander("Apply to all rows"):
        st.caption(safe_md(of["sentence"]))
        try:
            parents = lineage.of(services.artifacts(), found)
            content, name = table.params["content"], table.params["name"]
            ways = {
                said: applying.applied_request(found, parents, content, name, how)
                for said, how in _ways(found).items()
            }
            wanted = ways[_chosen(ways, found)]
        except BadInput as error:
            frame.sentence(str(error), "warning")
            return
        there = services.artifacts().has(wanted.digest)
        if there and not applying.file_of(wanted.digest).exists():
            services.artifacts().remove(wanted.digest)
            there = False
        asked = st.session_state.setdefault("all-rows", set())
        if st.button(f"Apply to all {of['rows']:,} rows", disabled=there):
            asked.add(wanted.digest)
        if there or wanted.digest in asked or _running(wanted):
            _shown(wanted, found)


def _ways(found: Clustering | Explanation) -> dict[str, str]:
    """How each row may get its group; of descriptions there is one way."""
    if isinstance(found, Explanation):
        return {next(iter(WAYS)): "method"}
    of_centers = {FIT: refitting.FIT, ONCE: refitting.ONCE}
    of_mixture = {"by the mixture of all rows": refitting.FIT}
    fits = of_mixture if found.method == "gmm" else of_centers
    return {**WAYS, **(fits if found.method in refitting.METHODS else {})}


def _chosen(ways: dict[str, Request], found: Clustering | Explanation) -> str:
    """The way chosen; on a page loaded anew the one at work, else the one written last."""
    names = list(ways)
    if len(names) == 1:
        return names[0]
    last = max(names, key=lambda said: (_running(ways[said]), _written(ways[said])))
    key = f"all-rows-way-{found.digest}"
    return st.selectbox("Each row gets its group", names, index=names.index(last), key=key)


def _running(wanted: Request) -> bool:
    return services.runner().request(wanted.digest) is not None


def _written(wanted: Request) -> float:
    """When the labels were written, seconds; 0 when they are not there."""
    try:
        return applying.file_of(wanted.digest).stat().st_mtime
    except OSError:
        return 0.0


def _names(found: Clustering | Explanation) -> dict[int, str]:
    if isinstance(found, Clustering):
        return found.group_names
    return {NOISE: "unexplained", **{i: e["description"] for i, e in enumerate(found.evidence)}}


def _shown(wanted, found: Clustering | Explanation) -> None:
    made = frame.try_ask(wanted)
    if made is None:
        if _running(wanted):
            st.caption("The labels of all rows stand here as soon as they are written.")
        return
    facts, names = made.facts, _names(found)
    lines = [
        {"group": names.get(label, str(label)), "rows": n, "share": share(n / facts["rows"])}
        for label, n in sorted(facts["groups"], key=lambda g: (g[0] == NOISE, g[0]))
    ]
    if facts["left_out"]:
        n = facts["left_out"]
        lines.append({"group": "cannot be compared", "rows": n, "share": share(n / facts["rows"])})
    thousands = {"rows": st.column_config.NumberColumn(format="localized")}
    st.dataframe(pd.DataFrame(lines), hide_index=True, column_config=thousands)
    agreement = percent(facts["agreement"], 1)
    said = f"Agreement with the sample's own labels: {agreement} of {facts['agreement_of']:,} rows."
    if isinstance(found, Explanation):
        said = f"Of the sample's texts that were held back, {agreement} keep their description."
    st.caption(safe_md(" ".join((said, *made.notes))))
    path = applying.file_of(wanted.digest)
    if facts["bytes"] <= LARGEST:
        st.download_button(
            "Labels of all rows, Parquet",
            path.read_bytes,
            file_name="gestalt-all-labels.parquet",
            on_click="ignore",
        )
    else:
        st.caption(safe_md(f"{path.name} in the folder applied of the server's data folder."))
    frame.how(HOW_TEXTS if isinstance(found, Explanation) else HOW)
