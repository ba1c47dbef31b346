"""A reader in a hurry: pages and files chosen while jobs run and the page draws itself anew."""

from tests.browser.test_paths import PLOT, blobs, csv, goto, settled, uploaded


def test_pages_chosen_while_jobs_run_are_shown(open_page):
    page = open_page("/")
    page.wait_for_selector(PLOT)
    for i in range(4):
        uploaded(page, f"haste{i}.csv", csv(blobs(n=300 + i, seed=i)))
        for name in ("Data", "Clusters", "Report"):
            goto(page, name)
            page.wait_for_url(f"**/{name.lower()}*")
        page.locator(".trail b").first.get_by_text(f"haste{i}.csv").wait_for()


def test_the_chart_stays_when_a_job_starts_and_ends(open_page):
    """A chart built anew blinks, and loses what the mouse is drawing."""
    page = open_page("/")
    page.wait_for_selector(PLOT)
    uploaded(page, "stay.csv", csv(blobs(n=1_500, d=12, seed=3)))
    page.get_by_text("1,500 rows").first.wait_for()
    settled(page)
    page.evaluate("document.querySelector('.js-plotly-plot').dataset.mine = 'yes'")
    page.get_by_text("Make another map").click()
    page.get_by_label("Method").first.click()
    page.get_by_role("option", name="t-SNE", exact=True).click()
    settled(page)
    page.get_by_role("button", name="Draw this map").click()
    page.wait_for_selector("[data-testid=stProgress]")
    page.get_by_role("button", name="Cancel").first.click()
    page.wait_for_selector("[data-testid=stProgress]", state="detached")
    settled(page)
    assert page.locator(".js-plotly-plot[data-mine=yes]").count() == 1


def test_a_page_loaded_again_shows_the_running_step_and_its_result(open_page):
    page = open_page("/")
    page.wait_for_selector(PLOT)
    uploaded(page, "again.csv", csv(blobs(n=1_200, d=12, seed=5)))
    page.get_by_text("1,200 rows").first.wait_for()
    settled(page)
    page.get_by_text("Make another map").click()
    page.get_by_label("Method").first.click()
    page.get_by_role("option", name="t-SNE", exact=True).click()
    settled(page)
    page.get_by_role("button", name="Draw this map").click()
    page.wait_for_url("**wait=projection**")
    page.reload()
    page.locator(".trail").get_by_text("t-SNE").wait_for()
    assert "wait=" not in page.url
