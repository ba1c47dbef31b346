"""The real path by mouse and keyboard: open, upload, map, cluster, lasso, save, link, download."""

import io
import json
import re
import time
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.browser.conftest import PATIENCE

PLOT = ".js-plotly-plot .main-svg"
SHOWN = (
    "() => { const { xaxis, yaxis } = document.querySelector('.js-plotly-plot')._fullLayout;"
    " return [...xaxis.range, ...yaxis.range]; }"
)


def blobs(n=900, d=6, seed=0):
    rng = np.random.default_rng(seed)
    centres = rng.normal(0, 8, (3, d))
    kind = rng.integers(0, 3, n)
    frame = pd.DataFrame(
        centres[kind] + rng.normal(0, 1, (n, d)), columns=[f"m{i}" for i in range(d)]
    )
    frame["species"] = np.array(["ash", "birch", "cedar"])[kind]
    return frame


def csv(frame) -> bytes:
    buffer = io.BytesIO()
    frame.to_csv(buffer, index=False)
    return buffer.getvalue()


def goto(page, name):
    page.get_by_role("link", name=name, exact=True).first.click()


def five_groups(page):
    """Cluster what is open into five groups, on the Clusters page."""
    goto(page, "Clusters")
    page.get_by_role("button", name="Cluster", exact=True).wait_for()
    settled(page)
    groups = page.get_by_label("Groups", exact=True).first
    groups.fill("5")
    groups.press("Enter")
    settled(page)
    page.get_by_role("button", name="Cluster", exact=True).click()
    page.get_by_text("5 groups").first.wait_for()


