"""A letter becomes part of its writer's conversation; an answer to it leaves by mail, and may come back."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from bots import customers_of
from channels import letters
from channels.incoming import keeping
from channels.incoming.reading import Attached, Read
from channels.models import IncomingMail
from channels.outcomes import Delivered
from core.database import transaction
from core.errors import Refused
from core.media import store_image
from core.settings import settings
from inbox.actions import receiving
from inbox.actions.receiving import Heard
from inbox.actions.sending import Claim
from inbox.models import Outgoing

PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
ANSWER = re.compile(r"^a(\d{1,18})\.([0-9a-f]{32})$")


async def take_in(mail_id: int) -> None:
    """One letter, once: the message and the mail's outcome are one transaction."""
    mail, letter = await keeping.letter_of(mail_id)
    if mail.state != "taken":
        return
    speaker = await customers_of.by_mail(letter.sender, letter.name)
    if speaker.is_staff:
        await keeping.done(mail.id, "one of us", "ignored")
        return
    attached = [await _kept(one) for one in letter.attachments]
    async with transaction():
        received = await receiving.receive(_heard(mail, letter, speaker, attached))
        await keeping.done(mail.id, f"message {received.id}" if received else "received before")


def _heard(
    mail: IncomingMail, letter: Read, speaker: customers_of.Speaker, attached: list[dict[str, Any]]
) -> Heard:  # fmt: skip
    address = {"to": letter.sender, "at": mail.recipient if mail.way == "smtp" else "", "subject": letter.subject,
               "about": letter.message_id, "references": list(letter.references[:20])}  # fmt: skip
    data: dict[str, Any] = {"kind": "mail", "subject": letter.subject}
    if attached:
        data["attachments"] = attached
    return Heard(
        channel="email", customer_key=speaker.key, body=letter.words or letter.subject, data=data, address=address,
        at=_written_at(mail, letter), person_id=speaker.person_id, name=speaker.name,
        account_id=speaker.account_id, lang=speaker.lang, origin=f"mail:{mail.key}",
    )  # fmt: skip


def _written_at(mail: IncomingMail, letter: Read) -> datetime:
    """The writer's clock where it is believable; a mail may have waited for two days."""
    written = datetime.fromtimestamp(letter.date, UTC) if letter.date else mail.received_at
    return written if mail.received_at - timedelta(days=2) < written <= mail.received_at else mail.received_at


async def _kept(one: Attached) -> dict[str, Any]:
    """Pictures are kept, made anew; of other files staff read the name and the size."""
    item: dict[str, Any] = {"kind": "file", "name": one.name, "size": len(one.data)}
    if one.kind not in PICTURES:
        return item
    try:
        kept = await store_image(one.data, one.name, audience="staff")
    except Refused as refused:
        return item | {"problem": str(refused)[:200]}
    return item | {"kind": "image", "media": kept.key, "width": kept.width, "height": kept.height}


async def send(claimed: Claim) -> Delivered:
    """Raises what channels.letters raises."""
    address = claimed.address
    return await letters.send(letters.Answer(
        key=f"a{claimed.id}.{_seal(claimed.id)}", to=str(address.get("to", "")), at=str(address.get("at", "")),
        subject=str(address.get("subject", "")), about=str(address.get("about", "")), text=claimed.body,
        references=tuple(address.get("references", ())), by=str(claimed.content.get("sender", "")),
        is_automatic=not claimed.content.get("sender"),
    ))  # fmt: skip


def _seal(outgoing_id: int) -> str:
    """Only who got the answer knows it, so that nobody else makes it come back."""
    return _sealed(settings().secret_keys[0], outgoing_id)


def _sealed(key: str, outgoing_id: int) -> str:
    return hmac.new(key.encode(), f"answer:{outgoing_id}".encode(), hashlib.sha256).hexdigest()[:32]


def is_sealed(outgoing_id: int, seal: str) -> bool:
    """Under any key of ENGAWA_SECRET_KEY: an answer may come back days after a new one."""
    return any(hmac.compare_digest(_sealed(key, outgoing_id), seal) for key in settings().secret_keys)


async def came_back(keys: tuple[str, ...]) -> Outgoing | None:
    """The answer that a report speaks of."""
    for key in keys:
        found = ANSWER.match(key)
        if found and is_sealed(int(found.group(1)), found.group(2)):
            return await Outgoing.get_or_none(id=int(found.group(1)), channel="email")
    return None
