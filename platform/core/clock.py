"""Time: UTC inside, the installation's zone for days, the recipient's for sends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from core.settings import settings

__all__ = ["days_ago", "local_day", "now", "when"]


def now() -> datetime:
    return datetime.now(UTC)


def days_ago(days: float) -> datetime:
    return now() - timedelta(days=days)


def local_day(moment: datetime | None = None) -> date:
    """The day in ENGAWA_TIME_ZONE: usage days and SLA hours are counted by it."""
    return (moment or now()).astimezone(settings().zone).date()


def when(value: object) -> datetime | None:
    """A timestamp as a raw read returns it: ISO text on SQLite, a datetime on PostgreSQL."""
    if value is None or isinstance(value, datetime):
        return value
    moment = datetime.fromisoformat(str(value))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
