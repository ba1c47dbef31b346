"""The Perception page in a real browser: a pair chosen by mouse, curves of a job, sliders."""

import re

from playwright.sync_api import expect

from tests.browser.test_paths import settled


def test_a_cell_of_the_matrix_lights_up_its_pair(open_page):
    page = open_page("/perception")
    settled(page)
    cells = page.locator(".st-key-matrix-ambiguity .points path")
    expect(cells.first).to_be_visible()
    expect(page.get_by_text("Choose a pair in the table")).to_be_visible()
    cells.first.scroll_into_view_if_needed()
    box = cells.first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 4)
    expect(page.locator("p", has_text=re.compile(r"^. and .: (about|nearly)"))).to_be_visible()
    page.get_by_role("button", name="Show all groups").click()
    expect(page.get_by_text("Choose a pair in the table")).to_be_visible()


def test_a_point_on_the_curve_lights_up_its_pair(open_page):
    page = open_page("/perception")
    settled(page)
    points = page.locator(".st-key-entropy .points path")
    expect(points.first).to_be_visible()
    points.first.scroll_into_view_if_needed()
    box = points.first.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("p", has_text=re.compile(r"^. and .: (about|nearly)"))).to_be_visible()


def test_the_curves_arrive_by_themselves(open_page):
    page = open_page("/perception")
    settled(page)
    page.get_by_role("tab", name="How drawing changes it").click()
    expect(page.get_by_text("diameter of the marks")).to_be_visible()
    expect(page.get_by_text("points drawn", exact=True)).to_be_visible()


def test_two_groups_moved_apart_by_keyboard_become_two(open_page):
    page = open_page("/perception")
    settled(page)
    page.get_by_role("tab", name="Try it with two groups").click()
    share = page.locator(".finding", has_text="Would see one group").locator(".value")
    expect(share).to_have_text(re.compile(r"4\d\s%"))
    page.get_by_role("slider", name="Distance of the centres").focus()
    page.keyboard.press("End")
    expect(share).to_have_text(re.compile(r"^[0-3]\s%|^under 1\s%"))
