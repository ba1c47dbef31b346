"""Gestalt's pure library: data, projection, clustering, perception scores and their store.

Nothing here imports streamlit. The public functions are loaded on first use, so that
``import analytics`` stays cheap.
"""

from importlib import import_module

__version__ = "0.1.0"

_PUBLIC = {
    "BadInput": "analytics.errors",
    "methods": "analytics.registry",
    "read": "analytics.api",
    "profile": "analytics.api",
    "sample": "analytics.api",
    "apply": "analytics.api",
    "prepare": "analytics.api",
    "project": "analytics.api",
    "faithfulness": "analytics.api",
    "reliability": "analytics.api",
    "cluster": "analytics.api",
    "validity": "analytics.api",
    "stability": "analytics.api",
    "reasons": "analytics.explaining",
    "sentences": "analytics.explaining",
    "clams": "analytics.api",
    "perceive": "analytics.api",
    "explain": "analytics.explaining",
    "standin": "analytics.perception.standins",
    "rank": "analytics.api",
    "advise": "analytics.api",
    "trust": "analytics.api",
    "compare": "analytics.api",
    "agreement": "analytics.comparing.api",
    "consensus": "analytics.comparing.api",
    "sweep": "analytics.comparing.api",
    "grid": "analytics.comparing.api",
    "correct": "analytics.comparing.api",
    "report": "analytics.api",
}

__all__ = list(_PUBLIC)


def __getattr__(name: str):
    if name in _PUBLIC:
        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'analytics' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
