"""The functions of ``import analytics`` that put groups into words; see :mod:`analytics.api`."""

from collections.abc import Mapping, Sequence
from typing import Any

from analytics import api
from analytics.errors import BadInput
from analytics.explanation import asking, rest, topics, written
from analytics.explanation import operations as explanations
from analytics.language import asking as language
from analytics.language import connection
from analytics.operations import execute
from analytics.progress import Progress, part, silent
from analytics.results import Clustering, Dataset, Explanation, Reasons, Sentences, Table
from analytics.store.artifacts import Artifacts


def reasons(
    clustering: Clustering,
    *,
    seed: int = 0,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> Reasons:
    """Why the groups are what they are: rules scored on rows left out, what sets each apart, its
    key terms and exemplars; see ``analytics.explanation.reasons``."""
    store = store or api.default_store()
    api.keep(store, clustering)
    return execute(explanations.reasons_request(clustering, seed), store, progress)


def sentences(
    clustering: Clustering,
    *,
    model: Mapping[str, Any] | None = None,
    seed: int = 0,
    store: Artifacts | None = None,
    progress: Progress = silent,
) -> Sentences:
    """A sentence of a language model on each group, checked against the rows; see
    ``analytics.explanation.written``. model : as for :func:`explain`."""
    store = store or api.default_store()
    asked = model_params(language.METHOD, dict(model or {}))
    found = reasons(clustering, seed=seed, store=store, progress=part(progress, 0.0, 0.3))
    wanted = written.sentences_request(found, asked, seed)
    return execute(wanted, store, part(progress, 0.3, 1.0))


def explain(
    source,
    text: str,
    goal: str = "",
    *,
    examples: Sequence[str] = (),
    keywords: Sequence[Sequence[str]] = (),
    provider: str = "offline",
    model: Mapping[str, Any] | None = None,
    apply: bool = False,
    seed: int = 0,
    store: Artifacts | None = None,
    progress: Progress = silent,
    **params: Any,
) -> Explanation:
    """The texts of a column, grouped by descriptions in words that serve a goal.

    source : a Table or Dataset, or what :func:`read` takes. text : the column. goal : for instance
    "by topic" or "by complaint, in the form 'complains about <something>'". keywords : instead of
    a goal, some words of each topic (Lbl2Vec). provider : "offline", or "openai" for a language
    model; model then says which one (``base_url``, ``model``, ``mask``, and
    ``analytics.language.asking.PARAMS``); the key comes from the environment. apply : with
    ``sample``, put the texts beyond the sample to its groups. params : k, overlap, uncovered,
    largest, rounds, sample, see ``analytics.explanation.asking.PARAMS``.
    """
    store = store or api.default_store()
    if not isinstance(source, (Table, Dataset)):
        source = api.read(source, store=store, progress=progress)
    api.keep(store, source)
    if keywords:
        if goal or params or examples or provider != "offline":
            raise BadInput("Give a goal or keywords, not both: keywords take no other choice.")
        return execute(topics.topics_request(source, text, keywords, seed), store, progress)
    asked = model_params(provider, dict(model or {}))
    wanted = asking.explanation_request(source, text, goal, examples, params, seed, asked)
    found = execute(wanted, store, progress)
    return execute(rest.rest_request(found, source), store, progress) if apply else found


def model_params(provider: str, given: dict[str, Any]) -> dict[str, Any] | None:
    """The parameters of a language model. Whoever calls this runs the process, so the key of its
    environment may go to the address given."""
    if provider == "offline" and not given:
        return None
    if provider != language.METHOD:
        raise BadInput(f"Choose offline or {language.METHOD} to judge; a model needs the latter.")
    if given.get("base_url"):
        connection.trust(given["base_url"])
    return language.params(**given)
