"""The gallery of simulated people: every family in turn, one file, the same for a seed."""

import re

import numpy as np

from models.clusternet import annotators, gallery
from models.clusternet.scatterplots import FAMILIES


def test_families_come_in_turn_with_all_people():
    rows = gallery.rows(3, 5)
    assert [plot.family for plot, _ in rows] == list(FAMILIES)[:3]
    for plot, groups in rows:
        assert groups.shape == (gallery.PEOPLE, len(plot.points))
        assert groups.min() >= -1


def test_people_stand_under_the_heading_of_what_they_go_by(monkeypatch):
    monkeypatch.setattr(annotators, "by_density", lambda plot, who: np.full(len(plot.points), 7))
    groups = gallery.rows(1, 5)[0][1]
    by_density = (groups == 7).all(axis=1)
    assert by_density[list(gallery.SHOWN)].tolist() == [False] * 3 + [True] * 3
    assert by_density.sum() == 3 and len(groups) == gallery.PEOPLE


def test_the_page_is_one_file_with_a_row_per_plot(tmp_path, capsys):
    out = tmp_path / "gallery.html"
    assert gallery.main(["--out", str(out), "--plots", "2", "--seed", "1"]) == 0
    page = out.read_text()
    assert str(out) in capsys.readouterr().err
    pictures = re.findall(r"src='data:image/png;base64,([^']+)'", page)
    assert len(pictures) == 2 * (1 + len(gallery.SHOWN))
    assert page.count("<tr>") == 3 and "http" not in page
    assert all(p.startswith("iVBOR") for p in pictures)
    assert gallery.page(2, 1) == page and gallery.page(2, 2) != page


def test_plain_pictures_differ_from_grouped_ones():
    points = np.random.default_rng(0).normal(size=(60, 2))
    groups = np.repeat(np.array([0, 1], np.int32), 30)
    assert gallery._image(points, None) != gallery._image(points, groups)
