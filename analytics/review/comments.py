"""Comments of readers: stored at once, resolved or open, nothing written over unseen.

A comment is known to its writer by a secret that only their page keeps; the store keeps its hash.
Whoever has the writer's secret, or is the owner, may edit or delete it. Names are what people say
they are called: nobody has an account.

Readers come by the token of their link; ``within``, the id of the review, stands in its place for
the owner and for whom the review is shared with, whose way does not end with the link.
"""

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analytics.errors import BadInput
from analytics.review import about as targets
from analytics.review.sections import check_text
from analytics.review.store import linked, live, newest
from analytics.store import schema as db
from analytics.store.database import now, reading, writing
from analytics.store.fields import check_name, is_id, new_id

MOST_COMMENTS = 2_000  # of one review
MOST_TEXT = 2_000  # characters
MISSING = "This comment does not exist or was deleted: load the page again."


@dataclass(frozen=True)
class Comment:
    """One comment. number : the version it was written on. parent : of a reply, else "".
    resolved_by : "" while it is open. edited : when its words were last changed. deleted : a gap
    that replies stand under."""

    id: str
    number: int
    parent: str
    about: dict[str, Any]
    name: str
    text: str
    resolved_by: str
    revision: int
    created: datetime
    edited: datetime | None
    deleted: bool


def write(
    engine: Engine,
    token: str,
    number: int,
    *,
    name: str,
    text: str,
    about: Mapping[str, Any] = targets.WHOLE,
    parent: str = "",
    within: str = "",
) -> tuple[str, str]:
    """Store a comment on a version, or a reply to ``parent``; returns its id and its writer's
    secret. A reply speaks of what its parent speaks of. Raises BadInput."""
    comment, secret, moment = new_id("c"), secrets.token_urlsafe(24), now()
    row = {
        "id": comment,
        "number": number,
        "about": targets.check(about),
        "name": check_name(name, "name"),
        "text": check_text(text, "comment", MOST_TEXT),
        "secret": _hashed(secret),
        "resolved_by": "",
        "revision": 1,
        "created": moment,
        "updated": moment,
    }
    with writing(engine) as connection:
        review = _open_review(connection, token, within)
        if isinstance(number, bool) or not 1 <= number <= newest(connection, review):
            raise BadInput("The comment is on a version that does not exist: load the page again.")
        c = db.review_comments.c
        held = sa.select(sa.func.count()).where(c.review_id == review)
        if connection.scalar(held) >= MOST_COMMENTS:
            raise BadInput(f"This review has {MOST_COMMENTS:,} comments, and takes no more.")
        if parent:
            above = _live_comment(connection, parent, review)
            row |= {"parent": above.parent or parent, "about": targets.WHOLE}
        connection.execute(sa.insert(db.review_comments).values(review_id=review, **row))
    return comment, secret


def _open_review(connection: Connection, token: Any, within: str = "") -> str:
    """The id of the review, locked: writers take turns, so that the cap holds."""
    found = live(connection, within, True) if within else linked(connection, token, True)
    return found.id


def _live_comment(connection: Connection, comment: Any, review: str) -> sa.Row:
    """A comment of the review that is not deleted, locked."""
    c, found = db.review_comments, None
    if is_id(comment):
        query = sa.select(c).where(
            c.c.id == comment, c.c.review_id == review, c.c.deleted_at.is_(None)
        )
        found = connection.execute(query.with_for_update()).one_or_none()
    if found is None:
        raise BadInput(MISSING)
    return found


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _allowed(row: sa.Row, secret: str, owner: str) -> None:
    """Raise BadInput unless the secret is the writer's, or ``owner`` the id of the review."""
    mine = isinstance(secret, str) and hmac.compare_digest(_hashed(secret), row.secret)
    if not mine and not (owner and owner == row.review_id):
        raise BadInput("Only who wrote this comment, or the owner of the review, can change it.")


