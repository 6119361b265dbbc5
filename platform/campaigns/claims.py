"""The ledger's transitions: claim, intent, acknowledge, recover. Each is one short transaction on either engine.

    frozen → claimed → attempting → sent | failed | uncertain      (or back to frozen, with a later due_at)

Every write after the claim is fenced by worker and attempt: who was frozen past the lease changes nothing.
`tried_at` says since when something may have arrived that nobody answered for. LINE is asked again with the same key
for a day (409: it was accepted), so that there nothing is uncertain before that.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import msgspec

from campaigns.budget import reserve
from campaigns.ledger import CONSENT, ids_sql, typed, why_not
from campaigns.models import Campaign, Step
from campaigns.unsent import give_back
from campaigns.variables import COLUMNS, JOINS
from core.clock import now
from core.database import dialect, rows, transaction, write
from customers import blocking, consent, line_users

LEASE = timedelta(seconds=10)
CLAIM_AT_ONCE = 500
ATTEMPTS = 10
KEY_HOLDS = timedelta(hours=23)  # LINE knows a retry key for 24 hours from when it took it, which is after `tried_at`
# Who says no, or is cancelled, while a push may have arrived: then that is what is known.
ENDED = "CASE WHEN channel = 'line' AND tried_at IS NOT NULL THEN 'uncertain' ELSE '{state}' END"


class Place(msgspec.Struct, frozen=True):
    """What one worker sends by: mail, or one LINE channel."""

    channel: str = "email"
    connection: int | None = None


MAIL = Place()


class Result(msgspec.Struct, frozen=True):
    """What became of one attempt. `due` is set when it goes back to `frozen`; `may_have_arrived`: nobody answered."""

    id: int
    attempt: int
    state: str
    reason: str = ""
    provider_id: str = ""
    due: datetime | None = None
    may_have_arrived: bool = False


async def claim(step: Step, campaign: Campaign, worker: str, most: int, *, needs_consent: bool,
                place: Place = MAIL) -> list[Any]:  # fmt: skip
    """Take up to `most` due deliveries, look at consent, suppression and the budget again, and load what they need.

    Rows: id, key, token, attempt, tried_at, line_user, and the recipient's columns (campaigns.variables.COLUMNS).
    """
    async with transaction():
        taken = await write(
            _claim_sql(), worker, now() + LEASE, now(), step.id, place.channel, place.connection or 0, now(),
            min(most, CLAIM_AT_ONCE), step.id,
        )  # fmt: skip
        ids = json.dumps([int(row[0]) for row in taken])
        if not taken:
            return []
        await _leave_what_nobody_knows(ids, campaign)
        await _skip_the_forbidden(ids, campaign.topic, needs_consent, place)
        await reserve(ids, step, campaign, needs_consent, place.channel)
        return await _load(ids, place)


def _claim_sql() -> str:
    free = (
        "SELECT d.id FROM delivery d WHERE d.step_id = ? AND d.state = 'frozen' AND d.channel = ?"
        " AND COALESCE(d.connection_id, 0) = ? AND d.due_at <= ? ORDER BY d.due_at, d.id LIMIT ?"
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


async def _leave_what_nobody_knows(ids: str, campaign: Campaign) -> None:
    """A day is over, LINE knows the key no more: by the campaign's choice sent all the same, or left to a person."""
    if campaign.when_uncertain != "resend":
        await write(
            "UPDATE delivery SET state = 'uncertain', reason = 'key_expired', lease_until = NULL"
            f" WHERE id IN ({ids_sql()}) AND channel = 'line' AND tried_at < ?", ids, now() - KEY_HOLDS,
        )  # fmt: skip


async def _skip_the_forbidden(ids: str, topic: str, needs_consent: bool, place: Place) -> None:
    reason = why_not(place.channel, hash="d.address_hash", needs=needs_consent)
    consented = CONSENT.format(channel=place.channel, topic=typed("text"))
    skipped = await write(
        f"UPDATE delivery SET state = {ENDED.format(state='skipped')}, reason = x.reason, worker = NULL,"
        f" lease_until = NULL FROM (SELECT d.id AS id, {reason} AS reason FROM delivery d"
        f" JOIN person p ON p.id = d.person_id LEFT JOIN account a ON a.id = d.account_id {consented}"
        f" WHERE d.id IN ({ids_sql()}) AND d.state = 'claimed') AS x WHERE delivery.id = x.id AND x.reason <> ''"
        " RETURNING delivery.id, delivery.state", topic, ids,
    )  # fmt: skip
    await give_back(int(row[0]) for row in skipped if row[1] == "skipped")


async def _load(ids: str, place: Place) -> list[Any]:
    found = await rows(
        f"SELECT d.id, d.key, d.token, d.attempt, d.tried_at, d.address_hash, {COLUMNS}"
        " FROM delivery d JOIN person p ON p.id = d.person_id" + JOINS.format(account="d.account_id")
        + f" WHERE d.id IN ({ids_sql()}) AND d.state = 'claimed' ORDER BY d.due_at, d.id",
        ids,
    )  # fmt: skip
    if place.channel == "line":
        found = await _with_users(found)
    address = "line_user" if place.channel == "line" else "email"
    moved = {int(row["id"]) for row in found if row["address_hash"] not in _hashes(place.channel, row[address])}
    gone = await _who_blocked(place, [row for row in found if row["id"] not in moved])
    await _left_out(moved, "address_changed")
    await _left_out(gone, "blocked")
    return [row for row in found if row["id"] not in moved | gone]


