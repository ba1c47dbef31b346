"""Pages checked by axe in light and dark, and the map worked by keyboard alone."""

import ast
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.axe import serious
from tests.browser.test_paths import PLOT, settled

ROOT = Path(__file__).resolve().parents[2]


def pages():
    """Path of every page of the router, which cannot be imported outside the app."""
    tree = ast.parse((ROOT / "pages" / "router.py").read_text())
    rows = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and node.targets[0].id == "PAGES"
    )
    return ["/" if first else "/" + script[:-3] for script, _, _, first in rows]


def wordless(page):
    """Plots without a written sentence, as lines to read."""
    words = page.locator("[data-testid=stPlotlyChart]").evaluate_all(
        "charts => charts.map((e) => e.getAttribute('aria-label') || '')"
    )
    return [f"a plot without a sentence: {w!r}" for w in words if len(w.split()) < 4]


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_no_page_has_a_serious_finding(open_page, server, width, dark):
    page, found = open_page("/", width=width, dark=dark), {}
    for path in pages():
        page.goto(server.url + path)
        page.wait_for_selector("[data-testid=stMain] [data-testid=stVerticalBlock]")
        settled(page)
        found[path] = serious(page) + wordless(page)
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
    settled(page)  # a part drawn anew would take the focus away
    page.keyboard.press("Tab")
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    inside = page.get_by_text(re.compile(r"^(?!178)\d+ of 178 rows in it"))
    expect(inside).to_be_visible()
    settled(page)  # the last of the presses too
    button = page.get_by_role("button", name="Select this box")
    for _ in range(8):
        page.keyboard.press("Tab")
        if button.evaluate("e => e === document.activeElement"):
            break
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile(r"^\d+ rows selected"))).to_be_visible()


def test_axe_finds_what_is_wrong(open_page):
    """The check itself: a picture without words and pale letters are found."""
    page = open_page("/data")
    page.wait_for_selector("[data-testid=stMain] [data-testid=stVerticalBlock]")
    page.evaluate(
        """() => {
          const bad = document.createElement('div');
          bad.style = 'position: fixed; top: 0; z-index: 99999999';
          bad.innerHTML = '<img src="data:,"><p style="color: #bbb; background: #fff">pale</p>';
          document.body.prepend(bad);
        }"""
    )
    rules = {line.split(":")[0] for line in serious(page)}
    assert {"image-alt", "color-contrast"} <= rules


def by_keys(page, name, most=60):
    """Tab to the link of this name and press Enter."""
    page.evaluate("document.activeElement?.blur()")
    for _ in range(most):
        page.keyboard.press("Tab")
        here = page.evaluate(
            "() => [document.activeElement.tagName, document.activeElement.innerText?.trim()]"
        )
        if here[0] == "A" and (here[1] or "").endswith(name):
            page.keyboard.press("Enter")
            return
    raise AssertionError(f"the link {name} is not reached by Tab")


def test_data_map_clusters_study_by_keyboard_alone(open_page):
    page = open_page("/data")
    settled(page)
    by_keys(page, "Map")
    page.wait_for_selector(PLOT)
    settled(page)
    by_keys(page, "Clusters")
    page.get_by_text("Distances measured in").first.wait_for()
    settled(page)
    by_keys(page, "Study")
    page.get_by_role("button", name="Start the study").wait_for()


def test_the_map_is_said_in_a_sentence_and_focus_is_seen(open_page):
    page = open_page("/")
    page.wait_for_selector(PLOT)
    settled(page)
    chart = page.locator("[data-testid=stPlotlyChart]").first
    assert chart.get_attribute("aria-label") == "178 rows of Wine as a PCA map."
    page.keyboard.press("Tab")
    ring = page.evaluate(
        "() => { const s = getComputedStyle(document.activeElement);"
        " return s.outlineStyle + s.boxShadow; }"
    )
    assert ring != "nonenone"


def test_the_buttons_of_a_plot_and_the_tabs_have_a_ring_in_the_dark(open_page):
    page = open_page("/", dark=True)
    page.wait_for_selector(PLOT)
    settled(page)
    page.locator(".modebar-btn").first.focus()
    page.keyboard.press("Tab")
    ring = """() => { const s = getComputedStyle(document.activeElement);
        return [s.outlineStyle, s.outlineColor, s.boxShadow]; }"""
    accent = ["solid", "rgb(143, 168, 255)", "none"]
    assert page.evaluate(ring) == accent
    page.get_by_role("tab", name="Table", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.activeElement.innerText.trim() === 'Histograms'")
    assert page.evaluate(ring) == accent  # inside: round the tab it would be cut off
    inside = "parseFloat(getComputedStyle(document.activeElement).outlineOffset) < 0"
    assert page.evaluate(inside)


@pytest.mark.parametrize("path", ["/", "/clusters"])
def test_a_page_enlarged_to_200_per_cent_cuts_nothing_off(open_page, path):
    page = open_page(path, width=720, height=450)
    page.wait_for_selector(PLOT)
    page.locator("table.facts").first.wait_for()
    settled(page)
    wide = "(e) => e.scrollWidth - e.clientWidth"
    assert page.locator("[data-testid=stMain]").evaluate(wide) <= 0


def test_reduced_motion_is_honoured(chromium, server):
    context = chromium.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(server.url + "/data")
    page.wait_for_selector("[data-testid=stMain] [data-testid=stVerticalBlock]")
    settled(page)
    moving = page.evaluate(
        """() => [...document.querySelectorAll('*')].filter((e) => {
          const s = getComputedStyle(e);
          return parseFloat(s.transitionDuration) > 0 || s.animationName !== 'none';
        }).length"""
    )
    context.close()
    assert moving == 0
