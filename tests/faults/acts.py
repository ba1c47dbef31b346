"""What a program is doing when it is killed, and how to see that nothing it acknowledged is lost.

``python -m tests.faults.acts NAME HOME SEED`` works in a data folder without an end. After each
piece of work it prints one line of JSON, its acknowledgement. ``CHECKS[NAME]`` takes all lines
and gives a sentence for each thing that is not there or not whole.
"""

import hashlib
import io
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from analytics.accounts import holdings, sharing
from analytics.accounts.person import MEMBER, Person
from analytics.data import uploads
from analytics.errors import BadInput, StoreError
from analytics.language import connection, provider
from analytics.language.answered import FILE_NAME, Answers
from analytics.review import comments
from analytics.review import store as reviews
from analytics.store import projects, runs
from analytics.store.artifacts import Artifacts
from analytics.store.bundle import export_bytes, import_project
from analytics.study import plots, taking_part
from analytics.study import store as studies
from tests.faults import operating
from tests.faults.databases import NAMED, opened
from tests.faults.things import Ack, kept, result, text_of, whole
from tests.llm_server import MODEL
from tests.test_language import NAMES, ROWS, TASK

ANN = Person("u" + "a" * 30, "Ann", "ann@x.org", "", MEMBER)
SQUARE = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.5]]


# --- saving ---------------------------------------------------------------------------------------


def saving(home: Path, seed: int) -> Iterator[Ack]:
    """A project with results and a file, saved over and over, and new ones and copies beside it;
    all of them are one person's."""
    engine, artifacts = kept(home), Artifacts(home / "results")
    state = {"n": 0, "text": text_of(seed, 0)}
    saved = projects.save_view(engine, name=f"Run {seed}", state=state, owner=ANN)
    yield {"view": saved.view, "n": 0}
    for n in range(1, 100_000):
        made = result(["saving", seed, n])
        artifacts.save(made)
        data = text_of(seed, n).encode() * 200
        content = uploads.stage(io.BytesIO(data), "a.csv", home)["content"]
        runs.record_run(engine, saved.project, digest=made.digest, kind="projection")
        state = {"n": n, "text": text_of(seed, n), "projection": made.digest}
        saved = projects.save_view(
            engine, name="Run", state=state, view=saved.view, revision=saved.revision
        )
        yield {"view": saved.view, "n": n, "digest": made.digest, "content": content}
        new = projects.save_view(engine, name="New", state=state, owner=ANN, files=[content])
        yield {"view": new.view, "n": n, "holds": new.project, "content": content}
        copy = projects.duplicate(engine, new.project, owner=ANN)
        yield {"view": copy.view, "n": n, "holds": copy.project, "content": content}


def saving_check(home: Path, acks: list[Ack]) -> Iterator[str]:
    """Every view opens at its last acknowledged state or a later one; files are whole; every
    project, acknowledged or not, has its owner and holds its files."""
    engine, artifacts = opened(home), Artifacts(home / "results")
    for ack in {a["view"]: a for a in acks}.values():
        state = projects.open_view(engine, ack["view"]).state
        if state["n"] < ack["n"]:
            yield f"view {ack['view']} went back from {ack['n']} to {state['n']}"
    for ack in acks:
        if "digest" in ack and not whole(artifacts, ack["digest"]):
            yield f"result {ack['digest']} is lost"
        if "content" in ack:
            path = uploads.path_of(ack["content"], home)
            if hashlib.sha256(path.read_bytes()).hexdigest() != ack["content"]:
                yield f"file {ack['content']} is damaged"
        if "holds" in ack and holdings.held(engine, [ack["holds"]]) != {ack["content"]}:
            yield f"project {ack['holds']} does not hold its file"
    yield from _without_owner(engine)
    for project in projects.list_projects(engine):
        for row in projects.list_views(engine, project.id):
            state = projects.open_view(engine, row.view).state
            if "projection" in state and not whole(artifacts, state["projection"]):
                yield f"view {row.view} names a result that is not there"
    engine.dispose()


