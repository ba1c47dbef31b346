"""Dates on an axis of a plotly map that is zoomed, in a real browser."""

import pandas as pd

from tests.browser.test_paths import settled, uploaded


def test_dates_follow_the_zoom_and_come_back(open_page):
    n = 300
    when = pd.date_range("1650-01-01", periods=n, freq="9D", unit="s")
    table = pd.DataFrame({"when": when, "value": [i % 17 for i in range(n)], "other": range(n)})
    page = open_page("/data")
    uploaded(page, "dated.csv", table.to_csv(index=False).encode())
    settled(page)
    page.locator("summary", has_text="Make another map").click()
    page.get_by_role("combobox", name="Method").click()
    page.get_by_role("option", name="Two columns").click()
    page.get_by_role("button", name="Draw this map").click()
    words = (
        "[...document.querySelectorAll('.js-plotly-plot .xtick text')].map((e) => e.textContent)"
    )
    page.wait_for_function(f"{words}.includes('1652')")
    whole = page.evaluate(words)
    settled(page)
    for _ in range(6):  # by key: 64 times as near, about six weeks
        page.locator('.modebar-btn[data-title="Zoom in"]').first.press("Enter")
    page.wait_for_function(
        f"{words}.length > 1 && {words}.every((w) => /^16\\d\\d-\\d\\d-\\d\\d$/.test(w))"
    )
    page.locator('.modebar-btn[data-title="Reset axes"]').first.press("Enter")
    page.wait_for_function(f"JSON.stringify({words}) === JSON.stringify({whole})")
