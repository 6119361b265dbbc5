"""Questions about an account that other rooms ask, and the verbs that change one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import rows, transaction, write
from core.errors import NotFound, Refused
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import policy, tasks, timeline
from customers.corporate_numbers import is_valid, normal_number
from customers.matching.stored import rekey
from customers.models import Account, AccountNote, Person
from customers.names import company_key


async def tier_of(account_id: int) -> str:
    """high, low or tech; `tech` for an account that is not there."""
    found = await rows("SELECT tier FROM account WHERE id = ?", account_id)
    return str(found[0][0]) if found else "tech"


async def csm_of(account_id: int) -> int | None:
    """The person id of the account's customer success manager."""
    found = await rows("SELECT csm_id FROM account WHERE id = ?", account_id)
    return found[0][0] if found else None


async def deputy_of(account_id: int) -> int | None:
    """Who stands in for the CSM."""
    found = await rows("SELECT deputy_id FROM account WHERE id = ?", account_id)
    return found[0][0] if found else None


async def own_of(person_id: int) -> frozenset[int]:
    """The accounts a member of staff is CSM or deputy of: `Principal.own_accounts`."""
    found = await rows("SELECT id FROM account WHERE csm_id = ? OR deputy_id = ?", person_id, person_id)
    return frozenset(int(row[0]) for row in found)


async def accounts_of(person_id: int) -> frozenset[int]:
    """The accounts a person belongs to now: `Principal.accounts`."""
    found = await rows("SELECT account_id FROM membership WHERE person_id = ? AND until IS NULL", person_id)
    return frozenset(int(row[0]) for row in found)


# Changing ----------------------------------------------------------------------------------------------------

CHANGEABLE = ("name", "name_kana", "corporate_number", "industry", "employees", "prefecture", "address", "phone",
              "website", "phase")  # fmt: skip


async def open_account(*, name: str, source: str = "staff", **fields: Any) -> Account:
    """Add an account by hand (imports have their own way). Raises Refused for a wrong 法人番号."""
    _check_number(fields.get("corporate_number"))
    moment = now()
    async with transaction():
        account = await Account.create(
            name=name, normal_name=company_key(name), sources=dict.fromkeys(["name", *fields], source),
            created_at=moment, updated_at=moment, **fields,
        )  # fmt: skip
        await rekey("account", [account.id])
        await audit("account.open", Ref("account", account.id), after={"name": name})
    return account


async def change(account_id: int, **values: Any) -> None:
    """Change fields by hand: they outrank every import from then on. The old name becomes an alias."""
    ensure(policy.can_change_account(current_principal(), account_id))
    _check_number(values.get("corporate_number"))
    async with transaction():
        account = await _account(account_id)
        changed = {name: value for name, value in values.items() if getattr(account, name) != value}
        if not changed:
            return
        before = {name: getattr(account, name) for name in changed}
        if "name" in changed:
            await add_alias(account_id, account.name, source="staff")
            account.normal_name = company_key(changed["name"])
        for name, value in changed.items():
            setattr(account, name, value)
        account.sources = account.sources | dict.fromkeys(changed, "staff")
        account.version, account.updated_at = account.version + 1, now()
        await account.save()
        await rekey("account", [account_id])
        await audit("account.change", Ref("account", account_id), before=before, after=changed)


async def assign(account_ids: Iterable[int], *, csm_id: int | None = None, deputy_id: int | None = None) -> int:
    """Set CSM and deputy of accounts; None leaves as it is, 0 empties. Returns how many changed."""
    who, changed = current_principal(), 0
    wanted: dict[str, Any] = {
        name: value or None for name, value in (("csm_id", csm_id), ("deputy_id", deputy_id)) if value is not None
    }
    async with transaction():
        for person in [value for value in wanted.values() if value]:
            if not await Person.filter(id=person, kind="staff", state="active").exists():
                raise Refused(_("Choose somebody of the staff."))
        for account_id in account_ids:
            ensure(policy.can_change_account(who, account_id))
            account = await _account(account_id)
            before = {name: getattr(account, name) for name in wanted if getattr(account, name) != wanted[name]}
            if not before:
                continue
            sources = account.sources | dict.fromkeys(before, "staff")
            await Account.filter(id=account_id).update(
                **wanted, sources=sources, version=account.version + 1, updated_at=now()
            )
            await tasks.hand_over(account_id, {account.csm_id, account.deputy_id} - {
                wanted.get("csm_id", account.csm_id), wanted.get("deputy_id", account.deputy_id)})  # fmt: skip
            await audit("account.assign", Ref("account", account_id), before=before, after=wanted)
            await timeline.record(None, "customers.assigned", account_id=account_id, channel="staff", **wanted)
            changed += 1
    return changed


async def add_alias(account_id: int, name: str, *, source: str = "staff") -> None:
    key = company_key(name)
    if key:
        await write(
            "INSERT INTO account_alias (account_id, name, normal_name, source, created_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (account_id, normal_name) DO NOTHING",
            account_id, name[:200], key, source, now(),
        )  # fmt: skip


async def write_note(body: str, *, account_id: int | None = None, person_id: int | None = None) -> AccountNote:
    """A note of staff about an account or a person."""
    who = current_principal()
    ensure(policy.can_read(who))
    async with transaction():
        note = await AccountNote.create(body=body, account_id=account_id, person_id=person_id, author_id=who.person_id,
                                        created_at=now())  # fmt: skip
        await timeline.record(person_id, "customers.noted", account_id=account_id, channel="staff",
                              about=Ref("note", note.id), by=who.name, body=body[:200])  # fmt: skip
        await audit("note.write", Ref("account" if account_id else "person", account_id or person_id or 0))
    return note


async def staff_choices() -> list[tuple[int, str]]:
    """(person id, name) of everybody of the staff: for choosing a CSM."""
    # A literal, so that SQLite may use the index of the few; with a parameter it looks through a million customers.
    found = await rows(
        "SELECT id FROM person WHERE kind = 'staff' AND state = 'active' ORDER BY family_kana, id LIMIT 200"
    )
    people = {person.id: person for person in await Person.filter(id__in=[row[0] for row in found])}
    return [(row[0], people[row[0]].full_name) for row in found]


async def _account(account_id: int) -> Account:
    account = await Account.get_or_none(id=account_id)
    if account is None:
        raise NotFound(_("There is no such company."))
    return account


def _check_number(number: str | None) -> None:
    if number and not is_valid(number):
        raise Refused(_("The corporate number %(number)s is not right: its check digit does not fit.", number=number))


__all__ = ["accounts_of", "add_alias", "assign", "change", "csm_of", "deputy_of", "is_valid", "normal_number",
           "open_account", "own_of", "staff_choices", "tier_of", "write_note"]  # fmt: skip
