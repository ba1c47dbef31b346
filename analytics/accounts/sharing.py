"""Who may do what with a project, a study or a review.

owner : everything, also sharing and deleting. editor : changes it. viewer : opens it, comments, and
copies it into work of their own. What nobody owns, because it is from before the login, is the
first administrator's (GESTALT_ADMINS). A thing is known by its id, of whichever kind it is.

All functions take an engine of :func:`analytics.store.database.connect` and raise BadInput for what
the person can change, StoreError for what the database refuses.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from analytics.accounts import person as people
from analytics.accounts.person import Person
from analytics.accounts.tables import people as people_table
from analytics.accounts.tables import shares
from analytics.errors import BadInput
from analytics.store.database import now, reading, writing
from analytics.store.fields import shortened

OWNER, EDITOR, VIEWER = "owner", "editor", "viewer"
ROLES = (VIEWER, EDITOR, OWNER)  # each may do what those before it may
LINK, CLOSED = "link", "closed"  # a row (thing, LINK, CLOSED): its link opens it for nobody else
MOST = 200  # people with whom one thing is shared
MAX_NAMED = 254  # characters of what names a person


@dataclass(frozen=True)
class Share:
    """One line of the list of who may use a thing. who : the key. shown : for people."""

    who: str
    shown: str
    role: str


def at_least(role: str, least: str) -> bool:
    """Whether a role, "" for none, may do what ``least`` may."""
    return role in ROLES and ROLES.index(role) >= ROLES.index(least)


def greet(engine: Engine, person: Person) -> None:
    """Note who has signed in, so that others can share with them by name."""
    values = {
        "name": shortened(person.name),
        "email": person.email,
        "login": person.login,
        "seen": now(),
    }
    with writing(engine) as connection:
        where = people_table.c.id == person.id
        known = connection.execute(sa.update(people_table).where(where).values(**values)).rowcount
        if not known:
            connection.execute(sa.insert(people_table).values(id=person.id, **values))


def roles(engine: Engine, person: Person, things: Iterable[str]) -> dict[str, str]:
    """The role of a person in each of the things; those without one are left out."""
    with reading(engine) as connection:
        return roles_in(connection, person, list(things))


def role(engine: Engine, person: Person, thing: str) -> str:
    """The role of a person in one thing, "" for none."""
    return roles(engine, person, [thing]).get(thing, "")


def roles_in(connection: Connection, person: Person, things: list[str]) -> dict[str, str]:
    """:func:`roles` within a transaction."""
    if person.role == people.OPEN:
        return dict.fromkeys(things, OWNER)
    if not person.known:
        return {}
    query = sa.select(shares.c.thing, shares.c.who, shares.c.role)
    query = query.where(sa.or_(shares.c.who.in_(person.keys), shares.c.role == OWNER))
    if len(things) == 1:
        query = query.where(shares.c.thing == things[0])
    wanted, keys = set(things), set(person.keys)
    found: dict[str, str] = {}
    owned = set()
    for thing, who, given in connection.execute(query):
        if given == OWNER:
            owned.add(thing)
        if thing in wanted and who in keys and not at_least(found.get(thing, ""), given):
            found[thing] = given
    if _heir(person):
        found |= dict.fromkeys(wanted - owned, OWNER)
    return found


def _heir(person: Person) -> bool:
    """Whether what nobody owns is this person's."""
    admins = people.entries("GESTALT_ADMINS")
    return bool(admins) and person.named(admins[0])


def own(engine: Engine, thing: str, person: Person) -> None:
    """Make a person who signed in the owner of a thing; without login nobody owns it."""
    with writing(engine) as connection:
        put_owner(connection, thing, person)


def put_owner(connection: Connection, thing: str, person: Person | None) -> None:
    """:func:`own` within the transaction that makes the thing, so that it is never without its
    owner. person : None for nobody."""
    if person is not None and person.known:
        put(connection, thing, f"id:{person.id}", OWNER)


