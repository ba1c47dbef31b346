"""The request for the reasons of a clustering, and the function that runs it."""

from analytics.clustering.operations import clustering_of
from analytics.operations import Request, request
from analytics.progress import Progress
from analytics.results import Clustering, Reasons

MANY = 40  # groups; more take minutes, so pages and reports explain them only when asked


def reasons_request(clustering: Clustering, seed: int = 0) -> Request:
    """Ask why the groups are what they are: rules, profiles, terms, exemplars."""
    return request("reasons", "", (*clustering.parents, clustering.digest), seed=seed)


def reasons(wanted: Request, parents: tuple, progress: Progress) -> Reasons:
    """Run :func:`reasons_request`. parents : (dataset, [projection,] clustering)."""
    from analytics.explanation.reasons import reasons as found

    groups = clustering_of(parents)
    return found(parents[0], groups.labels, seed=wanted.seed, progress=progress)