def _without_owner(engine) -> Iterator[str]:
    """Projects that are not the one person's who made them all."""
    there = [project.id for project in projects.list_projects(engine)]
    for project in set(there) - set(sharing.roles(engine, ANN, there)):
        yield f"project {project} has no owner"


# --- importing ------------------------------------------------------------------------------------


def importing(home: Path, seed: int) -> Iterator[Ack]:
    """A project file made elsewhere, taken in over and over with ever new results."""
    engine, artifacts = kept(home), Artifacts(home / "results")
    for n in range(100_000):
        away = home.parent / f"{home.name}-away-{seed}-{n}"
        other, theirs = opened(away), Artifacts(away / "results")
        digests = []
        saved = projects.save_view(other, name="One", state={"n": 1})
        for i in range(5):
            made = result(["importing", seed, n, i])
            theirs.save(made)
            digests.append(made.digest)
            runs.record_run(other, saved.project, digest=made.digest, kind="projection")
        projects.save_view(other, name="Two", state={"n": 2}, project=saved.project)
        data = export_bytes(other, theirs, saved.project, away)
        other.dispose()
        taken = import_project(engine, artifacts, io.BytesIO(data), home, owner=ANN)
        yield {"project": taken.project, "digests": digests}


def importing_check(home: Path, acks: list[Ack]) -> Iterator[str]:
    """Acknowledged projects are there; every project is whole, acknowledged or not."""
    engine, artifacts = opened(home), Artifacts(home / "results")
    there = {p.id: p for p in projects.list_projects(engine)}
    for ack in acks:
        if ack["project"] not in there:
            yield f"project {ack['project']} is lost"
    yield from _without_owner(engine)
    for project in there.values():
        if (project.views, project.runs) != (2, 5):
            yield f"project {project.id} is half there"
        for run in runs.runs(engine, project.id):
            if not whole(artifacts, run.digest):
                yield f"project {project.id} lacks result {run.digest}"
    engine.dispose()


# --- a study and a review -------------------------------------------------------------------------


def studying(home: Path, seed: int) -> Iterator[Ack]:
    """People of a study who draw, one change after another."""
    engine = kept(home)
    xy = np.random.default_rng(seed).normal(size=(60, 2))
    study = studies.start(engine, title="Which?", plots=[plots.plot_of("A", xy)])
    yield {"study": study}
    while True:
        person, token = taking_part.join(engine, study)
        for step in range(1, 12):
            drawn = [{"group": g, "outline": SQUARE} for g in range(step)]
            taking_part.answer(engine, person, token, 0, step=step, strokes=drawn, rating=3)
            yield {"study": study, "person": person, "token": token, "step": step}


def studying_check(home: Path, acks: list[Ack]) -> Iterator[str]:
    """Every person finds their last acknowledged drawing, or a later one."""
    engine = opened(home)
    for ack in {a.get("person", a["study"]): a for a in acks}.values():
        if "person" not in ack:
            studies.get(engine, ack["study"])
            continue
        [plot] = taking_part.task(engine, ack["person"], ack["token"])["plots"]
        if plot["step"] < ack["step"] or len(plot["strokes"]) != plot["step"]:
            yield f"person {ack['person']} has step {plot['step']}, not {ack['step']}"
    for row in studies.studies(engine):
        for found in studies.collected(engine, row.id):
            if found.labels.shape != (len(found.numbers), len(found.plot.points)):
                yield f"study {row.id} has an answer of another length"
    engine.dispose()


