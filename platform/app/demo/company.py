"""Staff, brand, accounts, people, contracts, consents, segments, and sixty days of use."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from access import passwords
from access.actions import give_role, set_password
from app.demo.files import Known, a_day, as_csv, data, day_from, table
from core.clock import local_day, now
from core.database import rows, transaction, write
from core.models import Brand
from core.settings import settings
from customers import consent, health, people, rules, tiers
from customers.imports import run as imports
from customers.models import Membership, Person, Segment, Topic
from customers.tracking import Tracked, track_many

PASSWORD = "engawa-no-hidamari"  # noqa: S105 - the demo's, printed at its start
SOURCE = "demo-crm"
ROLES = {"admin": "admin", "manager": "manager", "csm": "csm", "agent": "agent", "editor": "editor"}


async def load(known: Known) -> None:
    company = data("company.json")
    await brand(company)
    await staff(company, known)
    await customers(company, known)
    await topics(company, known)
    await segments(known)
    await usage(known)
    await health.recompute(list(known.accounts.values()))


async def brand(company: dict[str, Any]) -> None:
    sender = company["sender"]
    await Brand.filter(slug="default").update(
        name=company["brand"]["name"]["ja"], sender_name=sender["name"]["ja"], sender_email=sender["from_address"],
        postal_address=sender["address"]["ja"], complaints_contact=sender["complaints"],
    )  # fmt: skip


async def staff(company: dict[str, Any], known: Known) -> None:
    for one in company["staff"]:
        person = await people.register(
            family_name=one["family_name"], given_name=one["given_name"], family_kana=one["family_reading"],
            given_kana=one["given_reading"], email=one["email"], kind="staff", locale=one["locale"],
            source="demo", verified=True,
        )  # fmt: skip
        known.people[one["id"]] = person.id
        await give_role(person.id, ROLES[one["role"]])


async def customers(company: dict[str, Any], known: Known) -> None:
    rule = company["tier_rule"]
    await rules.set_rule("tiers", rules.TierRule(high_from=rule["high_from"], low_from=rule["low_from"],
                                                 monthly_churn_permille=0, horizon_months=rule["months"]))  # fmt: skip
    events = data("events.json")
    core = tuple(one["event"] for one in events["catalogue"] if one["core"])
    await rules.set_rule("health", rules.HealthRule(core_features=core))
    contracts = [
        row
        | {name: day_from(row[name]) for name in ("開始日", "更新日", "終了日")}
        | (dict.fromkeys(("終了日", "解約理由", "解約理由の詳細"), "") if has_left(row) else {})  # said by endings.py
        for row in table("contracts.csv")
    ]
    for kind, listed in (
        ("accounts", table("accounts.csv")),
        ("people", table("people.csv")),
        ("contracts", contracts),
    ):
        batch = await imports.start(as_csv(listed), file_name=f"{kind}.csv", source=SOURCE, kind=kind)
        counts = await imports.apply(batch)
        if counts["refused"]:
            raise RuntimeError(f"the demo's {kind} were refused: {counts}")
    known.accounts |= {row[0]: row[1] for row in await rows(
        "SELECT source_id, account_id FROM account_source WHERE source = ?", SOURCE)}  # fmt: skip
    held = {row[0]: row[1] for row in await rows("SELECT value, person_id FROM identity WHERE kind = 'email'")}
    for row in table("people.csv"):
        known.people[row["人ID"]] = held[row["メール"]]
        await write("UPDATE identity SET verified_at = ? WHERE kind = 'email' AND value = ?", now(), row["メール"])
    await memberships(known)
    for one in company["tier_overrides"]:
        await tiers.override(known.accounts[one["account"]], one["tier"], one["reason"])


def has_left(row: dict[str, str]) -> bool:
    """A contract of the product itself that ended; of an option its customer is one still."""
    return bool(row["終了日"]) and row["プロダクト"] == "つきみ勤怠"


async def memberships(known: Known) -> None:
    for row in table("memberships.csv"):
        values = {
            "title": row["役職"],
            "department": row["部署"],
            "since": a_day(row["開始日"]),
            "until": a_day(row["終了日"]),
        }
        where = {"person_id": known.people[row["人ID"]], "account_id": known.accounts[row["顧客ID"]]}
        if not await Membership.filter(**where).update(**values):
            await Membership.create(**where, **values, is_primary=False)
    for row in table("people.csv"):
        if row["表示名"]:
            await Person.filter(id=known.people[row["人ID"]]).update(handle=row["表示名"])


async def topics(company: dict[str, Any], known: Known) -> None:
    for place, one in enumerate(company["topics"]):
        await Topic.get_or_create(slug=one["slug"], defaults={
            "name_ja": one["name"]["ja"], "name_en": one["name"]["en"], "position": place})  # fmt: skip
    chance = random.Random("consent")  # noqa: S311
    async with transaction():
        for row in table("people.csv"):
            if row["役職"].startswith("前 "):
                continue
            for one in company["topics"]:
                state = "given" if chance.random() < 0.86 else "refused"
                await consent.decide(known.people[row["人ID"]], one["slug"], "email", state, source="form",
                                     evidence={"form": "申し込みフォーム", "wording": one["name"]["ja"]})  # fmt: skip


async def segments(known: Known) -> None:
    from customers.segments import ask

    for one in data("segments.json"):
        try:
            await ask.count(one["tree"])
        except Exception:  # a question this version cannot ask yet is not shown  # noqa: S112
            continue
        made = await Segment.create(name=one["name"]["ja"], description=one["words"][:300], tree=one["tree"],
                                    created_at=now(), updated_at=now(), created_by_id=known.people["S02"])  # fmt: skip
        known.segments[one["slug"]] = made.id


# Sixty days of use ------------------------------------------------------------------------------------------


async def usage(known: Known) -> None:
    plan = data("events.json")
    batch: list[Tracked] = []
    for account in plan["accounts"]:
        for event in _of_account(plan, account, known):
            batch.append(event)
            if len(batch) == 1000:
                await track_many(batch)
                batch = []
    if batch:
        await track_many(batch)


def _trend(points: list[list[float]], days: int) -> float:
    """Straight lines between (days ago, factor), older first."""
    for (older, high), (newer, low) in itertools.pairwise(points):
        if newer <= days <= older:
            return low + (high - low) * ((days - newer) / ((older - newer) or 1))
    return points[0][1] if days > points[0][0] else points[-1][1]


def _poisson(chance: random.Random, rate: float) -> int:
    limit, product, count = math.exp(-rate), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def _of_account(plan: dict[str, Any], account: dict[str, Any], known: Known) -> Iterator[Tracked]:
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    trend = plan["profiles"][account["profile"]]["trend"]
    for days in range(min(plan["days"], account["from_days_ago"]), account["until_days_ago"], -1):
        day = local_day() - timedelta(days=days)
        weight = plan["weekday_weights"][names[day.weekday()]]
        for person, habit in account["people"].items():
            chance = random.Random(f"{plan['seed']}:{person}:{days}")  # noqa: S311
            if chance.random() >= min(1.0, habit["login_days_per_week"] / 5 * _trend(trend, days) * weight):
                continue
            at = datetime(
                day.year, day.month, day.day, chance.randint(8, 18), chance.randint(0, 59), tzinfo=settings().zone
            )
            for place, event in enumerate(_events_of(plan, account, person, habit, day.day, days, chance)):
                yield Tracked(name=event, person_id=known.people[person], account_id=known.accounts[account["account"]],
                              at=at + timedelta(minutes=place), message_id=f"demo:{person}:{days}:{place}")  # fmt: skip


def _events_of(plan: dict[str, Any], account: dict[str, Any], person: str, habit: dict[str, Any], day: int,
               days: int, chance: random.Random) -> Iterator[str]:  # fmt: skip
    yield "signed_in"
    for event, rate in plan["kinds"][habit["kind"]]["features"].items():
        yield from [event] * min(4, _poisson(chance, rate))
    closing = account.get("closing") or {}
    if closing.get("by") == person:
        yield from [event for on, event in closing["days_of_month"] if on == day]
    opened = account.get("year_end_opened") or {}
    if opened.get("by") == person and opened["days_ago"] == days:
        yield "year_end.opened"


async def sign_ins(known: Known) -> list[tuple[str, str, str]]:
    """(who, e-mail, password) of the four people whose place a visitor may take; each gets the demo's password."""
    chosen = {
        "end user": "P001",
        "ambassador": data("boards.json")["ambassadors"][0]["person"],
        "CSM": "S02",
        "admin": "S01",
    }
    found = []
    for who, id in chosen.items():
        person = await Person.get(id=known.people[id])
        if passwords.weakness(PASSWORD):
            raise RuntimeError("the demo's password is refused by our own rules")
        await set_password(person.id, PASSWORD)
        found.append((who, person.email or "", PASSWORD))
    return found
