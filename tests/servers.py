"""Which real servers this run may use, as the environment says."""

from __future__ import annotations

import os
from typing import Any

import pytest

POSTGRES = os.environ.get("ENGAWA_TEST_POSTGRES_URL", "")
REDIS = os.environ.get("ENGAWA_TEST_REDIS_URL", "")
REQUIRED = os.environ.get("ENGAWA_TEST_REQUIRE") == "1"


def engines() -> list[Any]:
    found: list[Any] = ["sqlite"]
    if POSTGRES:
        found.append("postgresql")
    elif REQUIRED:
        raise pytest.UsageError("ENGAWA_TEST_REQUIRE=1 but ENGAWA_TEST_POSTGRES_URL is not set")
    return found


def rooms_with_models() -> list[str]:
    from app import rooms

    rooms.load()
    return rooms.with_models()
