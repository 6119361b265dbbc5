"""Phases of an account: entered by rule, or by hand with who, why and until when.

Each phase may have a tree of questions about the company. Asked from the last phase to the first, the first tree that
holds is the phase; where none holds the account stays in the phase it is in. What an import says of the phase stands
while that source holds the field, and what staff chose stands until its day is over.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import msgspec

from core.audit import audit
from core.clock import local_day, now
from core.context import current_principal
from core.database import rows, transaction, write
from core.errors import NotFound, Refused
from core.events import announce
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import policy, timeline
from customers.days import a_day, as_day
from customers.events import PhaseChanged
from customers.models import PHASES, Account
from customers.overruling import checked_reason
from customers.rules import PhaseRule, rule, set_rule
from customers.segments.companies import CompanyCompiler, parse_of_companies
from customers.segments.tree import Group, plain

ORDER = tuple(reversed(PHASES))  # the later phase is asked first
SUGGESTED: dict[str, Any] = {
    "onboarding": {"all": [{"field": "contract.started_days_ago", "op": "at_most", "value": 90}]},
    "adoption": {"all": [{"field": "contract.started_days_ago", "op": "at_least", "value": 91}]},
    "expansion": {"all": [{"field": "contract.started_days_ago", "op": "at_least", "value": 365},
                          {"field": "account.health_state", "op": "is", "value": "good"}]},
    "renewal": {"all": [{"field": "contract.renews_in_days", "op": "at_most", "value": 90}]},
    "churned": {"all": [{"field": "contract.active", "op": "is", "value": False},
                        {"field": "contract.started_days_ago", "op": "at_least", "value": 0}]},
}  # fmt: skip
STEP = 500


async def entry_rules() -> dict[str, Group]:
    """phase → its checked tree, the last phase first."""
    given: PhaseRule = await rule("phases")
    return {phase: parse_of_companies(given.entry[phase]) for phase in ORDER if phase in given.entry}


async def set_phase_rule(phase: str, tree: Any | None, weights: dict[str, int]) -> None:
    """Keep how a phase is entered (None: by hand only) and what health weighs in it. Audited by `set_rule`."""
    ensure(policy.can_change_everything(current_principal()))
    if phase not in PHASES:
        raise NotFound(_("There is no such phase."))
    if not any(weights.values()):
        raise Refused(_("At least one measure must weigh something."))
    given: PhaseRule = await rule("phases")
    entry = {name: said for name, said in given.entry.items() if name != phase}
    if tree is not None:
        parsed = parse_of_companies(tree)
        if not parsed.nodes:
            raise Refused(_("Say at least one condition, or let the phase be entered by hand."))
        entry[phase] = plain(parsed)
    await set_rule("phases", PhaseRule(entry, {**given.weights, phase: weights}))


async def evaluate() -> int:
    """Bring every account into the phase its rules say, and end overrides whose day is over; how many moved."""
    moved, found = 0, await _due()
    for at in range(0, len(found), STEP):
        async with transaction():
            for row in found[at : at + STEP]:
                moved += await _enter(int(row["id"]), row["phase"], row["wanted"], int(row["version"]), row["sources"])
    return moved


async def _due(account_id: int | None = None) -> list[Any]:
    """Accounts whose phase is the rule's to decide and is another one, or whose override is over."""
    c = CompanyCompiler(now())
    cases = " ".join(f"WHEN {c.node(tree)} THEN '{phase}'" for phase, tree in (await entry_rules()).items())
    wanted = f"CASE {cases} ELSE a.phase END" if cases else "a.phase"
    held = c.trait_text("a.sources", "phase")
    sql = ("SELECT * FROM (SELECT a.id, a.phase, a.version, a.sources, a.phase_until,"
           f" {wanted} AS wanted, {held} AS held FROM account a WHERE a.state <> 'merged') AS x"
           " WHERE ((held IN ('', 'rule') AND wanted <> phase) OR (held = 'staff' AND phase_until < ?))")  # fmt: skip
    if account_id is not None:
        sql, c.parameters = f"{sql} AND id = ?", [*c.parameters, as_day(local_day()), account_id]
        return await rows(sql, *c.parameters)
    return await rows(f"{sql} ORDER BY id", *c.parameters, as_day(local_day()))


