"""Reviews in the database: write, edit, publish, read by link, end the link, delete with undo.

All functions take an engine of :func:`analytics.store.database.connect` and raise BadInput for what
the person can change, StoreError for what the database refuses. A failed call changes nothing.
An owner, and whom a review is shared with, knows it by its id, readers by its token; neither can be
guessed or had from the other. A token that was taken back is replaced by a text that is no id, so
that no link can hold it. Comments are in ``analytics.review.comments``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analytics.accounts.person import Person
from analytics.accounts.removal import remove
from analytics.accounts.sharing import put_owner
from analytics.errors import BadInput
from analytics.review import document as documents
from analytics.review.sections import check_texts
from analytics.store import schema as db
from analytics.store.database import now, reading, writing
from analytics.store.fields import check_name, check_state, is_id, new_id
from analytics.store.rows import live_project

MOST_VERSIONS = 200
GONE = "This review does not exist or was deleted: ask its owner for a new link."
# Said of every link that opens nothing, so that none tells whether it ever did.
NOWHERE = "This link leads to no review, or no longer does: ask its owner for a new one."
_NONE = "!"  # begins what stands in place of a token: no id holds it


@dataclass(frozen=True)
class Review:
    """A review as its owner has it. token : of the readers' link, "" once that was taken back.
    view : the state of the view it is written from. texts : part -> what the owner wrote.
    project : "" when that is gone. versions : how many are published."""

    id: str
    token: str
    project: str
    title: str
    view: dict[str, Any]
    texts: dict[str, str]
    revision: int
    created: datetime
    updated: datetime
    versions: int


@dataclass(frozen=True)
class ReviewRow:
    """One line of the list of reviews. open : comments that are not resolved."""

    id: str
    title: str
    updated: datetime
    versions: int
    comments: int
    open: int


@dataclass(frozen=True)
class Version:
    """A published version as a reader has it, with the number of the newest one. token : "" once
    the readers' link was taken back."""

    review: str
    token: str
    number: int
    newest: int
    digest: str
    document: dict[str, Any]
    published: datetime


def start(
    engine: Engine,
    *,
    title: str,
    view: Mapping[str, Any],
    project: str | None = None,
    owner: Person | None = None,
) -> str:
    """Begin a review of a view, which is ``owner``'s; returns its id. Raises BadInput."""
    review = new_id("r")
    values = {"title": check_name(title, "title"), "view": check_state(view), "texts": {}}
    moment = now()
    with writing(engine) as connection:
        if project is not None:
            live_project(connection, project)
        connection.execute(
            sa.insert(db.reviews).values(
                id=review,
                token=new_id("t"),
                project_id=project,
                revision=1,
                created=moment,
                updated=moment,
                **values,
            )
        )
        put_owner(connection, review, owner)
    return review


def reviews(engine: Engine) -> list[ReviewRow]:
    """All reviews that are not deleted, changed last first."""
    r, v, c = db.reviews.c, db.review_versions.c, db.review_comments.c
    written = sa.and_(c.review_id == r.id, c.deleted_at.is_(None))

    def count(table: sa.Table, where) -> sa.ScalarSelect:
        return sa.select(sa.func.count()).select_from(table).where(where).scalar_subquery()

    query = sa.select(
        r.id,
        r.title,
        r.updated,
        count(db.review_versions, v.review_id == r.id),
        count(db.review_comments, written),
        count(db.review_comments, sa.and_(written, c.resolved_by == "", c.parent.is_(None))),
    ).where(r.deleted_at.is_(None))
    with reading(engine) as connection:
        rows = connection.execute(query.order_by(r.updated.desc(), r.id))
        return [ReviewRow(*row) for row in rows]


def get(engine: Engine, review: str) -> Review:
    """A review by its owner's id. Raises BadInput when there is none."""
    with reading(engine) as connection:
        row = live(connection, review)
        return Review(
            row.id,
            _token(row),
            row.project_id or "",
            row.title,
            row.view,
            row.texts,
            row.revision,
            row.created,
            row.updated,
            newest(connection, row.id),
        )


def live(connection: Connection, review: Any, lock: bool = False) -> sa.Row:
    """The row of a review that is not deleted, locked against changes on request."""
    row = None
    if is_id(review):
        r = db.reviews
        query = sa.select(r).where(r.c.id == review, r.c.deleted_at.is_(None))
        row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise BadInput(GONE)
    return row


def linked(connection: Connection, token: Any, lock: bool = False) -> sa.Row:
    """Id and token of the review that a readers' token leads to, locked on request."""
    row = None
    if is_id(token):
        r = db.reviews.c
        query = sa.select(r.id, r.token).where(r.token == token, r.deleted_at.is_(None))
        row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise BadInput(NOWHERE)
    return row


def _token(row: sa.Row) -> str:
    """The readers' token of a review, "" once it was taken back."""
    return row.token if is_id(row.token) else ""


def newest(connection: Connection, review: str) -> int:
    """The number of the newest published version, 0 before the first."""
    v = db.review_versions.c
    query = sa.select(sa.func.max(v.number)).where(v.review_id == review)
    return connection.scalar(query) or 0


def change(engine: Engine, review: str, revision: int, **values: Any) -> int:
    """Change the title, the texts or the view of a review; returns its new revision.

    Raises BadInput for a bad value, and when the review was changed since ``revision``: what was
    typed is not lost, for nothing is written over.
    """
    checked = {"title": lambda t: check_name(t, "title"), "texts": check_texts, "view": check_state}
    values = {name: checked[name](value) for name, value in values.items()}
    with writing(engine) as connection:
        row = live(connection, review, lock=True)
        if row.revision != revision:
            raise BadInput(
                "This review was changed in another tab or by someone else meanwhile: copy what "
                "you wrote, load the page again, and write it there."
            )
        connection.execute(
            sa.update(db.reviews)
            .where(db.reviews.c.id == review)
            .values(**values, revision=revision + 1, updated=now())
        )
    return revision + 1


