"""Which columns leave the building: only those a person names, else the ones shown on hover."""

from collections.abc import Sequence

from analytics.data import words
from analytics.errors import BadInput
from analytics.results import Dataset

DEFAULT = 5
MOST = 40


def default(dataset: Dataset) -> list[str]:
    """The text, the label, then the first columns: five in all."""
    first = [c for c in (dataset.text_column, dataset.label_column) if c in dataset.frame]
    rest = [c for c in dataset.frame.columns if c not in first]
    return list(dict.fromkeys(first + rest))[:DEFAULT]


def chosen(dataset: Dataset, columns: Sequence[str] | None) -> list[str]:
    """The columns to hand out, in their own order. Raises BadInput for an unknown name and for
    more than MOST."""
    if columns is None:
        return default(dataset)
    names = list(dict.fromkeys(str(c) for c in columns))
    unknown = [c for c in names if c not in dataset.frame]
    if unknown:
        raise BadInput(
            f"There is no column {words.name(unknown[0])} in {dataset.name or 'the data'}: choose "
            f"from {words.names(list(dataset.frame.columns), 8)}."
        )
    if len(names) > MOST:
        raise BadInput(f"{len(names)} columns are chosen and at most {MOST} fit: choose fewer.")
    return names


def left_out(dataset: Dataset, kept: Sequence[str]) -> str:
    """The sentence on the columns whose cells stay behind, or ""."""
    count = dataset.frame.shape[1] - len(kept)
    if not count:
        return ""
    verb = "is" if count == 1 else "are"
    return f"The cells of {words.count(count, 'other column')} {verb} not in this file."
