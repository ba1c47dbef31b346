"""What would change the ambiguity score most, read off the score itself."""

from typing import NamedTuple

from analytics.perception.wording import component_name
from analytics.results import Ambiguity
from analytics.shares import percent


class Change(NamedTuple):
    """words: what would be different. score: the score then. components: those it speaks of."""

    words: str
    score: float
    components: tuple[int, ...]


def changes(found: Ambiguity, most: int = 5) -> list[Change]:
    """The changes with the largest effect, largest first.

    Each pair on which everybody would agree, and each group that would not be there; the other
    pairs are kept as they are.
    """
    if len(found.pairs) == 0:
        return []
    bits, pairs = found.pair_ambiguity, found.pairs
    options = []
    for (i, j), own in zip(pairs, bits, strict=True):
        score = float((bits.sum() - own) / len(bits))
        names = f"{component_name(i)} and {component_name(j)}"
        options.append(Change(f"If everybody agreed on {names}", score, (int(i), int(j))))
    for k in range(found.n_components):
        rest = bits[(pairs != k).all(axis=1)]
        share = f"{percent(found.weights[k])} of the points"
        score = float(rest.mean()) if len(rest) else 0.0
        options.append(Change(f"Without {component_name(k)} ({share})", score, (k,)))
    options.sort(key=lambda change: -abs(change.score - found.ambiguity))
    return options[:most]
