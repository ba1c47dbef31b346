"""Reviews in a project's file: draft, versions and comments, without what opens or changes them.

Ids, links and the hashes of writers' secrets stay behind. What is taken in gets new ones, so no old
link opens it, and only its owner may change the comments that came along. A file may come from
anyone: everything is checked as what a person types is, and a version is drawn once on trial. A
review of which any part fails is left out as a whole; it keeps nothing else from being taken in.
"""

import json
import secrets
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analytics import view as views
from analytics.accounts.removal import remove
from analytics.errors import BadInput
from analytics.review import about as targets
from analytics.review import document as documents
from analytics.review.comments import MOST_COMMENTS, MOST_TEXT
from analytics.review.sections import SECTIONS, check_text, check_texts
from analytics.review.store import MOST_VERSIONS
from analytics.store import schema as db
from analytics.store.database import now, reading, writing
from analytics.store.fields import check_json, check_name, check_state, new_id, shortened

AT_ONCE = 50  # comments in one member
_MOST_LABEL = 1_000_000
_MOST_LINES = 1_000  # of one table of a version
MOST_NAMED = 4  # reviews in a sentence
_DAMAGED = "it is damaged"
_WRONG = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError,
          RecursionError)  # fmt: skip


def packed(connection: Connection, project: str, only: Collection[str] | None) -> dict[str, Any]:
    """The members of a project's reviews, name -> plain JSON. only : ids of those to take, None
    for all; deleted ones are left out."""
    r, members = db.reviews, {}
    query = sa.select(r).where(r.c.project_id == project, r.c.deleted_at.is_(None))
    rows = connection.execute(query.order_by(r.c.created, r.c.id)).all()
    for number, row in enumerate((r for r in rows if only is None or r.id in only), 1):
        name = f"reviews/{number:05d}"
        members[f"{name}.json"] = {
            "title": row.title,
            "view": row.view,
            "texts": row.texts,
            "created": row.created.isoformat(),
            "updated": row.updated.isoformat(),
        }
        v = db.review_versions
        found = sa.select(v).where(v.c.review_id == row.id).order_by(v.c.number)
        for one in connection.execute(found):
            members[f"{name}-v{one.number:05d}.json"] = {
                "digest": one.digest,
                "document": one.document,
                "published": one.published.isoformat(),
            }
        said = _comments(connection, row.id)
        for start in range(0, len(said), AT_ONCE):
            part = said[start : start + AT_ONCE]
            members[f"{name}-c{start // AT_ONCE + 1:05d}.json"] = part
    return members


def results_of(members: dict[str, Any]) -> list[Any]:
    """What of the members names results: the views, and the states of the versions."""
    found = [m for m in members.values() if isinstance(m, dict)]
    return [m["document"]["state"] if "document" in m else m["view"] for m in found]


def _comments(connection: Connection, review: str) -> list[dict[str, Any]]:
    """The comments in the order written; deleted ones only as gaps above answers."""
    c = db.review_comments
    query = sa.select(c).where(c.c.review_id == review).order_by(c.c.created, c.c.id)
    rows = connection.execute(query).all()
    answered = {row.parent for row in rows if row.parent and row.deleted_at is None}
    rows = [row for row in rows if row.deleted_at is None or row.id in answered]
    places = {row.id: place for place, row in enumerate(rows)}
    return [
        {
            "version": row.number,
            "parent": places[row.parent] if row.parent else None,
            "deleted": row.deleted_at is not None,
            "about": targets.WHOLE if row.deleted_at else row.about,
            "name": "" if row.deleted_at else row.name,
            "text": "" if row.deleted_at else row.text,
            "resolved_by": row.resolved_by,
            "created": row.created.isoformat(),
            "edited": row.edited_at.isoformat() if row.edited_at else None,
        }
        for row in rows
    ]