def upload(page, name, content):
    goto(page, "Data")
    page.locator("input[type=file]").first.wait_for(state="attached")
    settled(page)  # a page that draws itself anew may take the file's place
    page.locator("input[type=file]").first.set_input_files(
        {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    )


def uploaded(page, name, content):
    """Upload and wait until the app shows the map page by itself."""
    upload(page, name, content)
    page.wait_for_url(lambda url: "/data" not in url)


QUIET = (
    "() => !document.querySelector('[data-testid=stProgress]') &&"
    " document.querySelector('.stApp')?.dataset.testScriptState === 'notRunning'"
)


def settled(page):
    """Wait until no job and no script runs, and none has started a moment later."""
    quiet, end = 0, time.monotonic() + 2 * PATIENCE
    while quiet < 2:
        assert time.monotonic() < end, "the page draws itself anew for ever"
        page.wait_for_function(QUIET)
        page.wait_for_timeout(300)
        quiet = quiet + 1 if page.evaluate(QUIET) else 0


def drag_lasso(page, share=0.45):
    """Draw a lasso round the left part of the plot."""
    area = page.locator(".js-plotly-plot .nsewdrag").first
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    x0, y0, w, h = box["x"] + 4, box["y"] + 4, box["width"] * share, box["height"] - 8
    page.mouse.move(x0, y0)
    page.mouse.down()
    for x, y in ((x0 + w, y0), (x0 + w, y0 + h), (x0, y0 + h), (x0, y0)):
        page.mouse.move(x, y, steps=6)
    page.mouse.up()


def test_first_visit_shows_a_scored_sample(open_page):
    page = open_page("/")
    page.wait_for_selector(PLOT)
    page.get_by_text("Ambiguity of the picture (CLAMS)").wait_for()
    page.get_by_text(re.compile(r"Clusters.*groups?")).first.wait_for()


@pytest.mark.parametrize("path", ["/data", "/clusters", "/perception", "/report"])
def test_deep_links_show_their_page(open_page, path):
    page = open_page(path)
    titles = {
        "/data": "What to know before a run",
        "/clusters": "Distances measured in",
        "/perception": "Ambiguity of the picture (CLAMS)",
        "/report": "What was done",
    }
    page.get_by_text(titles[path]).first.wait_for()
    page.get_by_role("link", name="Clusters", exact=True).first.wait_for()


def test_upload_cluster_lasso_save_and_reopen(open_page, server, tmp_path):
    page = open_page("/")
    page.wait_for_selector(PLOT)
    uploaded(page, "trees.csv", csv(blobs()))
    page.get_by_text("trees").first.wait_for()
    goto(page, "Clusters")
    page.get_by_text("3 groups").first.wait_for()
    settled(page)

    goto(page, "Map")
    page.wait_for_selector(PLOT)
    settled(page)
    # What is clicked while the page still draws a selection does not undo it; Escape does.
    selected = page.get_by_text(re.compile(r"^[\d,]+ rows selected"))
    drag_lasso(page)
    for name in ("Histograms", "Profile", "Table", "Histograms", "Profile", "Table"):
        page.get_by_role("tab", name=name, exact=True).click()
        page.wait_for_timeout(80)
    settled(page)
    assert selected.count() == 1
    page.keyboard.press("Escape")
    selected.wait_for(state="detached")
    settled(page)
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
    drag_lasso(page)
    selected.wait_for()
    words = selected.inner_text()

    settled(page)
    page.get_by_role("button", name="Save").first.click()
    page.get_by_label("Name", exact=True).fill("Three trees")
    page.get_by_role("dialog").get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("This link opens exactly this view").wait_for()
    link = page.get_by_role("dialog").locator("code").inner_text().strip()
    assert "?view=" in link

    other = open_page(link.removeprefix(server.url))
    again = other.get_by_text(re.compile(r"^[\d,]+ rows selected"))
    again.wait_for()
    assert again.inner_text() == words

    goto(other, "Report")
    other.get_by_text("What was done").wait_for()
    settled(other)
    with other.expect_download() as waiting:
        other.get_by_role("button", name="Labels, CSV").click()
    file = tmp_path / "labels.csv"
    waiting.value.save_as(file)
    labels = pd.read_csv(file)
    assert len(labels) == 900
    assert labels["cluster"].nunique() == 3
    assert labels["selected"].sum() == int(words.split()[0].replace(",", ""))


def choose_umap(page):
    """Ask for a UMAP map with the form beside the map."""
    if not page.get_by_role("button", name="Draw this map").is_visible():
        page.get_by_text("Make another map").click()
    page.get_by_label("Method").first.click()
    page.get_by_role("option", name="UMAP", exact=True).click()
    settled(page)
    page.get_by_role("button", name="Draw this map").click()


def test_a_list_opened_in_an_opening_fold_stays_open(open_page):
    page = open_page("/")
    page.wait_for_selector(PLOT)
    settled(page)
    motion = page.context.new_cdp_session(page)
    motion.send("Animation.enable")
    motion.send("Animation.setPlaybackRate", {"playbackRate": 0.2})
    page.locator("summary", has_text="Make another map").focus()
    for key in ("Enter", "Tab", "ArrowDown"):
        page.keyboard.press(key)
    page.get_by_role("option", name="UMAP", exact=True).wait_for()
    form = page.locator("details", has=page.get_by_label("Method"))
    form.and_(page.locator("[style*=height]")).wait_for(state="detached")  # it has opened
    page.wait_for_timeout(500)
    assert page.get_by_role("option", name="UMAP", exact=True).is_visible()


def test_umap_by_job_and_cancel(open_page):
    page = open_page("/")
    page.wait_for_selector(PLOT)
    uploaded(page, "long.csv", csv(blobs(n=10_000, d=20, seed=4)))
    page.get_by_text("10,000 rows").first.wait_for()
    page.wait_for_selector(PLOT)
    settled(page)
    choose_umap(page)
    page.get_by_role("button", name="Cancel").first.click()
    page.wait_for_selector("[data-testid=stProgress]", state="detached")
    assert page.locator(PLOT).count() >= 1


def test_an_encoding_chosen_by_hand_after_the_map_has_opened(open_page):
    rows = "".join(f"Łódź{i % 3};{i};{i * i % 7}\n" for i in range(30))
    page = open_page("/")
    page.wait_for_selector(PLOT)
    uploaded(page, "cities.csv", f"city;x;y\n{rows}".encode("cp1250"))
    page.get_by_text("30 rows").first.wait_for()
    settled(page)
    goto(page, "Data")
    page.get_by_text("Read the file differently").click()
    page.get_by_label("Encoding").fill("cp1250")  # the long list draws what is in sight
    page.get_by_role("option", name="cp1250", exact=True).click()
    page.get_by_role("button", name="Read again").click()
    page.get_by_text("separated by semicolon · cp1250").wait_for()


def test_a_wrong_file_is_one_sentence_and_loses_nothing(open_page):
    page = open_page("/")
    page.wait_for_selector(PLOT)
    upload(page, "broken.zip", b"PK\x03\x04 this is no zip")
    message = page.get_by_text(re.compile(r"^Reading the data: "))
    message.wait_for()
    assert "Traceback" not in page.content()
    goto(page, "Map")
    page.wait_for_selector(PLOT)


def test_the_server_process_stays_light(open_page, server):
    for path in ("/", "/clusters", "/perception", "/explain", "/pictures", "/report", "/data"):
        open_page(path).wait_for_selector("[data-testid=stMain] [data-testid=stVerticalBlock]")
    maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "libtorch" not in maps
    assert "llvmlite" not in maps


def test_health(server):
    with urllib.request.urlopen(server.url + "/healthz", timeout=10) as answer:
        assert json.load(answer)["status"] == "ok"


def test_examples_pointed_out_with_the_mouse_start_a_clustering(open_page):
    page = open_page("/clusters")
    page.wait_for_selector(PLOT)
    settled(page)
    method = page.get_by_label("Method", exact=True).first
    method.fill("SLK")  # a long list draws only the options in view
    page.get_by_role("option", name=re.compile("^SLK")).click()
    settled(page)
    page.get_by_text("Examples", exact=True).first.click()
    drag_lasso(page, share=0.3)
    page.get_by_text(re.compile(r"^[\d,]+ rows? selected")).wait_for()
    settled(page)
    for name, share in (("left", None), ("right", 0.9)):
        if share:  # what was an example of the other group becomes one of this
            page.keyboard.press("Escape")
            settled(page)
            drag_lasso(page, share=share)
            settled(page)
        box = page.get_by_label("Group", exact=True).first
        box.click()
        box.press_sequentially(name)
        box.press("Enter")
        settled(page)
        page.get_by_role("button", name=re.compile(r"^Add \d+ selected row")).click()
        settled(page)
        page.get_by_text(re.compile(rf"^{name} · \d+ rows?$")).wait_for()
    assert page.get_by_text(re.compile(r"^left · ")).count() == 0
    page.get_by_role("button", name="Cluster", exact=True).click()
    page.get_by_text(re.compile(r"Starts from \d+ examples of 1 group")).first.wait_for()


def test_a_map_drawn_anew_keeps_what_was_zoomed_to_and_takes_the_page_s_colours(open_page):
    page = open_page("/")
    page.wait_for_selector(PLOT)
    settled(page)
    page.locator(".js-plotly-plot").first.hover()
    whole = page.evaluate(SHOWN)
    page.locator("[data-title='Zoom in']").first.click()
    page.wait_for_function(f"whole => String(({SHOWN})()) !== whole", arg=",".join(map(str, whole)))
    close = page.evaluate(SHOWN)
    drag_lasso(page)  # the selection has the map drawn anew
    middle = page.locator(".js-plotly-plot").first.bounding_box()
    page.mouse.move(middle["x"] + 200, middle["y"] + 200)
    page.mouse.down()  # on the plot that is about to be replaced: it does not complain
    for step in range(20):
        page.mouse.move(middle["x"] + 200 + 4 * step, middle["y"] + 200 + 9 * (step % 7))
        page.wait_for_timeout(50)
    page.mouse.up()
    page.get_by_text(re.compile(r"^[\d,]+ rows? selected")).wait_for()
    settled(page)
    assert page.evaluate(SHOWN) == pytest.approx(close, rel=1e-3)
    page.locator(".js-plotly-plot").first.hover()
    page.locator("[data-title='Zoom in']").first.click()  # and what is zoomed to after that
    page.wait_for_function(f"close => String(({SHOWN})()) !== close", arg=",".join(map(str, close)))
    closer = page.evaluate(SHOWN)
    drag_lasso(page, 0.3)
    page.wait_for_timeout(1000)
    settled(page)
    assert page.evaluate(SHOWN) == pytest.approx(closer, rel=1e-3)
    page.get_by_role("button", name="Reset view").click()
    settled(page)
    assert page.evaluate(SHOWN) == pytest.approx(whole, rel=1e-3)
    drag_lasso(page)  # from here on what was zoomed to before is forgotten
    page.wait_for_timeout(1000)
    settled(page)
    assert page.evaluate(SHOWN) == pytest.approx(whole, rel=1e-3)
    page.get_by_test_id("stMain").evaluate("main => main.scrollTo(0, 0)")
    trail = page.locator(".st-key-trail").bounding_box()["y"]
    paper = ".js-plotly-plot .bg, .js-plotly-plot .main-svg"
    light = page.locator(paper).first.evaluate("e => getComputedStyle(e).background")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "([which, was]) => getComputedStyle(document.querySelector(which)).background !== was",
        arg=[paper, light],
    )
    settled(page)
    assert page.locator(".st-key-trail").bounding_box()["y"] == trail


