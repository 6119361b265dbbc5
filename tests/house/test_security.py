"""The list of security requirements names only tests and files that are there, and leaves none out in silence."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "security.md").read_text()
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \|(.*)\|(.*)\|(.*)\|(.*)\|$", re.M)
PROOF = re.compile(r"`([\w/]+\.py)::(\w+)`")
REST = TEXT.partition("## What does not apply")[2].partition("\n## ")[0]
# OWASP ASVS 5.0.0: how many requirements of Levels 1 and 2 each section has, from its first on; those of Level 3 that
# stand between them are named.
LEVELS_1_AND_2 = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1, "3.2": 2, "3.3": 4,
    "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4, "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3,
    "6.1": 3, "6.2": 11, "6.3": 3, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 3, "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5,
    "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1, "9.1": 3, "9.2": 4, "10.1": 2, "10.2": 2, "10.3": 4,
    "10.4": 11, "10.5": 5, "10.6": 2, "10.7": 3, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 3, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5, "14.1": 2, "14.2": 4, "14.3": 3,
    "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3, "16.5": 3,
}  # fmt: skip


@lru_cache
def named_in(path: Path) -> set[str]:
    return set(re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.M))


@pytest.mark.parametrize(("file", "name"), sorted(set(PROOF.findall(TEXT))))
def test_a_test_that_is_named_exists(file, name):
    path = ROOT / "tests" / file
    assert path.is_file(), file
    assert name in named_in(path), f"{file} has no {name}"


def test_every_requirement_of_the_two_levels_is_answered_once():
    rows = [row[0] for row in ROW.findall(TEXT)]
    apart = re.findall(r"\b\d+\.\d+\.\d+\b", REST)
    wanted = {f"{section}.{n}" for section, most in LEVELS_1_AND_2.items() for n in range(1, most + 1)}
    assert len(rows) == len(set(rows))
    assert set(rows) & set(apart) == set()
    assert set(rows) | set(apart) == wanted


def test_what_is_met_is_proved_and_what_is_not_is_said_at_the_top():
    top = TEXT.partition("## What is not met")[2].partition("\n## ")[0]
    for id, _asked, state, how, proof in ROW.findall(TEXT):
        assert state.strip() in ("Met", "Partly", "No"), id
        named = PROOF.findall(proof) or re.search(r"\[.+\]\(.+\)|`ENGAWA_[A-Z_]+`", proof)
        assert named or state.strip() == "No", f"{id}: nothing proves it"
        assert how.strip() or state.strip() == "Met", f"{id}: what is missing?"
        if state.strip() == "No":
            assert id in top or "proxy" in how, id


def test_settings_that_are_named_are_settings():
    from core.settings import Settings

    known = {f"ENGAWA_{field.upper()}" for field in Settings.__struct_fields__}
    assert set(re.findall(r"ENGAWA_[A-Z_]+", TEXT)) <= known
