"""What a writer may put into a campaign: the declared variables, and a recipient's values for them."""

from __future__ import annotations

import difflib
import json
from datetime import date
from typing import Any

import msgspec

from core.clock import local_day
from core.database import rows
from core.i18n import lazy

PERSON = {
    "name": lazy("full name"), "family_name": lazy("family name"), "given_name": lazy("given name"),
    "honorific": lazy("honorific"), "email": lazy("e-mail address"), "locale": lazy("language"),
    "title": lazy("job title"), "department": lazy("department"),
}  # fmt: skip
ACCOUNT = {
    "name": lazy("company"), "phase": lazy("phase"), "tier": lazy("tier"), "industry": lazy("industry"),
    "prefecture": lazy("prefecture"), "employees": lazy("number of employees"), "renews_on": lazy("renewal date"),
}  # fmt: skip
SENDER = {"name": lazy("sender"), "address": lazy("postal address"), "contact": lazy("contact for complaints"),
          "email": lazy("the sender’s e-mail address")}  # fmt: skip
ALONE = {"unsubscribe_url": lazy("address that stops these mails"), "today": lazy("today’s date")}
LONGEST_LIST = 100


class Schema(msgspec.Struct, frozen=True):
    """Names that exist: `groups["person"]` holds those after `person.`, `lists` the dotted ones for loops."""

    groups: dict[str, frozenset[str]]
    alone: frozenset[str]
    lists: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset({"link"})

    def nearest(self, name: str, group: str = "") -> str:
        """The declared name that was probably meant, or an empty string."""
        known = self.groups.get(group, frozenset({*self.groups, *self.alone, *self.functions}))
        found = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.5)
        return found[0] if found else ""


BASE = Schema({"person": frozenset(PERSON), "account": frozenset(ACCOUNT), "sender": frozenset(SENDER)},
              frozenset(ALONE))  # fmt: skip


async def declared() -> Schema:
    """The fixed names and the traits that people and accounts of this installation have."""
    person, person_lists = await _traits("person")
    account, account_lists = await _traits("account")
    groups = {"person": frozenset(PERSON) | person, "account": frozenset(ACCOUNT) | account,
              "sender": frozenset(SENDER)}  # fmt: skip
    lists = {f"person.{name}" for name in person_lists} | {f"account.{name}" for name in account_lists}
    return Schema(groups, frozenset(ALONE), frozenset(lists))


async def _traits(table: str) -> tuple[frozenset[str], set[str]]:
    found = await rows(
        f"SELECT DISTINCT traits FROM {table} WHERE CAST(traits AS TEXT) NOT IN ('{{}}', '') LIMIT 20000"
    )
    names: set[str] = set()
    lists: set[str] = set()
    for row in found:
        for name, value in _object(row[0]).items():
            if name.isidentifier():
                names.add(name)
                if isinstance(value, list):
                    lists.add(name)
    return frozenset(names), lists


def _object(raw: Any) -> dict[str, Any]:
    found = json.loads(raw) if isinstance(raw, str) else raw
    return found if isinstance(found, dict) else {}


COLUMNS = (
    "p.id AS person_id, p.family_name, p.given_name, p.honorific, p.email, p.locale, p.traits AS person_traits,"
    " m.title, m.department, a.id AS account, a.name AS account_name, a.phase, a.tier, a.industry, a.prefecture,"
    " a.employees, a.renews_on, a.traits AS account_traits"
)
JOINS = " LEFT JOIN account a ON a.id = {account} LEFT JOIN membership m ON m.person_id = p.id AND m.account_id = a.id"
PRIMARY = (
    "(SELECT pm.account_id FROM membership pm WHERE pm.person_id = p.id AND pm.until IS NULL"
    " ORDER BY pm.is_primary DESC, pm.id LIMIT 1)"
)


def values_of(row: Any) -> dict[str, Any]:
    """Plain dicts only. What is empty is left out, so that printing it is a mistake that says where."""
    family, given = row["family_name"], row["given_name"]
    names = (family, given) if row["locale"] == "ja" else (given, family)
    person = {
        "name": " ".join(name for name in names if name), "family_name": family, "given_name": given,
        "honorific": row["honorific"], "email": row["email"], "locale": row["locale"], "title": row["title"],
        "department": row["department"],
    }  # fmt: skip
    account = {}
    if row["account"] is not None:
        account = {
            "name": row["account_name"], "phase": row["phase"], "tier": row["tier"], "industry": row["industry"],
            "prefecture": row["prefecture"], "employees": row["employees"], "renews_on": _day(row["renews_on"]),
        }  # fmt: skip
        _add_traits(account, row["account_traits"])
    _add_traits(person, row["person_traits"])
    return {
        "person": {name: value for name, value in person.items() if value not in ("", None)},
        "account": {name: value for name, value in account.items() if value not in ("", None)},
    }


def _add_traits(values: dict[str, Any], raw: Any) -> None:
    if raw in ("{}", None, ""):
        return
    for name, value in _object(raw).items():
        values.setdefault(name, value[:LONGEST_LIST] if isinstance(value, list) else value)


def _day(value: Any) -> date | None:
    return date.fromisoformat(value[:10]) if isinstance(value, str) else value


def sample_values() -> dict[str, Any]:
    """Somebody invented, for a preview before there is anybody."""
    return {
        "person": {"name": "田辺 りょう", "family_name": "田辺", "given_name": "りょう", "honorific": "さん",
                   "email": "ryo@example.com", "locale": "ja", "title": "総務課長", "department": "総務部"},
        "account": {"name": "水面フーズ株式会社", "phase": "adoption", "tier": "tech", "industry": "食品",
                    "prefecture": "東京都", "employees": 120, "renews_on": local_day()},
    }  # fmt: skip
