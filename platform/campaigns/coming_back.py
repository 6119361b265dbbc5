"""What comes back of a newsletter: bounces and complaints close the address at once; who got it is known again."""

from __future__ import annotations

from datetime import timedelta

from campaigns.models import Delivery
from campaigns.reactions import unsubscribe
from campaigns.unsent import give_back
from channels.incoming import keeping
from core.clock import now
from core.database import rows, transaction, write
from core.refs import Ref
from customers import consent, timeline
from customers.models import Person

SOFT = "soft bounce: "
ENOUGH, WITHIN = 3, timedelta(days=14)  # that many soft bounces are a dead address, too


async def bounced(mail_id: int, keys: tuple[str, ...], reason: str, *, is_dead: bool) -> None:
    """The delivery did not arrive after all. A dead address is never written to again."""
    delivery = await _of(keys)
    if delivery is None:
        return
    async with transaction():
        changed = await write(
            "UPDATE delivery SET state = 'failed', reason = ?, changed_at = ? WHERE id = ?"
            " AND state IN ('sent', 'uncertain', 'attempting') RETURNING id",
            (reason if is_dead else SOFT + reason)[:300], now(), delivery.id,
        )  # fmt: skip
        if changed:
            await give_back([delivery.id])
            await _on_the_timeline(delivery, "campaign.bounced", reason=reason[:200])
        if is_dead or await _is_enough(delivery.person_id):
            await _close(delivery, "bounce", reason)
        await keeping.done(mail_id, f"delivery {delivery.id}")


async def complained(mail_id: int, keys: tuple[str, ...], reason: str) -> None:
    """Called spam: the topic is refused with this as its proof, and the address is closed."""
    delivery = await _of(keys)
    if delivery is None:
        return
    async with transaction():
        await unsubscribe(delivery.token, how="complaint")
        await _on_the_timeline(delivery, "campaign.complained")
        await _close(delivery, "complaint", reason)
        await keeping.done(mail_id, f"delivery {delivery.id}")


async def _of(keys: tuple[str, ...]) -> Delivery | None:
    """Keys are random: who knows one was sent that mail."""
    for key in keys:
        if 16 <= len(key) <= 64 and (found := await Delivery.get_or_none(key=key)):
            return found
    return None


async def _is_enough(person_id: int) -> bool:
    found = await rows("SELECT COUNT(*) FROM delivery WHERE person_id = ? AND state = 'failed' AND reason LIKE ?"
                       " AND changed_at > ?", person_id, f"{SOFT}%", now() - WITHIN)  # fmt: skip
    return int(found[0][0]) >= ENOUGH


async def _close(delivery: Delivery, why: str, reason: str) -> None:
    """The address that the mail went to; somebody who has another one by now keeps it."""
    person = await Person.get(id=delivery.person_id)
    if person.email and consent.address_hash("email", person.email) == delivery.address_hash:
        await consent.suppress("email", person.email, why, reason)


async def _on_the_timeline(delivery: Delivery, kind: str, **facts: str) -> None:
    found = await rows("SELECT c.id, c.name FROM campaign c JOIN campaign_step t ON t.campaign_id = c.id"
                       " WHERE t.id = ?", delivery.step_id)  # fmt: skip
    await timeline.record(delivery.person_id, kind, account_id=delivery.account_id, channel="email",
                          about=Ref("campaign", int(found[0][0])), name=str(found[0][1]),
                          key=f"delivery:{delivery.id}:{kind}", **facts)  # fmt: skip
