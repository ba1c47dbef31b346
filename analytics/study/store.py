"""Studies in the database: start, list, close, delete, results.

All functions take an engine of :func:`analytics.store.database.connect` and raise BadInput for what
the person can change, StoreError for what the database refuses. A failed call changes nothing.
What participants do is in ``analytics.study.taking_part``.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analytics.accounts.person import Person
from analytics.accounts.removal import remove
from analytics.accounts.sharing import put_owner
from analytics.errors import BadInput
from analytics.store import schema as db
from analytics.store.database import now, reading, writing
from analytics.store.fields import check_name, is_id, new_id
from analytics.study.plots import Plot

MOST_PLOTS = 50
MOST_CONSENT = 4_000  # characters
CONSENT = (
    "You will see plots of points without colours or axes. Draw round the points that you would "
    "call one group; there is no right answer. What you draw is stored without your name or "
    "address. You can stop at any time, and delete your answers on the last page."
)


@dataclass(frozen=True)
class Study:
    """A study: consent is what participants read before they start."""

    id: str
    title: str
    consent: str
    open: bool
    created: datetime
    plots: int


@dataclass(frozen=True)
class StudyRow:
    """One line of the list of studies. finished : people who finished every plot. last : of the
    newest answer, None before the first."""

    id: str
    title: str
    open: bool
    created: datetime
    plots: int
    people: int
    finished: int
    last: datetime | None


@dataclass(frozen=True)
class Collected:
    """What people answered to one plot, finished or not, in the order they joined.

    numbers : of the people. labels : int16 (people, n). ratings : felt ambiguity 1 to 5, None where
    not given. finished : (people,) bool.
    """

    plot: Plot
    numbers: list[int]
    labels: np.ndarray
    ratings: list[int | None]
    finished: np.ndarray


def start(
    engine: Engine,
    *,
    title: str,
    plots: list[Plot],
    consent: str = CONSENT,
    owner: Person | None = None,
) -> str:
    """Start an open study, which is ``owner``'s; returns its id, which nobody can guess. Raises
    BadInput."""
    rows = _rows(title, plots, consent, is_open=True)
    with writing(engine) as connection:
        return _add(connection, rows, owner)


def _rows(title: str, plots: list[Plot], consent: str, is_open: bool) -> tuple[dict, list[dict]]:
    """A study and its plots as rows. Raises BadInput."""
    title, consent = check_name(title, "title"), _check_consent(consent)
    if not 1 <= len(plots) <= MOST_PLOTS:
        raise BadInput(f"A study has {len(plots)} plots, but it takes 1 to {MOST_PLOTS}.")
    study = new_id("s")
    row = {"id": study, "title": title, "consent": consent, "open": is_open, "created": now()}
    rows = [
        {
            "study_id": study,
            "position": position,
            "name": check_name(plot.name, "name of a plot"),
            "projection": plot.projection,
            "total": plot.total,
            "place": [*plot.centre, plot.span],
            "points": plot.points.astype("<f4").tobytes(),
            "rows": plot.rows.astype("<i4").tobytes(),
        }
        for position, plot in enumerate(plots)
    ]
    return row, rows


def _add(connection: Connection, rows: tuple[dict, list[dict]], owner: Person | None) -> str:
    study, plots = rows
    connection.execute(sa.insert(db.studies).values(study))
    connection.execute(sa.insert(db.study_plots), plots)
    put_owner(connection, study["id"], owner)
    return study["id"]


def _check_consent(text: Any) -> str:
    if not isinstance(text, str) or not text.strip():
        raise BadInput("The text for participants is empty: say what is stored and why.")
    if len(text) > MOST_CONSENT:
        raise BadInput(
            f"The text for participants has {len(text):,} characters, but it takes at most "
            f"{MOST_CONSENT:,}: shorten it."
        )
    return text.strip()


def take_in(
    engine: Engine,
    *,
    title: str,
    given: list[tuple[Plot, np.ndarray]],
    owner: Person | None = None,
) -> str:
    """Store groupings collected elsewhere as a closed study of ``owner``'s; returns its id.

    given : plots with the labels (people, n) of each. Person i of every plot is taken for one
    person. Raises BadInput.
    """
    rows = _rows(title, [plot for plot, _ in given], CONSENT, is_open=False)
    with writing(engine) as connection:
        study = _add(connection, rows, owner)
        for number in range(max(len(labels) for _, labels in given)):
            person = add_person(connection, study, number + 1, secrets.token_hex(32))
            for position, (_, labels) in enumerate(given):
                if number < len(labels):
                    values = answer_row(1, [], labels[number], None, True)
                    connection.execute(
                        sa.insert(db.study_answers).values(
                            person_id=person, position=position, **values
                        )
                    )
    return study


def add_person(connection: Connection, study: str, number: int, token: str) -> str:
    """A new participant, known by the hash of a secret; returns the id."""
    person = new_id("p")
    row = {"id": person, "study_id": study, "number": number, "token": token, "joined": now()}
    connection.execute(sa.insert(db.study_people).values(row))
    return person


def answer_row(
    step: int, strokes: list, labels: np.ndarray, rating, finished: bool
) -> dict[str, Any]:
    """The columns of an answer but for its keys."""
    return {
        "step": step,
        "strokes": strokes,
        "labels": np.asarray(labels).astype("<i2").tobytes(),
        "rating": rating,
        "finished": finished,
        "updated": now(),
    }


def studies(engine: Engine) -> list[StudyRow]:
    """All studies, started last first."""
    s, p, a = db.studies.c, db.study_people.c, db.study_answers.c
    plots = sa.select(db.study_plots.c.study_id, sa.func.count()).group_by("study_id")
    people = (
        sa.select(p.study_id, p.id, sa.func.max(a.updated), _count_finished())
        .select_from(sa.outerjoin(db.study_people, db.study_answers, a.person_id == p.id))
        .group_by(p.study_id, p.id)
    )
    query = sa.select(s.id, s.title, s.open, s.created).where(s.deleted_at.is_(None))
    with reading(engine) as connection:
        rows = connection.execute(query.order_by(s.created.desc(), s.id)).all()
        count = dict(connection.execute(plots).all())
        joined: dict[str, list] = {}
        for study, _, last, finished in connection.execute(people):
            joined.setdefault(study, []).append((last, finished))
    found = []
    for row in rows:
        mine = joined.get(row.id, [])
        done = sum(finished >= count[row.id] for _, finished in mine)
        last = max((moment for moment, _ in mine if moment is not None), default=None)
        found.append(StudyRow(*row, count[row.id], len(mine), done, last))
    return found


def _count_finished() -> sa.Function:
    return sa.func.coalesce(sa.func.sum(sa.case((db.study_answers.c.finished, 1), else_=0)), 0)


def get(engine: Engine, study: str) -> Study:
    """A study that is not deleted. Raises BadInput when there is none."""
    with reading(engine) as connection:
        return live(connection, study)


def live(connection: Connection, study: Any, lock: bool = False) -> Study:
    """A study that is not deleted, locked against changes on request. Raises BadInput."""
    row = None
    if is_id(study):
        s = db.studies.c
        query = sa.select(s.id, s.title, s.consent, s.open, s.created)
        query = query.where(s.id == study, s.deleted_at.is_(None))
        row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise BadInput("This study does not exist or was deleted: ask its owner for a new link.")
    plots = sa.select(sa.func.count()).where(db.study_plots.c.study_id == study)
    return Study(*row, connection.scalar(plots))


def plots_of(engine: Engine, study: str) -> list[Plot]:
    """The plots of a study in the owner's order. Raises BadInput."""
    with reading(engine) as connection:
        live(connection, study)
        return shown_plots(connection, study)


