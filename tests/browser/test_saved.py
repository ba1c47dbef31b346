"""Saved work in a real browser: history, added shapes, two tabs, zip files, a killed server."""

import re

from tests.browser.test_paths import PLOT, drag_lasso, goto, settled

SELECTED = re.compile(r"^[\d,]+ rows? selected")


def selected(page) -> int:
    words = page.get_by_text(SELECTED)
    words.wait_for()
    return int(words.inner_text().split()[0].replace(",", ""))


def ready(page):
    page.wait_for_selector(PLOT)
    page.get_by_text(re.compile(r"Clusters.*groups?")).first.wait_for()
    page.wait_for_url(lambda url: "&c=" in url or "view=" in url)
    settled(page)


def save(page, name):
    """Save the view under a name; returns its link."""
    page.get_by_role("button", name="Save").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name", exact=True).fill(name)
    dialog.get_by_role("button", name="Save", exact=True).click()
    link = dialog.locator("code").inner_text().strip()
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    return link


def drag_box(page, left, right):
    box = page.locator(".js-plotly-plot .nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + left * box["width"], box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + right * box["width"], box["y"] + box["height"] - 5, steps=8)
    page.mouse.up()


def test_back_and_forward_follow_selection_and_pages(open_page):
    page = open_page("/")
    ready(page)
    drag_lasso(page)
    count = selected(page)
    settled(page)
    goto(page, "Clusters")
    page.get_by_text("Distances measured in").first.wait_for()
    settled(page)
    for _ in range(3):  # the page may have an entry of its own before its view was written
        page.go_back()
        settled(page)
        if "/clusters" not in page.url:
            break
    assert "/clusters" not in page.url
    assert selected(page) == count
    settled(page)
    page.go_back()
    page.get_by_text(SELECTED).wait_for(state="detached")
    settled(page)
    page.go_forward()
    assert selected(page) == count


def test_what_one_press_opens_is_one_step_of_back_and_forward(open_page):
    page = open_page("/")
    ready(page)
    trail = page.locator(".trail")
    before = page.evaluate("history.length")
    goto(page, "Data")
    settled(page)
    page.get_by_role("tab", name="Samples", exact=True).click()
    settled(page)
    page.get_by_test_id("stTabPanel").get_by_role("button", name="Open").nth(1).click()
    page.wait_for_url(lambda url: "/data" not in url and "c=" in url)
    settled(page)
    opened = trail.inner_text()
    assert page.evaluate("history.length") == before + 2  # the Data page, and what was opened
    page.go_back()
    page.wait_for_url("**/data?*")
    trail.get_by_text("Wine").wait_for()
    settled(page)
    page.go_forward()
    page.wait_for_url(lambda url: "/data" not in url)
    settled(page)
    assert trail.inner_text() == opened and "Wine" not in opened


def test_a_box_can_be_added_to_a_lasso_and_undone(open_page):
    page = open_page("/")
    ready(page)
    drag_lasso(page, share=0.3)
    count = selected(page)
    settled(page)
    page.get_by_text("Add to it").click()
    settled(page)
    page.locator(".js-plotly-plot").first.hover()
    page.locator('.modebar-btn[data-title="Box Select"]').first.click()
    drag_box(page, 0.6, 0.95)
    page.get_by_text(f"{count} rows selected").wait_for(state="detached")
    assert selected(page) > count
    settled(page)
    page.get_by_role("button", name="Undo").click()
    page.get_by_text(f"{count} rows selected").wait_for()


def test_a_saved_project_is_exported_deleted_brought_back_and_imported(open_page, tmp_path):
    page = open_page("/")
    ready(page)
    save(page, "Travels")
    goto(page, "Data")
    page.get_by_role("tab", name="Saved work").click()
    row = page.locator("[class*=st-key-project-]").filter(has_text="Travels").first
    row.get_by_role("button", name="More").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Export as one zip").click()
    file = tmp_path / "travels.zip"
    waiting.value.save_as(file)
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_text("Deleted Travels.").wait_for()
    page.get_by_role("button", name="Undo the deletion").click()
    row.wait_for()
    settled(page)
    chooser = page.locator("[class*=st-key-import-project] input[type=file]")
    broken = {"name": "x.zip", "mimeType": "application/zip", "buffer": b"PK\x03\x04 no"}
    chooser.set_input_files(broken)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("This is not a Gestalt project").wait_for()
    chooser.set_input_files(file)
    page.get_by_text("travels.zip").first.wait_for()
    page.get_by_text("This is not a Gestalt project").wait_for(state="detached")
    settled(page)
    page.get_by_role("button", name="Import", exact=True).click()
    page.wait_for_url(lambda url: "/data" not in url and "view=" in url)
    page.wait_for_selector(PLOT)


def test_a_page_outlives_its_killed_server(chromium, server):
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    try:
        page = context.new_page()
        page.goto(server.url)
        ready(page)
        drag_lasso(page)
        count = selected(page)
        settled(page)
        server.process.kill()
        server.process.wait(10)
        server.start()
        page.wait_for_selector("[data-test-connection-state=CONNECTED]")
        page.get_by_text("Add to it").click()
        settled(page)
        assert selected(page) == count
        page.get_by_role("button", name="Clear").click()
        page.get_by_text(SELECTED).wait_for(state="detached")
        assert page.locator(PLOT).count()
    finally:
        context.close()
