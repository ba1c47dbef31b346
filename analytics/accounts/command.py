"""``python -m analytics people``: who has signed in, giving them what nobody owns, and deleting
what belongs to one of them."""

from typing import Any

from analytics.errors import BadInput

ACTIONS = ("list", "claim", "forget")


def run(options) -> dict[str, Any]:
    """What ``action`` gives, as plain values for JSON. Raises BadInput, StoreError."""
    from analytics.accounts import leaving
    from analytics.store.database import connect

    engine = connect()
    if options.action == "list":
        known = leaving.everybody(engine)
        return {"people": [_named(person) for person in known]}
    if not options.who:
        raise BadInput(
            f"'people {options.action}' takes an id, an e-mail address or a user name: "
            "'people list' shows them."
        )
    if options.action == "claim":
        person, counts = leaving.claim(engine, options.who)
        return {"given_to": _named(person), "counts": counts}
    return _forget(engine, options)


def _forget(engine, options) -> dict[str, Any]:
    from analytics import settings
    from analytics.accounts import leaving
    from analytics.store.artifacts import Artifacts

    home = settings.home()
    person, counts = leaving.forget(
        engine, Artifacts(home / "results"), home, options.who, options.to, options.yes
    )
    said = "Done." if options.yes else "Nothing was changed: add --yes to do it, for good."
    return {"person": _named(person), "counts": counts, "done": options.yes, "note": said}


def _named(person) -> dict[str, str]:
    shown = {"id": person.id, "name": person.name, "email": person.email, "login": person.login}
    return {key: value for key, value in shown.items() if value}
