"""The calendar of planned touches: of everybody by day, and of one company or person with what was held and sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import msgspec
from litestar import Controller, Request, Response, get
from tortoise.expressions import Subquery

from core.charts import Series, bars
from core.clock import local_day, now
from core.context import current_principal, here
from core.i18n import _, day, ngettext
from core.pages import page
from core.refs import Ref
from customers import planned, policy
from customers.attention import CHANNELS, REASONS, STATES, TONES, kind_of
from customers.models import Membership, Touch, TouchHold
from customers.pages.common import CHANNELS as CHANNEL_WORDS
from customers.pages.common import around, tabs, the_account, the_person
from customers.pages.people import seen
from customers.planned import Plan
from customers.quiet import zone_of

LOOKS = {"email": "c1", "line": "c2", "slack": "c3", "in_app": "c4"}
MOST_HELD = 20_000  # rows that one view counts
AHEAD, BACK, SHOWN = 60, 56, 50


class Held(msgspec.Struct, frozen=True):
    """Touches of one channel that are to be released on one day."""

    channel: str
    count: int
    first: datetime


class Day(msgspec.Struct):
    """What is planned on one day."""

    day: date
    sends: list[Plan]
    starts: list[Plan]
    stops: list[Plan]
    held: list[Held]
    twice: int = 0

    @property
    def is_empty(self) -> bool:
        return not (self.sends or self.starts or self.stops or self.held)


def midnight(at: date) -> datetime:
    return datetime.combine(at, time(), zone_of(here().time_zone)).astimezone(UTC)


def local(moment: datetime) -> date:
    return moment.astimezone(zone_of(here().time_zone)).date()


def span(view: str, said: str) -> tuple[date, date]:
    """The first day and the one after the last; Monday to Sunday, or a month."""
    try:
        at = date.fromisoformat(said)
    except ValueError:
        at = local_day()
    if not 2000 <= at.year <= 2100:
        at = local_day()
    if view == "month":
        first = at.replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1)
    first = at - timedelta(days=at.weekday())
    return first, first + timedelta(days=7)


async def days_of(first: date, after: date) -> list[Day]:
    start, end = midnight(first), midnight(after)
    found = {first + timedelta(days=n): Day(first + timedelta(days=n), [], [], [], []) for n in
             range((after - first).days)}  # fmt: skip
    for plan in await planned.between(start, end):
        is_guide = plan.channel == "in_app"
        if (begins := found.get(local(plan.at))) is not None:
            (begins.starts if is_guide else begins.sends).append(plan)
        if plan.until and (ends := found.get(local(plan.until))) is not None:
            ends.stops.append(plan)
    for at, held in await _to_release(start, end):
        if at in found:
            found[at].held.append(held)
    for one in found.values():
        one.twice = await planned.twice(one.sends)
    return list(found.values())


async def _to_release(start: datetime, end: datetime) -> list[tuple[date, Held]]:
    """What waits, by day and channel; a member of staff with own accounts sees their own people only."""
    visible = Subquery(policy.visible_people(current_principal()).values("id"))
    query = TouchHold.filter(state="held", release_at__gte=start, release_at__lt=end, person_id__in=visible)
    counted: dict[tuple[date, str], list[datetime]] = {}
    for at, channel in await query.order_by("release_at").limit(MOST_HELD).values_list("release_at", "channel"):
        counted.setdefault((local(at), channel), []).append(at)
    return [(on, Held(channel, len(times), times[0])) for (on, channel), times in counted.items()]


def drawn(days: Sequence[Day], sizes: dict[Ref, int]) -> Any:
    """People to be written to by day, each channel a bar."""
    totals = {channel: [0] * len(days) for channel in CHANNELS}
    for at, one in enumerate(days):
        for plan in one.sends:
            for channel, count in plan.by_channel(sizes.get(plan.about, 0)):
                totals[channel][at] += count
        for held in one.held:
            totals[held.channel][at] += held.count
    series = [Series(str(CHANNEL_WORDS[name]), values, LOOKS[name]) for name, values in totals.items() if any(values)]
    total = sum(sum(values) for values in totals.values())
    if not series:
        return ""
    busiest = max(range(len(days)), key=lambda at: sum(values[at] for values in totals.values()))
    return bars(series, [day(one.day) for one in days], unit=_("people"), finding=_(
        "%(n)s messages are planned; the busiest day is %(day)s.", n=total, day=day(days[busiest].day)))  # fmt: skip


class CalendarPages(Controller):
    path = "/staff/customers/calendar"

    @get("/", may="customers.read")
    async def show(self, request: Request[Any, Any, Any]) -> Response[Any]:
        view = "month" if request.query_params.get("view") == "month" else "week"
        first, after = span(view, request.query_params.get("from", ""))
        days = await days_of(first, after)
        plans = [plan for one in days for plan in one.sends + one.starts]
        sizes = await planned.sizes(plans)
        return page(
            "customers/calendar.html", tabs=await tabs(), view=view, first=first, last=after - timedelta(days=1),
            after=after, before=span(view, str(first - timedelta(days=1)))[0], days=days, sizes=sizes,
            chart=drawn(days, sizes), channels=CHANNEL_WORDS, today=local_day(),
        )  # fmt: skip


class TouchPages(Controller):
    """One company, one person: what is planned, what was held back and why, what went out."""

    path = "/staff/customers"

    @get("/{account_id:int}/touches", may="customers.read")
    async def of_account(self, account_id: int) -> Response[Any]:
        account = await the_account(account_id)
        members = await Membership.filter(account_id=account.id, until=None).limit(1000).values_list(
            "person_id", flat=True)  # fmt: skip
        people = [int(str(one)) for one in members]
        return page("customers/account_touches.html", **await around(account), **await _touches(people))

    @get("/people/{person_id:int}/touches", may="customers.read")
    async def of_person(self, person_id: int) -> Response[Any]:
        person = await the_person(person_id)
        await seen(person_id)
        return page("customers/person_touches.html", person=person, **await _touches([person.id]))


def _all(holds: list[TouchHold], sent: list[Touch]) -> list[TouchHold | Touch]:
    return [*holds, *sent]


async def _touches(people: list[int]) -> dict[str, Any]:
    """Everything of these people, in words."""
    start = now() - timedelta(days=BACK)
    plans = [one for one in await planned.between(now(), now() + timedelta(days=AHEAD))
             if one.at > now() or one.until is None or one.until > now()]  # fmt: skip
    mine = await planned.of_people(plans, people)
    holds = await TouchHold.filter(person_id__in=people).select_related("person").order_by("-changed_at", "-id")\
        .limit(SHOWN)  # fmt: skip
    sent = await Touch.filter(person_id__in=people, at__gte=start).select_related("person").order_by("-at", "-id")\
        .limit(1000)  # fmt: skip
    titles = await planned.titles({Ref(one.about_kind, one.about_id) for one in _all(holds, sent)})
    return {
        "plans": [(plan, ngettext("%(n)s person", "%(n)s people", len(meant))) for plan, meant in mine],
        "overlaps": _overlaps(mine),
        "holds": holds, "sent": sent[:SHOWN], "titles": titles, "ref": Ref, "states": STATES, "tones": TONES,
        "reasons": REASONS, "channels": CHANNEL_WORDS, "kind_of": kind_of, "chart": _by_week(sent, start),
    }  # fmt: skip


def _overlaps(mine: list[tuple[Plan, list[int]]]) -> list[str]:
    """Two sendings to one person within a day."""
    sends = [(plan, set(meant)) for plan, meant in mine if plan.channel != "in_app"]
    return [
        _("“%(first)s” and “%(second)s” go to the same people within a day.", first=one.title, second=other.title)
        for at, (one, some) in enumerate(sends) for other, more in sends[at + 1:]
        if other.at - one.at < timedelta(days=1) and some & more
    ]  # fmt: skip


def _by_week(sent: list[Touch], start: datetime) -> Any:
    """What went out in the last eight weeks; what passes the budget is drawn apart."""
    counted, passed = [0] * 8, [0] * 8
    for one in sent:
        week = min(7, int((one.at - start) / timedelta(days=7)))
        (counted if one.is_counted else passed)[week] += 1
    if not sent:
        return ""
    series = [Series(_("Counted"), counted, "c1"), *([Series(_("Not counted"), passed, "c6")] if any(passed) else [])]
    labels = [day(start + timedelta(days=7 * week)) for week in range(8)]
    return bars(series, labels, unit=_("messages"), finding=_("%(n)s counted messages in eight weeks, %(last)s in the"
                " last one.", n=sum(counted), last=counted[7]))  # fmt: skip
