"""Freezing a step: one delivery for every person, those who get nothing with the reason why.

`INSERT … SELECT … ON CONFLICT DO NOTHING` in chunks, so that a freeze that was killed goes on where it was, and a
reader never waits behind a long transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from campaigns.models import Campaign, Step
from campaigns.variables import PRIMARY
from core.clock import now
from core.database import dialect, rows, transaction, write
from core.tasks import in_thread
from customers import consent

CHUNK = 5000
RANDOM = {
    "sqlite": "lower(hex(randomblob(16)))",
    "postgresql": "replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')",
}
KEY = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "replace(gen_random_uuid()::text, '-', '')"}

# Why a person may not be written to, now. Colleagues need no consent.
WHY_NOT = (
    "CASE {first} WHEN p.state <> 'active' THEN 'inactive'"
    " WHEN p.email IS NULL OR p.email = '' OR {hash} IS NULL THEN 'no_address'"
    " WHEN a.state = 'churned' OR a.phase = 'churned' THEN 'churned'"
    " WHEN EXISTS (SELECT 1 FROM suppression s WHERE s.channel = 'email' AND s.address_hash = {hash})"
    " THEN 'suppressed'"
    " WHEN co.state = 'refused' THEN 'refused'"
    " WHEN {needs} = 1 AND p.kind = 'customer' AND co.state IS NULL THEN 'no_consent' ELSE '' END"
)
# Who had the same content already (in the pilot, or before a resend) does not get it twice.
ALREADY = (
    "WHEN EXISTS (SELECT 1 FROM delivery b JOIN campaign_step bs ON bs.id = b.step_id WHERE bs.campaign_id = {campaign}"
    " AND b.person_id = p.id AND b.revision_id = {revision} AND b.step_id <> {step}"
    " AND b.state IN ('sent', 'uncertain', 'attempting')) THEN 'already_sent'"
)
CONSENT = " LEFT JOIN consent co ON co.person_id = p.id AND co.channel = 'email' AND co.topic = {topic}"


def typed(kind: str) -> str:
    """A `?` whose type PostgreSQL cannot guess inside a SELECT."""
    return f"CAST(? AS {kind})" if dialect() == "postgresql" else "?"


def chosen_sql() -> str:
    """(id, hash) pairs of one JSON parameter as a table."""
    if dialect() == "postgresql":
        return "(SELECT (e->>0)::bigint AS id, e->>1 AS hash FROM json_array_elements(CAST(? AS json)) AS e)"
    return "(SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS hash FROM json_each(?))"


def ids_sql() -> str:
    """The ids of one JSON parameter, for `IN (…)`."""
    if dialect() == "postgresql":
        return "SELECT e::bigint FROM json_array_elements_text(CAST(? AS json)) AS e"
    return "SELECT value FROM json_each(?)"


def hashes(people: Sequence[tuple[int, str | None]]) -> list[tuple[int, str | None]]:
    """The keyed hash of every address, under the newest key."""
    return [(person, consent.address_hash("email", email) if email else None) for person, email in people]


async def freeze(step: Step, campaign: Campaign, people: Sequence[int], *, needs_consent: bool) -> int:
    """Write the deliveries of `people`; returns how many rows the step has then. May be run again."""
    for chunk in _chunks(people):
        found = await rows(f"SELECT id, email FROM person WHERE id IN ({ids_sql()})", json.dumps(chunk))
        await consent.rekey("email", [row[1] for row in found if row[1]])
        pairs = await in_thread(hashes, [(int(row[0]), row[1]) for row in found])
        async with transaction():
            await _write_chunk(step, campaign, json.dumps(pairs), needs_consent)
    return int((await rows("SELECT COUNT(*) FROM delivery WHERE step_id = ?", step.id))[0][0])


def _chunks(people: Sequence[int]) -> Iterator[Sequence[int]]:
    for at in range(0, len(people), CHUNK):
        yield people[at : at + CHUNK]


def judged_sql(campaign: int, revision: int, step: int, needs_consent: bool) -> str:
    """Everybody of one JSON parameter with their account, hash and reason; then one parameter, the topic."""
    already = ALREADY.format(campaign=int(campaign), revision=int(revision), step=int(step))
    reason = WHY_NOT.format(hash="c.hash", needs=1 if needs_consent else 0, first=already)
    return (
        f"SELECT c.person AS person, c.account AS account, c.hash AS hash, {reason} AS reason FROM ({everybody()}) c"
        " JOIN person p ON p.id = c.person LEFT JOIN account a ON a.id = c.account"
        + CONSENT.format(topic=typed("text"))
    )


def everybody() -> str:
    """The chosen people with their primary account."""
    return (
        f"SELECT p.id AS person, {PRIMARY} AS account, c.hash AS hash FROM {chosen_sql()} c"
        " JOIN person p ON p.id = c.id"
    )


async def forecast(campaign: Campaign, people: Sequence[int], *, needs_consent: bool) -> dict[str, list[int]]:
    """Who would be written to (under '') and who would not, by reason, if it were frozen now."""
    found: dict[str, list[int]] = {}
    for chunk in _chunks(people):
        known = await rows(f"SELECT id, email FROM person WHERE id IN ({ids_sql()})", json.dumps(chunk))
        await consent.rekey("email", [row[1] for row in known if row[1]])
        pairs = await in_thread(hashes, [(int(row[0]), row[1]) for row in known])
        judged = judged_sql(campaign.id, campaign.revision_id or 0, 0, needs_consent)
        for row in await rows(f"{judged} ORDER BY person", json.dumps(pairs), campaign.topic):
            found.setdefault(row["reason"], []).append(int(row["person"]))
    return found


INTO = (
    "INSERT INTO delivery (step_id, person_id, account_id, channel, address_hash, state, reason, due_at, attempt,"
    " revision_id, key, token, provider_id, changed_at) "
)


async def _write_chunk(step: Step, campaign: Campaign, pairs: str, needs_consent: bool) -> None:
    engine, big = dialect(), typed("bigint")
    at = typed("timestamptz")
    judged = judged_sql(campaign.id, step.revision_id, step.id, needs_consent)
    moment = now()
    await write(
        f"{INTO} SELECT {big}, j.person, j.account, 'email', j.hash,"
        f" CASE WHEN j.reason = '' THEN 'frozen' ELSE 'skipped' END, j.reason, {at}, 0, {big}, {KEY[engine]},"
        f" {RANDOM[engine]}, '', {at} FROM ({judged}) j WHERE true ORDER BY j.reason <> '', j.person"
        " ON CONFLICT DO NOTHING",
        step.id, step.due_at, step.revision_id, moment, pairs, campaign.topic,
    )  # fmt: skip
    # Whoever has no row yet shares the address of somebody who has one.
    await write(
        f"{INTO} SELECT {big}, c.person, c.account, 'email', NULL, 'skipped', 'same_address', {at}, 0, {big},"
        f" {KEY[engine]}, {RANDOM[engine]}, '', {at} FROM ({everybody()}) c WHERE true ON CONFLICT DO NOTHING",
        step.id, step.due_at, step.revision_id, moment, pairs,
    )  # fmt: skip


async def counts(step_ids: Sequence[int]) -> dict[str, int]:
    """How many deliveries of these steps are in which state."""
    found = await rows(
        f"SELECT state, COUNT(*) FROM delivery WHERE step_id IN ({ids_sql()}) GROUP BY state",
        json.dumps(list(step_ids)),
    )
    return {str(row[0]): int(row[1]) for row in found}


async def next_due(step_id: int) -> Any:
    """When the next waiting delivery of a step is due; None when nothing waits."""
    found = await rows("SELECT MIN(due_at) FROM delivery WHERE step_id = ? AND state = 'frozen'", step_id)
    return found[0][0]
