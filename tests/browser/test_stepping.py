"""Painting points by mouse and keyboard, and watching an algorithm on them, in a real browser."""

import re

from playwright.sync_api import expect


def opened(open_page, **size):
    page = open_page("/learn", **size)
    page.get_by_role("tab", name="Step by step").click()
    expect(page.locator(".step-words")).to_contain_text("140 points and 3 centres")
    return page


def test_paint_by_mouse_and_step_forwards_and_back(open_page):
    page = opened(open_page)
    count = page.locator("p.count")
    said, board = page.locator(".step-words"), page.locator("canvas").first
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.get_by_text("The board is empty")).to_be_visible()
    box = board.bounding_box()
    for x, y in ((0.25, 0.25), (0.75, 0.7)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + (x + 0.1) * box["width"], box["y"] + y * box["height"], steps=6)
        page.mouse.up()
    expect(count).to_have_text(re.compile(r"^\d+ points"))
    painted = count.inner_text().split()[0]
    expect(said).to_contain_text(f"{painted} points and 3 centres to choose.")
    page.get_by_role("button", name="Next", exact=True).click()
    expect(said).to_contain_text("Centre 1 is a point drawn at random")
    page.get_by_role("button", name="Last", exact=True).click()
    expect(said).to_contain_text("settled in round")
    page.get_by_role("button", name="Back", exact=True).click()
    expect(said).to_contain_text("each centre moves to the mean")
    page.get_by_role("radio", name="DBSCAN").click()
    expect(said).to_contain_text(f"{painted} points, none visited.")

    page.reload()  # the tab of the browser remembers what was painted
    page.get_by_role("tab", name="Step by step").click()
    expect(said).to_contain_text(f"{painted} points and 3 centres to choose.")


def test_paint_by_keyboard_undo_and_play(open_page):
    page = opened(open_page, width=390, dark=True)
    said = page.locator(".step-words")
    page.locator("canvas").first.focus()
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Space")
    expect(said).to_contain_text("146 points")
    expect(page.get_by_role("status").filter(has_text="up 60 %")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(said).to_contain_text("140 points")
    page.get_by_role("radio", name="DBSCAN").click()  # long enough to be paused on the way
    expect(said).to_contain_text("none visited")
    page.get_by_role("button", name="Play").click()
    expect(said).to_contain_text("Point")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    page.get_by_role("button", name="Last", exact=True).click()
    expect(said).to_contain_text("Every point is visited")
    page.get_by_role("radio", name="fast", exact=True).click()
    page.get_by_role("button", name="Play").click()  # at the end it begins again
    expect(said).to_contain_text("Point 2 has")
