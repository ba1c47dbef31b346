"""The Learn page by a real mouse: a lesson walked from its first step, its place in the address."""

import re

from playwright.sync_api import expect

from tests.browser.test_paths import settled


def on(page, step):
    """Wait for a step to be there; its slow results may still be on their way."""
    expect(page.get_by_text(re.compile(rf"step {step} of \d+"))).to_be_visible()


def lasso_middle(page):
    """Draw a line round the middle of the plot."""
    area = page.locator(".js-plotly-plot .nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    x0, x1 = (box["x"] + box["width"] * s for s in (0.38, 0.62))
    y0, y1 = (box["y"] + box["height"] * s for s in (0.3, 0.7))
    page.mouse.move(x0, y0)
    page.mouse.down()
    for x, y in ((x1, y0), (x1, y1), (x0, y1), (x0, y0)):
        page.mouse.move(x, y, steps=5)
    page.mouse.up()


def test_a_lesson_by_mouse_with_a_lasso_reload_and_back(open_page):
    page = open_page("/learn")
    page.get_by_role("button", name="Start: What k-means can and cannot see").click()
    on(page, 1)
    page.get_by_role("button", name="Next").click()
    on(page, 2)
    settled(page)
    lasso_middle(page)
    expect(page.get_by_text(re.compile(r"\d+ points of 400 are inside your line"))).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Lock in my guess and reveal").click()
    on(page, 3)
    expect(page.get_by_text(re.compile(r"Your group has 1[2-5]\d points"))).to_be_visible()
    expect(page.get_by_text("400 points, in 2 groups found by k-means")).to_be_visible()
    assert "lesson=kmeans" in page.url and "step=3" in page.url

    page.reload()
    on(page, 3)
    expect(page.get_by_text(re.compile(r"Your group has 1[2-5]\d points"))).to_be_visible()
    page.get_by_role("button", name="Next").click()
    on(page, 4)
    page.go_back()
    on(page, 3)
    other = page.context.new_page()  # whoever is sent the address guesses for himself
    other.goto(page.url)
    on(other, 3)
    expect(other.get_by_text("You did not guess")).to_be_visible()


def test_an_experiment_and_a_question_by_keyboard(open_page):
    page = open_page("/learn?lesson=kmeans&step=6")
    on(page, 6)
    settled(page)
    expect(page.get_by_text("Not reached yet.")).to_be_visible()
    page.get_by_role("slider", name="Width of the wide cloud").focus()
    page.keyboard.press("Home")
    expect(page.get_by_text("Reached.", exact=True)).to_be_visible()
    settled(page)

    again = open_page("/learn?lesson=kmeans&step=9", width=390)
    on(again, 9)
    settled(again)
    again.get_by_role("radio").nth(0).focus()
    again.keyboard.press("ArrowDown")
    settled(again)
    again.get_by_role("button", name="Check", exact=True).focus()
    again.keyboard.press("Enter")
    expect(again.get_by_text(re.compile("^Right|^Not quite"))).to_be_visible()
