"""Parameters at their limits and beyond: a result or one sentence for every method, never a hang.

What a method says would take long is left to its estimate and to the limits of a job.
"""

import math
import warnings

import numpy as np
import pytest

from analytics import registry
from analytics.clustering.fit import fit
from analytics.errors import BadInput
from analytics.progress import silent
from tests.test_method_rows import material

ROWS = registry.methods()
X = np.random.default_rng(0).normal(size=(40, 3))
LONG = 0.5  # seconds, by the estimate
WRONG = {
    "int": (10**30, -(10**30), math.nan, math.inf, 1.5, [], {}, "9" * 100_000),
    "float": (math.nan, math.inf, -math.inf, "x", [], {}, 10**400),
    "bool": ("maybe", 2, []),
    "choice": ("x" * 1_000_000, "../..", None, 3, []),
}
each = pytest.mark.parametrize("row", ROWS, ids=lambda m: f"{m.kind}-{m.id}")


def ends(row):
    """Parameters with one number at an end of its range, or very large where it has none."""
    few = {p.name: 3 for p in row.params if p.name == "epochs"}
    for p in row.params:
        if p.type in ("int", "float"):
            far = 10**9 if p.type == "int" else 1e300
            for value in (p.low, far if p.high is None else p.high):
                if value is not None:
                    yield {**few, p.name: value}


@each
def test_numbers_at_their_limits_give_a_result_or_one_sentence(row):
    data = material(X)
    for given in ends(row):
        params = row.check(given)
        if row.cost(*X.shape, params) > LONG:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                if row.kind == "clustering":
                    made = len(fit(row, X, params, 0, data).labels)
                else:
                    made = len(row.run(data, params, 0, silent).xy)
            except BadInput as error:
                assert str(error).endswith(".") and len(str(error)) < 400, given
            else:
                assert made == len(X), given


@each
def test_what_is_no_such_value_is_refused_in_one_short_sentence(row):
    for p in row.params:
        if p.depends_on is not None:  # not looked at while another choice switches it off
            continue
        for value in WRONG.get(p.type, ()):
            if value is None and p.optional:
                continue
            with pytest.raises(BadInput) as refused:
                row.check({p.name: value})
            assert p.label in str(refused.value) or p.name in str(refused.value)
            assert len(str(refused.value)) < 600


def test_names_nobody_knows_are_refused_briefly():
    with pytest.raises(BadInput) as refused:
        ROWS[0].check({"x" * 1_000_000: 1})
    assert len(str(refused.value)) < 600
    with pytest.raises(BadInput) as refused:
        registry.get("clustering", "y" * 1_000_000)
    assert len(str(refused.value)) < 2_000
