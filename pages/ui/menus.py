"""Menus over names that come from data and people, of which two may be the same."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any

from analytics.data.naming import different


def told_apart(options: Iterable[Hashable], say: Callable[[Any], str] = str) -> Callable:
    """What to give a menu as ``format_func``: the words of each option, no two the same.

    A browser names the option chosen by its words, and of those with the same words Streamlit takes
    the last, even when nobody touched the menu. So the second "noise" is called "noise (2)". What
    is no option keeps its words.
    """
    options = list(options)
    words = dict(zip(options, different(map(say, options)), strict=True))
    return lambda option: words[option] if option in words else say(option)
