"""A language model asked once more about what it did not answer: its budget was used up, or
requests failed. What it has answered is kept, so only the rest is asked."""

from analytics.operations import Request, request
from analytics.results import Explanation

AGAIN = "again"  # parameter: how often


def again_request(found: Explanation) -> Request:
    """Ask for the same explanation, within the budget of a run of its own."""
    times = {AGAIN: found.params.get(AGAIN, 0) + 1}
    if len(found.parents) == 1:
        kind, params = "explanation", {**found.params, **times}
    elif found.edits:
        kind, params = "explanation_edit", {"edits": list(found.edits), **times}
    else:
        kind, params = "explanation_rest", times
    method = "" if kind == "explanation_edit" else found.method
    return request(kind, method, found.parents, params, found.seed)


def times(params) -> dict[str, int]:
    """The part of the parameters of a request that says how often it is asked again."""
    return {AGAIN: params[AGAIN]} if AGAIN in params else {}
