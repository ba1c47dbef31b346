"""A review as one document: plain JSON that holds every text and number, and names its results.

A published document is never changed. It has a digest over all of it, and it names the map and the
clusters by digests whose results never change either; what their numbers were is kept beside, so
that a reader can be told if a stored result is not the one that was published.
"""

from collections.abc import Mapping
from typing import Any

from analytics.digest import of_json
from analytics.errors import BadInput
from analytics.report.record import content_hash
from analytics.results import Record
from analytics.review.sections import SECTIONS, check_texts
from analytics.review.writing import write
from analytics.store.artifacts import Artifacts
from analytics.store.fields import check_json, check_name

FORMAT = 1
MOST_BYTES = 2_000_000
# What of a view the picture needs beside the results.
PICTURE = ("color", "layer", "shape", "outlines", "links", "isolate", "zoom", "selection")


def assemble(
    evidence: dict[str, Any],
    state: Mapping[str, Any],
    picture: Mapping[str, Any],
    *,
    title: str,
    texts: Mapping[str, str],
) -> dict[str, Any]:
    """The document of a state.

    evidence : of :func:`analytics.review.evidence.gather`. picture : the fields of a view named in
    PICTURE. texts : part -> what the owner wrote in place of the machine. Raises BadInput.
    """
    machine, own = write(evidence), check_texts(texts)
    return check_json(
        {
            "format": FORMAT,
            "title": check_name(title, "title"),
            "state": dict(state),
            "picture": {k: picture[k] for k in PICTURE if k in picture},
            "sections": [
                {"id": name, "machine": machine[name], "text": own.get(name)} for name in SECTIONS
            ],
            "evidence": evidence,
        },
        "The review",
        MOST_BYTES,
    )


def digest(document: Mapping[str, Any]) -> str:
    """The name of a document: equal documents have one."""
    return of_json(["review", document])


def section(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One part: "id", "title", "text" as shown, "machine", and whether it is "edited"."""
    found = next(s for s in document["sections"] if s["id"] == name)
    edited = found["text"] is not None and found["text"] != found["machine"]
    return {
        "id": name,
        "title": SECTIONS[name],
        "machine": found["machine"],
        "text": found["text"] if edited else found["machine"],
        "edited": edited,
    }


def result(document: Mapping[str, Any], role: str, artifacts: Artifacts) -> Record | None:
    """The stored result of a role as it was published, None when it is not stored any more.

    Raises BadInput when what is stored holds other numbers.
    """
    record = artifacts.load(document["state"].get(role) or "0" * 32)
    if record is None:
        return None
    published = document["evidence"]["content"].get(role)
    if published and content_hash(record) != published:
        raise BadInput(
            f"The stored {role} is not the one that was published: its texts and numbers below "
            "are, but its map cannot be shown."
        )
    return record
