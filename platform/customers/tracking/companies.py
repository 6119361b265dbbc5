"""Which company an event counts for: the group that the sender names, else the person's own."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.bulk import gathered, given, insert_rows, listed
from core.clock import local_day, now
from core.database import lock, write
from customers.days import as_day
from customers.ids import next_ids
from customers.names import company_key
from customers.tracking import meeting
from customers.tracking.arrived import Arrived

Group = tuple[str, str]  # (source, the sender's id)


def groups_of(events: Sequence[Arrived]) -> list[Group]:
    return sorted({(one.source, one.group) for one in events if one.group})


def strangers(events: Sequence[Arrived], known: Collection[Group]) -> list[Group]:
    """Groups that a trusted sender speaks of and nobody knows yet."""
    return sorted({(one.source, one.group) for one in events if one.group and one.is_trusted} - set(known))


async def find(events: Sequence[Arrived]) -> dict[Group, int]:
    """The accounts of the groups; a trusted sender's new ones are added under the name it gives."""
    known = await known_among(groups_of(events))
    if new := strangers(events, known):
        await lock("customers.tracking.companies")
        known |= await known_among(new)
        known |= await _met_or_added([group for group in new if group not in known], events)
    return known


async def _met_or_added(groups: list[Group], events: Sequence[Arrived]) -> dict[Group, int]:
    """Those that the matcher knows, and the others as new companies; the doubtful are asked about."""
    said: dict[Group, dict[str, str]] = {}
    for one in events:
        if one.kind == "group" and one.traits and (one.source, one.group) in groups:
            fields = {name: value.strip() for name in ("name", "phone", "website", "address")
                      if isinstance(value := one.traits.get(name), str) and value.strip()}  # fmt: skip
            said[one.source, one.group] = said.get((one.source, one.group), {}) | fields
    keys = {"\0".join(group): group for group in said}
    met = await meeting.companies({key: said[group] for key, group in keys.items()},
                                  {key: group[0] for key, group in keys.items()})  # fmt: skip
    found = {keys[key]: id for key, id in met.found.items()}
    await insert_rows("account_source", ("account_id", "source", "source_id", "digest", "seen_at"),
                      [(id, *group, "", now()) for group, id in found.items()])  # fmt: skip
    rest = [group for group in groups if group not in found]
    added = await _add(rest, _names(events)) if rest else {}
    await meeting.ask("account", [(added[keys[key]], *why) for key, why in met.asked.items() if keys[key] in added])
    return found | added


def _names(events: Sequence[Arrived]) -> dict[Group, str]:
    return {(one.source, one.group): str(one.traits["name"]).strip()[:200] for one in events
            if one.kind == "group" and one.traits and one.traits.get("name")}  # fmt: skip


async def known_among(groups: Sequence[Group]) -> dict[Group, int]:
    if not groups:
        return {}
    sql, parameters = given([("source", "text"), ("value", "text")], groups)
    found = await gathered(
        ("s.source", "s.source_id", "s.account_id"), f"FROM {sql} AS v JOIN account_source s"
        " ON s.source = v.source AND s.source_id = v.value", *parameters)  # fmt: skip
    return {(row[0], row[1]): int(row[2]) for row in found}


async def _add(groups: list[Group], names: dict[Group, str]) -> dict[Group, int]:
    ids = dict(zip(groups, await next_ids("account", len(groups)), strict=True))
    moment = now()
    columns = ("id", "name", "name_kana", "normal_name", "industry", "prefecture", "address", "phone", "website",
               "state", "tier", "tier_source", "tier_reason", "expected_ltv", "phase", "health_coverage",
               "health_reasons", "traits", "sources", "version", "created_at", "updated_at")  # fmt: skip
    await insert_rows("account", columns, [
        (id, names.get(group) or group[1][:200], "", company_key(names.get(group) or group[1][:200]), "", "", "", "",
         "", "active", "tech", "rule", "", 0, "onboarding", 0, "[]", "{}", f'{{"name": "{group[0]}"}}', 1, moment,
         moment) for group, id in ids.items()])  # fmt: skip
    await insert_rows("account_source", ("account_id", "source", "source_id", "digest", "seen_at"),
                      [(id, *group, "", moment) for group, id in ids.items()])  # fmt: skip
    return ids


async def join(events: Sequence[Arrived]) -> None:
    """`group` of a trusted sender makes the person a member."""
    pairs = sorted({(one.person_id, one.account_id) for one in events
                    if one.kind == "group" and one.is_trusted and one.person_id and one.account_id})  # fmt: skip
    if not pairs:
        return
    sql, parameters = given([("person_id", "bigint"), ("account_id", "bigint")], pairs)
    await write(
        "INSERT INTO membership (person_id, account_id, title, department, is_primary, since)"
        " SELECT v.person_id, v.account_id, '', '', NOT EXISTS (SELECT 1 FROM membership m"
        f" WHERE m.person_id = v.person_id AND m.is_primary AND m.until IS NULL), ? FROM {sql} AS v WHERE 1 = 1"
        " ON CONFLICT (person_id, account_id) DO NOTHING",
        as_day(local_day()), *parameters,
    )  # fmt: skip


async def own_of(people: Sequence[int]) -> dict[int, int]:
    """The account each person speaks for: the primary membership, else the oldest current one."""
    if not people:
        return {}
    among, parameters = listed("bigint", people)
    found = await gathered(
        ("m.person_id", "m.account_id"), "FROM (SELECT person_id, account_id FROM membership"
        f" WHERE person_id IN {among} AND (until IS NULL OR until >= ?) ORDER BY is_primary, id DESC) AS m",
        *parameters, as_day(local_day()))  # fmt: skip
    return {int(row[0]): int(row[1]) for row in found}
