"""The large map against plotly's scattergl, in one browser and on one server.

    python -m bench.large [--points 1000000,10000000] [--plotly 1000000]

Both draw the same points in the same Streamlit page. Seconds are counted from the click that makes
the page draw, with both scripts loaded before; "whole" is when every point is drawn. A frame is one
step of the mouse wheel until the next picture; "messages" are those sent to the server meanwhile.
The lasso is counted from the release of the mouse to the number of rows on the page. Memory is
that of all browser processes (PSS) over that of the page before.
"""

import argparse
import os
import re
import tempfile
import textwrap
import time
from pathlib import Path

from bench.draw import cloud

ROOT = Path(__file__).resolve().parents[1]
PAGE = """
import sys
sys.path.insert(0, {root!r})
from bench.large import page
page()
"""
APP = """
import sys
sys.path.insert(0, {root!r})
from streamlit.starlette import App
from pages.ui import served
app = App({page!r}, routes=served.ROUTES)
if __name__ == "__main__":
    app.run(config={{"server.address": "127.0.0.1", "server.port": {port}, "server.headless": True,
        "browser.gatherUsageStats": False, "server.fileWatcherType": "none"}})
"""
STEPS = 12


_made: dict = {}


def page() -> None:
    """The page under test: a small chart of each kind, and the large one after a click."""
    import streamlit as st

    kind, n = st.query_params["kind"], int(st.query_params["n"])
    st.set_page_config(layout="wide")
    st.plotly_chart(_plotly(*_points(1_000)), key="small", height=120)
    _points(n)
    if st.button("Draw"):
        st.session_state["on"] = True
    if not st.session_state.get("on"):
        return
    shapes = st.session_state.get("shapes", ())
    if shapes:
        from analytics import selection

        st.write(f"{int(selection.resolve(shapes, _points(n)[0]).sum()):,} rows selected")
    if kind == "plotly":
        st.plotly_chart(
            _plotly(*_points(n)),
            key="big",
            height=640,
            theme=None,
            on_select=_lassoed,
            selection_mode="lasso",
            config={"scrollZoom": True},
        )
    else:
        _large(n)


def _points(n: int):
    made = _made
    if n not in made:
        made[n] = cloud(n)
    return made[n]


def _plotly(xy, groups):
    import plotly.graph_objects as go

    from analytics.figures import theme

    colors = [theme.color_of(g) for g in range(-1, 8)]
    steps = [[(i + s) / 9, c] for i, c in enumerate(colors) for s in (0, 1)]
    marker = {"size": 2.4, "color": groups.astype("int8"), "colorscale": steps}
    trace = go.Scattergl(
        x=xy[:, 0], y=xy[:, 1], mode="markers", marker={**marker, "cmin": -1.5, "cmax": 7.5}
    )
    return go.Figure(trace, {"dragmode": "lasso", "template": theme.template()})


def _lassoed() -> None:
    import streamlit as st

    from analytics import selection

    st.session_state["shapes"] = selection.from_plotly(st.session_state["big"])


def _large(n: int) -> None:
    import streamlit as st

    from analytics.results import Projection
    from pages.ui import largeview
    from pages.ui.drawing import Layer

    xy, groups = _points(n)
    projection = Projection(digest=f"{n:032x}", parents=(), xy=xy, method="columns", params={})

    def chosen(event):
        st.session_state["shapes"] = (event,)

    largeview.draw(
        projection,
        [Layer(groups)],
        lit=None,
        isolate=None,
        hover=None,
        home=None,
        revision="",
        selection=(),
        ellipses=None,
        outlines=True,
        aspect=1.0,
        height=640,
        name="Points",
        key="bench",
        chosen=chosen,
    )


class Server:
    """The page on a port of its own."""

    def __init__(self, folder: Path):
        import socket
        import subprocess
        import sys

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        script, app = folder / "page.py", folder / "app.py"
        script.write_text(textwrap.dedent(PAGE.format(root=str(ROOT))))
        app.write_text(APP.format(root=str(ROOT), page=str(script), port=port))
        self.url = f"http://127.0.0.1:{port}"
        environment = {**os.environ, "GESTALT_HOME": str(folder / "home")}
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(app)], env=environment, stdout=log, stderr=log
            )


def memory(pid: int) -> float:
    """Proportional memory of a process and all below it, MB."""
    found, waiting = 0.0, [pid]
    below: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        below.setdefault(parent, []).append(int(stat.parent.name))
    while waiting:
        for child in below.get(waiting.pop(), []):
            waiting.append(child)
            try:
                rollup = Path(f"/proc/{child}/smaps_rollup").read_text()
                found += int(re.search(r"Pss:\s+(\d+)", rollup)[1]) / 1024
            except (OSError, TypeError):
                continue
    return found


