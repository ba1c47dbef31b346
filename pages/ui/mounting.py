"""Names under which components of version 2 are drawn."""

import re


def key(of: str, part: str) -> str:
    """The key of a component that belongs to what is drawn under ``of``.

    Streamlit raises on a key with two underscores in a row, and the random ids in our keys have
    them now and then (one of 200): the second of each pair is kept apart.
    """
    return re.sub("_(?=_)", "_.", f"{of}-{part}")