async def _enter(id: int, before: str, after: str, version: int, sources: Any) -> int:
    """Compare and set: what somebody changed meanwhile is looked at again the next time."""
    said = (json.loads(sources) if isinstance(sources, str) else sources) | {"phase": "rule"}
    won = await write(
        "UPDATE account SET phase = ?, phase_since = CASE WHEN phase = ? THEN phase_since ELSE ? END,"
        " phase_reason = '', phase_by_id = NULL, phase_until = NULL, sources = ?, version = version + 1, updated_at = ?"
        " WHERE id = ? AND version = ? RETURNING id", after, after, now(), said, now(), id, version,
    )  # fmt: skip
    if not won or before == after:
        return 0
    await _tell(id, before, after, "rule")
    return 1


async def _tell(account_id: int, before: str, after: str, by: str) -> None:
    changed: dict[str, Any] = {"from": before, "to": after, "by": by}
    await timeline.record(None, "customers.phase_changed", account_id=account_id, channel="staff", **changed)
    await announce(PhaseChanged(account_id=account_id, phase=after, at=now().isoformat()))


async def choose(account_id: int, phase: str, reason: str, until: date | None = None) -> None:
    """Put an account into a phase by hand; after `until` the rules decide again."""
    who = current_principal()
    ensure(policy.can_change_account(who, account_id))
    reason = checked_reason(phase, PHASES, reason, until)
    async with transaction():
        account = await _account(account_id)
        await write(
            "UPDATE account SET phase = ?, phase_since = CASE WHEN phase = ? THEN phase_since ELSE ? END,"
            " phase_reason = ?, phase_by_id = ?, phase_until = ?, sources = ?, version = version + 1, updated_at = ?"
            " WHERE id = ?", phase, phase, now(), reason, who.person_id,
            as_day(until) if until else None, account.sources | {"phase": "staff"}, now(), account_id,
        )  # fmt: skip
        await audit("account.phase", Ref("account", account_id),
                    before={"phase": account.phase, "reason": account.phase_reason},
                    after={"phase": phase, "until": str(until or "")}, reason=reason.strip())  # fmt: skip
        if phase != account.phase:
            await _tell(account_id, account.phase, phase, "staff")


async def back_to_rule(account_id: int) -> None:
    """Take the choice by hand (or what an import said) back: the rules decide at once."""
    ensure(policy.can_change_account(current_principal(), account_id))
    async with transaction():
        account = await _account(account_id)
        sources = {name: source for name, source in account.sources.items() if name != "phase"}
        await write("UPDATE account SET phase_reason = '', phase_by_id = NULL, phase_until = NULL, sources = ?,"
                    " version = version + 1, updated_at = ? WHERE id = ?", sources, now(), account_id)  # fmt: skip
        await audit("account.phase_rule", Ref("account", account_id), before={"phase": account.phase})
        for row in await _due(account_id):
            await _enter(account_id, row["phase"], row["wanted"], int(row["version"]), row["sources"])


async def _account(account_id: int) -> Account:
    account = await Account.get_or_none(id=account_id)
    if account is None:
        raise NotFound(_("There is no such company."))
    return account


class Held(msgspec.Struct):
    """Who decides an account's phase: `rule`, `staff` (with reason, until, by) or the name of a source."""

    by: str
    reason: str = ""
    until: date | None = None
    person_id: int | None = None


def held_by(account: Account) -> Held:
    by = account.sources.get("phase") or "rule"
    return Held(by, account.phase_reason, a_day(account.phase_until), account.phase_by_id)


async def counts() -> dict[str, int]:
    """phase → how many customers are in it."""
    found = await rows("SELECT phase, COUNT(*) FROM account WHERE state <> 'merged' GROUP BY phase")
    return dict.fromkeys(PHASES, 0) | {row[0]: int(row[1]) for row in found}
