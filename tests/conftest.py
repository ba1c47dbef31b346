"""Every test has a data folder of its own kind and never touches the user's."""

import os
import secrets
import sys
import tempfile

import pytest
from hypothesis import settings

# Settings of whoever runs the tests are none of theirs; the database to test with is.
for name in [n for n in os.environ if n.startswith("GESTALT_") and "_TEST_" not in n]:
    del os.environ[name]
os.environ["GESTALT_HOME"] = tempfile.mkdtemp(prefix="gestalt-tests-")
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A busy machine is no failure: no property is timed.
settings.register_profile("gestalt", deadline=None)
settings.load_profile("gestalt")


@pytest.fixture(autouse=True, scope="session")
def rare_ids():
    """Every random id has what one of some hundred has: two underscores in a row and one last."""
    usual = secrets.token_urlsafe
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(secrets, "token_urlsafe", lambda size: f"__{usual(size)[3:]}_")
        yield


def pytest_make_parametrize_id(val, argname):
    """A test is not called by its bytes: an archive made while tests are collected holds the time,
    and processes that share the tests out must call them the same."""
    return argname if isinstance(val, bytes) else None


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A fresh data folder that the settings point at."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("GESTALT_HOME", str(folder))
    return folder


@pytest.fixture(autouse=True)
def same_folder():
    """What the pages share lies in the data folder that the settings name: a test with a folder of
    its own leaves nothing there for the next, whose jobs would write where nobody looks."""
    _put_away_other_folders()
    yield
    _put_away_other_folders()


def _put_away_other_folders():
    services = sys.modules.get("pages.ui.services")
    shared = services._shared if services else {}
    folders = [shared["artifacts"].folder] if "artifacts" in shared else []
    folders += [shared["runner"].home / "results"] if "runner" in shared else []
    if not folders:
        return
    here = (services.settings.home() / "results").resolve()
    if any(folder.resolve() != here for folder in folders):
        services.stop()
        shared.clear()
