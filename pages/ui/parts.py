"""Parts of a page that run again by themselves, counted and numbered as runs of a page are."""

import functools
import time
from collections.abc import Callable
from contextvars import ContextVar

from streamlit.runtime.scriptrunner import get_script_run_ctx

from analytics import logs, metrics

_counting = ContextVar("counting", default=False)


def drawn(key: str) -> bool:
    """Whether this run of the page, or of a part of it, has drawn a control under a key."""
    context = get_script_run_ctx()
    return context is not None and key in context.shared.widget_user_keys_this_run


def counted(name: str) -> Callable[[Callable], Callable]:
    """Under ``st.fragment`` or ``st.dialog``: count the runs of this part of a page.

    name : a fixed word, the label of the metrics. When the part is drawn with its page, or inside
    another part, it belongs to that run; when it runs alone, its seconds go to
    ``gestalt_part_run_seconds`` and its lines in the log carry a number of their own.
    """

    def decorate(function: Callable) -> Callable:
        @functools.wraps(function)
        def run(*args, **kwargs):
            context = get_script_run_ctx()
            if context is None or not context.fragment_ids_this_run or _counting.get():
                return function(*args, **kwargs)
            started, held = time.perf_counter(), _counting.set(True)
            try:
                with logs.tagged(logs.number()):
                    return function(*args, **kwargs)
            finally:
                _counting.reset(held)
                metrics.observe(
                    "gestalt_part_run_seconds", time.perf_counter() - started, part=name
                )

        return run

    return decorate