DRAWN = {
    "large": "() => document.querySelector('[data-testid=stBidiComponentIsolated]')?.shadowRoot"
    "?.querySelector('.large')?.dataset.drawn",
    "plotly": "() => { const p = document.querySelectorAll('.js-plotly-plot')[1];"
    " return p?.calcdata && p.querySelector('.gl-canvas-context') && new Promise((done) =>"
    " requestAnimationFrame(() => requestAnimationFrame(() => done(true)))); }",
}
AREA = {"large": ".large .area", "plotly": ".js-plotly-plot >> nth=1 >> .nsewdrag"}
FRAMES = """async ([steps]) => { const times = []; let last = performance.now();
  for (let i = 0; i < steps; i++) { await new Promise((done) => requestAnimationFrame(done));
    times.push(performance.now() - last); last = performance.now(); } return times; }"""


def measure(browser, server: Server, kind: str, n: int) -> dict[str, float]:
    """All numbers of one kind at one size."""
    from playwright.sync_api import Error

    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page, sent = context.new_page(), []
    page.set_default_timeout(150_000)
    page.on("websocket", lambda s: s.on("framesent", lambda _: sent.append(1)))
    page.on("request", lambda r: sent.append(1) if "/large/" in r.url else None)
    page.goto(f"{server.url}/?kind={kind}&n={n}")
    page.wait_for_selector(".js-plotly-plot .gl-canvas-context", state="attached")
    page.wait_for_timeout(1500)
    before = memory(os.getpid())
    started = time.perf_counter()
    page.get_by_role("button", name="Draw").click()
    page.wait_for_function(DRAWN[kind], polling=30)
    found = {"whole s": time.perf_counter() - started}
    page.wait_for_timeout(500)
    box = page.locator(AREA[kind]).bounding_box()
    found["memory MB"] = memory(os.getpid()) - before
    sent.clear()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.wait_for_timeout(300)
    sent.clear()
    started = time.perf_counter()
    for i in range(STEPS):
        page.mouse.wheel(0, -60 if i % 2 else 60)
        page.evaluate(FRAMES, [1])
    found["frame s"] = (time.perf_counter() - started) / STEPS
    page.wait_for_timeout(60)
    found["messages"] = len(sent)
    page.wait_for_timeout(1_000)
    lasso(page, box)
    started = time.perf_counter()
    try:
        page.get_by_text(re.compile(r"^[\d,]+ rows selected")).wait_for(timeout=60_000)
        found["lasso s"] = time.perf_counter() - started
    except Error:
        found["lasso s"] = float("nan")
    context.close()
    return found


def lasso(page, box) -> None:
    """Draw round the middle of the map, then let go."""
    x, y, w, h = box["x"], box["y"], box["width"], box["height"]
    corners = [(0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75), (0.25, 0.27)]
    page.mouse.move(x + 0.25 * w, y + 0.25 * h)
    page.mouse.down()
    for a, b in corners[1:]:
        page.mouse.move(x + a * w, y + b * h, steps=6)
    page.mouse.up()


def main() -> None:
    """Measure and print, with ratios to plotly at the same size."""
    from playwright.sync_api import sync_playwright

    from tests.browser.conftest import ARGS, CHROMIUM

    parser = argparse.ArgumentParser()
    parser.add_argument("--points", default="1000000,10000000")
    parser.add_argument("--plotly", default="1000000", help="sizes that plotly draws too")
    given = parser.parse_args()
    sizes = [int(n) for n in given.points.split(",")]
    both = [int(n) for n in given.plotly.split(",") if n]
    folder = Path(tempfile.mkdtemp())
    server = Server(folder)
    print(
        f"{'points':>10} {'drawn by':>8} {'whole s':>8} {'memory MB':>10} {'frame s':>8}"
        f" {'messages':>8} {'lasso s':>8}  ratios to plotly"
    )
    try:
        with sync_playwright() as playwright:
            time.sleep(6)
            for n in sizes:
                base = None
                for kind in [*(["plotly"] if n in both else []), "large"]:
                    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
                    found = measure(browser, server, kind, n)
                    browser.close()
                    print(line(n, kind, found, base), flush=True)
                    base = found
    finally:
        server.process.terminate()


def line(n: int, kind: str, found: dict, base: dict | None) -> str:
    """One line of the table."""
    words = f"{n:>10,} {kind:>8} {found['whole s']:>8.2f} {found['memory MB']:>10.0f}"
    words += f" {found['frame s']:>8.3f} {found['messages']:>8.0f} {found['lasso s']:>8.2f}"
    if base is None:
        return words
    names = ("whole s", "memory MB", "frame s", "lasso s")
    return words + "  " + " ".join(f"{name} {found[name] / base[name]:.3f}x" for name in names)


if __name__ == "__main__":
    main()