def share(engine: Engine, person: Person, thing: str, entry: str, given: str) -> Share:
    """Let somebody, named by e-mail address, user name or id, use a thing as editor or viewer.

    Only an owner may; a second share with the same name replaces the first.
    """
    if given not in (EDITOR, VIEWER):
        raise BadInput("A thing is shared with a viewer or an editor.")
    who = _key(entry)
    with writing(engine) as connection:
        _only(connection, person, thing)
        rows = connection.execute(sa.select(shares).where(shares.c.thing == thing)).all()
        if any(row.who == who and row.role == OWNER for row in rows) or who in person.keys:
            raise BadInput("This is the owner, who may do everything already.")
        if len(rows) >= MOST and all(row.who != who for row in rows):
            raise BadInput(f"A thing is shared with at most {MOST} people: remove one first.")
        put(connection, thing, who, given)
    return Share(who, entry.strip(), given)


def _key(entry: str) -> str:
    text = entry.strip()
    if not text or len(text) > MAX_NAMED or not text.isprintable():
        raise BadInput("Name the person by e-mail address, user name or id.")
    who = people.key_of(text)
    if who.startswith("login:") and people.kind() != "proxy":
        raise BadInput(
            "Name the person by e-mail address, or by the id that stands in their own menu at the "
            "top right."
        )
    return who


def unshare(engine: Engine, person: Person, thing: str, who: str) -> None:
    """Take a share back: an owner takes anybody's, everybody else only their own."""
    with writing(engine) as connection:
        if who not in person.keys:
            _only(connection, person, thing)
        gone = sa.delete(shares).where(shares.c.thing == thing, shares.c.who == who)
        connection.execute(gone.where(shares.c.role != OWNER, shares.c.who != LINK))


def shared_with(engine: Engine, thing: str) -> list[Share]:
    """Who may use a thing: its owner, then editors, then viewers."""
    p = people_table.c
    known = sa.and_(sa.literal("id:") + p.id == shares.c.who)
    query = sa.select(shares.c.who, p.name, p.email, shares.c.role)
    query = query.select_from(sa.outerjoin(shares, people_table, known))
    query = query.where(shares.c.thing == thing, shares.c.who != LINK)
    with reading(engine) as connection:
        rows = connection.execute(query).all()
    found = []
    for who, name, email, given in rows:
        named = f"{name} ({email})" if name and email and name != email else name
        found.append(Share(who, named or who.partition(":")[2], given))
    return sorted(found, key=lambda s: (-ROLES.index(s.role), s.shown.casefold()))


def by_link(engine: Engine, thing: str) -> bool:
    """Whether the links to the saved views of a project open them for everyone who signed in."""
    query = sa.select(shares.c.role).where(shares.c.thing == thing, shares.c.who == LINK)
    with reading(engine) as connection:
        return connection.scalar(query) != CLOSED


def set_by_link(engine: Engine, person: Person, thing: str, opens: bool) -> None:
    """Let the links open a project's views for everyone who signed in, or not. Owner only."""
    with writing(engine) as connection:
        _only(connection, person, thing)
        gone = sa.delete(shares).where(shares.c.thing == thing, shares.c.who == LINK)
        connection.execute(gone)
        if not opens:
            put(connection, thing, LINK, CLOSED)


def _only(connection: Connection, person: Person, thing: str) -> None:
    if roles_in(connection, person, [thing]).get(thing) != OWNER:
        raise BadInput("Only its owner can share it.")


def put(connection: Connection, thing: str, who: str, given: str) -> None:
    """Write one line of the list of who may use a thing, in place of one with the same key."""
    connection.execute(sa.delete(shares).where(shares.c.thing == thing, shares.c.who == who))
    row = {"thing": thing, "who": who, "role": given, "created": now()}
    connection.execute(sa.insert(shares).values(**row))
