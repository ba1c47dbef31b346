"""Dialogs that stand open until they are closed or their page is left.

Streamlit closes a dialog that a run does not open anew, and a step that ends draws the whole page
anew: so it is remembered which dialog stands, and every run opens it again.
"""

from pages.ui import session


def on(page: str) -> None:
    """Begin a run of a page; what stood open on another one is closed."""
    here = session.current()
    if here.dialog[0] != page:
        here.dialog = (page, "")


def stands(name: str, pressed: bool) -> bool:
    """Whether this run opens the dialog ``name``. pressed : its button was; the last one pressed
    stands alone, since a run can open one dialog."""
    here = session.current()
    if pressed:
        here.dialog = (here.dialog[0], name)
    return here.dialog[1] == name


def closed() -> None:
    """What the reader's closing of a dialog calls."""
    here = session.current()
    here.dialog = (here.dialog[0], "")
