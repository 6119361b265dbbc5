"""What readers do with a mail or a LINE message: stop it, follow a link. No sign-in: the token is the proof."""

from __future__ import annotations

from campaigns.compose import address_of
from campaigns.events import LinkFollowed, Unsubscribed
from campaigns.models import OPEN_ENDED, Campaign, Delivery, Step, TrackedLink
from campaigns.unsent import skip_topic
from core.clock import now
from core.database import rows, transaction, write
from core.errors import NotFound
from core.events import announce
from core.i18n import _
from core.refs import Ref
from customers import consent, timeline


async def delivery_by(token: str) -> tuple[Delivery, Campaign]:
    """Raises NotFound for a token that is none."""
    found = await Delivery.get_or_none(token=token) if 16 <= len(token) <= 64 else None
    if found is None:
        raise NotFound(_("This link is not complete. Copy it whole from the mail."))
    step = await Step.get(id=found.step_id)
    return found, await Campaign.get(id=step.campaign_id)


async def unsubscribe(token: str, how: str = "one_click") -> Campaign:
    """Refuse the campaign's topic on the channel that it came by, at once: open deliveries of it are skipped in the
    same commit."""
    delivery, campaign = await delivery_by(token)
    moment = now()
    async with transaction():
        await skip_topic(delivery.person_id, campaign.topic, delivery.channel)
        state = await consent.state_of(delivery.person_id, campaign.topic, delivery.channel)
        if state != "refused":
            await consent.decide(
                delivery.person_id,
                campaign.topic,
                delivery.channel,
                "refused",
                source=how,
                evidence={"delivery": delivery.id, "campaign": campaign.id, "name": campaign.name},
            )
        first = await write("UPDATE delivery SET unsubscribed_at = ? WHERE id = ? AND unsubscribed_at IS NULL"
                            " RETURNING id", moment, delivery.id)  # fmt: skip
        if first:
            await timeline.record(delivery.person_id, "campaign.unsubscribed", account_id=delivery.account_id,
                                  channel=delivery.channel, about=Ref("campaign", campaign.id), topic=campaign.topic,
                                  name=campaign.name, key=f"delivery:{delivery.id}:unsubscribed")  # fmt: skip
            await announce(Unsubscribed(delivery_id=delivery.id))
    return campaign


async def subscribe_again(token: str) -> Campaign:
    """It was a mistake: the same person, by the same proof, says yes again."""
    delivery, campaign = await delivery_by(token)
    async with transaction():
        await consent.decide(delivery.person_id, campaign.topic, delivery.channel, "given", source="form",
                             evidence={"delivery": delivery.id, "campaign": campaign.id, "page": "/u"})  # fmt: skip
        await write("UPDATE delivery SET unsubscribed_at = NULL WHERE id = ?", delivery.id)
    return campaign


async def _link(token: str) -> TrackedLink:
    link = await TrackedLink.get_or_none(token=token)
    if link is None:
        raise NotFound(_("This link is not complete. Copy it whole from the mail."))
    return link


async def leads_to(token: str) -> str:
    """Where a link leads, without counting."""
    return address_of((await _link(token)).url)


async def follow(token: str, key: str = "") -> str:
    """Count a click and say where the link leads. With `key` (a reader who allowed it) it is on the timeline too."""
    link = await _link(token)
    await write("UPDATE campaign_link SET clicks = clicks + 1 WHERE id = ?", link.id)
    if key:
        await _seen(link, key)
    return address_of(link.url)


async def _seen(link: TrackedLink, key: str) -> None:
    found = await rows(
        "SELECT d.id, d.person_id, d.account_id, d.channel, t.campaign_id, t.kind,"
        " d.clicked_at FROM delivery d"
        " JOIN campaign_step t ON t.id = d.step_id"
        " JOIN consent co ON co.person_id = d.person_id AND co.topic = 'tracking' AND co.channel = d.channel"
        " WHERE d.key = ? AND d.revision_id = ? AND co.state = 'given'", key, link.revision_id,
    )  # fmt: skip
    if not found:
        return
    row, moment = found[0], now()
    async with transaction():
        await write(
            "INSERT INTO campaign_click (link_id, delivery_id, at) VALUES (?, ?, ?)", link.id, row["id"], moment
        )
        await write("UPDATE delivery SET clicked_at = COALESCE(clicked_at, ?) WHERE id = ?", moment, row["id"])
        if row["kind"] in OPEN_ENDED and row["clicked_at"] is None:
            await announce(LinkFollowed(delivery_id=row["id"]))
        await timeline.record(row["person_id"], "campaign.clicked", account_id=row["account_id"],
                              channel=row["channel"], about=Ref("campaign", row["campaign_id"]), url=link.url,
                              key=f"delivery:{row['id']}:click:{link.id}")  # fmt: skip
