"""How well the groups come back when a language model judges, and what its mistakes cost.

Run from the project root: ``python -m bench.language [set ...]``. The model is an oracle behind a
real HTTP server on this machine: it knows the true descriptions, proposes them among useless ones,
and turns round a share of its verdicts. Needs the evaluation data (``EVAL_DATA`` or
``../shared/data``), which is no part of this project.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np

import analytics
from analytics.explanation import explain, offline
from analytics.explanation.provider import Task
from analytics.language import asking, connection, ladder, provider
from models.evaluation import folder, place
from tests import llm_server

SETS = ("agnews", "syngoalex/topic", "syngoalex/language")
OTHERS = ("mentions 'the'", "mentions 'game'", "mentions 'x'")  # proposed besides the true ones
RUNS = (
    *((how, noise) for how in ("multi-label", "two opinions") for noise in (0.0, 0.05, 0.1, 0.2)),
    *(("local first", noise) for noise in (0.0, 0.1)),
)


def measured(home: Path) -> None:
    """One line per way of judging and share of wrong answers."""
    asked = json.loads((home / "data.json").read_text())
    known = json.loads((home / "labels.json").read_text())
    labels, names = np.array(known["labels"]), known["class_descriptions"]
    texts = tuple(dict.fromkeys(asked["texts"]))
    row = {text: i for i, text in enumerate(texts)}
    at = np.array([row[text] for text in asked["texts"]])
    truth = dict(zip(asked["texts"], labels.tolist(), strict=True))
    task = Task(texts, asked["goal"], tuple(asked["example_descriptions"]), len(names))
    local = offline.read(task)
    for how, noise in RUNS:
        oracle = llm_server.Oracle(truth, names, OTHERS, noise)
        with (
            tempfile.TemporaryDirectory() as data,
            llm_server.serving(oracle) as server,
        ):
            os.environ["GESTALT_HOME"] = data
            model = provider.provider(connection.connection(server.url, llm_server.MODEL, ""))
            started = perf_counter()
            draft = explain.explain(task, np.bincount(at).astype(float), _judge(how, model, local))
            seconds = perf_counter() - started
            chosen = list(draft.selection.chosen)
            found = draft.preferred[at]
            f1 = analytics.compare(labels, found)["macro_f1"]
            right = sum(draft.descriptions[c] in names for c in chosen)
            print(
                f"{home.name:9}  {how:12}  {noise:5.2f}  {f1:8.3f}  {right} of {len(names)}  "
                f"{(found < 0).mean():11.3f}  {len(server.requests):8}  {seconds:7.1f}",
                flush=True,
            )
            model.sender.close()
            model.kept.close()


def _judge(how: str, model: provider.LanguageProvider, local):
    by = ladder.Ladder(model, local if how == "local first" else None)
    return asking.Judge(model, model if how == "multi-label" else by)


if __name__ == "__main__":
    home = folder("goalex")
    if home is None:
        print(f"Nothing measured: {place('goalex')} is not here.")
        sys.exit()
    print("set        judging       wrong  macro-F1  true    unexplained  requests  seconds")
    for name in sys.argv[1:] or SETS:
        measured(home / name)
