"""The ledger's transitions: claim, intent, acknowledge, recover. Each is one short transaction on either engine.

    frozen → claimed → attempting → sent | failed | uncertain      (or back to frozen, with a later due_at)

Every write after the claim is fenced by worker and attempt: who was frozen past the lease changes nothing.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import msgspec

from campaigns.budget import reserve
from campaigns.ledger import CONSENT, WHY_NOT, ids_sql, typed
from campaigns.models import Campaign, Step
from campaigns.unsent import give_back
from campaigns.variables import COLUMNS, JOINS
from core.clock import now
from core.database import dialect, rows, transaction, write
from customers import consent

LEASE = timedelta(seconds=10)
CLAIM_AT_ONCE = 500


class Result(msgspec.Struct, frozen=True):
    """What became of one attempt. `due` is set when it goes back to `frozen`."""

    id: int
    attempt: int
    state: str
    reason: str = ""
    provider_id: str = ""
    due: datetime | None = None


async def claim(step: Step, campaign: Campaign, worker: str, most: int, *, needs_consent: bool) -> list[Any]:
    """Take up to `most` due deliveries, look at consent, suppression and the budget again, and load what they need.

    Rows: id, key, token, attempt, and the recipient's columns (campaigns.variables.COLUMNS).
    """
    async with transaction():
        taken = await write(
            _claim_sql(), worker, now() + LEASE, now(), step.id, now(), min(most, CLAIM_AT_ONCE), step.id
        )
        ids = json.dumps([int(row[0]) for row in taken])
        if not taken:
            return []
        await _skip_the_forbidden(ids, campaign.topic, needs_consent)
        await reserve(ids, step, campaign, needs_consent)
        return await _load(ids)


def _claim_sql() -> str:
    free = (
        "SELECT d.id FROM delivery d WHERE d.step_id = ? AND d.state = 'frozen' AND d.due_at <= ?"
        " ORDER BY d.due_at, d.id LIMIT ?"
    )
    sending = "EXISTS (SELECT 1 FROM campaign_step t WHERE t.id = ? AND t.state = 'sending')"
    if dialect() == "postgresql":
        return (
            "UPDATE delivery SET state = 'claimed', worker = ?, lease_until = ?, changed_at = ?"
            f" FROM ({free} FOR UPDATE SKIP LOCKED) AS free WHERE delivery.id = free.id AND {sending}"
            " RETURNING delivery.id"
        )
    return (
        "UPDATE delivery SET state = 'claimed', worker = ?, lease_until = ?, changed_at = ?"
        f" WHERE id IN ({free}) AND {sending} RETURNING id"
    )


async def _skip_the_forbidden(ids: str, topic: str, needs_consent: bool) -> None:
    reason = WHY_NOT.format(hash="d.address_hash", needs=1 if needs_consent else 0, first="")
    skipped = await write(
        "UPDATE delivery SET state = 'skipped', reason = x.reason, worker = NULL, lease_until = NULL FROM ("
        f"SELECT d.id AS id, {reason} AS reason FROM delivery d JOIN person p ON p.id = d.person_id"
        f" LEFT JOIN account a ON a.id = d.account_id {CONSENT.format(topic=typed('text'))}"
        f" WHERE d.id IN ({ids_sql()})) AS x WHERE delivery.id = x.id AND x.reason <> ''"
        " RETURNING delivery.id", topic, ids,
    )  # fmt: skip
    await give_back(int(row[0]) for row in skipped)


async def _load(ids: str) -> list[Any]:
    found = await rows(
        f"SELECT d.id, d.key, d.token, d.attempt, d.address_hash, {COLUMNS} FROM delivery d"
        " JOIN person p ON p.id = d.person_id" + JOINS.format(account="d.account_id")
        + f" WHERE d.id IN ({ids_sql()}) AND d.state = 'claimed' ORDER BY d.due_at, d.id",
        ids,
    )  # fmt: skip
    moved = [int(row["id"]) for row in found if row["address_hash"] not in _hashes(row["email"])]
    if moved:
        await write(
            "UPDATE delivery SET state = 'skipped', reason = 'address_changed', worker = NULL, lease_until = NULL"
            f" WHERE id IN ({ids_sql()})", json.dumps(moved),
        )  # fmt: skip
        await give_back(moved)
    return [row for row in found if row["id"] not in set(moved)]


def _hashes(email: str | None) -> list[str]:
    """Under any key: a key may have been added since the delivery was written."""
    return consent.address_hashes("email", email) if email else []


async def turn(step: Step, worker: str, wanted: list[int], results: list[Result]) -> set[int]:
    """One group commit: acknowledge `results`, and write the intent to send `wanted`.

    Returns the ids that may be sent now: still ours, still claimed, the step not paused.
    """
    async with transaction():
        if results:
            await _acknowledge(worker, results)
        if not wanted:
            return set()
        moment = now()
        meant = await write(
            "UPDATE delivery SET state = 'attempting', attempt = attempt + 1, lease_until = ?, changed_at = ?"
            f" WHERE id IN ({ids_sql()}) AND state = 'claimed' AND worker = ?"
            " AND EXISTS (SELECT 1 FROM campaign_step t WHERE t.id = ? AND t.state = 'sending') RETURNING id",
            moment + LEASE, moment, json.dumps(wanted), worker, step.id,
        )  # fmt: skip
    return {int(row[0]) for row in meant}


def _results_sql() -> str:
    if dialect() == "postgresql":
        return (
            "SELECT (e->>0)::bigint AS id, (e->>1)::int AS attempt, e->>2 AS state, e->>3 AS reason,"
            " e->>4 AS provider, (e->>5)::timestamptz AS due, (e->>6)::timestamptz AS sent"
            " FROM json_array_elements(CAST(? AS json)) AS e"
        )
    parts = ("id", "attempt", "state", "reason", "provider", "due", "sent")
    names = ", ".join(f"json_extract(value, '$[{at}]') AS {name}" for at, name in enumerate(parts))
    return f"SELECT {names} FROM json_each(?)"


async def _acknowledge(worker: str, results: list[Result]) -> None:
    """A row that was called uncertain meanwhile takes the truth from the very attempt it waited for."""
    moment = now()
    said = str(moment)
    listed = [
        [one.id, one.attempt, one.state, one.reason[:300], one.provider_id[:200], str(one.due) if one.due else None,
         said if one.state == "sent" else None] for one in results
    ]  # fmt: skip
    settled = await write(
        "UPDATE delivery SET state = x.state, reason = x.reason, provider_id = x.provider,"
        " due_at = COALESCE(x.due, delivery.due_at), sent_at = x.sent, lease_until = NULL, changed_at = ?"
        f" FROM ({_results_sql()}) AS x WHERE delivery.id = x.id AND delivery.worker = ?"
        " AND delivery.attempt = x.attempt AND delivery.state IN ('attempting', 'uncertain')"
        " RETURNING delivery.id, delivery.state",
        moment, json.dumps(listed), worker,
    )  # fmt: skip
    sent = [int(row[0]) for row in settled if row[1] == "sent"]
    if sent:
        await _record_sent(json.dumps(sent), moment)
    await give_back(int(row[0]) for row in settled if row[1] == "failed")
    if again := [int(row[0]) for row in settled if row[1] == "frozen"]:
        await _reopen(json.dumps(again))


async def _reopen(ids: str) -> None:
    """What counted as uncertain, and was the last that a step waited for, is to be sent after all: `sweep` sends it."""
    whose = f"id IN (SELECT d.step_id FROM delivery d WHERE d.id IN ({ids_sql()}))"
    if dialect() == "postgresql":  # whoever finishes the step holds it too, and looks again
        await rows(f"SELECT id FROM campaign_step WHERE {whose} ORDER BY id FOR UPDATE", ids)
    reopened = await write(
        f"UPDATE campaign_step SET state = 'sending', finished_at = NULL WHERE state = 'done' AND {whose}"
        " RETURNING campaign_id, kind", ids,
    )  # fmt: skip
    for row in reopened:
        if row[1] != "pilot":
            await write("UPDATE campaign SET state = 'sending', updated_at = ? WHERE id = ? AND state = 'done'",
                        now(), row[0])  # fmt: skip


async def _record_sent(ids: str, moment: datetime) -> None:
    """The customers' timeline, for the whole group in one statement (customers.timeline.record, many at once)."""
    await write(
        "INSERT INTO touchpoint (at, kind, person_id, account_id, channel, about_kind, about_id, data, key)"
        f" SELECT {typed('timestamptz')}, 'campaign.sent', d.person_id, d.account_id, 'email', 'campaign',"
        f" t.campaign_id, {'jsonb_build' if dialect() == 'postgresql' else 'json'}_object('name', c.name),"
        " 'delivery:' || CAST(d.id AS text) || ':sent'"
        " FROM delivery d JOIN campaign_step t ON t.id = d.step_id JOIN campaign c ON c.id = t.campaign_id"
        f" WHERE d.id IN ({ids_sql()})"
        " ON CONFLICT (key) DO NOTHING",
        moment, ids,
    )  # fmt: skip