def test_a_page_that_has_changed_its_colours_is_quiet_again(open_page):
    page, talk = open_page("/"), []
    page.on("websocket", lambda s: s.on("framesent", lambda _: talk.append(1)))
    page.reload()
    page.wait_for_selector(PLOT)
    settled(page)
    for scheme in ("dark", "light", "dark"):
        before, end = len(talk), time.monotonic() + PATIENCE
        page.emulate_media(color_scheme=scheme)
        said = before
        while said == before or said != len(talk):
            assert time.monotonic() < end, "it says nothing, or never stops"
            said = len(talk)
            page.wait_for_timeout(2000)


def test_a_page_goes_on_with_its_data_when_the_server_was_started_anew(chromium, server):
    page = chromium.new_page()  # the browser tells of a server that is away, which is no fault here
    page.set_default_timeout(1000 * PATIENCE)
    try:
        page.goto(server.url)
        page.wait_for_selector(PLOT)
        for name, next_ in (("first.csv", "Data"), ("second.csv", "Clusters")):
            if page.url.count("/data"):
                page.locator("input[type=file]").first.set_input_files(
                    {"name": name, "mimeType": "text/csv", "buffer": csv(blobs(90))}
                )
                page.wait_for_url(lambda url: "/data" not in url)
            else:
                uploaded(page, name, csv(blobs(80)))
            settled(page)
            goto(page, next_)
            settled(page)
            server.stop()
            page.locator("[data-test-connection-state=CONNECTED]").wait_for(state="detached")
            server.start()
            page.locator("[data-test-connection-state=CONNECTED]").wait_for()
            settled(page)
        goto(page, "Map")  # a press that would lead to the sample, without what is open
        settled(page)
        page.get_by_text("second.csv 90 rows").wait_for()
    finally:
        page.close()
