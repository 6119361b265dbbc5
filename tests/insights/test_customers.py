# ruff: noqa: E501 -- a row of random values is read whole
"""The numbers of customers are what a naive count of snapshots, contracts and days gives."""

from __future__ import annotations

import random
from datetime import timedelta

from core.clock import local_day, now
from customers.health import band
from customers.models import Account, Contract, HealthSnapshot, UsageDay
from factories import a_person, an_account, staff
from insights.spans import chosen
from numbers_page import opened, shown, tabled

RANKS = {"risk": 1, "watch": 2, "good": 3}


async def furnished(chance: random.Random, csm_id: int) -> None:
    """Twelve accounts with snapshots of some days, contracts, and use."""
    today = local_day()
    for n in range(12):
        score = chance.choice([None, 20, 60, 90])
        account = await an_account(tier=chance.choice(["high", "low", "tech"]), health=score, csm_id=csm_id if n % 3 == 0 else None,
                                   health_coverage=chance.randrange(100), state="churned" if n == 11 else "active")  # fmt: skip
        for days in sorted(chance.sample(range(70), 6)):
            await HealthSnapshot.create(
                account_id=account.id, day=today - timedelta(days=days), score=chance.choice([None, 10, 55, 80, 99])
            )
        for k in range(2):
            await Contract.create(
                account_id=account.id, product=f"製品{k}", amount=1000, seats=chance.randrange(1, 9), starts_on=today - timedelta(days=100),
                renews_on=today + timedelta(days=chance.randrange(-5, 60)), source="t", source_id=f"{n}-{k}",
                ended_on=today - timedelta(days=chance.randrange(60)) if chance.random() < 0.3 else None, created_at=now(), updated_at=now(),
            )  # fmt: skip
        person = await a_person(account=account)
        for days in chance.sample(range(60), 8):
            await UsageDay.create(person_id=person.id, account_id=account.id, name=chance.choice(["signed_in", "exported"]),
                                  day=today - timedelta(days=days), count=chance.randrange(1, 5))  # fmt: skip


async def last_score(account_id: int, day) -> int | None:
    found = [one for one in await HealthSnapshot.filter(account_id=account_id) if one.day <= day]
    return max(found, key=lambda one: one.day).score if found else None


async def recounted(accounts: list[Account], span) -> tuple[dict[str, int], dict[str, int]]:
    """(figures, rows behind them), naively."""
    ids, today = {one.id for one in accounts}, local_day()
    active = [one for one in accounts if one.state == "active"]
    ends = [
        (band(await last_score(one.id, span.before_last)), band(await last_score(one.id, span.last))) for one in active
    ]
    both = [(RANKS[old], RANKS[new]) for old, new in ends if old in RANKS and new in RANKS]
    contracts = [one for one in await Contract.all() if one.account_id in ids]
    health = {one.id: one.health for one in accounts}
    due = [one for one in contracts if not one.ended_on and today <= one.renews_on < today + timedelta(days=span.days)]
    risky = [one for one in due if health[one.account_id] is not None and health[one.account_id] <= 75]
    ended = [one for one in contracts if one.ended_on and span.first <= one.ended_on <= span.last]
    used = [one for one in await UsageDay.all() if one.account_id in ids and span.first <= one.day <= span.last]
    seats = sum(one.seats for one in contracts if not one.ended_on or one.ended_on > span.last)
    people = len({one.person_id for one in used})
    rows = {name: sum(new == name for _old, new in ends) for name in ("good", "watch", "risk", "unknown")}
    rows |= {"fell": sum(new < old for old, new in both), "rose": sum(new > old for old, new in both),
             "renewals": len(due), "renewals_at_risk": len(risky), "ended": len(ended)}  # fmt: skip
    figures = rows | {"logins": sum(one.count for one in used if one.name == "signed_in"),
                      "seats": round(100 * people / seats),
                      "coverage": round(sum(one.health_coverage for one in active) / len(active))}  # fmt: skip
    touched = len({one.account_id for one in used})
    return figures, rows | {"logins": touched, "seats": touched, "coverage": len(active)}


async def test_the_page_says_what_a_recount_says(web, sign_in):
    csm = await staff("csm", email="csm@example.com")
    admin = await staff("admin", email="admin@example.com")
    await furnished(random.Random(5), csm.id)
    for who, accounts in ((admin, await Account.all()), (csm, await Account.filter(csm_id=csm.id))):
        await sign_in(who)
        for days in (7, 28):
            figures, rows = await recounted(accounts, chosen({"days": str(days)}))
            said = await shown(web, "customers", f"days={days}")
            assert said == {name: str(n) for name, n in figures.items()}, (who.email, days)
            for name, count in rows.items():
                assert len(await opened(web, "customers", name, f"days={days}")) == count, name
            tiers = await tabled(web, "customers", "tiers", f"days={days}")
            assert sum(int(list(row.values())[-1]) for row in tiers) == sum(
                rows[one] for one in ("good", "watch", "risk", "unknown")
            )
            moved = await tabled(web, "customers", "movements", f"days={days}")
            assert sum(int(list(row.values())[-1]) for row in moved) >= rows["fell"] + rows["rose"]
