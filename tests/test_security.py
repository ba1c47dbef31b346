"""The threat model names a test for every threat, and what is installed is pinned and free."""

import re
from importlib import metadata
from pathlib import Path

import pytest

from tests import bill

ROOT = Path(__file__).resolve().parents[1]
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (ROOT / "docs/security.md").read_text().splitlines()
    if line.startswith("| ") and not line.startswith(("| threat |", "| asset |"))
]
THREATS = [row for row in ROWS if len(row) == 3]


def test_the_model_is_there():
    assert len(THREATS) > 50 and all(all(row) for row in THREATS)


@pytest.mark.parametrize("row", THREATS, ids=lambda row: row[0][:50])
def test_every_threat_has_a_test_that_exists(row):
    file, name = re.fullmatch(r"`([\w/]+\.py)(?:::(\w+))?`", row[2]).groups()
    text = (ROOT / "tests" / file).read_text()
    assert (f"def {name}(" if name else "def test_") in text


def test_every_package_is_pinned_with_hashes():
    lock = bill.locked()
    assert len(lock) > 60 and all(hashes for _, hashes in lock.values())
    for name, version in bill.pinned("requirements.txt").items():
        if name == "torch":  # a build for each kind of machine
            continue
        assert lock[name][0] == version


def test_no_package_is_missing_from_the_lock():
    """Whatever an installed package of the lock needs is in the lock, too."""
    from packaging.requirements import Requirement

    lock = bill.locked()
    for name in [*lock, "torch"]:
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # of another system
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                assert bill.normal(need.name) in {*lock, "torch"}, (name, need.name)


def test_all_that_is_shipped_may_be_used_and_sold():
    made = bill.bill()
    assert made["bomFormat"] == "CycloneDX" and len(made["components"]) > 60
    named = [c for c in made["components"] if c["licenses"]]
    assert len(named) > 0.9 * len(made["components"])
    for part in named:
        assert bill.allowed(part["licenses"][0]["license"]["name"]), part["name"]
    assert "psycopg" not in {c["name"] for c in made["components"]}  # LGPL, optional


@pytest.mark.parametrize(
    ("words", "may"),
    [
        ("MIT", True),
        ("GPL-3.0-only OR MIT", True),
        ("Mozilla Public License 2.0 (MPL 2.0)", True),
        ("GPL-3.0-only", False),
        ("GNU Lesser General Public License v3 (LGPLv3)", False),
        ("AGPL-3.0 AND MIT", False),
        ("CC-BY-NC-4.0", False),
        ("", False),
    ],
)
def test_licences_are_told_apart(words, may):
    assert bill.allowed(words) is may
