"""Business hours: 9:00–18:00 on weekdays that are no holiday in Japan, in the installation's zone."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import lru_cache

from core.settings import settings

OPENS, CLOSES = time(9), time(18)
DAY_MINUTES = 9 * 60


@lru_cache(maxsize=2048)
def is_working_day(day: date) -> bool:
    """No Saturday, Sunday, Japanese holiday, nor the days around New Year (29 December to 3 January)."""
    import jpholiday

    if day.weekday() >= 5 or (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3):
        return False
    return not jpholiday.is_holiday(day)


def is_open(moment: datetime) -> bool:
    local = moment.astimezone(settings().zone)
    return is_working_day(local.date()) and OPENS <= local.time() < CLOSES


def next_opening(moment: datetime) -> datetime:
    """`moment` itself within hours, else when they begin next."""
    local = moment.astimezone(settings().zone)
    if is_open(moment):
        return moment
    day = local.date()
    if local.time() >= OPENS or not is_working_day(day):
        day += timedelta(days=1)
        while not is_working_day(day):
            day += timedelta(days=1)
    return datetime.combine(day, OPENS, settings().zone).astimezone(moment.tzinfo)


def after(moment: datetime, minutes: float) -> datetime:
    """`minutes` of business time later."""
    left = timedelta(minutes=minutes)
    start = next_opening(moment)
    while True:
        local = start.astimezone(settings().zone)
        end = datetime.combine(local.date(), CLOSES, settings().zone)
        if local + left <= end:
            return (local + left).astimezone(moment.tzinfo)
        left -= end - local
        start = next_opening(end.astimezone(moment.tzinfo))


def between(first: datetime, last: datetime) -> float:
    """Minutes of business time from `first` to `last`; 0 when there are none."""
    zone = settings().zone
    begin, end = first.astimezone(zone), last.astimezone(zone)
    total, day = 0.0, begin.date()
    while day <= end.date():
        if is_working_day(day):
            opens = max(begin, datetime.combine(day, OPENS, zone))
            closes = min(end, datetime.combine(day, CLOSES, zone))
            total += max(0.0, (closes - opens).total_seconds() / 60)
        day += timedelta(days=1)
    return total