def shown_plots(connection: Connection, study: str, position: int | None = None) -> list[Plot]:
    """The plots of a study in the owner's order, or the one at a position."""
    c = db.study_plots.c
    query = sa.select(db.study_plots).where(c.study_id == study).order_by(c.position)
    if position is not None:
        query = query.where(c.position == position)
    return [
        Plot(
            row.name,
            np.frombuffer(row.points, "<f4").reshape(-1, 2),
            np.frombuffer(row.rows, "<i4"),
            row.total,
            (row.place[0], row.place[1]),
            row.place[2],
            row.projection,
        )
        for row in connection.execute(query)
    ]


def set_open(engine: Engine, study: str, is_open: bool) -> None:
    """Open a study for answers, or close it. Raises BadInput."""
    with writing(engine) as connection:
        live(connection, study)
        change = sa.update(db.studies).where(db.studies.c.id == study)
        connection.execute(change.values(open=is_open))


def delete(engine: Engine, study: str) -> None:
    """Put a study out of sight; :func:`restore` brings it back until it is purged."""
    with writing(engine) as connection:
        live(connection, study)
        change = sa.update(db.studies).where(db.studies.c.id == study)
        connection.execute(change.values(deleted_at=now()))


def restore(engine: Engine, study: str) -> None:
    """Bring back a study put out of sight. Raises BadInput when it is already gone."""
    with writing(engine) as connection:
        change = sa.update(db.studies).where(db.studies.c.id == study).values(deleted_at=None)
        if not is_id(study) or not connection.execute(change).rowcount:
            raise BadInput("The deleted study cannot be brought back: it is already gone.")