def listed(engine: Engine, review: str) -> list[Comment]:
    """The comments of a review in the order written; deleted ones only where replies stand under
    them, without their words. Raises BadInput."""
    c = db.review_comments.c
    query = sa.select(
        c.id, c.number, c.parent, c.about, c.name, c.text, c.resolved_by, c.revision, c.created,
        c.edited_at, c.deleted_at,
    ).where(c.review_id == review)  # fmt: skip
    with reading(engine) as connection:
        live(connection, review)
        rows = connection.execute(query.order_by(c.created, c.id)).all()
    answered = {row.parent for row in rows if row.parent and row.deleted_at is None}
    found = []
    for row in rows:
        deleted = row.deleted_at is not None
        if deleted and row.id not in answered:
            continue
        name, text = ("", "") if deleted else (row.name, row.text)
        found.append(
            Comment(row.id, row.number, row.parent or "", row.about, name, text, row.resolved_by,
                    row.revision, row.created, row.edited_at, deleted)
        )  # fmt: skip
    return found


def stamp(engine: Engine, review: str) -> tuple:
    """Changes whenever a comment of the review does. Raises BadInput."""
    c = db.review_comments.c
    query = sa.select(sa.func.count(), sa.func.sum(c.revision), sa.func.max(c.updated))
    with reading(engine) as connection:
        live(connection, review)
        return tuple(connection.execute(query.where(c.review_id == review)).one())


def edit(
    engine: Engine,
    token: str,
    comment: str,
    revision: int,
    text: str,
    *,
    secret: str = "",
    owner: str = "",
    within: str = "",
) -> int:
    """Write a comment anew; returns its new revision. Raises BadInput when it was changed since
    ``revision``."""
    text = check_text(text, "comment", MOST_TEXT)
    with writing(engine) as connection:
        row = _live_comment(connection, comment, _open_review(connection, token, within))
        _allowed(row, secret, owner)
        if row.revision != revision:
            raise BadInput(
                "This comment was changed meanwhile: copy what you wrote, load the page again, "
                "and write it there."
            )
        return _change(connection, row, text=text, edited_at=now())


def resolve(engine: Engine, token: str, comment: str, by: str, *, within: str = "") -> int:
    """Mark a comment as resolved by someone, or open again with ``by`` ""; anyone who reads the
    review may. Returns the new revision. Raises BadInput."""
    by = check_name(by, "name") if by else ""
    with writing(engine) as connection:
        row = _live_comment(connection, comment, _open_review(connection, token, within))
        if row.parent:
            raise BadInput("A reply is resolved with the comment above it.")
        if bool(row.resolved_by) == bool(by):
            return row.revision  # someone else did the same a moment before
        return _change(connection, row, resolved_by=by)


def delete(
    engine: Engine,
    token: str,
    comment: str,
    *,
    secret: str = "",
    owner: str = "",
    within: str = "",
) -> None:
    """Put a comment out of sight; :func:`restore` brings it back until it is purged."""
    with writing(engine) as connection:
        row = _live_comment(connection, comment, _open_review(connection, token, within))
        _allowed(row, secret, owner)
        _change(connection, row, deleted_at=now())


def restore(
    engine: Engine,
    token: str,
    comment: str,
    *,
    secret: str = "",
    owner: str = "",
    within: str = "",
) -> None:
    """Bring a deleted comment back. Raises BadInput when it is already gone."""
    with writing(engine) as connection:
        review, c = _open_review(connection, token, within), db.review_comments
        row = None
        if is_id(comment):
            query = sa.select(c).where(c.c.id == comment, c.c.review_id == review)
            row = connection.execute(query.with_for_update()).one_or_none()
        if row is None or not row.text:
            raise BadInput("The deleted comment cannot be brought back: it is already gone.")
        _allowed(row, secret, owner)
        _change(connection, row, deleted_at=None)


def _change(connection: Connection, row: sa.Row, **values: Any) -> int:
    """Write some columns of a locked comment; returns its new revision."""
    c = db.review_comments
    values |= {"revision": row.revision + 1, "updated": now()}
    connection.execute(sa.update(c).where(c.c.id == row.id).values(**values))
    return row.revision + 1
