"""A minute of damaged files; ``python -m tests.fuzz`` is the long form."""

import subprocess

import pytest

from analytics.data import columns
from analytics.errors import BadInput
from tests.fuzz import __main__ as fuzz
from tests.fuzz import inputs, readers

SECONDS = 60


@pytest.mark.parametrize("kind", inputs.whole())
def test_a_whole_file_is_read_and_its_damaged_copies_are_known_by_number(kind, tmp_path):
    name, data = inputs.whole()[kind]
    (tmp_path / "a").write_bytes(data)
    assert readers.read(kind, tmp_path / "a", name)
    made = [inputs.made(kind, n, inputs.whole()) for n in range(20)]
    assert made == [inputs.made(kind, n, inputs.whole()) for n in range(20)]
    assert len(set(made)) >= 18 and sum(d != data for _, d in made) >= 18


@pytest.mark.parametrize("kind", inputs.whole())
def test_damaged_files_are_read_or_refused(kind):
    found = fuzz.run(kind, 100_000, SECONDS / len(inputs.whole()))
    assert found.failed == {} and found.total > 0 and found.slowest < fuzz.SECONDS


def test_an_exception_a_hang_and_a_death_are_counted_and_the_rest_goes_on(tmp_path, monkeypatch):
    place = tmp_path / "number"
    place.write_text("7")
    told = "failed 3 KeyError: 'x'\n"
    found = fuzz.Count()
    died = subprocess.CompletedProcess([], -11, told, "Fatal")
    assert fuzz._told(found, died, place) == 8
    assert (
        fuzz._told(found, subprocess.CompletedProcess([], 0, "counts 5 2 1 0.5\n", ""), place)
        is None
    )
    assert set(found.failed) == {3, 7} and (found.read, found.refused) == (5, 2)
    assert found.total == 9 and found.last_resort == 1
    place.write_text("")
    with pytest.raises(RuntimeError):
        fuzz._told(found, died, place)


def test_the_last_resort_of_the_readers_is_counted(tmp_path, monkeypatch):
    resorts, logger = fuzz._Resorts(), fuzz.logging.getLogger("analytics.data.readers")
    logger.addHandler(resorts)
    try:
        monkeypatch.setattr(columns, "to_frame", lambda *_: {}["x"])
        with pytest.raises(BadInput):
            fuzz._read("csv", *inputs.whole()["csv"], tmp_path)
        assert resorts.count == 1
    finally:
        logger.removeHandler(resorts)


def test_a_reader_that_raises_or_hangs_is_a_failure(tmp_path, monkeypatch, capsys):
    (tmp_path / "number").write_bytes(b"")
    seen = []

    def reader(kind, name, data, folder):
        seen.append(name)
        if len(seen) <= len(inputs.tables()):
            return
        number = len(seen) - len(inputs.tables())
        if number == 1:
            raise BadInput("No.")
        if number == 2:
            raise fuzz._Hang
        if number == 3:
            raise KeyError("x")

    monkeypatch.setattr(fuzz, "_read", reader)
    monkeypatch.setattr(fuzz.resource, "setrlimit", lambda *_: None)
    fuzz.work("csv", 0, 4, 60, tmp_path / "number")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("failed 1 took more than") and lines[1] == "failed 2 KeyError: 'x'"
    assert lines[2].startswith("counts 1 1 0")
