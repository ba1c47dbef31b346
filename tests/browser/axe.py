"""axe-core on a page of the browser: what it finds serious or critical."""

from pathlib import Path

import pytest

axe = pytest.importorskip("axe_playwright_python")
SCRIPT = Path(axe.__file__).parent / "axe.min.js"


def serious(page) -> list[str]:
    """What axe calls serious or critical on the page as it stands."""
    page.evaluate(SCRIPT.read_text("utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert found["passes"], "axe looked at nothing"
    return [
        f"{v['id']}: {n['html'][:120]}"
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
        for n in v["nodes"]
    ]
