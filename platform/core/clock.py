"""Time: UTC inside, the installation's zone for days, the recipient's for sends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from core.settings import settings

__all__ = ["as_of", "as_text", "days_ago", "local_day", "now", "when"]

_as_of: ContextVar[datetime | None] = ContextVar("engawa_as_of", default=None)


def now() -> datetime:
    return _as_of.get() or datetime.now(UTC)


@contextmanager
def as_of(moment: datetime) -> Iterator[None]:
    """Inside, `now()` is `moment`: for demo data and tests, which let verbs happen in the past."""
    token = _as_of.set(moment)
    try:
        yield
    finally:
        _as_of.reset(token)


def days_ago(days: float) -> datetime:
    return now() - timedelta(days=days)


def local_day(moment: datetime | None = None) -> date:
    """The day in ENGAWA_TIME_ZONE: usage days and SLA hours are counted by it."""
    return (moment or now()).astimezone(settings().zone).date()


@lru_cache(maxsize=4000)
def as_text(moment: datetime) -> str:
    """As SQLite holds it: ISO in UTC. One moment stands in several rows of what is written together."""
    return str(moment if moment.tzinfo is UTC else moment.astimezone(UTC))


def when(value: object) -> datetime | None:
    """A timestamp as a raw read returns it: ISO text on SQLite, a datetime on PostgreSQL."""
    if value is None or isinstance(value, datetime):
        return value
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
