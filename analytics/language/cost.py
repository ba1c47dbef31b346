"""What requests cost: estimated before, counted while they run, and never more than allowed."""

import json
import math
import threading
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from analytics import allowance, metrics, settings
from analytics.errors import BadInput
from analytics.language.connection import Connection

TABLE = Path(__file__).with_name("prices.json")
OWN_TABLE = "prices.json"  # in the data folder: the same form, read first
PER_MESSAGE = 6  # tokens that the protocol adds to a message


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens read and written."""

    read: float
    written: float

    def of(self, tokens_in: float, tokens_out: float) -> float:
        """US dollars."""
        return (self.read * tokens_in + self.written * tokens_out) / 1e6


@dataclass(frozen=True)
class Budget:
    """The most a run may use; None is without limit, 0 of anything lets no request leave."""

    calls: int | None = None
    tokens: int | None = None
    money: float | None = None  # US dollars

    def __post_init__(self):
        for name in ("calls", "tokens", "money"):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise BadInput(f"The budget of {name} must be 0 or more.")


UNLIMITED = Budget()


@dataclass(frozen=True)
class Spent:
    """Requests and tokens so far. money : US dollars, None when the price is not known."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    money: float | None = 0.0


class BudgetSpent(Exception):
    """The next request could go over the budget. The message says which limit is reached; advice,
    what to do."""

    advice = "allow more requests, tokens or money, and what was answered is not asked again"


def price(to: Connection, given: Price | None = None) -> Price | None:
    """The price of a model: given, of one's own table, free on this machine, or of the table that
    comes along; None when it is not known. Raises BadInput for a table that cannot be read."""
    if given is not None:
        return given
    own = settings.home() / OWN_TABLE
    tables = [own] * own.is_file() + [TABLE] * (not to.local)
    for path in tables:
        try:
            found = json.loads(path.read_text(encoding="utf-8"))["models"].get(to.model)
            if found is not None:
                return Price(*(float(number) for number in found))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            raise BadInput(
                f"The prices in {path.name} of the data folder cannot be read."
            ) from None
    return Price(0.0, 0.0) if to.local else None


def tokens(text: str) -> int:
    """About how many tokens a text has: one for four Latin letters, one for each other one."""
    plain = sum(character < "\u0250" for character in text)
    return math.ceil(plain / 4 + (len(text) - plain))


def tokens_in(messages: Sequence[dict[str, str]]) -> int:
    """About how many tokens a request has."""
    return sum(tokens(m["content"]) + PER_MESSAGE for m in messages)


def most_tokens_in(messages: Sequence[dict[str, str]]) -> int:
    """More tokens than a request can have: no token is shorter than a byte."""
    return sum(len(m["content"].encode("utf-8", "replace")) + PER_MESSAGE for m in messages)


class Meter:
    """Counts requests against a budget, safe from any thread.

    A request is booked at the most it can cost before it leaves and settled at what it did cost,
    so requests under way cannot go over the budget together. One that does not fit waits for those
    under way; when there are none it raises :class:`BudgetSpent`.
    """

    def __init__(self, budget: Budget = UNLIMITED, at: Price | None = None):
        self._person = allowance.counted()
        counted = self._person and allowance.limit(allowance.MONEY) is not None
        if (budget.money or counted) and at is None:
            raise BadInput(
                "The price of this model is not known: give prices, or a budget in calls or tokens."
                if not counted
                else "Here one person may use only so much money in a day, and the price of this "
                "model is not known: give its prices."
            )
        self.budget, self.price = budget, at
        self._spent = Spent(money=0.0 if at else None)
        self._booked = Spent(money=0.0)
        self._under_way = 0
        self._turn = threading.Condition()

    @property
    def spent(self) -> Spent:
        """The running total."""
        with self._turn:
            return self._spent

    @contextmanager
    def request(self, most_in: int, most_out: int):
        """Around one request; yields a list to put (tokens in, tokens out) of the answer into.

        When the request fails and nothing is put in, it counts as a call without tokens.
        """
        money = self.price.of(most_in, most_out) if self.price else 0.0
        most = Spent(1, most_in, most_out, money)
        with self._turn:
            while over := self._over(most):
                if not self._under_way:
                    raise BudgetSpent(over)
                self._turn.wait()
            self._booked = _sum(self._booked, most)
            self._under_way += 1
        used: list[tuple[int, int]] = []
        real, sent = Spent(0, 0, 0, 0.0), False
        try:
            with self._allowed(most, used):
                sent = True
                yield used
        finally:
            if sent:
                real = self._real(used)
            with self._turn:
                self._booked = _sum(self._booked, most, -1)
                self._spent = _sum(self._spent, real)
                self._under_way -= 1
                self._turn.notify_all()
            metrics.add("gestalt_model_calls", real.calls)
            metrics.add("gestalt_model_tokens", real.tokens_in, way="read")
            metrics.add("gestalt_model_tokens", real.tokens_out, way="written")
            metrics.add("gestalt_model_dollars", real.money or 0.0)

    def _real(self, used: list[tuple[int, int]]) -> Spent:
        """What a request did cost."""
        read, written = used[-1] if used else (0, 0)
        return Spent(1, read, written, self.price.of(read, written) if self.price else None)

    @contextmanager
    def _allowed(self, most: Spent, used: list[tuple[int, int]]):
        """Around one request, within what its person may use in a day."""
        if not self._person:
            yield
            return
        booked = _amounts(most)
        try:
            day = allowance.book(self._person, booked)
        except allowance.Spent as error:
            raise BudgetSpent(str(error)) from None
        try:
            yield
        finally:
            cost = _amounts(self._real(used))
            changes = {what: cost[what] - booked[what] for what in booked}
            allowance.correct(self._person, day, changes)

    def _over(self, most: Spent) -> str:
        """Which limit the request could pass, in words; empty when it fits."""
        total = _sum(_sum(replace(self._spent, money=self._spent.money or 0.0), self._booked), most)
        have = {
            "calls": total.calls,
            "tokens": total.tokens_in + total.tokens_out,
            "money": total.money,
        }
        for name, value in have.items():
            limit = getattr(self.budget, name)
            if limit is not None and (limit == 0 or value > limit * (1 + 1e-12)):
                words = f"${limit:.2f}" if name == "money" else f"{limit:,} {name}"
                return f"the budget of {words} is used up"
        return ""


def _amounts(spent: Spent) -> dict[str, int]:
    """As an allowance counts it."""
    return {
        allowance.CALLS: spent.calls,
        allowance.TOKENS: spent.tokens_in + spent.tokens_out,
        allowance.MONEY: math.ceil(1e6 * (spent.money or 0.0)),
    }


def _sum(a: Spent, b: Spent, sign: int = 1) -> Spent:
    unknown = a.money is None or b.money is None
    return Spent(
        a.calls + sign * b.calls,
        a.tokens_in + sign * b.tokens_in,
        a.tokens_out + sign * b.tokens_out,
        None if unknown else a.money + sign * b.money,
    )
