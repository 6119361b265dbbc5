"""The staff's search: customers, people, articles and threads in one list, each only as far as one may see it."""

from __future__ import annotations

import msgspec
from tortoise.expressions import Q

from core.principal import Principal
from customers import seeing
from customers.audience import tokens_of
from customers.beginnings import people_named
from customers.company_search import contains
from customers.models import AccountAlias
from customers.names import company_key
from customers.policy import visible_accounts, visible_people
from search import find

EACH = 8


class Thing(msgspec.Struct):
    title: str
    text: str
    href: str
    icon: str


async def everything(who: Principal, words: str) -> list[Thing]:
    words = words.strip()[:200]
    if not words:
        return []
    return [*await _accounts(who, words), *await _people(who, words), *await _texts(who, words)]


async def _accounts(who: Principal, words: str) -> list[Thing]:
    if not who.may("customers.read"):
        return []
    key = company_key(words) or words
    named = await AccountAlias.filter(normal_name__contains=key).limit(50).values_list("account_id", flat=True)
    asked = Q(contains(words), Q(id__in=list(named)), join_type="OR")
    found = await visible_accounts(who).filter(asked).order_by("name").limit(EACH)
    return [Thing(one.name, one.industry, f"/staff/customers/{one.id}", "home") for one in found]


async def _people(who: Principal, words: str) -> list[Thing]:
    if not who.may("customers.read"):
        return []
    sees = (await seeing.sight(who)).sees("person.email")
    found = await people_named(who, visible_people(who), words, sees, EACH)
    return [
        Thing(one.full_name, one.email or "" if sees else "", f"/staff/customers/people/{one.id}", "user")
        for one in found
    ]


async def _texts(who: Principal, words: str) -> list[Thing]:
    found = await find(words, tokens=tokens_of(who), limit=EACH)
    icons = {"article": "book", "thread": "talk"}
    return [Thing(hit.title, "", hit.url, icons.get(hit.ref.kind, "list")) for hit in found.hits]
