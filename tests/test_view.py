"""The view: what rests on what, and that an address restores it exactly or says it cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import view as views
from analytics.errors import BadInput
from analytics.view import MAX_KEPT, View

A, B, C, D = ("0123456789abcdef" * 2, "a" * 32, "b" * 32, "c" * 32)

digests = st.text("0123456789abcdef", min_size=32, max_size=32)
finite = st.floats(-1e6, 1e6, allow_nan=False).map(lambda v: float(f"{v:.6g}"))
boxes = st.tuples(finite, finite, finite, finite).map(
    lambda v: {"type": "box", "x": [v[0], v[1]], "y": [v[2], v[3]]}
)
view_strategy = st.builds(
    View,
    table=digests,
    dataset=digests,
    projection=digests,
    clustering=digests,
    color=st.sampled_from(["", "clusters", "label", "column:größe & <b>"]),
    layer=st.sampled_from(["", "faithfulness:stress"]),
    shape=st.sampled_from(["", "color", "label", "column:größe & <b>"]),
    outlines=st.booleans(),
    isolate=st.one_of(st.none(), st.integers(-3, 40)),
    selection=st.lists(boxes, max_size=3).map(tuple),
    zoom=st.sampled_from([(), (0.0, 1.5, -2.0, 3.0)]),
)


@given(view_strategy)
def test_address_and_json_restore_the_view(view):
    view = view.with_()  # joins the kept maps and runs
    assert views.from_query(view.to_query()) == view
    assert views.from_json(view.to_json()) == view


def test_the_former_switch_for_shapes_follows_the_colour():
    assert views.from_json({"symbols": True}).shape == "color"
    assert views.from_json({"symbols": False}).shape == ""
    assert views.from_query({"shapes": "1"}).shape == "color"


def test_a_new_table_leaves_nothing_of_the_old_one():
    view = View(
        A, B, C, D, color="clusters", selection=({"type": "box", "x": [0, 1], "y": [0, 1]},)
    )
    assert view.with_(table=D) == View(table=D)


def test_a_new_dataset_keeps_the_colour_and_drops_the_maps():
    view = View(A, B, C, D, maps=(C,), runs=(D,), color="column:age", zoom=(0.0, 1.0, 0.0, 1.0))
    assert view.with_(dataset=C) == View(A, C, color="column:age")


def test_a_new_map_drops_selection_and_zoom_and_is_kept_beside_the_old_one():
    view = View(A, B, C, maps=(C,), zoom=(0.0, 1.0, 0.0, 1.0)).with_(projection=D)
    assert (view.maps, view.zoom, view.selection) == ((C, D), (), ())


def test_kept_results_are_bounded():
    view = View(A, B)
    for i in range(MAX_KEPT + 5):
        view = view.with_(projection=f"{i:032x}")
    assert len(view.maps) == MAX_KEPT
    assert view.projection in view.maps


@pytest.mark.parametrize(
    "query", [{"t": "short"}, {"d": "../../secret"}, {"sel": "%%"}, {"m": "A" * 32}]
)
def test_a_damaged_address_is_refused(query):
    with pytest.raises(BadInput, match="damaged"):
        views.from_query(query)


def test_a_view_of_an_hour_is_in_the_address():
    zoom = (19_848.41, 19_848.45, 5_400_000.5, 5_400_001.5)
    assert views.from_query(View(A, B, C, zoom=zoom).to_query()).zoom == zoom
    assert View(A, zoom=(0.0, 2.0, -1 / 3, 1e20)).to_query()["zoom"] == "0,2,-0.3333333,1e+20"


@pytest.mark.parametrize("group", ["--5", "-", "٣", "1e3", "123456789"])
def test_a_group_that_is_no_number_is_left_out(group):
    assert views.from_query({"t": A, "only": group}).isolate is None


@pytest.mark.parametrize("zoom", ["1,2,3", "a,b,c,d", "2,1,0,1", "nan,1,0,1", "0,inf,0,1"])
def test_a_wrong_zoom_is_left_out(zoom):
    assert views.from_query({"t": A, "zoom": zoom}).zoom == ()


@given(st.dictionaries(st.sampled_from(list(views.QUERY.values())), st.text(max_size=50)))
def test_any_address_gives_a_view_or_one_sentence(query):
    try:
        assert isinstance(views.from_query(query), View)
    except BadInput as error:
        assert str(error).endswith(".")


@pytest.mark.parametrize("data", [None, [], "x", {"selection": 3}, {"maps": [1]}])
def test_damaged_json_is_refused(data):
    with pytest.raises(BadInput):
        views.from_json(data)
