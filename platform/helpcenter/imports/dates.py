"""Dates as other tools and spreadsheets write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from core.clock import now
from core.errors import Refused
from core.i18n import _
from core.settings import settings

EARLIEST = 1970
_date = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)


def moment_of(said: str) -> str:
    """`2026-11-12`, `2026/1/5 9:30`, an ISO moment, or days ago (`-9`) as an ISO moment in UTC, never of the future.

    A moment without a zone is the installation's. Raises Refused for what is none of them.
    """
    if not said:
        return ""
    if re.fullmatch(r"-?\d{1,4}", said, re.ASCII):
        return (now() - timedelta(days=abs(int(said)))).isoformat()
    found = _read(said)
    if found is None:
        raise Refused(_("“%(said)s” is not a date: write 2026-11-12.", said=said))
    return min(found, now()).astimezone(UTC).isoformat()


def _read(said: str) -> datetime | None:
    parts = _date.fullmatch(said)
    if parts is None or int(parts.group(1)) < EARLIEST:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in parts.groups()[:6])
    text = f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{parts.group(7) or ''}"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=settings().zone)