def erase(engine: Engine, study: str) -> None:
    """Remove a study and all its answers for good."""
    with writing(engine) as connection:
        remove(connection, db.studies, db.studies.c.id == study)


def purge(engine: Engine, older_than: timedelta = timedelta(days=30)) -> int:
    """Remove for good what was deleted longer ago than ``older_than``; returns the count."""
    with writing(engine) as connection:
        return remove(connection, db.studies, db.studies.c.deleted_at <= now() - older_than)


def joined(engine: Engine, study: str) -> int:
    """How many people take part, with or without an answer."""
    query = sa.select(sa.func.count()).where(db.study_people.c.study_id == study)
    with reading(engine) as connection:
        return connection.scalar(query)


def stamp(engine: Engine, study: str) -> tuple:
    """Changes whenever an answer of the study does, or someone leaves: people, answers, steps."""
    p, a = db.study_people.c, db.study_answers.c
    joined = sa.outerjoin(db.study_people, db.study_answers, a.person_id == p.id)
    query = sa.select(sa.func.count(), sa.func.sum(a.step), sa.func.max(a.updated))
    with reading(engine) as connection:
        live(connection, study)
        return tuple(connection.execute(query.select_from(joined).where(p.study_id == study)).one())


def collected(engine: Engine, study: str) -> list[Collected]:
    """What was answered, plot by plot. A person without a group is kept when they finished the
    plot: they saw no groups. Raises BadInput."""
    p, a = db.study_people.c, db.study_answers.c
    query = (
        sa.select(p.number, a.position, a.labels, a.rating, a.finished)
        .select_from(sa.join(db.study_people, db.study_answers, a.person_id == p.id))
        .where(p.study_id == study)
        .order_by(a.position, p.number)
    )
    with reading(engine) as connection:
        live(connection, study)
        plots = shown_plots(connection, study)
        rows = connection.execute(query).all()
    found = []
    for position, plot in enumerate(plots):
        mine = [(r, np.frombuffer(r.labels, "<i2")) for r in rows if r.position == position]
        mine = [(r, labels) for r, labels in mine if r.finished or (labels >= 0).any()]
        found.append(
            Collected(
                plot,
                [r.number for r, _ in mine],
                np.stack([labels for _, labels in mine])
                if mine
                else np.zeros((0, len(plot.points)), np.int16),
                [r.rating for r, _ in mine],
                np.array([r.finished for r, _ in mine], bool),
            )
        )
    return found
