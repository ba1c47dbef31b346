"""A person as the login vouches for them, and the ways to name one in a setting or a share."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analytics import settings
from analytics.errors import BadInput
from analytics.store.fields import shortened, tidy

LOGINS = ("", "oidc", "proxy")
OPEN, ADMIN, MEMBER, READER = "open", "admin", "member", "reader"
_ID = re.compile("u[0-9a-f]{30}")
MAX_ADDRESS = 254  # characters of an e-mail address


@dataclass(frozen=True)
class Person:
    """Who is at the other end.

    id : the same at every visit with login on; of one browser tab without. login : the user name
    that a proxy gives, else "". email : in small letters, "" unless the login vouches for it.
    role : "open" without login, "admin", "member", or "reader": nobody known, let in by the link
    of a review.
    """

    id: str
    name: str = ""
    email: str = ""
    login: str = ""
    role: str = OPEN

    @property
    def known(self) -> bool:
        """Whether the person has signed in."""
        return self.role in (ADMIN, MEMBER)

    @property
    def keys(self) -> tuple[str, ...]:
        """All names by which something can be shared with this person."""
        found = [f"id:{self.id}"]
        found += [f"login:{self.login}"] if self.login else []
        return (*found, f"email:{self.email}") if self.email else tuple(found)

    def named(self, entry: str) -> bool:
        """Whether an entry of a setting means this person: e-mail address, @domain, user name or
        id."""
        if entry.startswith("@"):
            return self.email.endswith(entry.lower())
        return key_of(entry) in self.keys


def key_of(entry: str) -> str:
    """The key of an e-mail address, a user name or an id, as in :attr:`Person.keys`."""
    text = entry.strip()
    if _ID.fullmatch(text):
        return f"id:{text}"
    return f"email:{text.lower()}" if "@" in text else f"login:{text}"


def kind() -> str:
    """The login that is switched on: "", "oidc" or "proxy". Raises BadInput."""
    value = settings.text("GESTALT_LOGIN")
    if value not in LOGINS:
        raise BadInput(f"GESTALT_LOGIN is {value!r}, but it takes oidc or proxy, or stays empty.")
    return value


def from_token(claims: Mapping[str, Any]) -> Person | None:
    """The person of an OIDC identity token that was verified; None without issuer and subject.

    The address counts only when the provider says that it verified it: anyone may claim another's.
    """
    issuer, subject = claims.get("iss"), claims.get("sub")
    if not (isinstance(issuer, str) and isinstance(subject, str) and issuer and subject):
        return None
    vouched = claims.get("email_verified") in (True, "true")
    email = _address(claims.get("email")) if vouched else ""
    name = claims.get("name") or claims.get("preferred_username") or claims.get("email") or ""
    return _person(f"oidc|{issuer}|{subject}", name, email, "")


def from_proxy(user: str, email: str, name: str) -> Person | None:
    """The person whom a trusted proxy names; None when it names nobody."""
    login = tidy(user)[:MAX_ADDRESS]
    email = _address(email) or _address(login)
    if not login and not email:
        return None
    return _person(f"proxy|{login or email}", name or login or email, email, login)


def _person(subject: str, name: Any, email: str, login: str) -> Person:
    who = "u" + hashlib.sha256(subject.encode("utf-8", "replace")).hexdigest()[:30]
    found = Person(who, shortened(name) or email or "Unnamed", email, login, MEMBER)
    admins = entries("GESTALT_ADMINS")
    if any(found.named(entry) for entry in admins):
        found = Person(who, found.name, email, login, ADMIN)
    return found


def _address(text: Any) -> str:
    email = tidy(text).lower() if isinstance(text, str) else ""
    return email if "@" in email and len(email) <= MAX_ADDRESS and " " not in email else ""


def entries(setting: str) -> list[str]:
    """The entries of a setting that lists people, comma-separated."""
    return [part.strip() for part in settings.text(setting).split(",") if part.strip()]


def let_in(person: Person) -> bool:
    """Whether a person who signed in may use this server: all may when GESTALT_MEMBERS is empty."""
    members = entries("GESTALT_MEMBERS")
    return not members or person.role == ADMIN or any(person.named(entry) for entry in members)
