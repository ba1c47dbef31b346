"""Charts of how groups form: dendrogram, reachability, condensed tree."""

from typing import Any

import numpy as np

from analytics.errors import BadInput
from analytics.figures import theme
from analytics.figures.base import blank
from analytics.results import NOISE

MAX_STEPS = 1_500
MAX_BRANCHES = 300
_MIXED = -2


def dendrogram(
    linkage: Any,
    k: int,
    max_leaves: int = 60,
    *,
    leaves: Any = None,
    names: Any = None,
    at: str = "Distance at which groups merge",
    dark: bool = False,
    height: int = 360,
) -> Any:
    """The upper ``max_leaves`` branches of a linkage (n - 1, 4), coloured by the cut into k groups.

    Colours are those of the clusters, numbered by falling size, ties by first member. The cut is
    the dotted line. Leaves that stand for several rows say how many. leaves, names : the cluster
    and the name of each leaf, where leaves are not rows. at : title of the heights.
    """
    import plotly.graph_objects as go
    from scipy.cluster import hierarchy

    linkage = np.asarray(linkage, dtype=np.float64)
    if linkage.ndim != 2 or linkage.shape[1] != 4 or not np.isfinite(linkage).all():
        raise BadInput("The dendrogram has no merge table: run an agglomerative clustering first.")
    if not len(linkage):
        return blank(dark, height, "A tree needs two rows or more")
    t = theme.TOKENS["dark" if dark else "light"]
    n = len(linkage) + 1
    k = int(np.clip(k, 1, n))
    nodes = _node_labels(linkage, k, leaves)
    drawn = hierarchy.dendrogram(
        linkage,
        p=int(np.clip(max_leaves, 2, 200)),
        truncate_mode="lastp",
        no_plot=True,
        link_color_func=lambda node: (
            theme.color_of(int(nodes[node])) if nodes[node] >= 0 else t["muted"]
        ),
    )
    figure = blank(dark, height)
    lines: dict[str, list] = {}
    for xs, ys, color in zip(drawn["icoord"], drawn["dcoord"], drawn["color_list"], strict=True):
        lines.setdefault(color, []).append((xs, ys))
    for color, parts in lines.items():
        x, y = ([v for part in parts for v in (*part[i], None)] for i in (0, 1))
        style = {"color": color, "width": 1.6}
        figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=style, hoverinfo="skip"))
    if 1 < k < n:
        heights = np.sort(linkage[:, 2])
        level = (heights[n - k - 1] + heights[n - k]) / 2
        figure.add_hline(y=level, line={"color": t["accent"], "width": 1.5, "dash": "dot"})
        word = {"text": f"{k} groups", "font": {"color": t["accent"], "size": 12}}
        place = {"x": 1, "xref": "paper", "y": level, "xanchor": "right", "yanchor": "bottom"}
        figure.add_annotation(showarrow=False, **word, **place)
    few = len(drawn["ivl"]) <= 40
    words = drawn["ivl"]
    if names is not None:
        words = [theme.escape(names[int(w)], 40) if w.isdecimal() else w for w in words]
    ticks = {"tickvals": [5 + 10 * i for i in range(len(drawn["ivl"]))], "ticktext": words}
    figure.update_xaxes(showgrid=False, showticklabels=few, tickangle=-90, **ticks)
    figure.update_yaxes(title={"text": at}, showgrid=True)
    return figure


def _node_labels(linkage: np.ndarray, k: int, leaves: Any) -> np.ndarray:
    """Cluster of every node of the tree (2n - 1,), or -2 above the cut."""
    from scipy.cluster import hierarchy

    n = len(linkage) + 1
    raw = hierarchy.fcluster(linkage, k, criterion="maxclust") - 1 if leaves is None else leaves
    _, first, inverse, counts = np.unique(
        raw, return_index=True, return_inverse=True, return_counts=True
    )
    rank = np.empty(len(counts), int)
    rank[np.lexsort((first, -counts))] = np.arange(len(counts))
    nodes = np.full(2 * n - 1, _MIXED)
    nodes[:n] = rank[inverse] if leaves is None else leaves
    for i, (a, b) in enumerate(linkage[:, :2].astype(int)):
        if nodes[a] == nodes[b]:
            nodes[n + i] = nodes[a]
    return nodes


