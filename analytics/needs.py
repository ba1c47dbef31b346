"""What a method needs of the data beside a table, and whether the data has it.

``Method.needs`` names keys of NEEDS; pages say how to provide one, :func:`require` refuses data
that lacks it.
"""

from analytics.errors import BadInput
from analytics.registry import Method
from analytics.results import Dataset

# What is needed, and how to provide it.
NEEDS = {
    "text": ("a text column", "mark the text column on the Data page"),
    "images": ("images", "give the size of the images on the Data page"),
    "labels": (
        "some labels",
        "mark a label column on the Data page (--labels COLUMN on the command line), "
        "with empty cells where the label is not known, or point out examples on the map of the "
        "Clusters page (--examples FILE)",
    ),
    "domain": (
        "a domain column",
        "mark the column that says where each row comes from as the domain on the Data page "
        "(--domain COLUMN on the command line)",
    ),
    "graph": ("a graph", "open data with a list of links between its rows"),
}


def absent(method: Method, dataset: Dataset) -> list[str]:
    """The needs of a method that this data does not meet, in the order of NEEDS."""
    return [need for need in NEEDS if need in method.needs and not _has(dataset, need)]


def _has(dataset: Dataset, need: str) -> bool:
    """Whether the data meets a need."""
    if need in ("labels", "domain"):
        marked = getattr(dataset, need)
        return marked is not None and bool(marked.max(initial=-1) >= 0)
    if need == "text":
        return bool(dataset.text_column)
    return {"images": dataset.image_shape, "graph": dataset.edges}[need] is not None


def missing(method: Method, dataset: Dataset) -> str:
    """One sentence that says what this data lacks for a method and what to do, or ""."""
    for need in absent(method, dataset):
        what, how = NEEDS[need]
        return f"{method.label} needs {what}, and this data has none: {how}."
    return ""


def require(method: Method, dataset: Dataset) -> None:
    """Raise BadInput when the data lacks what a method needs."""
    sentence = missing(method, dataset)
    if sentence:
        raise BadInput(sentence)
