"""The Compare page by mouse and keyboard: two results, a lasso for both, a pair, its link."""

import re

from playwright.sync_api import expect

from tests.browser.test_paths import (
    PLOT,
    blobs,
    csv,
    drag_lasso,
    five_groups,
    goto,
    settled,
    uploaded,
)


def two_results(page):
    """Data of its own with a first clustering and one more of five groups."""
    page.wait_for_selector(PLOT)
    uploaded(page, "compare.csv", csv(blobs(n=260, d=3, seed=5)))
    page.get_by_text("260 rows").first.wait_for()
    page.wait_for_selector(PLOT)
    settled(page)
    five_groups(page)
    settled(page)
    goto(page, "Compare")
    page.get_by_role("tab", name="Gallery").wait_for()
    settled(page)


def test_compare_two_results_select_on_both_and_restore_by_link(open_page):
    page = open_page("/")
    two_results(page)
    expect(page.get_by_test_id("stImage")).to_have_count(2)
    page.get_by_role("tab", name="Gallery").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.get_by_text("a lasso on one map selects the rows on all").wait_for()
    settled(page)
    drag_lasso(page)
    page.get_by_text(re.compile(r"\d+ rows selected")).wait_for()
    settled(page)
    said = page.get_by_text(re.compile(r"\d+ rows selected")).first.inner_text()

    again = open_page(page.url.split(page.url.split("/")[2])[1])
    again.get_by_text("a lasso on one map selects the rows on all").wait_for()
    settled(again)
    expect(again.get_by_text(said).first).to_be_visible()

    page.get_by_role("tab", name="What moved").click()
    page.get_by_text("rows stay in the matching group").wait_for()
    settled(page)
    box = page.get_by_test_id("stDataFrame").first.bounding_box()
    page.mouse.click(box["x"] + 18, box["y"] + 52)
    page.get_by_role("button", name="Clear the pair").wait_for()
    settled(page)
    assert "cell=" in page.url and "sel=" not in page.url

    page.get_by_role("tab", name="Consensus").click()
    page.get_by_role("button", name="Join 2 results").click()
    page.get_by_text("Rows that change sides most").wait_for()
    settled(page)


def test_a_group_is_renamed_and_the_change_is_undone(open_page):
    page = open_page("/clusters")
    page.wait_for_selector(PLOT)
    settled(page)
    page.get_by_role("tab", name="Correct").click()
    page.get_by_label("Your name").wait_for()
    settled(page)
    page.get_by_label("New name").fill("The first ones")
    page.keyboard.press("Tab")
    settled(page)
    page.get_by_role("button", name="Rename").click()
    page.get_by_text("1 change by hand").wait_for()
    settled(page)
    expect(page.locator("table.facts", has_text="The first ones")).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).click()
    page.get_by_text("Nothing was changed by hand yet").wait_for()
    settled(page)
