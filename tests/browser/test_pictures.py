"""The Pictures page by mouse: find a map, cancel a search, rank columns, open one on the map."""

from tests.browser.test_paths import PLOT, blobs, csv, goto, settled, uploaded


def test_find_a_map_rank_columns_and_open_one(open_page):
    page = open_page("/")
    page.wait_for_selector(PLOT)
    uploaded(page, "few.csv", csv(blobs(n=240, d=4)))
    page.get_by_text("240 rows").first.wait_for()
    page.wait_for_selector(PLOT)
    settled(page)
    goto(page, "Pictures")
    page.get_by_role("button", name="Find a map").wait_for()
    settled(page)

    # The search takes the time it is given on a busy machine, and waiting here ends after 60 s.
    page.get_by_label("Look for").click()
    page.get_by_role("option").first.click()
    settled(page)
    page.get_by_text("More settings").click()
    methods = page.get_by_test_id("stMultiSelect").filter(has_text="Methods")
    for name in ("t-SNE", "UMAP", "LLE"):  # their work is tested elsewhere; here a quick answer
        methods.get_by_label(f"Remove {name}").click()
        settled(page)
    page.get_by_role("button", name="Find a map").click()
    page.get_by_text("keep the groups of the data").first.wait_for()
    page.wait_for_selector(PLOT)
    settled(page)

    page.get_by_role("tab", name="Compare plots").click()
    page.get_by_role("button", name="Rank").click()
    page.get_by_text("Clearest is").wait_for()
    settled(page)
    assert page.get_by_test_id("stImage").count() == 6
    page.get_by_role("button", name="Open on the map").first.click()
    page.wait_for_selector(PLOT)
    page.get_by_text("Two columns").first.wait_for()


def test_a_search_is_cancelled_and_the_page_stays(open_page):
    page = open_page("/")
    page.wait_for_selector(PLOT)
    uploaded(page, "many.csv", csv(blobs(n=3_000, d=12, seed=8)))
    page.get_by_text("3,000 rows").first.wait_for()
    page.wait_for_selector(PLOT)
    settled(page)
    goto(page, "Pictures")
    page.get_by_role("button", name="Find a map").wait_for()
    settled(page)
    page.get_by_role("button", name="Find a map").click()
    page.get_by_role("button", name="Cancel").first.click()
    page.get_by_role("button", name="Run it again").wait_for()
    assert page.get_by_role("button", name="Find a map").is_enabled()