def publish(engine: Engine, review: str, document: Mapping[str, Any]) -> int:
    """Freeze a document as the next version; returns its number. An unchanged document is not
    published twice. Raises BadInput."""
    digest = documents.digest(document)
    with writing(engine) as connection:
        live(connection, review, lock=True)
        last = newest(connection, review)
        v = db.review_versions.c
        before = sa.select(v.digest).where(v.review_id == review, v.number == last)
        if last and connection.scalar(before) == digest:
            return last
        if last >= MOST_VERSIONS:
            raise BadInput(f"A review has at most {MOST_VERSIONS} versions: write a new review.")
        row = {"review_id": review, "number": last + 1, "digest": digest, "published": now()}
        connection.execute(sa.insert(db.review_versions).values(**row, document=dict(document)))
        connection.execute(
            sa.update(db.reviews).where(db.reviews.c.id == review).values(updated=now())
        )
    return last + 1


def read(engine: Engine, token: str, number: int | None = None) -> Version:
    """A published version by the readers' token, the newest without a number. Raises BadInput."""
    with reading(engine) as connection:
        return _version(connection, linked(connection, token), number)


def read_within(engine: Engine, review: str, number: int | None = None) -> Version:
    """The same by the review's id, for its owner and whom it is shared with: they need no link."""
    with reading(engine) as connection:
        return _version(connection, live(connection, review), number)


def _version(connection: Connection, row: sa.Row, number: int | None) -> Version:
    last = newest(connection, row.id)
    if not last:
        raise BadInput("This review is not published yet: ask its owner.")
    wanted = last if number is None else number
    v = db.review_versions
    query = sa.select(v).where(v.c.review_id == row.id, v.c.number == wanted)
    found = connection.execute(query).one_or_none()
    if found is None:
        there = "only version 1" if last == 1 else f"versions 1 to {last}"
        raise BadInput(f"This review has no version {wanted}: {there} can be read.")
    return Version(
        row.id, _token(row), found.number, last, found.digest, found.document, found.published
    )


def published(engine: Engine, review: str) -> list[tuple[int, datetime, str]]:
    """Number, time and digest of every version, the newest first. Raises BadInput."""
    v = db.review_versions.c
    query = sa.select(v.number, v.published, v.digest).where(v.review_id == review)
    with reading(engine) as connection:
        live(connection, review)
        return [tuple(row) for row in connection.execute(query.order_by(v.number.desc()))]


def base(engine: Engine, review: str, number: int) -> tuple[str, str]:
    """The map and the clusters (digests) of a version: what comments on it speak of. Never changes;
    ("", "") when there is no such version."""
    v = db.review_versions.c
    query = sa.select(v.document).where(v.review_id == review, v.number == number)
    with reading(engine) as connection:
        document = connection.scalar(query)
    state = document["state"] if document else {}
    return state.get("projection", ""), state.get("clustering", "")


def take_back(engine: Engine, review: str, token: str) -> None:
    """End the readers' link with this token; versions and comments stay. A link made since then,
    in another tab, is left as it is. Raises BadInput."""
    with writing(engine) as connection:
        if live(connection, review, lock=True).token == token:
            _set_token(connection, review, _NONE + new_id("t"))


def new_link(engine: Engine, review: str) -> str:
    """Make a readers' link in place of the one taken back; returns its token. A link that there is,
    since another tab was faster, is left as it is. Raises BadInput."""
    with writing(engine) as connection:
        held = _token(live(connection, review, lock=True))
        return held or _set_token(connection, review, new_id("t"))


def _set_token(connection: Connection, review: str, token: str) -> str:
    r = db.reviews
    connection.execute(sa.update(r).where(r.c.id == review).values(token=token))
    return token


def delete(engine: Engine, review: str) -> None:
    """Put a review out of sight, for its readers too; :func:`restore` brings it back until it is
    purged."""
    with writing(engine) as connection:
        live(connection, review, lock=True)
        gone = sa.update(db.reviews).where(db.reviews.c.id == review)
        connection.execute(gone.values(deleted_at=now()))


def restore(engine: Engine, review: str) -> None:
    """Bring back a deleted review. Raises BadInput when it is already gone."""
    with writing(engine) as connection:
        back = sa.update(db.reviews).where(db.reviews.c.id == review).values(deleted_at=None)
        if not is_id(review) or not connection.execute(back).rowcount:
            raise BadInput("The deleted review cannot be brought back: it is already gone.")


def purge(engine: Engine, older_than: timedelta = timedelta(days=30)) -> int:
    """Remove for good the reviews and comments deleted longer ago than ``older_than``; returns how
    many reviews."""
    with writing(engine) as connection:
        before = now() - older_than
        c = db.review_comments.c
        answered = sa.select(c.parent).where(c.parent.is_not(None)).distinct()
        # A deleted comment that was answered stays as a gap, without its words.
        old = c.deleted_at <= before
        connection.execute(
            sa.update(db.review_comments)
            .where(old)
            .values(text="", name="", about={"kind": "whole"})
        )
        connection.execute(sa.delete(db.review_comments).where(old, c.id.not_in(answered)))
        return remove(connection, db.reviews, db.reviews.c.deleted_at <= before)
