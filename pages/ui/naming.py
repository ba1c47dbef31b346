"""What a map or a clustering is called."""

from analytics import registry
from analytics.clustering.examples import said
from analytics.params import in_words
from analytics.results import Clustering, Projection
from pages.ui import frame, session
from pages.ui.words import count


def run_name(digest: str) -> str:
    """A result's method and what sets it apart from its defaults."""
    record = session.load(digest)
    if record is None:
        return digest[:8]
    kind = "projection" if isinstance(record, Projection) else "clustering"
    label = frame.method_label(kind, record.method)
    if record.method in frame.MADE_HERE:
        return frame.made_here(record)
    try:
        known = {p.name: p for p in registry.get(kind, record.method).params}
    except ValueError:
        known = {}
    settings = {k: v for k, v in record.params.items() if k not in ("examples", "with_labels")}
    if isinstance(record, Clustering) and settings.get("n_clusters") == record.n_clusters:
        del settings["n_clusters"]  # said once
    changed = [
        in_words(k, v, known.get(k))
        for k, v in settings.items()
        if v != (known[k].default if k in known else None) and v != "full"
    ]
    if "examples" in record.params:
        changed.append(said(record.params["examples"]))
    if isinstance(record, Clustering):
        changed.insert(0, count(record.n_clusters, "group"))
    seed = [f"seed {record.seed}"] if record.seed else []
    extra = [*changed, *seed]
    return label + (f" ({', '.join(extra)})" if extra else "")
