"""What a participant of a study does: join, see the plots, answer, leave.

The functions take an engine of :func:`analytics.store.database.connect`. They raise BadInput for
what the person can change and StoreError for what the database refuses. An answer is stored when
:func:`answer` returns. Participants are known by a number and a secret that their browser keeps; no
name, address or time zone is stored.
"""

import hashlib
import hmac
import secrets
from typing import Any

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analytics.errors import BadInput
from analytics.store import schema as db
from analytics.store.database import reading, writing
from analytics.store.fields import is_id
from analytics.study import store
from analytics.study import strokes as drawing
from analytics.study.plots import Plot

MOST_PEOPLE = 1_000
RATINGS = range(1, 6)


def join(engine: Engine, study: str) -> tuple[str, str]:
    """Take part: the person's id and secret, to be kept by their browser. Raises BadInput when the
    study is closed or full."""
    token = secrets.token_urlsafe(24)
    with writing(engine) as connection:
        if not store.live(connection, study, lock=True).open:
            raise BadInput("This study is closed: it takes no more answers.")
        of = db.study_people.c.study_id == study
        people = connection.scalar(sa.select(sa.func.count()).where(of))
        if people >= MOST_PEOPLE:
            raise BadInput(f"This study is full: it has {MOST_PEOPLE:,} participants.")
        last = connection.scalar(sa.select(sa.func.max(db.study_people.c.number)).where(of)) or 0
        return store.add_person(connection, study, last + 1, _hashed(token)), token


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _known(connection: Connection, person: Any, token: Any) -> sa.Row:
    """The row of a participant whose secret is right."""
    row = None
    if is_id(person) and isinstance(token, str):
        row = connection.execute(
            sa.select(db.study_people).where(db.study_people.c.id == person)
        ).one_or_none()
    if row is None or not hmac.compare_digest(row.token, _hashed(token)):
        raise BadInput("Your answers are no longer here: open the link of the study again.")
    return row


def task(engine: Engine, person: str, token: str) -> dict[str, Any]:
    """What a participant sees, as plain JSON: "title", "consent", "open", "number", and "plots" in
    the person's own order, each with "position", "points" (their number), "step", "strokes",
    "rating" and "finished". Raises BadInput."""
    a = db.study_answers.c
    with reading(engine) as connection:
        row = _known(connection, person, token)
        study = store.live(connection, row.study_id)
        answers = {
            answer.position: answer
            for answer in connection.execute(
                sa.select(db.study_answers).where(a.person_id == person)
            )
        }
        c = db.study_plots.c
        shown = sa.select(c.position, c.points).where(c.study_id == study.id)
        sizes = {position: len(raw) // 8 for position, raw in connection.execute(shown)}
    plots = []
    for position in order_of(person, len(sizes)):
        given = answers.get(position)
        plots.append(
            {
                "position": position,
                "points": sizes[position],
                "step": given.step if given else 0,
                "strokes": given.strokes if given else [],
                "rating": given.rating if given else None,
                "finished": bool(given and given.finished),
            }
        )
    facts = {"title": study.title, "consent": study.consent, "open": study.open}
    return {**facts, "number": row.number, "plots": plots}


def order_of(person: str, plots: int) -> list[int]:
    """The order in which a person sees the plots: by chance, the same each time."""
    seed = int.from_bytes(hashlib.sha256(person.encode()).digest()[:8], "big")
    return [int(i) for i in np.random.default_rng(seed).permutation(plots)]


def points_of(engine: Engine, person: str, token: str, position: int) -> bytes:
    """The points of a plot in the unit box, float32 little-endian, x and y in turn."""
    with reading(engine) as connection:
        study = _known(connection, person, token).study_id
        store.live(connection, study)
        return _plot(connection, study, position).points.tobytes()


def _plot(connection: Connection, study: str, position: Any) -> Plot:
    found = []
    if isinstance(position, int) and 0 <= position < store.MOST_PLOTS:
        found = store.shown_plots(connection, study, position)
    if not found:
        raise BadInput("The study has no such plot: load the page again.")
    return found[0]


def answer(
    engine: Engine,
    person: str,
    token: str,
    position: int,
    *,
    step: int,
    strokes: Any,
    rating: Any = None,
    finished: bool = False,
) -> int:
    """Store all that a person has drawn on a plot so far; returns the step that is stored.

    step counts a person's changes of the plot up from 1: an answer with an older or equal step
    than the stored one changes nothing, so that one sent twice or late does no harm. Raises
    BadInput for what cannot be read, or when the study is closed.
    """
    strokes = drawing.check(strokes)
    if isinstance(step, bool) or not isinstance(step, int) or not 1 <= step < 2**31:
        raise BadInput("The answer has no step: load the page again.")
    if rating is not None and (isinstance(rating, bool) or rating not in RATINGS):
        raise BadInput("The rating is a whole number from 1 to 5.")
    with writing(engine) as connection:
        study = _known(connection, person, token).study_id
        if not store.live(connection, study).open:
            raise BadInput("This study is closed: it takes no more answers.")
        labels = drawing.labels_of(strokes, _plot(connection, study, position).points)
        values = store.answer_row(step, strokes, labels, rating, bool(finished))
        a = db.study_answers.c
        mine = sa.and_(a.person_id == person, a.position == position)
        stored = connection.scalar(sa.select(a.step).where(mine).with_for_update())
        if stored is None:
            new = sa.insert(db.study_answers).values(person_id=person, position=position, **values)
            connection.execute(new)
        elif stored < step:
            connection.execute(sa.update(db.study_answers).where(mine).values(**values))
        return max(step, stored or 0)


def leave(engine: Engine, person: str, token: str) -> None:
    """Remove a person with all their answers for good."""
    with writing(engine) as connection:
        _known(connection, person, token)
        connection.execute(sa.delete(db.study_people).where(db.study_people.c.id == person))
