"""How progress is written for people and for files."""

import io

from analytics.progress import lines


class Terminal(io.StringIO):
    def isatty(self):
        return True


def told(stream):
    write = lines(stream)
    write(None, "Unpacking, 1 MB")
    write(None, "Unpacking, 2 MB")
    for i in range(100):
        write(i / 100, f"Comparing rows {i:,}")
    write(1.0, "Ready")
    return stream.getvalue()


def test_a_file_gets_a_line_for_every_step_and_tenth():
    text = told(io.StringIO()).splitlines()
    assert text[0] == "Unpacking, 1 MB" and text[-1] == "100 % Ready"
    assert text[1:-1] == [f"{10 * i:3d} % Comparing rows {10 * i}" for i in range(10)]


def test_a_terminal_gets_one_line_for_every_step(monkeypatch):
    monkeypatch.setenv("COLUMNS", "18")
    screen = []
    for line in told(Terminal()).splitlines():
        if line.startswith("\x1b[A\x1b[K"):
            screen.pop()
        screen.append(line.removeprefix("\x1b[A\x1b[K"))
    assert screen == ["Unpacking, 2 MB", " 99 % Comparing rows", "100 % Ready"]
