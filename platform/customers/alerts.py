"""When an account's health falls: its CSM and deputy are told, once for one fall.

A fall is measured from the best score of 28 days that was not the ground of an alert before. While an alert stands,
only a further fall of as many points makes another (the first is then `deeper`); a score that has won back half of
what was lost ends it (`recovered`), and the next fall is measured from there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from core.audit import audit
from core.clock import local_day, now
from core.context import current_principal
from core.database import rows, transaction, write
from core.errors import Conflict
from core.events import announce
from core.i18n import _, lazy
from core.policy import ensure
from core.refs import Ref
from customers import departments, notices, policy, tasks
from customers.days import a_day, as_day
from customers.events import HealthFell
from customers.rules import HealthRule, rule
from customers.telling import describe_notice

BACK = 28  # days
Found = Mapping[int, tuple[int, list[dict[str, Any]]]]
describe_notice("customers.health_fell", lazy("Health of %(account)s fell from %(before)s to %(after)s"), "chart",
                group="risks")  # fmt: skip


async def watch(made: Found) -> int:
    """Raise, deepen and end alerts for the scores of today, in the transaction that keeps them; how many were raised.

    `made`: account → (score, reasons).
    """
    given: HealthRule = await rule("health")
    if given.drop_points <= 0 or not made:
        return 0
    last, raised = await _last_alerts(list(made)), 0
    best = await _best(list(made), {id: one["day"] for id, one in last.items()})
    for id, (score, reasons) in made.items():
        standing = last.get(id)
        if standing and standing["state"] in {"open", "seen"}:
            if score >= (standing["before"] + standing["after"]) / 2:
                await write("UPDATE health_alert SET state = 'recovered' WHERE id = ?", standing["id"])
            if standing["after"] - score < given.drop_points:
                continue
            await write("UPDATE health_alert SET state = 'deeper' WHERE id = ?", standing["id"])
            before, since = standing["after"], standing["day"]
        elif id in best:
            before, since = best[id]
        else:
            continue
        if before - score >= given.drop_points:
            await _raise(id, before, score, await _lost(id, since, reasons))
            raised += 1
    return raised


async def _last_alerts(ids: list[int]) -> dict[int, dict[str, Any]]:
    marks = ", ".join("?" * len(ids))
    found = await rows(
        "SELECT id, account_id, day, before, after, state FROM health_alert WHERE id IN"
        f" (SELECT MAX(id) FROM health_alert WHERE account_id IN ({marks}) GROUP BY account_id)", *ids,
    )  # fmt: skip
    return {int(row[1]): {"id": int(row[0]), "day": a_day(row[2]), "before": int(row[3]), "after": int(row[4]),
                          "state": row[5]} for row in found}  # fmt: skip


async def _best(ids: list[int], after: dict[int, date | None]) -> dict[int, tuple[int, date]]:
    """account → the best score of the last 28 days before today, and its day; nothing before the last alert's day."""
    marks, today = ", ".join("?" * len(ids)), local_day()
    found = await rows(
        "SELECT account_id, day, score FROM health_snapshot WHERE score IS NOT NULL AND day >= ? AND day < ?"
        f" AND account_id IN ({marks}) ORDER BY day", as_day(today - timedelta(days=BACK)), as_day(today), *ids,
    )  # fmt: skip
    best: dict[int, tuple[int, date]] = {}
    for row in found:
        id, day, score = int(row[0]), a_day(row[1]), int(row[2])
        first = after.get(id)
        if day and (first is None or day >= first) and (id not in best or score >= best[id][0]):
            best[id] = (score, day)
    return best


async def _lost(id: int, since: date, reasons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The measures that gave points on that day and give fewer now, the greatest loss first."""
    found = await rows("SELECT reasons FROM health_snapshot WHERE account_id = ? AND day = ?", id, as_day(since))
    said = json.loads(found[0][0]) if found and isinstance(found[0][0], str) else (found[0][0] if found else [])
    old = {one["measure"]: one["points"] for one in said}
    lost = [{"measure": one["measure"], "from": old[one["measure"]], "to": one["points"]} for one in reasons
            if one["points"] is not None and (old.get(one["measure"]) or 0) > one["points"]]  # fmt: skip
    return sorted(lost, key=lambda one: one["to"] - one["from"])


async def _raise(id: int, before: int, after: int, lost: list[dict[str, Any]]) -> None:
    found = await write(
        "INSERT INTO health_alert (account_id, day, before, after, lost, state, raised_at, note)"
        " VALUES (?, ?, ?, ?, ?, 'open', ?, '') RETURNING id", id, as_day(local_day()), before, after, lost, now(),
    )  # fmt: skip
    account = (await rows("SELECT name, csm_id, deputy_id FROM account WHERE id = ?", id))[0]
    people = [int(one) for one in (account[1], account[2]) if one]
    await notices.tell(people, about=Ref("account", id), kind="customers.health_fell", url=f"/staff/customers/{id}",
                       key=f"health_alert:{found[0][0]}",
                       data={"account": account[0], "before": before, "after": after})  # fmt: skip
    await announce(HealthFell(id, int(found[0][0])))
    await departments.tell("health.fell", key=f"health_alert:{found[0][0]}", account_id=id, before=before, after=after)
    about, key = Ref("health_alert", found[0][0]), f"health_alert:{found[0][0]}"
    if not await tasks.take_over("health", id, about, key=key, before=before, after=after):
        await tasks.open_itself("health", id, about, key=key, before=before, after=after)


async def acknowledge(account_id: int, alert_id: int, note: str = "") -> None:
    """Somebody has seen to it: it leaves the staff's home; the same fall is not told again. Raises Conflict."""
    who = current_principal()
    ensure(policy.can_change_account(who, account_id))
    note = note.strip()[:500]
    async with transaction():
        won = await write("UPDATE health_alert SET state = 'seen', seen_by_id = ?, seen_at = ?, note = ? WHERE id = ?"
                          " AND account_id = ? AND state = 'open' RETURNING id", who.person_id, now(), note, alert_id,
                          account_id)  # fmt: skip
        if not won:
            raise Conflict(_("Somebody has seen to this already."))
        await audit("account.alert_seen", Ref("account", account_id), after={"alert": alert_id}, note=note)
