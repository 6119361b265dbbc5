"""From a claimed row to a letter: values, templates, links, headers, the MIME skeleton of the sending."""

from __future__ import annotations

import json
from typing import Any

from campaigns.claims import ATTEMPTS, MAIL
from campaigns.compose import Templates, address_of, common_values, unsubscribe_address
from campaigns.ledger import ids_sql
from campaigns.models import Campaign, Revision, Step, TrackedLink
from campaigns.variables import values_of
from channels.mime import Letter, Skeleton, header, one_line
from channels.senders import Sender, sender_of
from core.database import rows
from core.settings import settings
from customers.consent import suppress


class Press:
    """Makes the mails of one step. `await Press.open(step)`; `press.letter(row)` for each claimed row."""

    place = MAIL

    def __init__(self, campaign: Campaign, revision: Revision, sender: Sender, links: dict[str, str]) -> None:
        self.campaign = campaign
        self.sender = sender
        self.templates = Templates(revision.subject, revision.html, revision.plain)
        self.links = links
        self.common = common_values(sender) | {"link": links.__getitem__}
        shown = campaign.from_name or sender.name
        fixed = {"List-ID": f"<{campaign.topic}.{sender.domain}>"}
        self.skeleton = Skeleton(sender.email, shown, reply_to=sender.reply_to, fixed=fixed)
        self.one_click = header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
        self.tracked: set[int] = set()

    @classmethod
    async def open(cls, step: Step, campaign: Campaign) -> Press:
        revision = await Revision.get(id=step.revision_id)
        return cls(campaign, revision, await sender_of(campaign.brand), await addresses(revision.id, campaign.tracking))

    async def look_up(self, claimed: list[Any]) -> None:
        """Who of them allowed to be seen following links (consent to the topic `tracking`)."""
        if self.campaign.tracking == "individual" and claimed:
            self.tracked = await who_may_be_seen(claimed, "email")

    def values(self, row: Any) -> dict[str, Any]:
        return values_for(row, self.common, self.links, is_seen=row["person_id"] in self.tracked)

    def letter(self, row: Any) -> Letter:
        """Raises campaigns.language.Missed or TooMuch, and Refused for an address that is none."""
        values = self.values(row)
        subject, text, html = self.templates.render(values)
        one_line(subject)
        stop = values["unsubscribe_url"]
        contact = f",\r\n <mailto:{self.sender.reply_to}?subject=unsubscribe>" if self.sender.reply_to else ""
        extra = f"List-Unsubscribe: <{stop}>{contact}\r\n".encode("ascii", "ignore") + self.one_click
        message_id = f"<{row['key']}@{self.sender.domain}>"
        content = self.skeleton.fill(to=row["email"], subject=subject, text=text, html=html, message_id=message_id,
                                     to_name=values["person"].get("name", ""), extra=extra)  # fmt: skip
        return Letter(f"bounce+{row['key']}@{self.sender.domain}", row["email"], content, message_id, subject)

    async def close_address(self, address: str, reason: str) -> None:
        await suppress("email", address, "bounce", reason)

    def may_repeat(self, row: Any, attempt: int) -> bool:
        return self.campaign.when_uncertain == "resend" and attempt < ATTEMPTS


def values_for(row: Any, common: dict[str, Any], links: dict[str, str], *, is_seen: bool) -> dict[str, Any]:
    """What templates may print for this recipient. `is_seen`: links tell who followed them."""
    values = common | values_of(row)
    values["unsubscribe_url"] = unsubscribe_address(row["token"])
    if is_seen:
        values["link"] = lambda target: f"{links[target]}/{row['key']}" if "/c/" in links[target] else links[target]
    return values


async def who_may_be_seen(claimed: list[Any], channel: str) -> set[int]:
    people = json.dumps([row["person_id"] for row in claimed])
    found = await rows(
        "SELECT person_id FROM consent WHERE topic = 'tracking' AND channel = ? AND state = 'given'"
        f" AND person_id IN ({ids_sql()})", channel, people,
    )  # fmt: skip
    return {int(row[0]) for row in found}


async def addresses(revision_id: int, tracking: str) -> dict[str, str]:
    """What `link('…')` prints for each target of a revision."""
    base = settings().url.rstrip("/")
    found: dict[str, str] = {}
    for link in await TrackedLink.filter(revision_id=revision_id):
        straight = tracking == "off" or address_of(link.url).startswith("mailto:")
        found[link.url] = address_of(link.url) if straight else f"{base}/c/{link.token}"
    return found
