"""Content hashes: the identity, cache key and link of everything.

A digest is the first 32 hexadecimal digits of a SHA-256. Streamlit's own cache keys sample large
arrays and so return wrong results; these read every byte.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Any

LENGTH = 32


def canonical_json(value: Any) -> str:
    """JSON with sorted keys, no spaces, and numbers written one way (2.0 is 2, -0.0 is 0)."""
    return json.dumps(
        _plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, bool) or value is None or isinstance(value, (str, int)):
        return value
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return _plain(value.item())
    if isinstance(value, float):
        if not math.isfinite(value):
            return repr(value)
        return int(value) if value == int(value) and abs(value) < 2**53 else value
    raise TypeError(f"cannot make a digest of a {type(value).__name__}")


def of_bytes(data: bytes) -> str:
    """Digest of raw bytes."""
    return hashlib.sha256(data).hexdigest()[:LENGTH]


def of_json(value: Any) -> str:
    """Digest of a JSON-like value."""
    return of_bytes(canonical_json(value).encode("utf-8", "surrogatepass"))


def is_digest(text: Any) -> bool:
    """Whether ``text`` has the form of a digest. All that becomes a file name passes here."""
    return isinstance(text, str) and len(text) == LENGTH and set(text) <= set("0123456789abcdef")
