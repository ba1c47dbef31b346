"""Signing in by OpenID Connect: a provider on loopback, a real browser, and what goes wrong."""

import re
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import expect

from tests.browser.conftest import PATIENCE, Server, free_port
from tests.oidc import CLIENT, SECRET, Provider

PEOPLE = {
    "ann": {"email": "ann@example.org", "email_verified": True, "name": "Ann Example"},
    "bob": {"email": "ann@example.org", "email_verified": False},
    "cyd": {"email": "cyd@elsewhere.org", "email_verified": True},
}
PAGE = {"Accept": "text/html"}
PLOT = ".js-plotly-plot"


@pytest.fixture(scope="module")
def provider():
    running = Provider(PEOPLE)
    yield running
    running.close()


@pytest.fixture(scope="module")
def guarded(provider, tmp_path_factory):
    """The app that lets in the people of one domain."""
    port = free_port()
    running = Server(
        tmp_path_factory.mktemp("sign-in") / "home",
        port,
        GESTALT_LOGIN="oidc",
        GESTALT_OIDC_METADATA=provider.metadata,
        GESTALT_OIDC_CLIENT=CLIENT,
        GESTALT_OIDC_SECRET=SECRET,
        GESTALT_OIDC_REDIRECT=f"http://127.0.0.1:{port}/oauth2callback",
        GESTALT_COOKIE_SECRET="c" * 40,
        GESTALT_MEMBERS="@example.org",
        AUTHLIB_INSECURE_TRANSPORT="1",  # the provider speaks plain http here
    )
    yield running
    running.stop()


@pytest.fixture
def visit(chromium, guarded):
    """A visitor with cookies of their own: ``visit(path)`` -> a page."""
    context = chromium.new_context()

    def open_(path="/"):
        page = context.new_page()
        page.goto(guarded.url + path)
        return page

    yield open_
    context.close()


def pick(page, who):
    page.get_by_role("link", name="Sign in", exact=True).click()
    page.get_by_role("link", name=who, exact=True).click()


def readable(page) -> None:
    """What stands behind her name can be read on a dark screen, and so can buttons that are off."""
    page.keyboard.press("Escape")
    page.emulate_media(color_scheme="dark")
    name = page.get_by_test_id("stPopoverButton").filter(has_text="Ann Example")
    name.click()
    page.mouse.move(5, 500)
    expect(name).to_have_css("color", "rgb(143, 168, 255)")
    expect(page.get_by_role("link", name="Sign out")).to_have_css("color", "rgb(232, 236, 242)")
    page.keyboard.press("Escape")
    button = page.locator("[data-testid^=stBaseButton-primary]").first
    button.evaluate("button => { button.disabled = true; }")
    expect(button.locator("p").first).to_have_css("color", "rgba(232, 236, 242, 0.4)")
    page.emulate_media(color_scheme="light")


def test_a_person_signs_in_is_named_and_signs_out(visit, guarded):
    page = visit("/clusters")
    page.get_by_text("Sign in to open this page.").wait_for()
    assert page.locator(PLOT).count() == 0
    pick(page, "ann")
    page.wait_for_url(lambda url: "/clusters" in url)  # where she wanted to go
    page.wait_for_selector(PLOT)
    page.get_by_test_id("stMainMenu").get_by_role("button").click()
    page.get_by_text("Ann Example").first.wait_for()
    assert SECRET not in page.content()
    readable(page)

    again = visit("/")
    again.wait_for_selector(PLOT)  # the cookie serves the next tab
    copied = {c["name"]: c["value"] for c in again.context.cookies()}
    again.goto(guarded.url + "/auth/logout")
    again.get_by_text("Sign in to open this page.").wait_for()
    again.go_back()
    again.get_by_text("Sign in to open this page.").wait_for()
    page.locator(
        "[data-testid=stTopNavLink][disabled]"
    ).first.wait_for()  # the other tab is cut off
    answer = requests.get(guarded.url + "/clusters", cookies=copied, headers=PAGE, timeout=PATIENCE)
    assert "Sign in to open this page." in answer.text
    page.reload()
    page.get_by_text("Sign in to open this page.").wait_for()


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("bob", "You are signed in as bob, who may not use this server."),
        ("cyd", "You are signed in as cyd@elsewhere.org, who may not use this server."),
    ],
)
def test_who_is_no_member_is_told_and_can_sign_out(visit, who, words):
    page = visit("/")
    pick(page, who)
    page.get_by_text(words).wait_for()  # bob claims ann's address, which nobody has verified
    page.get_by_role("link", name="Sign out").click()
    page.get_by_text("Sign in to open this page.").wait_for()


