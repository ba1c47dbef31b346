"""Components of version 2 can be drawn under every key that random ids may give."""

from hypothesis import given
from hypothesis import strategies as st

from pages.ui import mounting
from tests.apptest import page_of


@given(st.lists(st.text("_.-a", max_size=6), unique=True, max_size=6))
def test_no_key_has_two_underscores_in_a_row_and_none_is_like_another(of):
    keys = [mounting.key(one, "part") for one in of]
    assert not any("__" in key for key in keys)
    assert all(
        len({mounting.key(one, "part"), mounting.key(other, "part")}) == 2
        for one in of
        for other in of
        if one != other and "." not in one + other  # no id has one
    )


def test_a_component_is_drawn_under_the_rarest_id():
    def page():
        from pages.ui import in_view, letting_go

        for key in ("map-r__3", "map-___", "map-r_-_3"):
            in_view.listen(key, "1")
            letting_go.listen(key, lambda: None)

    at = page_of(page).run()
    assert not at.exception
    assert len(at.get("bidi_component")) == 6
