"""What decided a condition: what is known of the person, their companies and contracts, in the reader's language."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from core.clock import local_day, now, when
from core.database import rows
from core.i18n import _, day, number
from customers.models import Account, Consent, Contract, Membership, Person, PersonHabit, SegmentMember
from customers.segments.special import HEALTH_BANDS
from customers.segments.tree import Condition
from customers.segments.vocabulary import CHANNELS, CONSENT, Field, field_of, trait_of

Where = list[tuple[Membership, Account]]


async def companies_of(person_id: int) -> Where:
    """(membership, account) of today: those that questions about the company look at."""
    found = await Membership.filter(person_id=person_id).select_related("account").order_by("id")
    today = local_day()
    return [(one, one.account) for one in found if one.until is None or one.until >= today]


async def value_of(one: Condition, person: Person, where: Where) -> str:
    """A short text; what is not known is a dash."""
    field = field_of(one.field)
    assert field is not None
    said = await _said(one, field, person, where)
    return said or "–"


async def _said(one: Condition, field: Field, person: Person, where: Where) -> str:
    room = one.field.partition(".")[0]
    if one.field in OTHERS:
        return await OTHERS[one.field](one, person)
    if room == "contract":
        return await _contracts(one, where)
    if room in {"event", "touch"}:
        return await _did(one, person, where)
    if room == "person" and not field.sql.startswith("m."):
        return _shown(field, _read(person, field))
    if room == "person":
        return _each([(account, _shown(field, _read(place, field))) for place, account in where])
    return _each([(account, _shown(field, _read(account, field))) for _place, account in where])


def _read(row: Any, field: Field) -> Any:
    key = trait_of(field.name)
    return row.traits.get(key) if key is not None else getattr(row, field.sql.partition(".")[2])


def _shown(field: Field, value: Any) -> str:
    if value in (None, ""):
        return _("Unknown") if field.name == "account.health_state" else ""
    if field.name == "account.health_state":
        band = next((name for name, (least, most) in HEALTH_BANDS.items() if least <= value <= most), "")
        return f"{dict(field.options).get(band, '')} ({value})"
    if isinstance(value, datetime):
        return _days((now() - value) // timedelta(days=1))
    if isinstance(value, int) and not isinstance(value, bool) and field.kind == "number":
        return number(value)
    return str(dict(field.options).get(value, value))[:200]


def _days(count: int) -> str:
    return _("%(n)s days ago", n=number(count))


def _each(said: list[tuple[Account, str]]) -> str:
    """One company's value alone, of several each with its name."""
    if len(said) == 1:
        return said[0][1]
    return _(", ").join(f"{account.name}: {value or '–'}" for account, value in said)


async def _contracts(one: Condition, where: Where) -> str:
    today, said = local_day(), []
    for _place, account in where:
        found = await Contract.filter(account_id=account.id).order_by("starts_on", "id")
        running = [c for c in found if c.starts_on <= today and (c.ended_on is None or c.ended_on > today)]
        said.append((account, _of_contracts(one.field.partition(".")[2], found, running)))
    return _each(said)


def _of_contracts(name: str, found: list[Contract], running: list[Contract]) -> str:
    if name == "active":
        return _("Yes") if running else _("No")
    if name == "monthly":
        return number(sum(c.amount for c in running)) if running else ""
    if name == "started_days_ago":
        return day(found[0].starts_on) if found else ""
    if name == "renews_in_days":
        return _(", ").join(day(c.renews_on) for c in running if c.renews_on)
    return _(", ").join(str(getattr(c, name)) for c in running if getattr(c, name))


async def _did(one: Condition, person: Person, where: Where) -> str:
    if one.of != "account":
        return await _of_whom(one, "person", person.id)
    return _each([(account, await _of_whom(one, "account", account.id)) for _place, account in where])


async def _of_whom(one: Condition, who: str, id: int) -> str:
    if one.field == "touch.count":
        found = await rows(f"SELECT COUNT(*) FROM touchpoint WHERE kind = ? AND {who}_id = ? AND at > ?",
                           one.event, id, now() - timedelta(days=one.window_days or 90))  # fmt: skip
        return number(int(found[0][0]))
    if one.field == "event.last_days_ago":
        return await _last(who, id, one.event)
    column = {None: "total", 7: "d7", 30: "d30", 90: "d90"}[one.window_days]
    found = await rows(f"SELECT {column} FROM {who}_metric WHERE {who}_id = ? AND metric = ?", id, one.event)
    return number(int(found[0][0]) if found else 0)


async def _last(who: str, id: int, event: str) -> str:
    found = await rows(f"SELECT last_at FROM {who}_metric WHERE {who}_id = ? AND metric = ?", id, event)
    last = when(found[0][0]) if found else None
    return _days((now() - last) // timedelta(days=1)) if last else _("never")


async def _sequence(one: Condition, person: Person) -> str:
    """When each of the two was done last."""
    return _(", ").join([f"{name}: {await _last('person', person.id, name)}" for name in (one.event, one.then)])


async def _consent(one: Condition, person: Person) -> str:
    found = await Consent.get_or_none(person_id=person.id, topic=one.topic, channel=one.channel)
    return str(dict(CONSENT)[found.state if found else "unknown"])


async def _list(one: Condition, person: Person) -> str:
    wanted = one.value if isinstance(one.value, list) else [one.value]
    is_on = await SegmentMember.exists(person_id=person.id, segment_id__in=wanted)
    return _("is on the list") if is_on else _("is not on the list")


async def _habit(one: Condition, person: Person) -> str:
    found = await PersonHabit.get_or_none(person_id=person.id)
    if found is None:
        return ""
    if one.field == "person.active_hour":
        return "" if found.hour is None else f"{found.hour}:00"
    return str(dict(CHANNELS).get(found.channel, found.channel))


OTHERS: dict[str, Callable[[Condition, Person], Awaitable[str]]] = {
    "event.sequence": _sequence, "consent": _consent, "segment": _list, "person.channel": _habit,
    "person.active_hour": _habit,
}  # fmt: skip