async def renew(worker: str) -> None:
    """The worker lives: its claims and attempts stay its own."""
    own = _free("f.worker = ? AND f.state IN ('claimed', 'attempting') AND f.lease_until > ?")
    await write(f"UPDATE delivery SET lease_until = ? WHERE {own}", now() + LEASE, worker, now())


async def release(worker: str) -> None:
    """Give back what was claimed and not attempted."""
    own = _free("f.worker = ? AND f.state = 'claimed'")
    await write(f"UPDATE delivery SET state = 'frozen', worker = NULL, lease_until = NULL WHERE {own}", worker)


async def skip(worker: str, id: int, reason: str) -> None:
    """A claimed row that cannot be sent: the recipient lacks what the template prints."""
    async with transaction():
        skipped = await write(
            "UPDATE delivery SET state = 'skipped', reason = ?, worker = NULL, lease_until = NULL, changed_at = ?"
            " WHERE id = ? AND worker = ? AND state = 'claimed' RETURNING id", reason[:300], now(), id, worker,
        )  # fmt: skip
        await give_back(int(row[0]) for row in skipped)


async def put_off(worker: str, ids: list[int], due: datetime) -> None:
    """Claimed rows whose turn is later: a domain's limit."""
    await write(
        f"UPDATE delivery SET state = 'frozen', worker = NULL, lease_until = NULL, due_at = ? WHERE id IN ({ids_sql()})"
        " AND state = 'claimed' AND worker = ?", due, json.dumps(ids), worker,
    )  # fmt: skip


