"""Every test has a data folder of its own kind and never touches the user's."""

import os
import tempfile

import pytest
from hypothesis import settings

os.environ["GESTALT_HOME"] = tempfile.mkdtemp(prefix="gestalt-tests-")
os.environ.pop("GESTALT_DATABASE_URL", None)
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A busy machine is no failure: no property is timed.
settings.register_profile("gestalt", deadline=None)
settings.load_profile("gestalt")


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A fresh data folder that the settings point at."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("GESTALT_HOME", str(folder))
    return folder
