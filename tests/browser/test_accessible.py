"""Pages checked by axe in light and dark, and the map worked by keyboard alone."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.test_paths import settled

axe = pytest.importorskip("axe_playwright_python")
SCRIPT = Path(axe.__file__).parent / "axe.min.js"
PAGES = (
    *("/", "/data", "/clusters", "/perception", "/compare", "/explain", "/pictures"),
    *("/study", "/learn", "/review", "/report"),
)


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


@pytest.mark.parametrize("dark", [False, True])
def test_no_page_has_a_serious_finding(open_page, dark):
    page = open_page("/", dark=dark)
    found = {}
    for path in PAGES:
        if path != "/":
            page.get_by_role("link", name=re.compile(path[1:], re.IGNORECASE)).first.click()
            page.wait_for_url(re.compile(path))
        settled(page)
        found[path] = serious(page)
        if path == "/learn":
            page.get_by_role("tab", name="Step by step").click()
            expect(page.locator(".step-words")).to_be_visible()
            settled(page)
            found["steps"] = serious(page)
    assert not {path: words for path, words in found.items() if words}


def test_points_are_selected_by_keyboard_alone(open_page):
    page = open_page("/")
    settled(page)
    page.locator("summary", has_text="Select by numbers").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("178 of 178 rows in it")).to_be_visible()
    page.keyboard.press("Tab")
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    inside = page.get_by_text(re.compile(r"^(?!178)\d+ of 178 rows in it"))
    expect(inside).to_be_visible()
    button = page.get_by_role("button", name="Select this box")
    for _ in range(8):
        page.keyboard.press("Tab")
        if button.evaluate("e => e === document.activeElement"):
            break
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"^\d+ rows selected"))).to_be_visible()