async def _with_users(found: list[Any]) -> list[Any]:
    """With the LINE user that each was written for, as long as it is the person's: somebody may have several, at other
    providers or since two records became one. That LINE knows it on this channel was asked when it was written."""
    users = await line_users.of_people(int(row["person_id"]) for row in found)
    made = []
    for row in found:
        theirs = [one.user for one in users.get(int(row["person_id"]), [])]
        user = next((one for one in theirs if row["address_hash"] in _hashes("line", one)), None)
        made.append(dict(row) | {"line_user": user})
    return made


async def _left_out(ids: set[int], reason: str) -> None:
    if ids:
        skipped = await write(
            f"UPDATE delivery SET state = {ENDED.format(state='skipped')}, reason = ?, worker = NULL,"
            f" lease_until = NULL WHERE id IN ({ids_sql()}) RETURNING id, state", reason, json.dumps(sorted(ids)),
        )  # fmt: skip
        await give_back(int(row[0]) for row in skipped if row[1] == "skipped")


async def _who_blocked(place: Place, found: list[Any]) -> set[int]:
    if place.connection is None:
        return set()
    users = {row["line_user"]: int(row["id"]) for row in found}
    return {users[user] for user in await blocking.blocked_among(place.connection, list(users))}


def _hashes(channel: str, address: str | None) -> list[str]:
    """Under any key: a key may have been added since the delivery was written."""
    return consent.address_hashes(channel, address) if address else []


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
            "UPDATE delivery SET state = 'attempting', attempt = attempt + 1, lease_until = ?, changed_at = ?,"
            f" tried_at = COALESCE(tried_at, ?) WHERE id IN ({ids_sql()}) AND state = 'claimed' AND worker = ?"
            " AND EXISTS (SELECT 1 FROM campaign_step t WHERE t.id = ? AND t.state = 'sending') RETURNING id",
            moment + LEASE, moment, moment, json.dumps(wanted), worker, step.id,
        )  # fmt: skip
    return {int(row[0]) for row in meant}


def _results_sql() -> str:
    if dialect() == "postgresql":
        return (
            "SELECT (e->>0)::bigint AS id, (e->>1)::int AS attempt, e->>2 AS state, e->>3 AS reason,"
            " e->>4 AS provider, (e->>5)::timestamptz AS due, (e->>6)::timestamptz AS sent, (e->>7)::int AS unsure"
            " FROM json_array_elements(CAST(? AS json)) AS e"
        )
    parts = ("id", "attempt", "state", "reason", "provider", "due", "sent", "unsure")
    names = ", ".join(f"json_extract(value, '$[{at}]') AS {name}" for at, name in enumerate(parts))
    return f"SELECT {names} FROM json_each(?)"


async def _acknowledge(worker: str, results: list[Result]) -> None:
    """A row that was called uncertain meanwhile takes the truth from the very attempt it waited for."""
    moment = now()
    said = str(moment)
    listed = [
        [one.id, one.attempt, one.state, one.reason[:300], one.provider_id[:200], str(one.due) if one.due else None,
         said if one.state == "sent" else None, int(one.may_have_arrived)] for one in results
    ]  # fmt: skip
    settled = await write(
        "UPDATE delivery SET state = x.state, reason = x.reason, provider_id = x.provider,"
        " due_at = COALESCE(x.due, delivery.due_at), sent_at = x.sent, lease_until = NULL, changed_at = ?,"
        " tried_at = CASE WHEN x.state = 'frozen' AND x.unsure = 0 THEN NULL ELSE delivery.tried_at END"
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
        f" SELECT {typed('timestamptz')}, 'campaign.sent', d.person_id, d.account_id, d.channel, 'campaign',"
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
    A push to LINE is made again with its key, and LINE says whether it had been accepted.

    Returns how many were requeued and how many became uncertain.
    """
    moment = now()
    only = "" if step_id is None else f" AND f.step_id = {int(step_id)}"
    resent = (
        " AND ((f.channel = 'line' AND f.tried_at > ?) OR f.step_id IN (SELECT t.id FROM campaign_step t"
        " JOIN campaign c ON c.id = t.campaign_id WHERE c.when_uncertain = 'resend'))"
    )
    claimed = _free(f"f.state = 'claimed' AND f.lease_until < ?{only}")
    again = _free(f"f.state = 'attempting' AND f.lease_until < ?{only}{resent}")
    lost = _free(f"f.state = 'attempting' AND f.lease_until < ?{only}")
    frozen = "UPDATE delivery SET state = 'frozen', worker = NULL, lease_until = NULL, changed_at = ? WHERE "
    async with transaction():
        requeued = await write(f"{frozen}{claimed} RETURNING id", moment, moment)
        requeued += await write(f"{frozen}{again} RETURNING id", moment, moment, moment - KEY_HOLDS)
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
            f"UPDATE delivery SET state = {ENDED.format(state='cancelled')}, reason = 'by_hand', worker = NULL,"
            f" lease_until = NULL, changed_at = ? WHERE {_free(left)} RETURNING id, state", now(),
        )  # fmt: skip
        await give_back(int(row[0]) for row in done if row[1] == "cancelled")
    return len(done)
