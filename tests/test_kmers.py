"""k-mer profiles: by hand, letters that are none, as a preparation, extremes."""

import numpy as np
import pandas as pd
import pytest

from analytics import api
from analytics.data import kmers, prepare
from analytics.errors import BadInput
from analytics.progress import silent
from bench.rows.kmers import species


def profile(texts, k):
    notes: list[str] = []
    names, shares = kmers.by_kmers("s", pd.Series(texts, dtype="str"), k, silent, notes)
    return dict(zip(names, shares.T.tolist(), strict=True)), notes


def test_shares_by_hand():
    found, notes = profile(["ACAC", "ccaa"], 2)
    assert found == {
        "s: AA": [0, pytest.approx(1 / 3)],
        "s: AC": [pytest.approx(2 / 3), 0],
        "s: CA": [pytest.approx(1 / 3), pytest.approx(1 / 3)],
        "s: CC": [0, pytest.approx(1 / 3)],
    }
    assert "pieces of 2 DNA" in notes[0]


def test_rna_is_dna_and_no_piece_crosses_an_unknown_base():
    assert profile(["ACGU"], 2)[0] == profile(["acg t"], 2)[0]
    found, _ = profile(["ACNGT" + "ACGT" * 9], 2)
    assert "s: CN" not in found and "s: NG" not in found


def test_proteins_keep_all_letters_and_short_ones_are_told():
    found, notes = profile(["MKVLW", "M", None], 2)
    assert set(found) == {"s: MK", "s: KV", "s: VL", "s: LW"}
    assert "pieces of 2 letters each" in notes[0] and notes[1].startswith("2 sequences shorter")
    assert all(v[1] == v[2] == 0 for v in found.values())
    with pytest.raises(BadInput, match="has 5 letters in a row"):
        profile(["ACG", "12345"], 5)


def test_a_recipe_groups_species_by_their_pieces():
    sequences, y = species(60, 1_000, 0)
    frame = pd.DataFrame({"dna": sequences, "species": np.array(list("abc"))[y]})
    table = api.read(frame)
    chosen = {"features": ["dna"], "types": {"dna": "text"}, "label": "species"}
    data = api.prepare(table, {**chosen, "texts_by": "kmers", "kmer": 3})
    assert data.X.shape == (60, 64) and data.columns[0] == "dna: AAA"
    np.testing.assert_allclose(data.X.sum(axis=1), 1, rtol=1e-5)
    assert api.validity(api.cluster(data, "kmeans", n_clusters=3)).values["ari"].value > 0.9
    assert prepare.check({**chosen, "texts_by": "kmers"}, table)["kmer"] == 4
    assert "kmer" not in prepare.check({**chosen, "kmer": 5, "texts_by": "words"}, table)


def test_the_page_asks_how_long_pieces_are(tmp_path):
    from pages.ui import services
    from tests.apptest import settle, start, view

    sequences, y = species(30, 200, 0)
    table = api.read(
        pd.DataFrame({"dna": sequences, "length": 1.0 + y}), store=services.artifacts()
    )
    data = api.prepare(
        table, types={"dna": "text"}, features=["dna"], texts_by="words", store=services.artifacts()
    )
    at = settle(start({"t": table.digest, "d": data.digest}))
    at.switch_page("data.py").run()
    next(s for s in at.selectbox if s.label == "Texts as features").set_value("kmers").run()
    next(n for n in at.number_input if n.label == "Letters of a piece").set_value(2).run()
    next(b for b in at.button if b.label == "Prepare the data").click().run()
    settle(at)
    assert not at.exception
    made = services.artifacts().require(view(at).dataset)
    assert made.params["kmer"] == 2 and made.X.shape == (30, 16)
    services.stop()