def test_a_refused_sign_in_says_so_and_the_next_one_works(visit, provider):
    page = visit("/")
    provider.broken = True
    try:
        pick(page, "ann")
        page.get_by_text("Signing in did not work").wait_for()
    finally:
        provider.broken = False
    pick(page, "ann")
    page.wait_for_selector(PLOT)


def test_a_cancelled_sign_in_says_so_once(visit, guarded):
    page = visit("/oauth2callback?error=access_denied&state=x")
    page.get_by_text("it was cancelled").wait_for()
    page.reload()
    page.get_by_text("Sign in to open this page.").wait_for()


def test_a_forged_cookie_and_a_guessed_code_open_nothing(visit, guarded):
    page = visit("/oauth2callback?state=forged&code=guessed")
    page.get_by_text("Signing in did not work").wait_for()
    claims = "eyJpc19sb2dnZWRfaW4iOnRydWV9"
    page.context.add_cookies(
        [{"name": "_streamlit_user", "value": f"2|1:0|x|{claims}|00", "url": guarded.url}]
    )
    page.goto(guarded.url + "/")
    page.get_by_text("Sign in to open this page.").wait_for()


def test_the_way_back_from_the_provider_lets_in_once_and_only_who_began_it(guarded, provider):
    mine, another = requests.Session(), requests.Session()
    for visitor in (mine, another):
        visitor.headers.update(PAGE)
    asked = re.search(r'href="(/auth/login[^"]*)"', mine.get(guarded.url + "/").text)[1]
    picked = urlsplit(mine.get(guarded.url + asked, timeout=PATIENCE).url)
    address = f"{provider.url}/pick?{picked.query}&who=ann"
    back = mine.get(address, allow_redirects=False).headers["location"]

    def opens(visitor):
        visitor.get(back, timeout=PATIENCE)
        return "Sign in to open" not in visitor.get(guarded.url + "/clusters").text

    begun = dict(mine.cookies)  # what tells that this browser began
    assert not opens(another)
    assert "Signing in did not work" in another.get(back, timeout=PATIENCE).text
    assert opens(mine) and opens(mine)  # the second time she is in already
    mine.get(guarded.url + "/auth/logout", timeout=PATIENCE)
    assert not opens(mine)
    another.cookies.update(begun)
    assert not opens(another)  # the code counts once


def test_a_provider_that_does_not_answer_is_a_sentence(chromium, tmp_path):
    gone = Provider(PEOPLE)
    gone.close()
    running = Server(
        tmp_path / "home",
        GESTALT_LOGIN="oidc",
        GESTALT_OIDC_METADATA=gone.metadata,
        GESTALT_OIDC_CLIENT=CLIENT,
        GESTALT_OIDC_SECRET=SECRET,
        GESTALT_OIDC_REDIRECT="http://127.0.0.1:1/oauth2callback",
        GESTALT_COOKIE_SECRET="c" * 40,
        AUTHLIB_INSECURE_TRANSPORT="1",
    )
    context = chromium.new_context()
    try:
        page = context.new_page()
        page.goto(running.url)
        page.get_by_role("link", name="Sign in", exact=True).click()
        page.get_by_text("Signing in did not work").wait_for()
    finally:
        context.close()
        running.stop()
    assert SECRET not in running.log.read_text()


def test_who_reads_by_a_link_sees_the_review_and_no_other_message(visit, guarded):
    from analytics.review import store
    from analytics.store.database import connect
    from tests.test_review import doc

    engine = connect("", guarded.home)
    review = store.start(engine, title="Birds", view={"page": "map"})
    store.publish(engine, review, doc())
    page = visit(f"/review?review={store.get(engine, review).token}")
    page.get_by_text("Version 1, published").wait_for()
    assert page.get_by_text("Page not found").count() == 0
