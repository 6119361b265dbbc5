"""Quiet hours, by the person's own clock."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo
from functools import lru_cache
from zlib import crc32
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.settings import settings
from customers.rules import QuietRule

# Who sees a guide is in the product just now, and awake.
INTERRUPTING = ("email", "line", "slack")


def zone_of(name: str) -> tzinfo:
    """Imports bring what zones are called elsewhere: then the installation's."""
    return _zone(name) or settings().zone


@lru_cache(maxsize=1000)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def ends_at(moment: datetime, zone: str, quiet: QuietRule) -> datetime | None:
    """When the quiet hours that `moment` lies in end; None when it lies in none."""
    begin, end = time.fromisoformat(quiet.quiet_from), time.fromisoformat(quiet.quiet_until)
    local = moment.astimezone(zone_of(zone))
    at = local.time()
    is_quiet = begin <= at < end if begin < end else (at >= begin or at < end) and begin != end
    if not is_quiet:
        return None
    day = local.date() + timedelta(days=1 if at >= end else 0)
    return datetime.combine(day, end, local.tzinfo).astimezone(moment.tzinfo)


def spread(moment: datetime, key: str, quiet: QuietRule) -> datetime:
    """A minute within `spread_minutes` after `moment`, always the same one for `key`: together they leave evenly.

    Whole minutes, so that a sender wakes once a minute and not for each.
    """
    whole = moment.replace(second=0, microsecond=0) + timedelta(minutes=1 if moment.second or moment.microsecond else 0)
    return whole + timedelta(minutes=crc32(key.encode()) % max(1, quiet.spread_minutes))
