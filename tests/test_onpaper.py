"""Tables for the printer."""

from tests.apptest import page_of


def _page():
    import pandas as pd

    from pages.ui import onpaper

    words = ["<b>", None, *["a"] * 30]
    onpaper.twin(pd.DataFrame({"a&b": words, "n": [1 / 3, 5.0, *[2.0] * 30], "k": range(32)}))


def test_the_twin_holds_the_first_rows_as_text():
    at = page_of(_page).run()
    assert not at.exception
    html = at.get("html")[0].proto.body
    assert "<th>a&amp;b</th>" in html and "<td>&lt;b&gt;</td><td class='whole'>0.33333</td>" in html
    assert "<td></td><td class='whole'>5</td><td class='whole'>1</td>" in html
    assert "<thead><tr><th>" in html  # said again on the next sheet
    assert html.count("<tr>") == 21 and "The first 20 of 32 rows." in html
