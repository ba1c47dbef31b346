"""What one person may use in a day."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from analytics import allowance
from analytics.data.limits import check_size
from analytics.errors import BadInput, StoreError
from analytics.language import cost


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path))
    return tmp_path


def test_without_a_limit_nothing_is_counted(home):
    assert allowance.book("ann", {allowance.UPLOADS: 10**15}) == ""
    assert not list(home.iterdir())


def test_uploads_are_counted_by_person_and_by_day(monkeypatch, home):
    monkeypatch.setenv("GESTALT_USER_UPLOADS_MB", "10")
    for _ in range(2):
        day = allowance.book("ann", {allowance.UPLOADS: 5 * 2**20})
    with pytest.raises(allowance.Spent, match="One person may use 10 MB of files in a day"):
        allowance.book("ann", {allowance.UPLOADS: 1})
    assert allowance.book("bob", {allowance.UPLOADS: 1}) == day
    with sqlite3.connect(home / allowance.FILE_NAME) as file:
        file.execute("UPDATE used SET day = '2020-01-01' WHERE person = 'ann'")
    file.close()
    assert allowance.book("ann", {allowance.UPLOADS: 1}) == day, "a new day"
    assert allowance.used("ann", allowance.UPLOADS) == 1


def test_of_several_amounts_all_are_booked_or_none(monkeypatch):
    monkeypatch.setenv("GESTALT_USER_LLM_CALLS", "5")
    monkeypatch.setenv("GESTALT_USER_LLM_TOKENS", "100")
    with pytest.raises(allowance.Spent, match="100 tokens"):
        allowance.book("ann", {allowance.CALLS: 1, allowance.TOKENS: 101})
    assert allowance.used("ann", allowance.CALLS) == 0
    day = allowance.book("ann", {allowance.CALLS: 1, allowance.TOKENS: 90})
    allowance.correct("ann", day, {allowance.CALLS: 0, allowance.TOKENS: -80})
    assert allowance.used("ann", allowance.TOKENS) == 10


def test_many_at_once_cannot_go_over_together(monkeypatch):
    monkeypatch.setenv("GESTALT_USER_LLM_CALLS", "7")

    def one(_):
        try:
            allowance.book("ann", {allowance.CALLS: 1})
        except allowance.Spent:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(20))) == 7
    assert allowance.used("ann", allowance.CALLS) == 7


def test_a_meter_of_a_persons_job_stops_at_what_is_left_of_the_day(monkeypatch):
    monkeypatch.setenv("GESTALT_USER_LLM_TOKENS", "1000")
    with allowance.of("ann"):
        for _ in range(2):  # two runs, as after a new start
            meter = cost.Meter()
            for _ in range(2):
                with meter.request(150, 100) as used:
                    used.append((120, 30))
        assert allowance.used("ann", allowance.TOKENS) == 600
        refused = pytest.raises(cost.BudgetSpent, match="tokens of language models in a day")
        with refused, cost.Meter().request(300, 101):
            raise AssertionError("it must not leave")
        assert allowance.used("ann", allowance.TOKENS) == 600
        meter = cost.Meter()
        with pytest.raises(OSError), meter.request(300, 100):
            raise OSError  # a request that failed counts as a call without tokens
        assert allowance.used("ann", allowance.TOKENS) == 600
        assert meter.spent.calls == 1
    with cost.Meter().request(10**6, 10**6):
        pass  # nobody's: not counted


def test_money_needs_a_price(monkeypatch):
    monkeypatch.setenv("GESTALT_USER_LLM_DOLLARS", "1")
    with allowance.of("ann"):
        with pytest.raises(BadInput, match="give its prices"):
            cost.Meter()
        meter = cost.Meter(at=cost.Price(10.0, 10.0))
        with meter.request(50_000, 0) as used:
            used.append((50_000, 0))
        refused = pytest.raises(cost.BudgetSpent, match="1 US dollars")
        with refused, meter.request(50_001, 0):
            raise AssertionError("it must not leave")


def test_a_file_that_cannot_be_written_is_said_in_one_sentence(monkeypatch, home):
    monkeypatch.setenv("GESTALT_USER_LLM_CALLS", "1")
    (home / allowance.FILE_NAME).write_bytes(b"no database" * 200)
    with pytest.raises(StoreError, match="cannot be counted"):
        allowance.book("ann", {allowance.CALLS: 1})


def test_rows_of_a_table_have_a_limit_where_one_is_set(monkeypatch):
    check_size(10**6, 3)
    monkeypatch.setenv("GESTALT_MAX_ROWS", "1000")
    check_size(1_000, 3)
    with pytest.raises(BadInput, match="at most 1,000 are opened here"):
        check_size(1_001, 3)
