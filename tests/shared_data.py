"""The one way in which a test finds the measurement data, which lies beside the repository and not in it."""

import os
from pathlib import Path

import pytest

HERE = Path(__file__).resolve()
PARENTS_TO_TRY = 5


def shared_data(name: str) -> Path:
    """The folder or file `name` of the shared data, for example "search/jsquad-valid".

    A test that needs absent data is skipped; with ENGAWA_TEST_REQUIRE=1 (as in CI) it fails instead.
    """
    for root in places_to_look():
        if (root / name).exists():
            return root / name
    return _absent(name)


def places_to_look() -> list[Path]:
    """ENGAWA_SHARED_DATA alone when it is set; else `shared/data` beside the repository or one of its parents."""
    chosen = os.environ.get("ENGAWA_SHARED_DATA")
    if chosen:
        return [Path(chosen)]
    return [parent / "shared" / "data" for parent in HERE.parents[2 : 2 + PARENTS_TO_TRY]]


def _absent(name: str) -> Path:
    sentence = f"The shared data '{name}' is absent: set ENGAWA_SHARED_DATA to the folder that holds it."
    if os.environ.get("ENGAWA_TEST_REQUIRE") == "1":
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)
