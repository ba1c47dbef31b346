"""The documentation covers what is there: settings, methods, pages it links to."""

import re
from pathlib import Path

import pytest

from analytics import registry
from analytics.settings import SETTINGS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda s: s.name)
def test_every_setting_is_documented_as_it_is(setting):
    text = (DOCS / "settings.md").read_text()
    assert f"`{setting.name}`" in text
    assert setting.help in text


@pytest.mark.parametrize("kind", ["projection", "clustering"])
def test_every_method_is_documented(kind):
    text = (DOCS / f"{kind}.md").read_text()
    missing = [m.id for m in registry.methods(kind) if f"`{m.id}`" not in text]
    assert not missing


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=str)
def test_every_relative_link_leads_somewhere(page):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target