def reviewing(home: Path, seed: int) -> Iterator[Ack]:
    """Reviews that are published again and commented, each as often as it takes."""
    engine = kept(home)
    for _ in range(100):
        review = reviews.start(engine, title=f"Review {seed}", view={"n": seed})
        token = reviews.get(engine, review).token
        for n in range(1, min(reviews.MOST_VERSIONS, comments.MOST_COMMENTS // 20)):
            number = reviews.publish(engine, review, {"version": n, "text": text_of(seed, n)})
            yield {"review": review, "token": token, "number": number, "text": text_of(seed, n)}
            for i in range(20):
                comment, _ = comments.write(engine, token, number, name="Ada", text=f"{n} {i}")
                yield {"review": review, "comment": comment, "text": f"{n} {i}"}


def reviewing_check(home: Path, acks: list[Ack]) -> Iterator[str]:
    """Every version reads as it was published, every comment is there."""
    engine = opened(home)
    kept = {
        review: {c.id: c.text for c in comments.listed(engine, review)}
        for review in {a["review"] for a in acks}
    }
    for ack in acks:
        if "comment" in ack:
            if kept[ack["review"]].get(ack["comment"]) != ack["text"]:
                yield f"comment {ack['comment']} is lost"
        elif reviews.read(engine, ack["token"], ack["number"]).document["text"] != ack["text"]:
            yield f"version {ack['number']} of {ack['review']} has changed"
    engine.dispose()


# --- paid answers ---------------------------------------------------------------------------------


def explaining(home: Path, seed: int) -> Iterator[Ack]:
    """Questions to a language model that cost money: an answer that came is never asked again."""
    to = connection.connection(os.environ["FAULTS_MODEL"], MODEL, "")
    made = provider.provider(to, kept=Answers(home / FILE_NAME))
    order = np.random.default_rng(seed).permutation(ROWS)
    for start in range(0, len(order), 3):
        rows = order[start : start + 3]
        made.judge(rows, NAMES, TASK)
        yield {"texts": [TASK.texts[i] for i in rows]}


def explaining_check(home: Path, acks: list[Ack]) -> Iterator[str]:
    """The caller counts the questions that were sent twice; the file of answers must open."""
    for ack in acks:
        if not ack["texts"]:
            yield "an empty acknowledgement"
    if acks and not Answers(home / FILE_NAME)._rows("SELECT count(*) FROM exchanges", ())[0][0]:
        yield "no answer of the language model was kept"


# --- workers --------------------------------------------------------------------------------------


def working(home: Path, seed: int) -> Iterator[Ack]:
    """A server whose worker is killed: the job is reported, a new worker does the next one."""
    from analytics.jobs.runner import Runner
    from analytics.operations import Request

    runner = Runner(home, workers=1, warm=False)
    for n in range(100_000):
        wanted = Request("nap", params={"seconds": 0.02, "n": n, "seed": seed})
        done = runner.wait(runner.submit(wanted).id, 60)
        if done.state == "done":
            yield {"digest": done.id}
        else:
            again = runner.wait(runner.submit(wanted).id, 60)
            yield {"digest": again.id, "died": done.state, "again": again.state}


def working_check(home: Path, acks: list[Ack]) -> Iterator[str]:
    """Every finished job left a result; a job that died was said to have died and works again."""
    artifacts = Artifacts(home / "results")
    for ack in acks:
        if ack.get("died", "died") != "died" or ack.get("again", "done") != "done":
            yield f"job {ack['digest']} ended as {ack}"
        if artifacts.load(ack["digest"]) is None:
            yield f"result {ack['digest']} is lost"


ACTS = {
    "saving": saving,
    "importing": importing,
    "studying": studying,
    "reviewing": reviewing,
    "explaining": explaining,
    "working": working,
    **operating.ACTS,
}
CHECKS = {
    "saving": saving_check,
    "importing": importing_check,
    "studying": studying_check,
    "reviewing": reviewing_check,
    "explaining": explaining_check,
    "working": working_check,
    **operating.CHECKS,
}


def problems(name: str, home: Path, acks: list[Ack]) -> list[str]:
    """All that is wrong after a kill; an exception of the store is one too."""
    try:
        return list(CHECKS[name](home, acks))
    except (BadInput, StoreError) as error:
        return [f"{name}: {error}"]


def go_on(name: str, home: Path, seed: int) -> Iterator[Ack]:
    """An act that does not end with its database: told that it is away, it tries again."""
    while True:
        try:
            yield from ACTS[name](home, seed)
            return
        except StoreError as error:
            if not (home / NAMED).exists():
                raise
            yield {"away": str(error)}
            time.sleep(0.1)
            seed += 10**8  # other names than before for what is made


if __name__ == "__main__":
    for line in go_on(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])):
        print(json.dumps(line), flush=True)
