"""Operations from outside: the modules that GESTALT_PLUGINS names.

Such a module adds rows to ``analytics.operations.OPERATIONS`` when it is imported. The runner and
every worker import them at start, so both know the same operations.
"""

import importlib

from analytics import settings
from analytics.errors import BadInput


def load() -> tuple[str, ...]:
    """Import the modules of GESTALT_PLUGINS. Returns their names; raises BadInput naming the one
    that cannot be imported."""
    names = tuple(n.strip() for n in settings.text("GESTALT_PLUGINS").split(",") if n.strip())
    for name in names:
        try:
            importlib.import_module(name)
        except Exception as error:
            raise BadInput(
                f"GESTALT_PLUGINS names '{name}', which cannot be imported ({error}): correct the "
                "setting or install the module."
            ) from error
    return names
