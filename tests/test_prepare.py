"""From a table to a dataset: suggestions, canonical recipes, every choice and its note."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.data import categories, encode, operations, prepare, suggest, types, uploads
from analytics.digest import of_json
from analytics.errors import BadInput
from analytics.operations import execute, request
from analytics.results import UNLABELLED, Table
from analytics.store.artifacts import Artifacts
from models import minilm


def table_of(frame, **source):
    frame, kinds, vectors, _ = types.infer(pd.DataFrame(frame))
    recipe = prepare.suggest(frame, kinds, vectors, source)
    return Table(
        digest="0" * 32, frame=frame, name="t", kinds=kinds, vectors=vectors, recipe=recipe,
        source=source,
    )  # fmt: skip


def ready(frame, seed=0, **recipe):
    return prepare.prepare(table_of(frame), recipe, seed)


def penguins(n=40):
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "id": [f"p{i}" for i in range(n)],
            "bill_mm": rng.normal(40, 5, n),
            "mass_g": rng.normal(4000, 500, n),
            "island": (["Biscoe", "Dream"] * n)[:n],
            "species": (["Adelie", "Gentoo", "Adelie", "Chinstrap"] * n)[:n],
            "seen": pd.date_range("2008-01-01", periods=n),
            "same": 1,
        }
    )


# Suggestions


def test_suggestion_for_a_mixed_table():
    recipe = table_of(penguins()).recipe
    assert recipe["features"] == ["bill_mm", "mass_g", "island"]
    assert recipe["label"] == "species" and recipe["scale"] == "standard"
    assert recipe["missing"] == "drop" and recipe["sample"] == 0 and recipe["image"] == []


def test_suggestion_for_planes():
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(30, 2))
    named = table_of({"X": xy[:, 0], "y": xy[:, 1], "label": [0, 1] * 15}).recipe
    assert (named["x"], named["y"], named["scale"], named["label"]) == ("X", "y", "none", "label")
    two = table_of({"eruptions": xy[:, 0], "waiting": xy[:, 1] * 13}).recipe
    assert (two["x"], two["y"], two["scale"]) == ("eruptions", "waiting", "standard")
    alike = table_of({"dim 1": xy[:, 0], "dim 2": xy[:, 1]}).recipe
    assert (alike["x"], alike["scale"]) == ("dim 1", "none")


def test_suggestion_keeps_computed_maps_out_of_the_features():
    rng = np.random.default_rng(0)
    names = ["a", "b", "c", "umap_1", "umap_2"]
    recipe = table_of(pd.DataFrame(rng.normal(size=(20, 5)), columns=names)).recipe
    assert recipe["features"] == ["a", "b", "c"] and recipe["y"] == "umap_2"


def test_suggestion_for_vectors_and_images():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(20, 16)), columns=[f"pixel{i}" for i in range(16)])
    recipe = table_of(frame.assign(price=rng.normal(size=20), digit=[1, 2] * 10)).recipe
    assert len(recipe["features"]) == 16 and recipe["scale"] == "none"
    assert recipe["image"] == [4, 4] and recipe["label"] == "digit"
    assert table_of(frame, image_shape=[8, 2]).recipe["image"] == [8, 2]


def test_suggestion_for_texts_gaps_and_nothing():
    texts = {"message": [f"this is message number {i} of many" for i in range(12)]}
    recipe = table_of({**texts, "topic": ["a", "b"] * 6}).recipe
    assert recipe["features"] == [recipe["text"]] == ["message"] and recipe["label"] == "topic"
    assert table_of({"a": [1.5, np.inf, 3], "b": [1, 2, 5.5]}).recipe["missing"] == "median"
    dates = table_of({"day": pd.date_range("2024-01-01", periods=5)})
    assert dates.recipe["features"] == []
    with pytest.raises(BadInput, match="No column tells the rows apart"):
        prepare.check({}, dates)


@pytest.mark.parametrize("value", [1, None])
def test_a_table_without_a_usable_column_says_why(value):
    table = table_of({"a": [value] * 9, "b": [value] * 9})
    with pytest.raises(BadInput, match="No column tells the rows apart"):
        prepare.check(table.recipe, table)
    with pytest.raises(BadInput, match="No feature is chosen"):
        prepare.check({"features": []}, table_of(penguins()))


def test_huge_values_are_no_suggested_coordinates():
    table = table_of({"x": [1e300, -1e300, 0.0, 2e300] * 8, "y": [0.0, 1.0, 2.0, 3.0] * 8})
    assert table.recipe["x"] == table.recipe["y"] == ""
    assert prepare.prepare(table, table.recipe).coords is None
    with pytest.raises(BadInput, match=r"'x' holds values beyond 1e\+15, too large"):
        prepare.prepare(table, {"x": "x", "y": "y"})


def test_a_wide_vector_keeps_its_order_and_takes_one_pass():
    """Every column of a block stands for the whole block, which must not be walked once each."""

    class Counted(list):
        walks = 0

        def __iter__(self):
            Counted.walks += 1
            return super().__iter__()

    rng = np.random.default_rng(0)
    names = [f"v{i}" for i in range(300)]
    table = table_of(pd.DataFrame(rng.normal(size=(20, 300)), columns=names).assign(other=1.5))
    (block,) = table.vectors
    table.vectors[block] = Counted(table.vectors[block])
    assert prepare.check({"features": [*reversed(names), "other"]}, table)["features"] == [
        *names,
        "other",
    ]
    assert Counted.walks <= 5


def test_a_class_column_alone_is_still_a_feature():
    table = table_of({"class": ["a", "b"] * 6})
    assert table.recipe["features"] == ["class"] and table.recipe["label"] == ""


# The canonical recipe


def test_equal_choices_have_equal_digests():
    table = table_of(penguins())
    one = prepare.check({"features": ["mass_g", "bill_mm", "mass_g"], "sample": "40"}, table)
    other = prepare.check(
        {"features": ("bill_mm", "mass_g"), "types": {"mass_g": "number"}, "sample": 99}, table
    )
    assert one == other and of_json(one) == of_json(other)
    assert prepare.check(one, table) == one
    assert set(one) == set(table.recipe)


def test_a_table_stored_before_a_choice_existed_takes_its_default():
    table = table_of(penguins())
    older = {k: v for k, v in table.recipe.items() if k not in ("texts_by", "scale")}
    found = prepare.check({}, replace(table, recipe=older))
    assert found == {**prepare.check({}, table), "scale": found["scale"]} and found["scale"]


def test_a_declared_answer_leaves_the_features():
    table = table_of(penguins())
    assert "island" not in prepare.check({"label": "island"}, table)["features"]
    chosen = prepare.check({"label": "island", "features": ["island", "mass_g"]}, table)
    assert chosen["features"] == ["mass_g", "island"]


def test_a_block_name_stands_for_its_columns():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 17)))
    frame.columns = ["other", *(f"emb_{i}" for i in reversed(range(16)))]
    recipe = prepare.check({"features": ["emb"], "image": []}, table_of(frame))
    assert recipe["features"] == [f"emb_{i}" for i in range(16)]


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        ({"colour": 1}, "no 'colour'"),
        ({"features": ["bil_mm"]}, "did you mean 'bill_mm'"),
        ({"features": []}, "No feature"),
        ({"features": "bill_mm"}, "list of column names"),
        ({"features": [3]}, "no column '3'"),
        ({"label": "nope"}, "asked for as label"),
        ({"x": "bill_mm"}, "both x and y"),
        ({"x": "bill_mm", "y": "bill_mm"}, "both x and y"),
        ({"types": {"bill_mm": "colour"}}, "choose one of number"),
        ({"types": {"nope": "number"}}, "no column 'nope'"),
        ({"types": ["a"]}, "column: type"),
        ({"image": [2, 2]}, "4 numeric features, but 3 columns are chosen"),
        ({"image": "8x8"}, "width and height"),
        ({"image": [True, 3]}, "width and height"),
        ({"missing": "guess"}, "'missing'. is 'guess'"),
        ({"scale": None}, "'scale'"),
        ({"sample": -1}, "'sample'"),
        ({"sample": 1}, "1 row"),
    ],
)
def test_wrong_recipes_are_named(recipe, words):
    with pytest.raises(BadInput, match=words):
        prepare.check(recipe, table_of(penguins()))


# Missing values


def test_dropping_rows():
    frame = pd.DataFrame({"a": [1, 2, np.nan, 4, np.inf], "b": [*"xyxy", None]})
    data = ready(frame, missing="drop", scale="none")
    assert data.rows.tolist() == [0, 1, 3] and data.total_rows == 5
    assert data.frame["a"].tolist() == [1, 2, 4]
    assert "1 infinite value in 'a' treated as missing." in data.notes
    assert "2 rows left out: missing value in 'a', 'b'." in data.notes


@pytest.mark.parametrize(("missing", "value"), [("mean", 3), ("median", 2), ("zero", 0)])
def test_filling_gaps(missing, value):
    frame = pd.DataFrame({"a": [1, 2, np.nan, 6, np.inf], "b": [1, 2, 3, 4, 0.5]})
    data = ready(frame, missing=missing, scale="none", x="", y="")
    assert data.X[[2, 4], 0].tolist() == [value, value] and data.n == 5
    assert any("2 missing values filled" in note for note in data.notes)
    assert np.isinf(data.frame["a"].iloc[4])


def test_missing_categories_become_a_value():
    data = ready({"c": ["u", "v", None, "u"], "v": [1, 2, 3, 5.5]}, missing="mean", scale="none")
    assert data.columns == ("v", "c=u", "c=v", "c=(missing)")
    assert data.X[2].tolist() == [3, 0, 0, 1]


def test_too_few_rows_left():
    with pytest.raises(BadInput, match="Only 1 row without a missing value"):
        ready({"a": [1, np.nan, 3.5], "b": [1.5, 2, np.nan]}, missing="drop")
    with pytest.raises(BadInput, match="1 row, but it needs at least 2"):
        ready({"a": [1.0], "b": [2.0]})


# Encoding and scaling


def test_encodings():
    frame = {"c": ["b", "a", "b"], "v": [1, 2, 4]}
    hot = ready(frame, scale="none")
    assert hot.columns == ("v", "c=a", "c=b") and hot.X[0].tolist() == [1, 0, 1]
    assert ready({**frame, "c=a": [3, 1, 2]}).columns == ("v", "c=a", "c=a (2)", "c=b")
    ranks = ready(frame, scale="none", encode="ordinal")
    assert ranks.columns == ("v", "c") and ranks.X[:, 1].tolist() == [1, 0, 1]
    assert ready(frame, encode="leave out").columns == ("v",)
    with pytest.raises(BadInput, match="while categories are left out"):
        ready(frame, features=["c"], encode="leave out")


def test_huge_categories_are_capped():
    values = [f"v{i:03d}" for i in range(80)] + ["v007"] * 5
    data = ready({"c": values, "v": range(85)}, features=["c"])
    assert len(data.columns) == categories.MOST_VALUES + 1 and data.columns[-1] == "c=other values"
    assert data.X[:, -1].sum() == 30 and (data.X.sum(axis=1) == 1).all()
    assert any("80 values" in note for note in data.notes)


def test_scalings():
    frame = {"a": [1.0, 2.0, 3.0, 10.0], "b": [5, 5, 6, 7.5]}
    base = {"x": "", "y": ""}
    a = np.array(frame["a"])
    standard = ready(frame, scale="standard", **base).X[:, 0]
    np.testing.assert_allclose(standard, (a - a.mean()) / a.std(), rtol=1e-6)
    np.testing.assert_allclose(ready(frame, scale="minmax", **base).X[:, 0], (a - 1) / 9, rtol=1e-6)
    robust = ready(frame, scale="robust", **base).X[:, 0]
    np.testing.assert_allclose(robust, (a - 2.5) / (4.75 - 1.75), rtol=1e-6)
    np.testing.assert_array_equal(ready(frame, scale="none", **base).X[:, 0], a)


def test_robust_scaling_of_mostly_equal_values():
    data = ready({"a": [1, 1, 1, 1, 1, 9], "b": range(6)}, scale="robust", x="", y="")
    assert data.X[5, 0] == pytest.approx(8 / np.std([1, 1, 1, 1, 1, 9]))
    assert any("half of the values are equal" in note for note in data.notes)


def test_dates_booleans_and_identifiers_as_features():
    frame = penguins(12).assign(male=[True, False] * 6)
    data = ready(frame, features=["seen", "male"], scale="none", x="", y="")
    assert data.columns == ("seen", "male")
    assert np.diff(data.X[:, 0]).tolist() == [1] * 11 and data.X[:3, 1].tolist() == [1, 0, 1]
    assert ready(frame, features=["id"]).X.shape == (12, 12)


def test_corrected_types_are_used():
    frame = penguins().assign(code=[1, 2, 3, 4] * 10)
    data = ready(frame, features=["code"], types={"code": "category"})
    assert data.columns == ("code=1", "code=2", "code=3", "code=4")
    with pytest.raises(BadInput, match="row 1 holds 'Biscoe'"):
        ready(frame, features=["island"], types={"island": "number"})


def test_constants_leave_unless_they_are_pixels():
    frame = penguins()
    data = ready(frame, features=["same", "mass_g"])
    assert data.columns == ("mass_g",) and "Left out, one single value: 'same'." in data.notes
    with pytest.raises(BadInput, match="all rows are equal"):
        ready(frame, features=["same"])
    image = np.random.default_rng(0).normal(size=(10, 16))
    image[:, 3] = 0
    pixels = pd.DataFrame(image, columns=[f"px{i}" for i in range(16)])
    for scale in ("none", "standard", "minmax", "robust"):
        data = ready(pixels, image=[4, 4], scale=scale)
        assert data.image_shape == (4, 4) and data.X.shape == (10, 16)


def test_numbers_at_their_limits():
    frame = {"a": [1e300, -1e300, 1.0, 2.0], "b": [1e-310, 2e-310, 3e-310, 4e-310], "c": range(4)}
    for scale in ("standard", "minmax", "robust"):
        data = ready(frame, scale=scale)
        assert np.isfinite(data.X).all() and data.X.shape == (4, 3)
    assert np.abs(ready(frame, scale="standard").X).max() < 2
    with pytest.raises(BadInput, match="'a' holds 1e\\+300"):
        ready(frame, scale="none")
    assert ready(frame, scale="none", features=["b", "c"], x="", y="").columns == ("c",)


def test_small_differences_of_large_numbers_survive():
    times = 1.7e9 + np.arange(10) / 4
    data = ready({"x": times, "y": np.arange(10) * 3.0}, scale="none")
    np.testing.assert_allclose(np.diff(data.X[:, 0]), 0.25)
    np.testing.assert_allclose(np.diff(data.coords[:, 0]), 0.25)
    assert any("Moved to mean zero" in note for note in data.notes)


def test_too_wide():
    frame = pd.DataFrame({"a": ["u", "v"], "b": [1, 2]})
    with pytest.raises(BadInput, match="at most 20,000"):
        encode._refuse_size(2, 20_001)
    with pytest.raises(BadInput, match="a sample of at most 25,000 rows"):
        encode._refuse_size(10_000_000, 10_000)
    assert ready(frame).n == 2


# Labels, domain, coordinates, texts, samples


def test_labels_and_domain():
    frame = penguins(6).assign(domain=[1.0, 2.0, np.nan, 1.0, 2.5, 1.0])
    frame.loc[1, "species"] = None
    data = ready(frame, label="species")
    assert data.label_names == ("Adelie", "Chinstrap", "Gentoo")
    assert data.labels.tolist() == [0, UNLABELLED, 0, 1, 0, 2]
    assert data.labels.dtype == np.int32 and data.label_column == "species"
    assert data.domain_names == ("1", "2", "2.5")
    assert data.domain.tolist() == [0, 1, UNLABELLED, 0, 2, 0]
    many = pd.DataFrame({"a": np.arange(1500) / 7, "b": np.arange(1500) % 7 / 3})
    with pytest.raises(BadInput, match="1,500 different values"):
        ready(many, label="a", features=["b"])


def test_coordinates_follow_the_rows():
    frame = {"x": [0, 1, np.nan, 3], "y": [5, 6, 7, 8.5], "w": [1, 2, 3, 9]}
    data = ready(frame, features=["w"], missing="drop")
    assert data.coords.tolist() == [[0, 5], [1, 6], [3, 8.5]] and data.coord_names == ("x", "y")
    assert ready(frame, features=["w"], missing="zero").coords[2].tolist() == [0, 7]
    with pytest.raises(BadInput, match="no number, so it cannot be a coordinate"):
        ready({**frame, "c": list("abca")}, x="c", y="y")


def test_texts_become_directions():
    texts = [f"the {animal} ate {i} apples" for animal in ("cat", "horse") for i in range(10)]
    data = ready({"text": texts}, texts_by="words")
    assert data.text_column == "text" and np.linalg.norm(data.X, axis=1).max() <= 1 + 1e-6
    assert any("TF-IDF" in note for note in data.notes)
    inside = data.X[:10] @ data.X[:10].T
    across = data.X[:10] @ data.X[10:].T
    assert inside.mean() > across.mean()
    assert (
        ready({"word": ["猫" * 20, "犬が好き" * 9]}, features=["word"], types={"word": "text"}).n
        == 2
    )
    with pytest.raises(BadInput, match="no letters or digits"):
        ready({"t": ["", "?"], "v": [1, 2]}, features=["t"], types={"t": "text"}, missing="zero")


@pytest.mark.skipif(not minilm.available(), reason="the sentence model is not installed")
def test_texts_are_compared_by_meaning_when_they_are_few():
    animals = ["the cat sleeps", "a dog barks", "horses run", "the cow eats grass", "?"]
    money = ["shares fell", "the bank lends money", "interest rates rise", "taxes and budgets", ""]
    data = ready({"text": animals + money}, types={"text": "text"}, texts_by="meaning")
    near = np.linalg.norm(data.X[:, None] - data.X[None], axis=2)
    assert near[:4, :4].mean() < near[:4, 5:9].mean() and near[4, 9] < 1e-5
    assert any("by meaning" in note for note in data.notes)


def test_many_texts_are_compared_by_words_at_first(monkeypatch):
    monkeypatch.setattr(suggest.texts, "FEW", 5)
    texts = [f"this is message number {i} of many" for i in range(12)]
    assert table_of({"message": texts}).recipe["texts_by"] == "words"


def test_samples_keep_order_and_proportions():
    n = 1000
    frame = pd.DataFrame({"a": np.arange(n) / 3, "b": np.arange(n) % 17 / 2})
    frame["group"] = np.where(np.arange(n) % 10 == 0, "rare", "common")
    data = ready(frame, seed=3, sample=100, label="group")
    assert data.n == 100 and (np.diff(data.rows) > 0).all()
    assert abs((data.labels == 1).sum() - 10) <= 1
    assert "100 of 1,000 rows used, drawn at random in the proportions of 'group'." in data.notes
    np.testing.assert_array_equal(data.rows, ready(frame, seed=3, sample=100, label="group").rows)
    assert (data.rows != ready(frame, seed=4, sample=100, label="group").rows).any()
    assert ready(frame, sample=7, label="").n == 7


# Requests


def test_same_request_same_bytes(tmp_path, monkeypatch):
    bytes_of = []
    for name in ("one", "two"):
        home = tmp_path / name
        monkeypatch.setenv("GESTALT_HOME", str(home))
        store = Artifacts(home / "results")
        table = execute(operations.sample_request("messages"), store)
        wanted = operations.dataset_request(table, {"sample": 90}, seed=5)
        data = execute(wanted, store)
        assert data.digest == wanted.digest and data.parents == (table.digest,)
        files = sorted((home / "results").glob("??/*.npz"))
        bytes_of.append({path.name: path.read_bytes() for path in files})
        again = Artifacts(home / "results").require(wanted.digest)
        np.testing.assert_array_equal(again.X, data.X)
        pd.testing.assert_frame_equal(again.frame, data.frame)
        assert again.columns == data.columns and again.params == data.params
    assert bytes_of[0] == bytes_of[1] and len(bytes_of[0]) == 1


def test_a_seed_without_effect_makes_no_second_result(tmp_path):
    table = execute(operations.sample_request("iris"), Artifacts(tmp_path))
    one = operations.dataset_request(table, seed=1)
    assert one.digest == operations.dataset_request(table, {}, seed=2).digest and one.seed == 0
    drawn = operations.dataset_request(table, {"sample": 50}, seed=1)
    assert drawn.digest != operations.dataset_request(table, {"sample": 50}, seed=2).digest


def test_from_a_file_to_a_dataset(tmp_path, monkeypatch):
    monkeypatch.setenv("GESTALT_HOME", str(tmp_path))
    rows = "\n".join(f"{i % 7 + i / 9:.3f},{i % 3},{'ab'[i % 2]}" for i in range(30))
    staged = uploads.stage(f"height,steps,class\n{rows}\n".encode(), "walk.csv", tmp_path)
    store = Artifacts(tmp_path / "results")
    table = execute(operations.file_request(staged), store)
    data = execute(operations.dataset_request(table), store)
    assert table.name == "walk.csv" and table.source["format"] == "csv"
    assert table.kinds == {"height": "number", "steps": "number", "class": "category"}
    assert data.X.shape == (30, 2) and data.label_names == ("a", "b") and data.name == "walk.csv"


def test_requests_that_cannot_be():
    with pytest.raises(BadInput, match="from a file or a sample"):
        operations.table(request("table", "wish"), ())
    with pytest.raises(BadInput, match="one table"):
        operations.dataset(request("dataset"), ())
    staged = {"content": "ab" * 32, "name": "a.csv"}
    plain = operations.file_request(staged)
    assert plain.digest == operations.file_request(staged, {"encoding": None, "sheet": ""}).digest
    assert plain.digest != operations.file_request(staged, {"header": False}).digest


columns = st.one_of(
    st.lists(st.floats(), min_size=6, max_size=6),
    st.lists(st.integers(-5, 5), min_size=6, max_size=6),
    st.lists(
        st.sampled_from(["u", "v", None, "a b c d e f", "2024-01-01"]), min_size=6, max_size=6
    ),
    st.lists(st.booleans(), min_size=6, max_size=6),
)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(columns, min_size=1, max_size=4),
    st.sampled_from(["drop", "mean", "median", "zero"]),
    st.sampled_from(["none", "standard", "minmax", "robust"]),
    st.sampled_from(["onehot", "ordinal", "leave out"]),
    st.sampled_from([0, 3]),
)
def test_any_table_gives_a_finite_dataset_or_one_sentence(data, missing, scale, encoding, sample):
    table = table_of({f"col {'abcd'[j]}": values for j, values in enumerate(data)})
    recipe = {"missing": missing, "scale": scale, "encode": encoding, "sample": sample}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            dataset = prepare.prepare(table, recipe)
        except BadInput as error:
            assert str(error).endswith(".") and "\n" not in str(error)
            return
    assert dataset.X.dtype == np.float32 and np.isfinite(dataset.X).all()
    assert dataset.X.shape == (len(dataset.rows), len(dataset.columns)) and dataset.n >= 2
    assert len(dataset.frame) == dataset.n and dataset.X.flags.c_contiguous
    assert len(set(dataset.columns)) == len(dataset.columns)
