"""The provider of descriptions that asks a language model: propose and judge over HTTP."""

import itertools
import threading
import time
from collections.abc import Callable, Container, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from analytics.data import words as wording
from analytics.errors import BadInput, NotNow
from analytics.explanation.provider import Task
from analytics.language import answered, answers, claims, cost, prompts
from analytics.language.answered import Answers, Exchange
from analytics.language.connection import Connection
from analytics.language.masking import Masker
from analytics.language.sending import Answer, CutOff, NoAnswer, Passed, Sender, Unusable
from analytics.progress import Progress, silent

READS = 50  # texts of one call for proposals
CALLS = 4  # calls for proposals in one round
TOGETHER = 4  # texts of one call for judgements
MOST_REASONS = 5
LOOK = 1.0  # seconds between two looks at what is waited for
UNUSABLE = 12  # answers in a row of the wrong form, after which no more are asked for
MOST_ASKED = 40  # descriptions of one call for judgements
ROOM_TO_PROPOSE = 1200  # tokens


@dataclass
class LanguageProvider:
    """A language model behind :class:`analytics.explanation.provider.Provider`.

    together : texts judged in one call; 1 keeps what one text says from reaching another's
    judgement. masker : None sends texts as they are. notes : what went wrong without ending the
    run. advice : what to do about it -> whether that is to ask again later. Make it with
    :func:`provider`.
    """

    to: Connection
    sender: Sender
    kept: Answers
    masker: Masker | None = None
    together: int = TOGETHER
    seed: int = 0
    reads: int | None = READS
    calls: int = CALLS
    unanswered: dict[str, int] = field(default_factory=dict)
    advice: dict[str, bool] = field(default_factory=dict)
    _barren: int = 0
    _unusable: int = 0
    _waited: float = -2 * LOOK  # when an answer was last waited for that somebody else asks for
    _sent: tuple[tuple[str, ...], list[str]] = ((), [])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        """Shown and recorded."""
        return f"{self.to.model} at {self.to.base_url}"

    @property
    def notes(self) -> tuple[str, ...]:
        """One sentence for each of the most frequent reasons why judgements are missing."""
        reasons = sorted(self.unanswered.items(), key=lambda item: -item[1])
        said = [
            f"Not answered: {wording.count(n, 'request')}, because {why}."
            for why, n in reasons[:MOST_REASONS]
        ]
        rest = sum(n for _, n in reasons[MOST_REASONS:])
        return (*said, f"{wording.count(rest, 'request')} for other reasons.") if rest else (*said,)

    def sent(self, task: Task) -> list[str]:
        """The texts as they leave the machine: masked when wished, cut, valid Unicode."""
        if self._sent[0] is not task.texts:
            texts = self.masker.all(task.texts) if self.masker else task.texts
            valid = [t.encode("utf-8", "replace").decode("utf-8") for t in texts]
            self._sent = (task.texts, [prompts.cut(t) for t in valid])
        return self._sent[1]

    def propose(
        self,
        rows: np.ndarray,
        task: Task,
        known: Sequence[str],
        seed: int,
        progress: Progress = silent,
    ) -> list[str]:
        """See :class:`analytics.explanation.provider.Provider`. Empty when no answer can be used;
        raises BadInput when the budget is used up, or all calls failed, before the first one."""
        texts = self.sent(task)
        shown = [texts[i] for i in rows]
        messages = prompts.propose(shown, task.goal, task.examples, known, seed)
        key = answered.asked(self.name, prompts.PROPOSE, messages)
        self.sender.stopping.clear()
        wanted = (answers.PROPOSED, ROOM_TO_PROPOSE)
        try:
            found = self._watched(
                progress,
                lambda: self.once(key, prompts.PROPOSE, messages, wanted, answers.descriptions),
            )
        except CutOff as error:
            if len(rows) > 1:
                return self.propose(rows[::2], task, known, seed, progress)
            return self._nothing(error, known)
        except (NoAnswer, cost.BudgetSpent) as error:
            if isinstance(error, cost.BudgetSpent):
                self._barren = self.calls
            return self._nothing(error, known)
        self._barren = 0
        return found

    def _watched(self, progress: Progress, ask: Callable[[], Any]) -> Any:
        """What ``ask`` returns; what is waited for is told meanwhile."""
        with ThreadPoolExecutor(1, "language") as pool:
            future = pool.submit(ask)
            try:
                while not wait((future,), LOOK).done:
                    progress(0.0, self._told())
            except BaseException:
                self.sender.stopping.set()
                raise
            return future.result()

    def _nothing(self, error: NoAnswer | cost.BudgetSpent, known: Sequence[str]) -> list[str]:
        self.missing(str(error))
        self._barren += 1
        if not known and self._barren >= self.calls:
            end = NotNow if isinstance(error, Passed) else BadInput
            raise end(
                f"The language model proposed no description, because {error}"
                f"{f': {error.advice}' if error.advice else ''}."
            )
        return []

    def judge(
        self,
        rows: np.ndarray,
        descriptions: Sequence[str],
        task: Task,
        progress: Progress = silent,
        opinion: int = 0,
    ) -> np.ndarray:
        """See :class:`analytics.explanation.provider.Provider`: all descriptions of a few texts in
        one call. What is known already is not asked. opinion : see prompts.MANY."""
        texts = self.sent(task)
        wanted = [(int(r), d) for r in rows for d in descriptions]
        have = self._held(prompts.MANY[opinion], task.goal, wanted, texts)
        work = [
            (some[start : start + self.together], asked)
            for asked, some in _lacking(rows, descriptions, have).items()
            for start in range(0, len(some), self.together)
        ]
        for found in self.each(
            lambda part: self._many(part[0], part[1], task.goal, texts, opinion), work, progress
        ):
            have.update(found)
        chances = [have.get(pair, np.nan) for pair in wanted]
        return np.array(chances, float).reshape(len(rows), len(descriptions))

    def verify(
        self,
        pairs: Sequence[tuple[int, str]],
        task: Task,
        progress: Progress = silent,
        opinion: int = 0,
    ) -> np.ndarray:
        """Chances (len(pairs),) of (row, description), each by a yes/no question of its own."""
        texts = self.sent(task)
        have = self._held(prompts.ONE[opinion], task.goal, pairs, texts)
        work = [pair for pair in dict.fromkeys(pairs) if pair not in have]
        for found in self.each(
            lambda pair: self._one(pair, task.goal, texts, opinion), work, progress
        ):
            have.update(found)
        return np.array([have.get(pair, np.nan) for pair in pairs], float)

    def once(self, key: str, kind: str, messages, wanted, read: Callable) -> list[str]:
        """:meth:`ask`, for words that are kept under one key: what came before is not asked."""
        with self.unasked([key], self.kept.proposed) as have:
            if key in have:
                return have[key]
            return self.ask(kind, messages, wanted, read, lambda kept: {"proposal": (key, kept)})

    def unasked(self, keys: Sequence[str], known: Callable | None = None):
        """See :func:`analytics.language.claims.unasked`. known : judgements by default."""
        on = claims.claims(self.kept.claims)
        return claims.unasked(on, keys, known or self.kept.judged, self._elsewhere)

    def _elsewhere(self, seconds: float) -> None:
        """Wait for an answer that somebody else asks for just now."""
        self._waited = time.monotonic()
        if self.sender.stopping.wait(seconds):
            raise NoAnswer("stopped")

    def missing(self, why: str, count: int = 1) -> None:
        """Note that requests brought nothing."""
        with self._lock:
            self.unanswered[why] = self.unanswered.get(why, 0) + count

    def each(self, ask: Callable, work: Sequence, progress: Progress):
        """The answers of all pieces of work, in any order, several at once; what raises NoAnswer or
        BudgetSpent is left out. Anything else, a cancel too, ends all and is raised."""
        self.sender.stopping.clear()
        waiting, left = iter(work), set()
        with ThreadPoolExecutor(self.to.at_once, "language") as pool:
            try:
                for number in range(1, len(work) + 1):
                    # A short queue: waiting on all takes time by the square of their number.
                    some = itertools.islice(waiting, 2 * self.to.at_once - len(left))
                    left |= {pool.submit(self._guarded, ask, part) for part in some}
                    while not (done := wait(left, LOOK, FIRST_COMPLETED).done):
                        progress((number - 1) / len(work), self._told())
                    future = next(iter(done))
                    left.remove(future)
                    progress(number / len(work), self._told())
                    if (found := future.result()) is not None:
                        yield found
            except BaseException:
                self.sender.stopping.set()
                for future in left:
                    future.cancel()
                raise

    def _guarded(self, ask: Callable, part):
        try:
            return ask(part)
        except (NoAnswer, cost.BudgetSpent) as error:
            if not self.sender.stopping.is_set():
                self.missing(str(error))
                self.advice[error.advice] = isinstance(error, Passed)
            return None

    def _told(self) -> str:
        spent = self.sender.meter.spent
        money = f", ${spent.money:.4f}" if spent.money else ""
        tokens = spent.tokens_in + spent.tokens_out
        told = f"{wording.count(spent.calls, 'request')}, {tokens:,} tokens{money}"
        waits = self.sender.waiting()
        if not waits and time.monotonic() - self._waited < 2 * LOOK:
            waits = "another step is asking the same, its answers are waited for"
        return f"{told}; {waits}" if waits else told

    def key(self, kind: str, goal: str, text: str, description: str) -> str:
        """The key of a judgement, to find what the model saw. text : as :meth:`sent` gives it."""
        return answered.pair(self.name, kind, goal, text, description)

    def _held(self, kind: str, goal: str, pairs, texts: list[str]) -> dict[tuple[int, str], float]:
        keys = [self.key(kind, goal, texts[row], words) for row, words in pairs]
        found = self.kept.judged(list(dict.fromkeys(keys)))
        return {p: found[key] for p, key in zip(pairs, keys, strict=True) if key in found}

    def _many(
        self, rows: list[int], words: tuple[str, ...], goal: str, texts: list[str], opinion: int
    ):
        """Chances by (row, description). What another process asks meanwhile is not asked."""
        kind = prompts.MANY[opinion]
        pairs = [(row, d) for row in rows for d in words]
        with self.unasked([self.key(kind, goal, texts[row], d) for row, d in pairs]):
            have = self._held(kind, goal, pairs, texts)
            for some, left in _lacking(rows, words, have).items():
                have.update(self._put(left, some, goal, texts, opinion))
            return have

    def _put(
        self, rows: list[int], words: tuple[str, ...], goal: str, texts: list[str], opinion: int
    ):
        """Chances by (row, description), asked. A request that is too long is halved."""
        shown = [texts[row] for row in rows]
        messages = prompts.many(shown, words, goal, self.seed, opinion)
        room = 60 + len(rows) * (30 + 4 * len(words))

        def pairs(found):
            return {
                (row, d): chance
                for row, chances in zip(rows, found, strict=True)
                if chances is not None
                for d, chance in zip(words, chances, strict=True)
            }

        def kept(found):
            keyed = [
                (self.key(prompts.MANY[opinion], goal, texts[row], d), chance)
                for (row, d), chance in pairs(found).items()
            ]
            return {"judgements": keyed}

        try:
            found = self.ask(
                prompts.MANY[opinion],
                messages,
                (answers.MANY, room),
                lambda text: answers.many(text, len(rows), len(words)),
                kept,
            )
        except CutOff:
            if len(rows) < 2:
                raise
            half = len(rows) // 2
            parts = (rows[:half], rows[half:])
            return {
                pair: chance
                for part in parts
                for pair, chance in self._put(part, words, goal, texts, opinion).items()
            }
        if None in found:
            self.missing("the model left out texts of a request")
        return pairs(found)

    def _one(self, pair: tuple[int, str], goal: str, texts: list[str], opinion: int):
        row, words = pair
        messages = prompts.one(texts[row], words, goal, self.seed, opinion)
        key = self.key(prompts.ONE[opinion], goal, texts[row], words)
        with self.unasked([key]) as have:
            if key in have:
                return {pair: have[key]}
            chance = self.ask(
                prompts.ONE[opinion],
                messages,
                (answers.ONE, 40),
                answers.one,
                lambda kept: {"judgements": [(key, kept)]},
            )
        return {pair: chance}

    def ask(self, kind: str, messages: prompts.Messages, wanted, read: Callable, kept: Callable):
        """Ask, read, and keep what came back; once more when it has another form than asked.

        wanted : (schema, most tokens). kept : what a usable answer settles. Raises NoAnswer.
        """
        reason, now = "", messages
        if self._unusable >= UNUSABLE:
            raise Unusable(f"{UNUSABLE} answers in a row were not of the form asked for")
        for _ in range(2):
            answer = self.sender.send(now, *wanted)
            answer = replace(answer, text=self.to.key.hide(answer.text))
            try:
                found = read(answer.text)
            except answers.Malformed as error:
                reason = str(error)
                self.kept.keep(self._exchange(kind, now, answer, f"not usable: {reason}"))
                now = prompts.repair(messages, answer.text, reason)
            else:
                self.kept.keep(self._exchange(kind, now, answer, "used"), **kept(found))
                self._unusable = 0
                return found
        self._unusable += 1
        raise Unusable(f"the answer was not usable twice ({reason.rstrip('.')})")

    def _exchange(self, kind: str, messages, answer: Answer, outcome: str) -> Exchange:
        shown = [{**m, "content": self.to.key.hide(m["content"])} for m in messages]
        text = answer.text[: answers.MOST_LETTERS]
        told = (answer.tokens_in, answer.tokens_out, answered.now())
        return Exchange(self.name, kind, shown, text, outcome, *told)


def _lacking(
    rows: Iterable[int], words: Iterable[str], have: Container[tuple[int, str]]
) -> dict[tuple[str, ...], list[int]]:
    """Rows by the descriptions that they lack, at most MOST_ASKED in one entry."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for row in dict.fromkeys(int(r) for r in rows):
        lacking = [d for d in dict.fromkeys(words) if (row, d) not in have]
        for start in range(0, len(lacking), MOST_ASKED):
            groups.setdefault(tuple(lacking[start : start + MOST_ASKED]), []).append(row)
    return groups


def provider(
    to: Connection,
    budget: cost.Budget = cost.UNLIMITED,
    price: cost.Price | None = None,
    masker: Masker | None = None,
    together: int = TOGETHER,
    seed: int = 0,
    kept: Answers | None = None,
) -> LanguageProvider:
    """A provider at an endpoint, within a budget. price : None looks it up. Raises BadInput."""
    if not 1 <= together <= 20:
        raise BadInput("From 1 to 20 texts are judged in one request.")
    meter = cost.Meter(budget, cost.price(to, price))
    return LanguageProvider(to, Sender(to, meter, seed), kept or Answers(), masker, together, seed)
