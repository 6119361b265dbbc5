"""Mail that leaves: the way out (SMTP, or the staff's mailbox without it), and single mails with a ledger row each.

`await mail.post("hanako@example.co.jp", _("Sign in"), text, key=f"sign-in:{id}")` inside the transaction that wants it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Protocol

from channels.mime import Letter, Skeleton, header, one_line, quoted_address
from channels.senders import MailAccount, Sender, mail_account, sender_of
from channels.smtp import Outcome, Pool, Server
from core.clock import now
from core.database import transaction, write
from core.jobs import back_off, job

ATTEMPTS = 8
# Automatic answers (out of office) stay silent for mails that say this (RFC 3834).
AUTOMATIC = {"Auto-Submitted": "auto-generated"}


class WayOut(Protocol):
    """Takes letters; `width` at once."""

    width: int

    async def send(self, letter: Letter, may_still: Callable[[], bool] | None = None) -> Outcome: ...
    async def close(self) -> None: ...


class SmtpOut:
    """A pool of connections to the brand's server; signs with DKIM where a key is set."""

    def __init__(self, account: MailAccount, sender: Sender) -> None:
        self.width = account.connections
        self.pool = Pool(Server.at(account.url, sender.domain), account.connections)
        self.signer = account.signer()

    async def send(self, letter: Letter, may_still: Callable[[], bool] | None = None) -> Outcome:
        if self.signer:
            signed = self.signer.sign(letter.content, canonical=True)
            letter = Letter(letter.sender, letter.recipient, signed, letter.message_id, letter.subject)
        return await self.pool.send(letter, may_still)

    async def close(self) -> None:
        await self.pool.close()


class MailboxOut:
    """No SMTP server is set: mail lands in a table that staff can open at /staff/mailbox."""

    width = 4

    async def send(self, letter: Letter, may_still: Callable[[], bool] | None = None) -> Outcome:
        await write(
            "INSERT INTO mail (message_id, sender, recipient, subject, content, created_at) VALUES (?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (message_id) DO NOTHING",
            letter.message_id, letter.sender, letter.recipient, letter.subject[:500], letter.content, now(),
        )  # fmt: skip
        return Outcome("sent", "250 kept in the mailbox", "dot", 250)

    async def close(self) -> None:
        return None


async def way_out(brand: str = "default") -> WayOut:
    """How this brand's mail leaves now. Close it after use."""
    account = await mail_account(brand)
    return SmtpOut(account, await sender_of(brand)) if account.url else MailboxOut()


async def post(to: str, subject: str, text: str, html: str | None = None, *, key: str | None = None,
               brand: str = "default", unsubscribe: str = "") -> None:  # fmt: skip
    """Send one mail, once per `key`: a ledger row and a promise in the caller's transaction.

    `unsubscribe`: the address of one click (RFC 8058), for mails that somebody may want no more. Raises Refused for an
    address that is none and for a line break in the subject.
    """
    quoted_address(to)
    message_id = f"<{secrets.token_hex(16)}@{(await sender_of(brand)).domain}>"
    async with transaction():
        fresh = await write(
            "INSERT INTO outgoing_mail (key, brand, recipient, subject, text, html, unsubscribe, message_id, state,"
            " attempt, reason, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'waiting', 0, '', ?)"
            " ON CONFLICT (key) DO NOTHING RETURNING id",
            key or secrets.token_hex(16), brand, to.strip(), one_line(subject)[:500], text, html or "",
            one_line(unsubscribe), message_id, now(),
        )  # fmt: skip
        if fresh:
            await deliver_mail.later(mail_id=fresh[0][0])


@job(attempts=ATTEMPTS, timeout=180)
async def deliver_mail(mail_id: int) -> None:
    """One attempt. What crashed between the attempt and its answer stays `uncertain`: it is never silently doubled."""
    moment = now()
    await write(
        "UPDATE outgoing_mail SET state = 'uncertain', reason = 'the sender stopped before the answer came'"
        " WHERE id = ? AND state = 'attempting'", mail_id,
    )  # fmt: skip
    claimed = await write(
        "UPDATE outgoing_mail SET state = 'attempting', attempt = attempt + 1, attempted_at = ?"
        " WHERE id = ? AND state = 'waiting' RETURNING *", moment, mail_id,
    )  # fmt: skip
    if not claimed:
        return
    outcome = await _attempt(claimed[0])
    await _settle(mail_id, int(claimed[0]["attempt"]), outcome)


async def _attempt(row: Any) -> Outcome:
    sender = await sender_of(row["brand"])
    shape = Skeleton(sender.email, sender.name, reply_to=sender.reply_to, html=bool(row["html"]), fixed=AUTOMATIC)
    content = shape.fill(to=row["recipient"], subject=row["subject"], text=row["text"], html=row["html"],
                         message_id=row["message_id"], extra=_one_click(row["unsubscribe"]))  # fmt: skip
    out = await way_out(row["brand"])
    try:
        return await out.send(Letter(sender.email, row["recipient"], content, row["message_id"], row["subject"]))
    finally:
        await out.close()


def _one_click(address: str) -> bytes:
    if not address:
        return b""
    return f"List-Unsubscribe: <{address}>\r\n".encode("ascii", "ignore") + header(
        "List-Unsubscribe-Post", "List-Unsubscribe=One-Click")  # fmt: skip


async def _settle(mail_id: int, attempt: int, outcome: Outcome) -> None:
    state = {"sent": "sent", "refused": "failed", "uncertain": "uncertain", "retry": "waiting"}[outcome.kind]
    if state == "waiting" and attempt >= ATTEMPTS:
        state = "failed"
    # A sign-in link is a secret: the text goes once nothing will be sent any more.
    scrub = ", text = '', html = '', unsubscribe = ''" if state in ("sent", "failed") else ""
    async with transaction():
        await write(
            f"UPDATE outgoing_mail SET state = ?, reason = ?, sent_at = ?{scrub}"
            " WHERE id = ? AND attempt = ? AND state IN ('attempting', 'uncertain')",
            state, outcome.reason[:300], now() if state == "sent" else None, mail_id, attempt,
        )  # fmt: skip
        if state == "waiting":
            await deliver_mail.later(mail_id=mail_id, after=back_off(attempt))
