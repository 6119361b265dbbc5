"""What a trusted sender says about people and companies: known traits become fields, the rest stays as traits.

A field that staff or another source filled is not overwritten, unless this source's word counts more for it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from core.bulk import listed
from core.clock import now
from core.database import rows, write
from core.errors import Refused
from customers.people import normal_email
from customers.precedence import Precedence, precedence
from customers.suppressing import erased_among
from customers.tracking.arrived import Arrived

MOST, LONGEST = 100, 1000
FIELDS = {"firstName": "given_name", "first_name": "given_name", "lastName": "family_name",
          "last_name": "family_name", "family_name": "family_name", "given_name": "given_name", "phone": "phone",
          "username": "handle", "email": "email"}  # fmt: skip
WIDTH = {"family_name": 80, "given_name": 80, "phone": 40, "handle": 60, "email": 254}
ELSEWHERE = {"company", "title", "name", "groupId"}
Said = dict[int, tuple[dict[str, Any], str]]  # id → (traits, source)


def said_of(events: Sequence[Arrived], kinds: set[str], whose: str) -> Said:
    """What trusted senders said, the later over the earlier."""
    found: Said = {}
    for one in events:
        id = getattr(one, whose)
        if id and one.is_trusted and one.traits and one.kind in kinds:
            found[id] = (found.get(id, ({}, ""))[0] | one.traits, one.source)
    return found


async def keep_people(said: Said) -> None:
    if not said:
        return
    among, parameters = listed("bigint", sorted(said))
    found = await rows("SELECT id, family_name, given_name, phone, handle, email, traits, sources FROM person"
                       f" WHERE kind = 'customer' AND id IN {among} ORDER BY id", *parameters)  # fmt: skip
    order = await precedence()
    for row in found:
        traits, source = said[int(row["id"])]
        await _change_person(row, traits, source, order)


async def _change_person(row: Any, traits: dict[str, Any], source: str, order: Precedence) -> None:
    sources, kept = _json(row["sources"]), _json(row["traits"])
    fields = named(traits)
    fields = {name: value for name, value in fields.items() if value != row[name]
              and _may_fill(order, name, row, sources, source)}  # fmt: skip
    if "email" in fields and not await _take_address(fields["email"], int(row["id"]), source):
        del fields["email"]
    more = plain(kept, {name: value for name, value in traits.items() if name not in FIELDS and name not in ELSEWHERE})
    if not fields and more == kept:
        return
    columns = [*fields, "traits", "sources"]
    values = [*fields.values(), more, sources | dict.fromkeys(fields, source)]
    await write(f"UPDATE person SET {', '.join(f'{column} = ?' for column in columns)}, version = version + 1,"
                " updated_at = ? WHERE id = ?", *values, now(), row["id"])  # fmt: skip


def _may_fill(order: Precedence, name: str, row: Any, sources: dict[str, Any], source: str) -> bool:
    """What nobody is known to have said stays too: a product names people loosely."""
    held = sources.get(name, "")
    return row[name] in {None, ""} or (bool(held) and order.may_write(source, name, held, False))


def named(traits: dict[str, Any]) -> dict[str, str]:
    """Traits that are fields of ours."""
    found: dict[str, str] = {}
    whole = traits.get("name")
    if isinstance(whole, str) and not {"firstName", "lastName", "first_name", "last_name"} & traits.keys():
        first, _blank, rest = whole.strip().replace("\u3000", " ").partition(" ")
        is_japanese = any(letter > "\u2fff" for letter in whole)
        names = (first, rest.strip()) if is_japanese or not rest else (rest.strip(), first)
        found |= {"family_name": names[0], "given_name": names[1]}
    for trait, name in FIELDS.items():
        if isinstance(traits.get(trait), str):
            found[name] = traits[trait].strip()
    if "email" in found:
        try:
            found["email"] = normal_email(found["email"])
        except Refused:
            del found["email"]
    return {name: value[: WIDTH[name]] for name, value in found.items() if value}


async def _take_address(address: str, person: int, source: str) -> bool:
    """An address is one person's; another's is not taken away, nor one of somebody who was erased."""
    held = await rows("SELECT person_id FROM identity WHERE kind = 'email' AND value = ?", address)
    if not held and await erased_among("email", [address]):
        return False
    await write("INSERT INTO identity (kind, value, person_id, source, created_at) VALUES ('email', ?, ?, ?, ?)"
                " ON CONFLICT (kind, value) DO NOTHING", address, person, f"tracking:{source}"[:60], now())  # fmt: skip
    held = await rows("SELECT person_id FROM identity WHERE kind = 'email' AND value = ?", address)
    return int(held[0][0]) == person


def plain(kept: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """The traits with new ones, within limits: MOST of them, texts of at most LONGEST characters."""
    found = dict(kept)
    for name, value in more.items():
        if value is None:
            found.pop(name[:60], None)
        elif len(found) < MOST or name in found:
            small = value[:LONGEST] if isinstance(value, str) else value
            if isinstance(small, str | int | float) or len(json.dumps(small)) <= LONGEST:
                found[name[:60]] = small
    return found


def _json(value: Any) -> dict[str, Any]:
    return dict(json.loads(value) if isinstance(value, str) else value or {})


# Companies ------------------------------------------------------------------------------------------------------

COMPANY_FIELDS = {"name": 200, "industry": 120, "phone": 40, "website": 300}


async def keep_accounts(said: Said) -> None:
    if not said:
        return
    among, parameters = listed("bigint", sorted(said))
    order = await precedence()
    for row in await rows("SELECT id, name, industry, phone, website, employees, traits, sources FROM account"
                          f" WHERE id IN {among} ORDER BY id", *parameters):  # fmt: skip
        traits, source = said[int(row["id"])]
        await _change_account(row, traits, source, order)


async def _change_account(row: Any, traits: dict[str, Any], source: str, order: Precedence) -> None:
    from customers.names import company_key

    sources, kept = _json(row["sources"]), _json(row["traits"])
    fields: dict[str, Any] = {name: traits[name].strip()[:width] for name, width in COMPANY_FIELDS.items()
                              if isinstance(traits.get(name), str) and traits[name].strip()}  # fmt: skip
    staff = traits.get("employees")
    if isinstance(staff, int) and not isinstance(staff, bool) and 0 <= staff < 2**31:
        fields["employees"] = staff
    fields = {name: value for name, value in fields.items() if value != row[name]
              and _may_fill(order, name, row, sources, source)}  # fmt: skip
    if "name" in fields:
        fields["normal_name"] = company_key(fields["name"])
    more = plain(kept, {name: value for name, value in traits.items() if name not in {*COMPANY_FIELDS, "employees"}})
    if not fields and more == kept:
        return
    columns = [*fields, "traits", "sources"]
    values = [*fields.values(), more, sources | {name: source for name in fields if name != "normal_name"}]
    await write(f"UPDATE account SET {', '.join(f'{column} = ?' for column in columns)}, version = version + 1,"
                " updated_at = ? WHERE id = ?", *values, now(), row["id"])  # fmt: skip
