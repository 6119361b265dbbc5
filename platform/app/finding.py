"""The staff's search: customers, people, articles and threads in one list, each only as far as one may see it."""

from __future__ import annotations

import msgspec
from tortoise.expressions import Q

from core.principal import Principal
from customers import seeing
from customers.audience import tokens_of
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
    asked = Q(name__icontains=words) | Q(normal_name__contains=key) | Q(corporate_number=words) | Q(id__in=list(named))
    found = await visible_accounts(who).filter(asked).order_by("name").limit(EACH)
    return [Thing(one.name, one.industry, f"/staff/customers/{one.id}", "home") for one in found]


async def _people(who: Principal, words: str) -> list[Thing]:
    if not who.may("customers.read"):
        return []
    asked, sees = Q(), (await seeing.sight(who)).sees("person.email")
    for word in words.split()[:3]:
        found_in = (Q(family_name__icontains=word) | Q(given_name__icontains=word) | Q(family_kana__icontains=word)
                    | Q(given_kana__icontains=word) | Q(handle__icontains=word))  # fmt: skip
        asked &= found_in | Q(email__icontains=word) if sees else found_in
    found = await visible_people(who).filter(asked).order_by("family_kana", "id").limit(EACH)
    return [
        Thing(one.full_name, one.email or "" if sees else "", f"/staff/customers/people/{one.id}", "user")
        for one in found
    ]


async def _texts(who: Principal, words: str) -> list[Thing]:
    found = await find(words, tokens=tokens_of(who), limit=EACH)
    icons = {"article": "book", "thread": "talk"}
    return [Thing(hit.title, "", hit.url, icons.get(hit.ref.kind, "list")) for hit in found.hits]