def reachability(
    order: Any,
    reachability: Any,
    labels: Any,
    cut: float | None = None,
    *,
    dark: bool = False,
    height: int = 300,
) -> Any:
    """The OPTICS plot: valleys are groups.

    order (n,) rows as visited; reachability (n,) in that order, in units of distance; labels (n,)
    by row. Bars of infinite height (the start of each part) reach the top. More than 1,500 points
    are averaged in equal runs. ``cut``: a height to mark.
    """
    import plotly.graph_objects as go

    t = theme.TOKENS["dark" if dark else "light"]
    heights = np.asarray(reachability, dtype=np.float64)
    order, labels = np.asarray(order, dtype=np.int64), np.asarray(labels)
    if not len(order) == len(heights) == len(labels):
        raise BadInput("The reachability plot needs one height and one label per row.")
    finite = np.isfinite(heights) & (heights < 1e300)
    if not finite.any():
        return blank(dark, height, "No reachability to draw")
    top = float(heights[finite].max()) * 1.05 or 1.0
    heights = np.where(finite, heights, top)
    own = labels[order]
    starts = np.unique(np.linspace(0, len(order), min(len(order), MAX_STEPS) + 1).astype(int))[:-1]
    sizes = np.diff([*starts, len(order)])
    means = np.add.reduceat(heights, starts) / sizes
    colors = [theme.color_of(int(label)) for label in own[starts + sizes // 2]]
    figure = blank(dark, height)
    figure.add_trace(
        go.Bar(
            x=starts.astype(np.int32),
            y=means.astype(np.float32),
            width=sizes.astype(np.int32),
            offset=0,
            marker={"color": colors, "line": {"width": 0}},
            hovertemplate="%{y:.3g}<extra></extra>",
        )
    )
    if cut is not None and np.isfinite(cut):
        figure.add_hline(y=float(cut), line={"color": t["accent"], "width": 1.5, "dash": "dot"})
    figure.update_layout(bargap=0)
    figure.update_xaxes(title={"text": "Rows in the order visited"}, showgrid=False)
    figure.update_yaxes(title={"text": "Reachability distance"}, showgrid=True)
    return figure


def condensed_tree(tree: Any, labels: Any = None, *, dark: bool = False, height: int = 380) -> Any:
    """The HDBSCAN tree: each branch is a group, as wide as it has points, from birth to end.

    tree (m, 4): parent, child, lambda (1 / distance), size; ids from n on are groups, the smallest
    parent is the root. labels (n,) colour the branches that hold one final group. Campello,
    Moulavi, Sander 2013 (PAKDD), section 4.
    """
    import plotly.graph_objects as go

    tree = np.asarray(tree, dtype=np.float64)
    if tree.ndim != 2 or tree.shape[1] != 4:
        raise BadInput("The tree plot has no condensed tree: run HDBSCAN first.")
    if not len(tree):
        return blank(dark, height, "No tree to draw")
    finite = np.isfinite(tree[:, 2]) & (tree[:, 2] < 1e300)
    top = float(tree[finite, 2].max()) * 1.05 if finite.any() else 1.0
    tree = np.column_stack([tree[:, :2], np.where(finite, tree[:, 2], top or 1.0), tree[:, 3]])
    branches = _branches(tree)
    colors = _branch_labels(tree, branches, labels)
    t = theme.TOKENS["dark" if dark else "light"]
    shapes: dict[str, list] = {}
    for branch, outline in _branch_outlines(tree, branches).items():
        label = colors.get(branch, _MIXED)
        color = theme.color_of(label) if label >= 0 else t["muted"]
        shapes.setdefault(color, []).append(outline)
    figure = blank(dark, height)
    for color, outlines in shapes.items():
        x, y = ([v for o in outlines for v in (*o[i], None)] for i in (0, 1))
        look = {"fill": "toself", "fillcolor": theme.rgba(color, 0.55), "hoverinfo": "skip"}
        line = {"color": color, "width": 0.8}
        figure.add_trace(go.Scatter(x=x, y=y, mode="lines", line=line, **look))
    figure.update_xaxes(showgrid=False, showticklabels=False, title={"text": "Width: points"})
    title = {"text": "Density (1 / distance)"}
    figure.update_yaxes(autorange="reversed", showgrid=True, title=title)
    return figure


def _branches(tree: np.ndarray) -> dict[int, list[int]]:
    """Group id -> ids of the groups it splits into, for the 300 largest groups."""
    root = int(tree[:, 0].min())
    rows = tree[tree[:, 1] >= root]
    rows = rows[np.argsort(-rows[:, 3], kind="stable")][: MAX_BRANCHES - 1]
    kept: dict[int, list[int]] = {root: []}
    for parent, child in rows[np.argsort(rows[:, 1], kind="stable"), :2].astype(int):
        if parent in kept:
            kept[int(parent)].append(int(child))
            kept[int(child)] = []
    return kept


def _branch_labels(tree: np.ndarray, branches: dict, labels: Any) -> dict[int, int]:
    """The final group that a branch holds: the only one in it, and at least half its points."""
    if labels is None:
        return {}
    labels = np.asarray(labels)
    root = min(branches)
    found: dict[int, dict[int, int]] = {branch: {} for branch in branches}
    points = tree[(tree[:, 1] < root) & (tree[:, 1] < len(labels))]
    parent_of = {int(c): int(p) for p, c in tree[tree[:, 1] >= root, :2]}
    pairs = np.column_stack([points[:, 0], labels[points[:, 1].astype(int)]]).astype(np.int64)
    for (branch, label), count in zip(*np.unique(pairs, axis=0, return_counts=True), strict=True):
        at: int | None = int(branch)
        while at is not None:
            if at in found:
                found[at][int(label)] = found[at].get(int(label), 0) + int(count)
            at = parent_of.get(at)
    out = {}
    for branch, counts in found.items():
        real = [label for label in counts if label > NOISE]
        if len(real) == 1 and 2 * counts[real[0]] >= sum(counts.values()):
            out[branch] = real[0]
    return out


def _branch_outlines(tree: np.ndarray, branches: dict) -> dict[int, tuple[list, list]]:
    """Outline of every branch as (x, y) lists: the width is the number of points left."""
    root = min(branches)
    birth = {int(c): float(lam) for _, c, lam, _ in tree if int(c) in branches}
    birth[root] = 0.0
    rows = {branch: tree[tree[:, 0] == branch] for branch in branches}
    sizes = {branch: float(own[:, 3].sum()) for branch, own in rows.items()}
    centre = _centres(root, branches, sizes)
    out = {}
    for branch, unsorted in rows.items():
        if not len(unsorted):
            continue
        own = unsorted[np.argsort(unsorted[:, 2], kind="stable")]
        step = max(1, len(own) // 60)
        lambdas = np.append(own[::step, 2], own[-1, 2])
        left = sizes[branch] - np.append(np.cumsum(own[:, 3])[::step] - own[::step, 3], 0)
        left[-1] = own[own[:, 2] == own[-1, 2], 3].sum()
        y = [birth[branch], *np.maximum(lambdas, birth[branch])]
        half = [sizes[branch] / 2, *(left / 2)]
        right = [centre[branch] + h for h in half]
        mirrored = [centre[branch] - h for h in half]
        out[branch] = ([*right, *mirrored[::-1], right[0]], [*y, *y[::-1], y[0]])
    return out


def _centres(root: int, branches: dict, sizes: dict) -> dict[int, float]:
    """Middle of every branch: children stand side by side under their parent."""
    centre = {root: 0.0}
    stack = [root]
    while stack:
        branch = stack.pop()
        children = branches[branch]
        edge = centre[branch] - sum(sizes[child] for child in children) / 2
        for child in children:
            centre[child] = edge + sizes[child] / 2
            edge += sizes[child]
        stack += children
    return centre