def checked(
    members: dict[str, bytes], spoilt: Collection[str] = ()
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """The whole reviews of a file from its members by name, and (title, why) of the others.

    spoilt : names of members that could not be read. Raises nothing.
    """
    parts: dict[str, dict[str, list[str]]] = {}
    for name in sorted({*members, *spoilt}):
        of, _, rest = name.removesuffix(".json").partition("-")
        parts.setdefault(of, {"": [], "v": [], "c": []})[rest[:1]].append(name)
    whole, left_out = [], []
    for number, (_, part) in enumerate(sorted(parts.items()), 1):
        try:
            whole.append(_review(part[""], part["v"], part["c"], members))
        except BadInput as error:
            left_out.append((_title(part[""], members, number), str(error)))
    return whole, left_out


def left_out_words(left_out: Sequence[tuple[str, str]]) -> str:
    """One sentence on the reviews that were left out, "" for none; titles come from the file."""
    if not left_out:
        return ""
    if len(left_out) == 1:
        title, why = left_out[0]
        return f"The review {title} was left out: {why}. Everything else is here."
    named = [f"{title} ({why})" for title, why in left_out[:MOST_NAMED]]
    more = len(left_out) - MOST_NAMED
    named += [f"{more:,} more"] if more > 0 else []
    listed = ", ".join(named[:-1]) + " and " + named[-1]
    return f"{len(left_out):,} reviews were left out: {listed}. Everything else is here."


def titles(engine: Engine, reviews: Sequence[str]) -> list[str]:
    """What stored reviews are called in :func:`left_out_words`."""
    r = db.reviews.c
    with reading(engine) as connection:
        rows = connection.execute(sa.select(r.id, r.title).where(r.id.in_(reviews))).all()
    found = dict(rows)
    return [f"“{shortened(found[review], 60)}”" for review in reviews]


def _title(drafts: list[str], members: dict[str, bytes], number: int) -> str:
    """What to call a review that is left out: its title where that can be read."""
    try:
        title = check_name(json.loads(members[drafts[0]])["title"], "title")
        title.encode()
    except (*_WRONG, BadInput):
        return f"number {number:,}"
    return f"“{shortened(title, 60)}”"


@contextmanager
def _part(what: str) -> Iterator[None]:
    """Says which part of a review is at fault, whatever the fault."""
    try:
        yield
    except (*_WRONG, BadInput):
        raise BadInput(f"{what} is damaged") from None


def _review(drafts: list, versions: list, comments: list, members: dict) -> dict[str, Any]:
    """A review from the names of its parts. Raises BadInput saying which part is at fault."""
    with _part("its draft"):
        (draft,) = (json.loads(members[name]) for name in drafts)
        view = check_state(draft["view"])
        views.from_json(view)
        review = {
            "title": check_name(draft["title"], "title"),
            "view": view,
            "texts": check_texts(draft["texts"]),
            "created": _moment(draft["created"]),
            "updated": _moment(draft["updated"]),
            "versions": [],
        }
    with _part("its list of versions"):
        if len(versions) > MOST_VERSIONS:
            raise BadInput(_DAMAGED)
    for number, name in enumerate(versions, 1):
        with _part(f"version {number} of it"):
            review["versions"].append(_version(json.loads(members[name])))
    with _part("one of its comments"):
        said = [comment for name in comments for comment in json.loads(members[name])]
        if len(said) > MOST_COMMENTS:
            raise BadInput(_DAMAGED)
        review["comments"] = [_comment(comment, said, len(versions)) for comment in said]
    return review


def _moment(text: str) -> datetime:
    """A time of the file, which cannot be in the future."""
    return min(datetime.fromisoformat(text).astimezone(now().tzinfo), now())


def _version(version: dict[str, Any]) -> dict[str, Any]:
    document = check_json(version["document"], "The review", documents.MOST_BYTES)
    _drawn(document)
    if documents.digest(document) != version["digest"]:
        raise BadInput(_DAMAGED)
    return {
        "digest": version["digest"],
        "document": document,
        "published": _moment(version["published"]),
    }


def _drawn(document: dict[str, Any]) -> None:
    """Make all that the pages make of a version; what raises here would raise there."""
    from analytics.review import slides, writing

    evidence = document["evidence"]
    clusters, tried = evidence["clusters"], evidence["tried"]
    lists = (clusters, tried["clusterings"], tried["maps"], evidence["numbers"], evidence["steps"])
    if any(not isinstance(x, list) or len(x) > _MOST_LINES for x in lists):
        raise BadInput(_DAMAGED)
    whole = [c[k] for c in clusters for k in ("label", "size")]
    whole += [c["groups"] for c in tried["clusterings"]]
    if any(type(n) is not int or not -1 <= n <= 2**40 for n in whole):
        raise BadInput(_DAMAGED)
    texts = [document["title"], *(x["name"] for x in (*clusters, *lists[1], *lists[2]))]
    texts += [s[k] for s in evidence["steps"] for k in ("label", "words")]
    texts += [c[k] or "" for c in clusters for k in ("words", "rule")]
    texts += [n["label"] for n in evidence["numbers"]]
    texts += [s["machine"] for s in document["sections"]]
    texts += [s["text"] for s in document["sections"] if s["text"] is not None]
    if not all(isinstance(text, str) for text in texts):
        raise BadInput(_DAMAGED)
    if any(c["label"] > _MOST_LABEL for c in clusters):
        raise BadInput(_DAMAGED)
    if [s["id"] for s in document["sections"]] != list(SECTIONS):
        raise BadInput(_DAMAGED)
    state = {k: v for k, v in document["state"].items() if k != "selection"}
    views.from_json({**state, **document["picture"]})
    for role in ("projection", "clustering", "dataset"):
        if not isinstance(evidence["content"].get(role) or "", str):
            raise BadInput(_DAMAGED)
    for run in tried["clusterings"]:
        writing.share(run["noise"])
        writing.shown(run["stability"])
    for number in evidence["numbers"]:
        writing.spread(number)
    dict(evidence["versions"].items())
    page = slides.page(document, back="", pictures=("", ""), about="")
    (page + json.dumps(document, ensure_ascii=False)).encode()  # no half of a sign in any text


def _comment(comment: dict[str, Any], said: list[dict], versions: int) -> dict[str, Any]:
    parent, number, gone = comment["parent"], comment["version"], comment["deleted"] is True
    fine = type(number) is int and 1 <= number <= versions
    if parent is not None:
        fine = fine and type(parent) is int and 0 <= parent < len(said)
        fine = fine and said[parent]["parent"] is None and not gone and not comment["resolved_by"]
    if not fine:
        raise BadInput(_DAMAGED)
    by, edited = comment["resolved_by"], comment["edited"]
    return {
        "number": number,
        "parent": parent,
        "about": dict(targets.WHOLE) if gone else targets.check(comment["about"]),
        "name": "" if gone else check_name(comment["name"]),
        "text": "" if gone else check_text(comment["text"], "comment", MOST_TEXT),
        "resolved_by": check_name(by) if by else "",
        "created": _moment(comment["created"]),
        "edited_at": None if edited is None else _moment(edited),
        "deleted_at": now() if gone else None,
    }


def add(connection: Connection, project: str, review: dict[str, Any]) -> str:
    """Insert a checked review under a new id and a new link; returns the id."""
    made = new_id("r")
    draft = {k: review[k] for k in ("title", "view", "texts", "created", "updated")}
    connection.execute(
        sa.insert(db.reviews).values(
            id=made, token=new_id("t"), project_id=project, revision=1, **draft
        )
    )
    for number, version in enumerate(review["versions"], 1):
        row = {"review_id": made, "number": number, **version}
        connection.execute(sa.insert(db.review_versions).values(**row))
    names = [new_id("c") for _ in review["comments"]]
    rows = [
        {
            **comment,
            "id": name,
            "review_id": made,
            "parent": None if comment["parent"] is None else names[comment["parent"]],
            "secret": secrets.token_hex(32),  # the hash of nothing anybody has
            "revision": 1,
            "updated": comment["created"],
        }
        for name, comment in zip(names, review["comments"], strict=True)
    ]
    for row in sorted(rows, key=lambda row: row["parent"] is not None):  # answers after theirs
        connection.execute(sa.insert(db.review_comments).values(**row))
    return made


def named(engine: Engine, review: str) -> list[Any]:
    """What of a stored review names results, see :func:`results_of`."""
    r, v = db.reviews.c, db.review_versions.c
    with reading(engine) as connection:
        found = list(connection.scalars(sa.select(r.view).where(r.id == review)))
        documents_ = connection.scalars(sa.select(v.document).where(v.review_id == review))
        return found + [document["state"] for document in documents_]


def drop(engine: Engine, review: str) -> None:
    """Remove a review for good, for an import that may not show what it shows."""
    with writing(engine) as connection:
        remove(connection, db.reviews, db.reviews.c.id == review)