def _free(where: str) -> str:
    """The ids of rows that nobody holds just now: who waits for two rows in another order than another deadlocks."""
    skip = " FOR UPDATE SKIP LOCKED" if dialect() == "postgresql" else ""
    return f"id IN (SELECT f.id FROM delivery f WHERE {where} ORDER BY f.id{skip})"


async def recover(step_id: int | None = None) -> tuple[int, int]:
    """Take back expired claims; an expired attempt is ambiguous: by the campaign's policy resent, or left to a person.

    Returns how many were requeued and how many became uncertain.
    """
    moment = now()
    only = "" if step_id is None else f" AND f.step_id = {int(step_id)}"
    resent = (
        " AND f.step_id IN (SELECT t.id FROM campaign_step t JOIN campaign c ON c.id = t.campaign_id"
        " WHERE c.when_uncertain = 'resend')"
    )
    claimed = _free(f"f.state = 'claimed' AND f.lease_until < ?{only}")
    again = _free(f"f.state = 'attempting' AND f.lease_until < ?{only}{resent}")
    lost = _free(f"f.state = 'attempting' AND f.lease_until < ?{only}")
    frozen = "UPDATE delivery SET state = 'frozen', worker = NULL, lease_until = NULL, changed_at = ? WHERE "
    async with transaction():
        requeued = await write(f"{frozen}{claimed} RETURNING id", moment, moment)
        requeued += await write(f"{frozen}{again} RETURNING id", moment, moment)
        # Worker and attempt stay: a worker that only slept may still say what happened.
        uncertain = await write(
            "UPDATE delivery SET state = 'uncertain', reason = 'worker_lost', lease_until = NULL, changed_at = ?"
            f" WHERE {lost} RETURNING id", moment, moment,
        )  # fmt: skip
    return len(requeued), len(uncertain)


async def cancel_rest() -> int:
    """What still waits in steps that were cancelled gets its final state. What is in the air lands first."""
    left = (
        "f.state IN ('frozen', 'claimed') AND f.step_id IN"
        " (SELECT t.id FROM campaign_step t WHERE t.state = 'cancelled')"
    )
    async with transaction():
        done = await write(
            "UPDATE delivery SET state = 'cancelled', reason = 'by_hand', worker = NULL, lease_until = NULL,"
            f" changed_at = ? WHERE {_free(left)} RETURNING id", now(),
        )  # fmt: skip
        await give_back(int(row[0]) for row in done)
    return len(done)
