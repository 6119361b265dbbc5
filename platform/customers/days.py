"""Dates in raw statements: ISO text on SQLite, a date on PostgreSQL."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.database import dialect


def as_day(value: date) -> Any:
    """A date as a raw statement takes it."""
    return value.isoformat() if dialect() == "sqlite" else value


def a_day(value: Any) -> date | None:
    """A date as a raw read gives it."""
    return date.fromisoformat(value) if isinstance(value, str) else value
