"""The reasons of a clustering in a real browser: the cards come, and one shows its group."""

import re


def test_a_card_shows_its_group_on_the_map(open_page):
    page = open_page("/clusters", height=1400)
    page.get_by_text("can be told by a short statement").wait_for()
    card = page.locator(".st-key-why-card-0")
    card.get_by_text("On rows left out: F1").wait_for()
    card.get_by_text("Columns the groups were made from").first.wait_for()  # drawn line by line
    card.get_by_text("Show on the map").click()
    card.get_by_text("Show all groups").wait_for()
    page.wait_for_url(re.compile(r"[?&]only=0"))
    page.get_by_text("How is this computed?").last.click()
    page.get_by_text("bound to differ: that is what the method looked for").wait_for()
