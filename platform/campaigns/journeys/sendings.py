"""The mails of a journey on the ledger: an open-ended step for each, and a delivery for whoever comes to it."""

from __future__ import annotations

from collections.abc import Sequence

from campaigns import ledger, rollout
from campaigns.jobs import deliver_step, needs_consent
from campaigns.journeys.models import Sending
from campaigns.journeys.plan import Node
from campaigns.journeys.standing import Standing, Turn
from campaigns.models import Campaign, Revision, Step
from campaigns.unsent import give_back
from core.bulk import listed
from core.clock import now
from core.database import dialect, lock, transaction, write

LEFT = "left_journey"
# A run's own deliveries: of its version, its time around, and its pilot or not.
OWN = (
    "SELECT d.id FROM journey_run r JOIN journey_sending s ON s.version_id = r.version_id AND s.entry = r.entry"
    " AND s.is_pilot = r.is_pilot JOIN delivery d ON d.step_id = s.step_id AND d.person_id = r.person_id"
    " WHERE d.state IN ('frozen', 'claimed') AND "
)


async def step_of(run: Standing, node: Node) -> int:
    """The ledger's step for this mail, this time around. Inside a transaction; opened by the first who comes."""
    key = {"version_id": run.version_id, "node": node.id, "entry": run.entry, "is_pilot": run.is_pilot}
    await lock("journey:" + ":".join(str(value) for value in key.values()))
    found = await Sending.get_or_none(**key)
    if found is None:
        campaign, revision = await Campaign.get(id=node.campaign), await Revision.get(id=node.revision)
        step = await rollout.open_step(campaign, revision, "rehearsal" if run.is_pilot else "journey")
        found = await Sending.create(**key, step_id=step.id)
    return found.step_id


async def freeze(turns: Sequence[Turn]) -> None:
    """Inside the transaction of the moves: deliveries for those who came to a mail, or a reason why they get none."""
    by_step: dict[int, list[int]] = {}
    for one in turns:
        if one.step_id:
            by_step.setdefault(one.step_id, []).append(one.run.person_id)
    for step_id, people in sorted(by_step.items()):
        step = await Step.get(id=step_id)
        campaign = await Campaign.get(id=step.campaign_id)
        await ledger.freeze(step, campaign, sorted(people), needs_consent=await needs_consent(campaign))
        # A key of its own: the step's next look may be promised for the morning.
        await deliver_step.later(step_id=step_id, key=f"step:{step_id}:now")


async def withdraw(run_ids: Sequence[int]) -> int:
    """What still waits for people who have left does not go out. At most what is in the air still lands."""
    if not run_ids:
        return 0
    among, parameters = listed("bigint", sorted(run_ids))
    return await _cancel(f"r.id IN {among}", *parameters)


async def withdraw_late(since: object) -> int:
    """The same for those who left while a sender held their mail at that moment."""
    return await _cancel("r.ended_at > ? AND r.state IN ('goal', 'left', 'stopped') AND r.reason NOT IN ('', 'leave')",
                         since)  # fmt: skip


async def _cancel(condition: str, *parameters: object) -> int:
    # Rows that a sender holds just now are passed by: waiting for two in another order would deadlock.
    skip = " ORDER BY d.id FOR UPDATE OF d SKIP LOCKED" if dialect() == "postgresql" else ""
    async with transaction():
        gone = await write(
            "UPDATE delivery SET state = 'cancelled', reason = ?, worker = NULL, lease_until = NULL, changed_at = ?"
            f" WHERE id IN ({OWN}{condition}{skip}) RETURNING id", LEFT, now(), *parameters,
        )  # fmt: skip
        await give_back(int(row[0]) for row in gone)
    return len(gone)
