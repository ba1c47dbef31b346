"""The library knows nothing of the app, and importing it is cheap."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("sklearn", "scipy", "umap", "numba", "torch", "plotly", "sqlalchemy", "streamlit")
SOURCES = sorted(p for folder in ("analytics", "models") for p in (ROOT / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The top-level packages a file imports anywhere, in functions too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add((node.module or "").split(".")[0])
    return names


def loaded_after(code: str) -> set[str]:
    """Which of the heavy packages a fresh interpreter has loaded after ``code``."""
    script = f"{code}\nimport sys, json\nprint(json.dumps([m for m in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_there_is_something_to_look_at():
    assert len(SOURCES) > 50


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_streamlit_and_no_pages(path):
    assert not imported(path) & {"streamlit", "pages", "tests"}


def test_importing_analytics_loads_no_numbers_at_all():
    assert not loaded_after("import analytics; dir(analytics)") & {*HEAVY, "numpy", "pandas"}


def test_the_table_of_methods_is_cheap():
    code = "import analytics; assert len(analytics.methods()) > 10"
    assert not loaded_after(code) & set(HEAVY)


def test_command_line_and_api_are_cheap():
    assert not loaded_after("import analytics.cli, analytics.api, analytics.view") & set(HEAVY)


def test_every_public_name_is_there():
    import analytics

    for name in analytics.__all__:
        assert callable(getattr(analytics, name))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        analytics.nonsense  # noqa: B018


def test_texts_are_utf_8_on_every_machine():
    """What a machine takes by itself is another code in some places: no page could be drawn."""
    least = {"read_text": 1, "write_text": 2}
    for path in (*SOURCES, *(ROOT / "pages").rglob("*.py"), ROOT / "app.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                given = len(node.args) + len(node.keywords)
                assert given >= least.get(node.func.attr, 0), (path.name, node.lineno)


def test_pages_in_tests_are_given_time():
    """What Streamlit gives by itself, three seconds, is less than a first import may take."""
    made = [
        p.name for p in (ROOT / "tests").glob("*.py") if "AppTest.from_" in p.read_text("utf-8")
    ]
    assert set(made) <= {"apptest.py", Path(__file__).name}
