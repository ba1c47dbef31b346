"""Digests: equal values have one, different values two, and nothing else passes as one."""

import hashlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.digest import LENGTH, canonical_json, is_digest, of_bytes, of_json

numbers = st.one_of(st.integers(), st.floats(allow_nan=False))
values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
quick = settings(deadline=None, max_examples=80)


def shuffled(value):
    """The value with the keys of every object in the opposite order."""
    if isinstance(value, dict):
        return {k: shuffled(v) for k, v in reversed(value.items())}
    return [shuffled(v) for v in value] if isinstance(value, list) else value


def typed(value):
    """A value in which 1 and True differ, and 1 and 1.0 do not."""
    if isinstance(value, dict):
        return ("object", frozenset((k, typed(v)) for k, v in value.items()))
    if isinstance(value, list):
        return ("list", tuple(map(typed, value)))
    if isinstance(value, float) and math.isinf(value):
        return ("text", repr(value))  # how a digest writes it
    return ("text" if isinstance(value, str) else str(isinstance(value, bool)), value)


def test_canonical_form_by_hand():
    value = {"b": [2.0, -0.0, 0.5], "a": {"z": True, "y": None}, "ü": "ß"}
    assert canonical_json(value) == '{"a":{"y":null,"z":true},"b":[2,0,0.5],"ü":"ß"}'
    assert of_json({"a": 1}) == hashlib.sha256(b'{"a":1}').hexdigest()[:32]


@quick
@given(values)
def test_the_order_of_keys_never_matters(value):
    assert of_json(value) == of_json(shuffled(value))


@quick
@given(values, values)
def test_different_values_differ(a, b):
    assert (of_json(a) == of_json(b)) == (typed(a) == typed(b))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (2, 2.0),
        (0.0, -0.0),
        ((1, 2), [1, 2]),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array(4.0), 4),
        ({1: "x"}, {"1": "x"}),
    ],
)
def test_one_value_written_two_ways(a, b):
    assert of_json(a) == of_json(b)


@pytest.mark.parametrize(
    ("a", "b"), [(1, True), (1, "1"), (0, None), ("", None), (0.1, 0.1 + 1e-17 * 3), ([], {})]
)
def test_unlike_values(a, b):
    assert of_json(a) != of_json(b)


def test_large_numbers_stay_apart():
    assert of_json(2**53) != of_json(2**53 + 1)
    assert len({of_json(v) for v in (1e300, 1e301, -1e300, math.inf, -math.inf)}) == 5
    assert of_json(math.nan) == of_json(float("nan"))


def test_lone_surrogates_have_a_digest():
    assert is_digest(of_json("\ud800"))


@pytest.mark.parametrize("value", [object(), {1, 2}, b"x", np.zeros(2)])
def test_other_values_are_refused(value):
    with pytest.raises(TypeError, match="cannot make a digest"):
        of_json(value)


def test_every_byte_counts():
    data = bytearray(200_000)
    before = of_bytes(bytes(data))
    data[123_456] = 1
    assert of_bytes(bytes(data)) != before


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0123456789abcdef" * 2, True),
        ("a" * LENGTH, True),
        ("A" * LENGTH, False),
        ("a" * 31, False),
        ("a" * 33, False),
        ("a" * 31 + "\n", False),
        ("../" + "a" * 29, False),
        ("٣" * LENGTH, False),
        ("", False),
        (None, False),
        (["a"] * LENGTH, False),
        (b"a" * LENGTH, False),
    ],
)
def test_what_passes_as_a_digest(text, expected):
    assert is_digest(text) is expected
