"""Mail is kept before it is acknowledged, once however often it is handed in; then a job says what it is."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from channels.events import ComplaintArrived, LetterArrived, MailArrived, MailBounced
from channels.incoming.reading import Read, Unreadable, parsed, read
from channels.incoming.reports import Report, key_in, report_of
from channels.models import IncomingMail
from core.clock import now
from core.database import rows, transaction, write
from core.events import announce, on
from core.settings import settings
from core.tasks import in_thread

MOST_BYTES = 20_000_000
AN_HOUR = 60  # letters of one sender that become conversations; what is more is a loop or a flood
SENDER, RECIPIENT = 320, 320


async def keep(content: bytes, recipient: str, sender: str = "", *, way: str = "smtp") -> int | None:
    """The mail's id, committed; None when the same bytes came for this recipient before."""
    sender = "".join(letter for letter in sender if letter.isprintable())  # what a database refuses would come again
    key = hashlib.sha256(recipient.lower().encode("utf-8", "replace") + b"\0" + content).hexdigest()
    async with transaction():
        made = await write(
            "INSERT INTO incoming_mail (key, sender, recipient, content, way, state, outcome, received_at)"
            " VALUES (?, ?, ?, ?, ?, 'waiting', '', ?) ON CONFLICT (key) DO NOTHING RETURNING id",
            key, sender[:SENDER].lower(), recipient[:RECIPIENT].lower(), content, way, now(),
        )  # fmt: skip
        if made:
            await announce(MailArrived(int(made[0][0])))
    return int(made[0][0]) if made else None


@on(MailArrived, attempts=5, timeout=120)
async def sort(event: MailArrived) -> None:
    """A report about a mail of ours, an automatic answer, or somebody who writes to us."""
    mail = await IncomingMail.get_or_none(id=event.mail_id, state="waiting")
    if mail is None:
        return
    try:
        report, letter = await in_thread(_understood, bytes(mail.content))
    except Unreadable as error:
        await done(mail.id, f"unreadable: {error}", "failed")
        return
    async with transaction():
        if not await _take(mail.id):
            return
        if report:
            await _told(mail, report)
        elif reason := await _why_not(mail, letter):
            await done(mail.id, reason, "ignored")
        else:
            await announce(LetterArrived(mail.id))


def _understood(content: bytes) -> tuple[Report | None, Read]:
    message = parsed(content)
    return report_of(message), read(message)


async def letter_of(mail_id: int) -> tuple[IncomingMail, Read]:
    mail = await IncomingMail.get(id=mail_id)
    return mail, (await in_thread(_understood, bytes(mail.content)))[1]


async def _take(mail_id: int) -> bool:
    taken = await write(
        "UPDATE incoming_mail SET state = 'taken' WHERE id = ? AND state = 'waiting' RETURNING id", mail_id
    )
    return bool(taken)


async def _told(mail: IncomingMail, report: Report) -> None:
    """Upward: whose mail it was is known there. What is only delayed says nothing yet."""
    keys = tuple(
        dict.fromkeys(filter(None, [key_in(mail.recipient), *(one.partition("@")[0] for one in report.references)]))
    )
    if not keys:
        await done(mail.id, "about no mail of ours", "ignored")
    elif report.kind == "delayed":
        await done(mail.id, report.reason, "ignored")
    elif report.kind == "complaint":
        await announce(ComplaintArrived(mail.id, keys, report.reason))
    else:
        await announce(MailBounced(mail.id, keys, report.kind == "dead", report.reason))


async def _why_not(mail: IncomingMail, letter: Read) -> str:
    if not letter.sender:
        return "from nobody"
    if key_in(mail.recipient):
        return "an automatic answer to a newsletter"
    if letter.is_automatic or letter.sender.startswith(("mailer-daemon@", "postmaster@", "no-reply@", "noreply@")):
        return "automatic"
    if letter.sender.rpartition("@")[2] in our_domains():
        return "from ourselves"
    found = await rows("SELECT COUNT(*) FROM incoming_mail WHERE sender = ? AND received_at > ?", mail.sender,
                       now() - timedelta(hours=1))  # fmt: skip
    return "too many within an hour" if mail.sender and int(found[0][0]) > AN_HOUR else ""


def our_domains() -> set[str]:
    """ENGAWA_MAIL_DOMAINS: where mail for us is taken in."""
    return {part.strip().lower() for part in settings().mail_domains.split(",") if part.strip()}


async def done(mail_id: int, outcome: str, state: str = "done") -> None:
    """What became of it; its bytes are not needed any more, and are somebody's words."""
    await write("UPDATE incoming_mail SET state = ?, outcome = ?, content = ? WHERE id = ?",
                state, outcome[:300], b"", mail_id)  # fmt: skip
