"""Parameters: what is accepted, what is refused and in which words, what leaves a digest alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.errors import BadInput
from analytics.params import Param, validate

K = Param("k", "int", 8, "Groups", low=1, high=100)
EPS = Param("eps", "float", None, "Distance", low=0.0, optional=True)
RULE = Param("rule", "choice", "ward", "Rule", choices=("ward", "none"))
FAST = Param("fast", "bool", False, "Fast")
POWER = Param("power", "float", 2.0, "Power", low=1, depends_on=("rule", ("none",)))
ALL = (K, EPS, RULE, FAST, POWER)
anything = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.lists(st.none())
)


def test_defaults_in_declared_order():
    assert list(validate(ALL, None).items()) == [
        ("k", 8), ("eps", None), ("rule", "ward"), ("fast", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        ({"k": "12"}, "k", 12),
        ({"k": 12.0}, "k", 12),
        ({"k": " 1 "}, "k", 1),
        ({"eps": "1e-3"}, "eps", 0.001),
        ({"eps": 2}, "eps", 2.0),
        ({"eps": "auto"}, "eps", None),
        ({"eps": "None"}, "eps", None),
        ({"eps": ""}, "eps", None),
        ({"rule": "none"}, "rule", "none"),  # a choice, not "nothing"
        ({"fast": "Yes"}, "fast", True),
        ({"fast": "off"}, "fast", False),
        ({"fast": 1}, "fast", True),
    ],
)
def test_values_are_typed(given, name, value):
    found = validate(ALL, given)[name]
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"k": 0}, "'k') is '0', but it takes a whole number from 1 to 100."),
        ({"k": 101}, "from 1 to 100"),
        ({"k": 2.5}, "'k') is '2.5'"),
        ({"k": True}, "'k') is 'True'"),
        ({"k": None}, "'k') is 'None'"),
        ({"k": "nan"}, "a whole number"),
        ({"k": 10**400}, "a whole number"),
        ({"k": "9" * 9000}, "9…'"),
        ({"eps": float("inf")}, "'eps') is 'inf', but it takes a number of at least 0, or none."),
        ({"eps": -1e-300}, "at least 0"),
        ({"eps": []}, "'eps') is '[]'"),
        ({"rule": "Ward"}, "one of ward, none."),
        ({"rule": 3}, "one of ward, none."),
        ({"fast": "maybe"}, "true or false."),
        ({"fast": 2}, "true or false."),
        ({"speed": 1}, "Unknown parameter 'speed': this method takes eps, fast, k, power, rule."),
    ],
)
def test_refusals_name_parameter_value_and_range(given, words):
    with pytest.raises(BadInput) as caught:
        validate(ALL, given)
    assert words in str(caught.value) and len(str(caught.value)) < 200


def test_no_parameters_at_all():
    assert validate((), {}) == {}
    with pytest.raises(BadInput, match="takes none"):
        validate((), {"k": 1})


def test_a_parameter_that_does_not_apply_is_left_out():
    assert "power" not in validate(ALL, {"power": 3})
    assert validate(ALL, {"power": 3, "rule": "none"})["power"] == 3.0
    assert validate(ALL, {"rule": "none"})["power"] == 2.0


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from([p.name for p in ALL]), anything))
def test_canonical_or_one_sentence(given):
    try:
        canonical = validate(ALL, given)
    except BadInput as error:
        assert str(error).endswith(".") and "\n" not in str(error)
    else:
        assert validate(ALL, canonical) == canonical


@pytest.mark.parametrize(
    ("param", "words"),
    [
        (Param("a", "int", 1, "A"), "a whole number"),
        (Param("a", "int", 1, "A", high=9), "a whole number of at most 9"),
        (
            Param("a", "float", 1.0, "A", low=0.5, optional=True),
            "a number of at least 0.5, or none",
        ),
    ],
)
def test_allowed_in_words(param, words):
    assert param.allowed() == words
