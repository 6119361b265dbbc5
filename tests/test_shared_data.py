"""Measurement data is found beside the repository; where it is absent a test is skipped, or fails when CI says so."""

import pytest

from shared_data import shared_data


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ENGAWA_SHARED_DATA", str(tmp_path))
    monkeypatch.delenv("ENGAWA_TEST_REQUIRE", raising=False)
    return tmp_path


def test_data_is_found_where_the_environment_says(folder):
    (folder / "search").mkdir()
    assert shared_data("search") == folder / "search"


def test_absent_data_skips_with_a_sentence(folder):
    with pytest.raises(pytest.skip.Exception, match="'search/none' is absent"):
        shared_data("search/none")


def test_absent_data_fails_where_it_is_required(folder, monkeypatch):
    monkeypatch.setenv("ENGAWA_TEST_REQUIRE", "1")
    with pytest.raises(pytest.fail.Exception, match="ENGAWA_SHARED_DATA"):
        shared_data("search/none")


def test_without_the_environment_the_parents_are_searched(monkeypatch, tmp_path):
    monkeypatch.delenv("ENGAWA_SHARED_DATA", raising=False)
    repository = tmp_path / "work" / "trees" / "one" / "tests"
    (tmp_path / "work" / "shared" / "data" / "search").mkdir(parents=True)
    monkeypatch.setattr("shared_data.HERE", repository / "shared_data.py")
    assert shared_data("search") == tmp_path / "work" / "shared" / "data" / "search"
