"""Rows for tests, made through the rooms' own verbs."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any

from core.clock import local_day, now
from customers import people
from customers.models import Account, Contract, Membership, Person

_numbers = count(1)


def where_it_is_noon() -> str:
    """A zone for the people of a test that knows hours: whenever it runs, their night and their morning are far."""
    return f"Etc/GMT{now().hour - 12:+d}"  # POSIX counts westward: GMT-9 is nine hours ahead


async def an_account(name: str = "", **fields: Any) -> Account:
    n = next(_numbers)
    defaults: dict[str, Any] = {"created_at": now(), "updated_at": now(), "tier": "tech"}
    return await Account.create(name=name or f"株式会社てすと{n}", **(defaults | fields))


async def a_person(family_name: str = "山田", given_name: str = "花子", *, account: Account | None = None,
                   email: str | None = None, **fields: Any) -> Person:  # fmt: skip
    n = next(_numbers)
    return await people.register(
        family_name=family_name, given_name=given_name, email=email or f"person{n}@example.com",
        account_id=account.id if account else None, verified=True, **fields,
    )  # fmt: skip


async def a_contract(account: Account, **fields: Any) -> Contract:
    """Running for a year, 10,000 yen a month."""
    defaults: dict[str, Any] = {"product": "製品", "amount": 10_000, "starts_on": local_day() - timedelta(days=365),
                                "source": "test", "created_at": now(), "updated_at": now()}  # fmt: skip
    return await Contract.create(account_id=account.id, **(defaults | fields))


async def staff(role: str = "csm", family_name: str = "白石", given_name: str = "ひより", **fields: Any) -> Person:
    """A member of staff with a role of `access` (admin, manager, csm, agent)."""
    from access.actions import give_role

    person = await a_person(family_name, given_name, kind="staff", **fields)
    await give_role(person.id, role)
    return person


async def member_of(person: Person, account: Account) -> Membership:
    return await Membership.create(person_id=person.id, account_id=account.id)
