"""Texts of a large file, given to the descriptions that a sample of them was explained by."""

import numpy as np
import pandas as pd

from analytics.bigdata.assigning import Rule
from analytics.data import words
from analytics.errors import BadInput
from analytics.explanation import asking, corpus, explain, offline, rest, select, spaces
from analytics.results import Explanation, Record


def rule_of(found: Explanation, source: Record) -> Rule:
    """The rule of an explanation by meaning, made offline. source : what it explains.

    The agreement is the share of held-back texts of the sample that stay where they are when they
    are judged by the others. Raises BadInput for other explanations.
    """
    from models import minilm

    if found.method != "offline" or "turn mean" not in found.state:
        raise BadInput(
            "Only descriptions by meaning, judged offline, are given to all texts of a file: "
            'explain its sample by a goal such as "by topic", without a language model.'
        )
    said = [found.descriptions[c] for c in found.chosen]
    task = asking.task_of(found.params, corpus.held(found, source))
    provider = offline.restored(task, found.state, found.descriptions)
    rules = rest.rules_of(provider, said, provider.space.values)

    def label(X: np.ndarray, frame: pd.DataFrame) -> np.ndarray:
        texts, place = corpus.of_cells(frame[found.column])
        values = spaces.more(provider.space, texts, minilm.embed(texts)) if texts else np.zeros(0)
        scores = rest.scores_of(said, rules, values, texts) if texts else np.zeros((0, len(said)))
        return np.append(select.assign(scores, explain.LEAST_CHANCE), -1)[place].astype(np.int32)

    moved, _, _ = rest.moved_share(provider, said, found)
    how = f"the likeliest of {words.count(len(said), 'description')}, by meaning"
    return Rule(label, how, 1 - moved, (found.column,), gaps=True)
