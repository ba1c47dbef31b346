"""A review in real browsers: published by its owner, marked and commented by a reviewer, shown as
slides; later work does not change it."""

import re

from playwright.sync_api import expect

from tests.browser.axe import serious
from tests.browser.test_paths import PLOT, drag_lasso, goto, settled

# The widths of the map on the screen and on a sheet of 500 px, where its last point is there, the
# colour of its title and of its first name, and how much of that stays afterwards. The rules for
# paper are switched on by hand, since a page whose media are changed draws its map anew.
SHEET = """() => {
  const map = document.querySelector('.js-plotly-plot .main-svg');
  const drawn = map.getBoundingClientRect().width;
  const rules = [...document.styleSheets].flatMap((s) => [...s.cssRules])
    .filter((rule) => rule.media?.mediaText == 'print');
  const main = document.querySelector('[data-testid=stMain]');
  dispatchEvent(new Event('beforeprint'));
  rules.forEach((rule) => { rule.media.mediaText = 'all'; });
  main.style.width = '500px';
  const left = main.getBoundingClientRect().left;
  const points = [...document.querySelectorAll('.js-plotly-plot .points path')];
  const ends = points.map((point) => point.getBoundingClientRect().right - left);
  const ink = getComputedStyle(document.querySelector('h1')).color;
  const name = getComputedStyle(document.querySelector('.annotation-text')).fill;
  const width = map.getBoundingClientRect().width;
  main.style.width = '';
  rules.forEach((rule) => { rule.media.mediaText = 'print'; });
  dispatchEvent(new Event('afterprint'));
  const kept = document.querySelectorAll('[style*="--drawn"], .main-svg[viewBox]').length;
  return { drawn, width, last: Math.max(...ends), inks: [ink, name], kept };
}"""
SELECTED = re.compile(r"A selection of \d+ rows")
# Whether every slide fits the screen, shown one after the other.
FIT = """() => [...document.querySelectorAll('.slide')].map((slide) => {
  const hidden = slide.hidden;
  slide.hidden = false;
  const fits = slide.scrollHeight <= slide.clientHeight;
  slide.hidden = hidden;
  return fits;
})"""


def test_a_reviewer_comments_the_owner_resolves_and_works_on(open_page, server):
    owner = open_page("/review")
    owner.get_by_role("button", name="Write the review").wait_for()
    settled(owner)
    owner.get_by_role("button", name="Write the review").click()
    owner.wait_for_selector(PLOT)
    settled(owner)
    owner.get_by_role("button", name="Publish version 1").click()
    owner.get_by_text("Version 1 is published").wait_for()
    path = owner.locator("code").first.inner_text().removeprefix(server.url)

    reader = open_page(path)
    before = reviewed(reader)
    expect(reader).to_have_title("Wine · Gestalt")
    expect(reader.get_by_test_id("stTopNavLink")).to_have_count(0)
    said = comments(reader)
    expect(owner.locator(".comment .said")).to_have_text("Why is this side <b>thin</b>?")
    owner.get_by_role("button", name="Show", exact=True).click()
    expect(owner.locator("p", has_text="Marked:")).to_have_text(f"Marked: {said}")
    settled(owner)
    owner.get_by_role("button", name="Resolve").click()
    expect(reader.get_by_text("0 comments open, 1 resolved.")).to_be_visible()
    expect(reader.locator(".comment")).to_have_count(0)

    works_on(owner)
    reader.reload()
    assert reviewed(reader) == before
    assert serious(reader) == []
    prints(reader)
    with reader.context.expect_page() as opened:
        reader.get_by_role("link", name="Present").click()
    presents(opened.value)


def reviewed(page) -> list[str]:
    """The texts of a review once it is there."""
    page.wait_for_selector(PLOT)
    settled(page)
    texts = page.locator(".review-text").all_inner_texts()
    assert len(texts) == 7 and "k-means" in texts[0]
    return texts


def comments(reader) -> str:
    """Speak of points chosen with the mouse; returns what is said to be chosen."""
    drag_lasso(reader)
    reader.get_by_text(SELECTED).first.wait_for()
    settled(reader)
    reader.get_by_label("Your name").fill("Ada")
    reader.get_by_label("Comment", exact=True).fill("Why is this side <b>thin</b>?")
    reader.get_by_role("button", name="Comment", exact=True).click()
    reader.locator(".comment").wait_for()
    changes(reader)
    return SELECTED.search(reader.locator("p", has_text="Marked:").inner_text())[0]


def changes(reader) -> None:
    """Change what was said, and say it as before: the fold closes each time."""
    for words in ("Why?", "Why is this side <b>thin</b>?"):
        reader.get_by_role("button", name="Change").click()
        box = reader.get_by_test_id("stPopoverBody").get_by_role("textbox", name="Comment")
        box.fill(words)
        reader.get_by_role("button", name="Keep this text").click()
        expect(reader.locator(".comment .said")).to_have_text(words)
        expect(box).to_be_hidden()
        settled(reader)


def works_on(owner) -> None:
    """Cluster the same data anew."""
    goto(owner, "Clusters")
    owner.get_by_role("button", name="Cluster", exact=True).wait_for()
    settled(owner)
    groups = owner.get_by_label("Groups", exact=True).first
    groups.fill("6")
    groups.press("Enter")
    settled(owner)
    owner.get_by_role("button", name="Cluster", exact=True).click()
    owner.get_by_text("6 groups").first.wait_for()


def prints(reader) -> None:
    """On a sheet narrower than the screen the map is whole, and ink is dark also where the screen
    was."""
    reader.emulate_media(color_scheme="dark")
    expect(reader.locator(".js-plotly-plot .main-svg").first).to_have_css(
        "background-color", "rgb(16, 20, 27)"
    )
    settled(reader)
    assert serious(reader) == []
    found = reader.evaluate(SHEET)
    assert found["drawn"] > 700 and 450 < found["width"] <= 500 and 250 < found["last"] < 500
    assert found["inks"] == ["rgb(27, 35, 48)"] * 2 and found["kept"] == 0
    reader.emulate_media(color_scheme="light")
    settled(reader)


def presents(deck) -> None:
    """Through the slides by key, with a reload in the middle, and back to the review."""
    last = deck.locator(".slide").count()
    expect(deck.locator("h1")).to_be_visible()
    assert serious(deck) == []
    for key in ("ArrowRight", " ", "PageDown"):
        deck.keyboard.press(key)
    expect(deck.get_by_role("heading", name="The picture")).to_be_visible()
    width = "i => i.decode().then(() => i.naturalWidth)"
    assert deck.locator(".map img.light").evaluate(width) > 1000
    deck.keyboard.press("d")
    deck.reload()
    expect(deck.get_by_role("heading", name="The picture")).to_be_visible()
    expect(deck.locator(".map img.dark")).to_be_visible()
    deck.emulate_media(media="print")  # paper is white, whatever the screen is
    expect(deck.locator(".map img.light").first).to_be_visible()
    expect(deck.locator(".map img.dark").first).to_be_hidden()
    deck.emulate_media(media="screen")
    deck.keyboard.press("ArrowLeft")
    expect(deck.locator("#said")).to_have_text(f"Slide 3 of {last}: The data")
    assert all(deck.evaluate(FIT))
    deck.keyboard.press("End")
    expect(deck.get_by_role("heading", name="What to decide")).to_be_visible()
    deck.keyboard.press("Home")
    deck.keyboard.press("Escape")
    deck.wait_for_url("**/review?review=*")
