"""A language model as a choice of the operation "explanation": its parameters, and the provider."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from analytics.errors import BadInput, NotNow
from analytics.explanation import explain
from analytics.explanation.provider import Provider, Task
from analytics.language import connection, cost, ladder, masking, picking, preview, prompts
from analytics.language import provider as language
from analytics.language.answered import Exchange
from analytics.params import Param, validate
from analytics.progress import Progress, part, silent
from analytics.shares import percent

METHOD = "openai"
NONE, OPINIONS, LOCAL = "none", "opinions", "offline"
CHECKS = {
    NONE: "Ask once",
    OPINIONS: "Ask twice, and again where the answers differ",
    LOCAL: "Ask again where the offline judge differs",
}
CALLS = 5_000  # requests of one run unless another budget is given
PARTS_JUDGED, PART_LARGEST = 200, 0.9  # texts on which the parts of a group are tried; their size
PARAMS = (
    Param("budget_calls", "int", CALLS, "Requests at most", low=0, high=10**7, optional=True),
    Param("budget_tokens", "int", None, "Tokens at most", low=0, optional=True, basic=False),
    Param("budget_money", "float", None, "US dollars at most", low=0, optional=True),
    Param(
        "price_read",
        "float",
        None,
        "US dollars per million tokens read",
        low=0,
        optional=True,
        basic=False,
    ),
    Param(
        "price_written",
        "float",
        None,
        "US dollars per million tokens written",
        low=0,
        optional=True,
        basic=False,
    ),
    Param("check", "choice", NONE, "When to ask again", choices=tuple(CHECKS)),
    Param(
        "together",
        "int",
        language.TOGETHER,
        "Texts of one request",
        "Few keep what one text says from swaying the judgement of another; many cost less.",
        low=1,
        high=20,
        basic=False,
    ),
)


def params(
    base_url: str = "",
    model: str = "",
    mask: Sequence[str] = (),
    key: str | None = None,
    **values: Any,
) -> dict[str, Any]:
    """Canonical parameters, with what comes from the environment put in; never a key.

    mask : of masking.KINDS. key : that a run will be lent, only to see whether one is there.
    values : see PARAMS. Raises BadInput, also when a run could not start.
    """
    to = connection.connection(base_url, model, key)
    unknown = [kind for kind in mask if kind not in masking.KINDS]
    if unknown:
        raise BadInput(f"There is no mask '{unknown[0]}': choose of {', '.join(masking.KINDS)}.")
    asked = validate(PARAMS, values)
    if (asked["price_read"] is None) != (asked["price_written"] is None):
        raise BadInput("Give both prices, of tokens read and of tokens written, or none.")
    cost.Meter(_budget(asked), cost.price(to, _price(asked)))
    return {
        **asked,
        "base_url": to.base_url,
        "model": to.model,
        "mask": [kind for kind in masking.KINDS if kind in mask],
        "prompts": [prompts.PROPOSE, *prompts.MANY, *prompts.ONE, prompts.PICK],
    }


def model_of(asked: dict[str, Any], seed: int = 0) -> language.LanguageProvider:
    """The language model that parameters name; its key comes from the environment."""
    return language.provider(
        connection.connection(asked["base_url"], asked["model"]),
        _budget(asked),
        _price(asked),
        _masker(asked),
        asked["together"],
        seed,
    )


@dataclass
class Judge:
    """Proposes, judges by one question or by several, and picks.

    model : is asked. by : judges, the model itself or a ladder above it.
    """

    model: language.LanguageProvider
    by: Provider

    def __post_init__(self):
        self.name, self.reads, self.calls = METHOD, self.model.reads, self.model.calls

    @property
    def notes(self) -> tuple[str, ...]:
        """Who judged, what was masked, what is missing, and how far steps of a ladder differ."""
        to = self.model.to
        said = [f"Judged by {to.model} at {urlsplit(to.base_url).netloc}."]
        if self.model.masker is not None:
            said.append(f"Masked before sending: {', '.join(self.model.masker.kinds)}.")
        for step in getattr(self.by, "steps", ()):
            if step.error is not None:
                low, high = step.interval
                said.append(
                    f"Wrong verdicts of {step.name}, estimated: {percent(step.error)} "
                    f"(95 % interval {percent(low)} to {percent(high)})."
                )
        return (*said, *self.model.notes)

    @property
    def usage(self) -> dict[str, Any]:
        """What was spent: calls, tokens read and written, US dollars (None: price not known)."""
        spent = self.model.sender.meter.spent
        return {
            "calls": spent.calls,
            "tokens_read": spent.tokens_in,
            "tokens_written": spent.tokens_out,
            "dollars": spent.money,
        }

    def propose(
        self,
        rows: np.ndarray,
        task: Task,
        known: Sequence[str],
        seed: int,
        progress: Progress = silent,
    ) -> list[str]:
        """See :class:`analytics.explanation.provider.Provider`."""
        return self.model.propose(rows, task, known, seed, progress)

    def judge(
        self, rows: np.ndarray, descriptions: Sequence[str], task: Task, progress: Progress = silent
    ) -> np.ndarray:
        """As a provider does; BadInput when no answer at all came."""
        found = self.by.judge(rows, descriptions, task, progress)
        if found.size and np.isnan(found).all():
            raise nothing(self.model, "No text could be judged.")
        return found

    def pick(
        self, rows: np.ndarray, descriptions: Sequence[str], task: Task, progress: Progress = silent
    ) -> np.ndarray:
        """See :class:`analytics.explanation.provider.Picker`."""
        return picking.pick(self.model, rows, descriptions, task, progress)

    def parts(
        self, rows: np.ndarray, task: Task, seed: int, progress: Progress = silent
    ) -> list[str]:
        """Descriptions of two parts that some texts fall into; fewer when none were found."""
        drawn = np.random.default_rng(seed).permutation(rows)
        say = part(progress, 0.0, 0.3)
        proposed = self.propose(np.sort(drawn[: self.reads]), task, (), seed, say)
        some = np.sort(drawn[:PARTS_JUDGED])
        if not proposed:
            return []
        wishes = explain.Wishes(largest=PART_LARGEST)
        judged = self.judge(some, proposed, task, part(progress, 0.3, 0.6))
        chosen = explain.choose(judged, 2, np.ones(len(some)), wishes, seed).chosen
        return [proposed[j] for j in chosen]


@contextmanager
def reader(asked: dict[str, Any], seed: int) -> Iterator[language.LanguageProvider]:
    """The language model of parameters for looking only: it has no key and asks nothing."""
    to = connection.connection(asked["base_url"], asked["model"], connection.NO_KEY)
    made = language.provider(
        to,
        cost.Budget(calls=0),
        cost.price(to, _price(asked)),
        _masker(asked),
        asked["together"],
        seed,
    )
    try:
        yield made
    finally:
        made.kept.close()


def picked(
    to: language.LanguageProvider, task: Task, row: int, descriptions: Sequence[str]
) -> list[Exchange]:
    """The exchange that chose among these descriptions for a text, if there was one."""
    key = picking.key(to, task.goal, to.sent(task)[row], descriptions)
    found = to.kept.of_pair(key)
    return [] if found is None else [found]


def sent(asked: dict[str, Any], task: Task, seed: int) -> dict[str, list[dict[str, str]]]:
    """Messages of the first request of each kind: "propose", "judge", "check". The first is the
    very one that a run begins with."""
    with reader(asked, seed) as model:
        rows = explain.first_rows(len(task.texts), model.reads, seed)
        found = preview.preview(model, task, rows=rows)
        return {kind: found[kind] for kind in ("propose", "judge", "check")}


def estimate(asked: dict[str, Any], task: Task, texts: int, rounds: int, seed: int):
    """About what explaining so many texts costs: (least, most) calls, tokens read, tokens written
    and US dollars, the last None when the price is not known.

    task : with some of the texts; the rest is taken to be like them.
    """
    check = {NONE: None, OPINIONS: "opinions", LOCAL: "local"}[asked["check"]]
    with reader(asked, seed) as model:
        found = preview.estimate(model, task, rounds, check)
        price = model.sender.meter.price
    scale = texts / max(1, len(task.texts))
    picks = texts / asked["together"]  # the last look, as long as a request to judge
    each = [sum(found.tokens_in) / sum(found.calls), sum(found.tokens_out) / sum(found.calls)]
    calls, read, written = (
        tuple(round(n * scale + picks * more) for n in pair)
        for pair, more in (
            (found.calls, 1.0),
            (found.tokens_in, each[0]),
            (found.tokens_out, each[1]),
        )
    )
    money = None
    if price is not None:
        money = tuple(price.of(*pair) for pair in zip(read, written, strict=True))
    return calls, read, written, money


def estimate_rest(
    asked: dict[str, Any],
    task: Task,
    descriptions: Sequence[str],
    further: int,
    asked_again: int,
    seed: int,
):
    """About what judging so many further texts by these descriptions costs, as :func:`estimate`
    gives it; see :func:`analytics.language.preview.estimate_rest`."""
    with reader(asked, seed) as model:
        found = preview.estimate_rest(
            model, task, tuple(descriptions), further, asked_again, asked["check"] == OPINIONS
        )
    return found.calls, found.tokens_in, found.tokens_out, found.money


def judge_of(asked: dict[str, Any], seed: int, local: Callable[[], Provider]) -> Judge:
    """Who judges by these parameters. local : makes the offline judge, where one is wanted."""
    model = model_of(asked, seed)
    if asked["check"] == NONE:
        return Judge(model, model)
    return Judge(model, ladder.Ladder(model, local() if asked["check"] == LOCAL else None))


def nothing(model: language.LanguageProvider, before: str = "") -> BadInput:
    """The sentence for a run that brought no usable answer at all. before : what it begins with."""
    end = NotNow if model.advice and all(model.advice.values()) else BadInput
    do = [f"{words[0].upper()}{words[1:]}." for words in model.advice if words]
    said = model.notes or ("The model's answers could not be used.",)
    return end(" ".join([*([before] * bool(before)), *said, *do]))


def price_of(asked: dict[str, Any]) -> cost.Price | None:
    """The price of the model that parameters name; None when it is not known."""
    to = connection.connection(asked["base_url"], asked["model"], connection.NO_KEY)
    return cost.price(to, _price(asked))


def _budget(asked: dict[str, Any]) -> cost.Budget:
    return cost.Budget(asked["budget_calls"], asked["budget_tokens"], asked["budget_money"])


def _masker(asked: dict[str, Any]) -> masking.Masker | None:
    return masking.Masker(tuple(asked["mask"])) if asked["mask"] else None


def _price(asked: dict[str, Any]) -> cost.Price | None:
    if asked["price_read"] is None:
        return None
    return cost.Price(asked["price_read"], asked["price_written"])
