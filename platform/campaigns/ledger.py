"""Freezing a step: one delivery for every person, those who get nothing with the reason why.

`INSERT … SELECT … ON CONFLICT DO NOTHING` in chunks, so that a freeze that was killed goes on where it was, and a
reader never waits behind a long transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from campaigns.channels import ORDER, where_are
from campaigns.models import OPEN_ENDED, Campaign, Step
from campaigns.variables import PRIMARY
from core.clock import now
from core.database import dialect, rows, transaction, write

CHUNK = 5000
RANDOM = {
    "sqlite": "lower(hex(randomblob(16)))",
    "postgresql": "replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')",
}
KEY = {"sqlite": "lower(hex(randomblob(16)))", "postgresql": "replace(gen_random_uuid()::text, '-', '')"}

# Why a person may not be written to on a channel, now. Colleagues need no consent.
WHY_NOT = {
    "email": (
        "CASE {first} WHEN p.state <> 'active' THEN 'inactive'"
        " WHEN p.email IS NULL OR p.email = '' OR {hash} IS NULL THEN 'no_address'"
        " WHEN a.state = 'churned' OR a.phase = 'churned' THEN 'churned'"
        " WHEN EXISTS (SELECT 1 FROM suppression s WHERE s.channel = 'email' AND s.address_hash = {hash})"
        " THEN 'suppressed' {wants} ELSE '' END"
    ),
    "line": (
        "CASE {first} WHEN p.state <> 'active' THEN 'inactive' WHEN {hash} IS NULL THEN 'no_line'"
        " WHEN a.state = 'churned' OR a.phase = 'churned' THEN 'churned'"
        " WHEN EXISTS (SELECT 1 FROM suppression s WHERE s.channel = 'line' AND s.address_hash = {hash})"
        " THEN 'suppressed' WHEN EXISTS (SELECT 1 FROM suppression s WHERE s.channel = 'line'"
        " AND s.address_hash = {place}) THEN 'blocked' {wants} ELSE '' END"
    ),
}
WANTS = (
    "WHEN co.state = 'refused' THEN 'refused'"
    " WHEN {needs} = 1 AND p.kind = 'customer' AND co.state IS NULL THEN 'no_consent'"
)
# Who had the same content already (in the pilot, before a resend, on another channel) does not get it twice.
ALREADY = (
    "WHEN EXISTS (SELECT 1 FROM delivery b JOIN campaign_step bs ON bs.id = b.step_id WHERE bs.campaign_id = {campaign}"
    " AND b.person_id = p.id AND b.revision_id = {revision} AND b.step_id <> {step}"
    " AND (b.state IN ('sent', 'uncertain', 'attempting') OR (b.state IN ('frozen', 'claimed')"
    " AND b.tried_at IS NOT NULL))) THEN 'already_sent'"
)
CONSENT = " LEFT JOIN consent co ON co.person_id = p.id AND co.channel = '{channel}' AND co.topic = {topic}"
NOWHERE = "('no_line', 'no_address')"


def why_not(channel: str, *, hash: str, place: str = "NULL", needs: bool, first: str = "") -> str:
    """The reason as an expression over p (person), a (account), co (consent); an empty text for those who get it."""
    return WHY_NOT[channel].format(hash=hash, place=place, first=first, wants=WANTS.format(needs=1 if needs else 0))


def typed(kind: str) -> str:
    """A `?` whose type PostgreSQL cannot guess inside a SELECT."""
    return f"CAST(? AS {kind})" if dialect() == "postgresql" else "?"


PARTS = (("id", "bigint"), ("email", "text"), ("line", "text"), ("connection", "bigint"), ("place", "text"))


def chosen_sql() -> str:
    """One JSON parameter (campaigns.channels.where_are) as a table: id, email, line, connection, place."""
    if dialect() == "postgresql":
        listed = ", ".join(f"(e->>{at})::{kind} AS {name}" for at, (name, kind) in enumerate(PARTS))
        return f"(SELECT {listed} FROM json_array_elements(CAST(? AS json)) AS e)"
    listed = ", ".join(f"json_extract(value, '$[{at}]') AS {name}" for at, (name, _kind) in enumerate(PARTS))
    return f"(SELECT {listed} FROM json_each(?))"


def ids_sql() -> str:
    """The ids of one JSON parameter, for `IN (…)`."""
    if dialect() == "postgresql":
        return "SELECT e::bigint FROM json_array_elements_text(CAST(? AS json)) AS e"
    return "SELECT value FROM json_each(?)"


async def freeze(step: Step, campaign: Campaign, people: Sequence[int], *, needs_consent: bool) -> int:
    """Write the deliveries of `people`; returns how many rows the step has then. May be run again."""
    for chunk in _chunks(people):
        chosen = await where_are(step.channel, campaign.brand, chunk, ids_sql())
        async with transaction():
            await _write_chunk(step, campaign, chosen, needs_consent)
    return int((await rows("SELECT COUNT(*) FROM delivery WHERE step_id = ?", step.id))[0][0])


def _chunks(people: Sequence[int]) -> Iterator[Sequence[int]]:
    for at in range(0, len(people), CHUNK):
        yield people[at : at + CHUNK]


class Judged(msgspec.Struct, frozen=True):
    """For whom a content is judged: who had it already in another step is found by it."""

    campaign: int
    revision: int
    step: int
    needs_consent: bool


def _on_channel(channel: str, who: Judged) -> str:
    already = ALREADY.format(campaign=int(who.campaign), revision=int(who.revision), step=int(who.step))
    reason = why_not(channel, hash=f"c.{channel}", place="c.place", needs=who.needs_consent, first=already)
    connection = "c.connection" if channel == "line" else "CAST(NULL AS bigint)"
    return (
        f"SELECT c.person AS person, c.account AS account, '{channel}' AS channel, c.{channel} AS hash,"
        f" {connection} AS connection, {reason} AS reason FROM ({everybody()}) c"
        " JOIN person p ON p.id = c.person LEFT JOIN account a ON a.id = c.account"
        + CONSENT.format(channel=channel, topic=typed("text"))
    )


def judged_sql(choice: str, who: Judged, chosen: str, topic: str) -> tuple[str, list[str]]:
    """Everybody with account, channel, hash, connection and reason; and the parameters of it.

    With two channels: the first where the person gets it; who gets it on neither has the reason that says most.
    """
    ways = ORDER[choice]
    first = _on_channel(ways[0], who)
    if len(ways) == 1:
        return first, [chosen, topic]
    takes_first = f"(x.reason = '' OR (y.reason <> '' AND x.reason NOT IN {NOWHERE}) OR y.reason IN {NOWHERE})"
    picked = ", ".join(f"CASE WHEN {takes_first} THEN x.{name} ELSE y.{name} END AS {name}"
                       for name in ("channel", "hash", "connection", "reason"))  # fmt: skip
    return (
        f"SELECT x.person AS person, x.account AS account, {picked} FROM ({first}) x"
        f" JOIN ({_on_channel(ways[1], who)}) y ON y.person = x.person",
        [chosen, topic, chosen, topic],
    )


def everybody() -> str:
    """The chosen people with their primary account."""
    return (
        f"SELECT p.id AS person, {PRIMARY} AS account, c.email AS email, c.line AS line, c.connection AS connection,"
        f" c.place AS place FROM {chosen_sql()} c JOIN person p ON p.id = c.id"
    )


class Forecast(msgspec.Struct):
    """Who would be written to, by channel, and who would not, by reason, if it were frozen now."""

    reached: dict[str, list[int]] = {}
    left_out: dict[str, list[int]] = {}
    by_line: dict[int, int] = {}  # LINE channel → how many of those who are reached on LINE

    @property
    def everybody(self) -> list[int]:
        return [person for people in self.reached.values() for person in people]


async def forecast(campaign: Campaign, people: Sequence[int], *, needs_consent: bool) -> Forecast:
    found = Forecast({channel: [] for channel in ORDER[campaign.channels]}, {})
    # A journey may bring the same mail to somebody once more: its own rules say how often (OPEN_ENDED).
    who = Judged(campaign.id, 0 if campaign.journey_id else campaign.revision_id or 0, 0, needs_consent)
    for chunk in _chunks(people):
        chosen = await where_are(campaign.channels, campaign.brand, chunk, ids_sql())
        sql, values = judged_sql(campaign.channels, who, chosen, campaign.topic)
        for row in await rows(f"{sql} ORDER BY person", *values):
            group = found.left_out.setdefault(row["reason"], []) if row["reason"] else found.reached[row["channel"]]
            group.append(int(row["person"]))
            if row["connection"] and not row["reason"]:
                found.by_line[int(row["connection"])] = found.by_line.get(int(row["connection"]), 0) + 1
    return found


INTO = (
    "INSERT INTO delivery (step_id, person_id, account_id, channel, connection_id, address_hash, state, reason, due_at,"
    " attempt, revision_id, key, token, provider_id, changed_at) "
)


async def _write_chunk(step: Step, campaign: Campaign, chosen: str, needs_consent: bool) -> None:
    engine, big = dialect(), typed("bigint")
    at = typed("timestamptz")
    who = Judged(campaign.id, 0 if step.kind in OPEN_ENDED else step.revision_id, step.id, needs_consent)
    judged, values = judged_sql(step.channel, who, chosen, campaign.topic)
    moment = now()
    await write(
        f"{INTO} SELECT {big}, j.person, j.account, j.channel, j.connection, j.hash,"
        f" CASE WHEN j.reason = '' THEN 'frozen' ELSE 'skipped' END, j.reason, {at}, 0, {big}, {KEY[engine]},"
        f" {RANDOM[engine]}, '', {at} FROM ({judged}) j WHERE true ORDER BY j.reason <> '', j.person"
        " ON CONFLICT DO NOTHING",
        step.id, step.due_at, step.revision_id, moment, *values,
    )  # fmt: skip
    # Whoever has no row yet shares the address of somebody who has one: a LINE account is only ever one person's.
    channel = "line" if step.channel == "line" else "email"
    await write(
        f"{INTO} SELECT {big}, c.person, c.account, '{channel}', NULL, NULL, 'skipped', 'same_address', {at}, 0, {big},"
        f" {KEY[engine]}, {RANDOM[engine]}, '', {at} FROM ({everybody()}) c WHERE NOT EXISTS (SELECT 1 FROM delivery d"
        f" WHERE d.step_id = {int(step.id)} AND d.person_id = c.person) ON CONFLICT DO NOTHING",
        step.id, step.due_at, step.revision_id, moment, chosen,
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
