"""The dates that a browser puts on the axes of a map, by the program that comes with Playwright."""

import json
import subprocess
from pathlib import Path

import playwright

from pages.ui.frame import ASSETS

NODE = Path(playwright.__file__).parent / "driver" / "node"
SCRIPTS = ("large/ticks.js", "ticking/ticking.js")
SHOW = """
const shows = (range) => shown({ range }, "x", { clientWidth: 700, clientHeight: 500 });
console.log(JSON.stringify(%s.map(shows)));
"""


def shown(*ranges) -> list:
    """What stands at an axis that shows each of these ranges, in days since 1970-01-01."""
    script = "\n".join((ASSETS / name).read_text("utf-8") for name in SCRIPTS)
    script = script.replace("export default function", "const mounted = function")
    run = [NODE, "-e", script + SHOW % json.dumps(ranges)]
    said = subprocess.run(run, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(said.stdout)


def test_an_axis_that_shows_more_years_than_can_be_named_has_no_dates_and_no_fault():
    below, both, most, seconds = shown([-2e8, 1e3], [2e8, -2e8], [-9e7, 9e7], [1e-5, 1e-4])
    assert below == both == []
    assert len(most) > 1 and all(words for _, words in most)
    assert seconds == [[1e-5, "1970-01-01 00:00:01"], [1e-4, "1970-01-01 00:00:09"]]
