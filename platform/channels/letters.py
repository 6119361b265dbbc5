"""One answer by mail in a conversation: threaded, from the address that was written to. Its ledger is the caller's."""

from __future__ import annotations

import asyncio

import msgspec

from channels.mail import way_out
from channels.mime import Letter, Skeleton, header
from channels.outcomes import Delivered, NotAccepted, TryLater, Unclear
from channels.senders import sender_of

LATER, PATIENCE = 60.0, 40.0  # seconds; a lease on an answer by mail is longer


class Answer(msgspec.Struct, frozen=True):
    """`key` makes the Message-ID, so that an answer to it is known; `about` is the Message-ID that it answers."""

    key: str
    to: str
    subject: str
    text: str
    at: str = ""  # the address that the customer wrote to
    about: str = ""
    references: tuple[str, ...] = ()
    by: str = ""
    is_automatic: bool = False


async def send(answer: Answer, brand: str = "default") -> Delivered:
    """Raises TryLater, NotAccepted or Unclear (channels.outcomes)."""
    sender = await sender_of(brand)
    shape = Skeleton(sender.email, answer.by or sender.name, reply_to=answer.at or sender.reply_to, html=False,
                     fixed={"Auto-Submitted": "auto-replied"} if answer.is_automatic else {})  # fmt: skip
    message_id = f"<{answer.key}@{sender.domain}>"
    content = shape.fill(to=answer.to, subject=_re(answer.subject), text=answer.text, message_id=message_id,
                         extra=_thread(answer))  # fmt: skip
    out = await way_out(brand)
    try:
        async with asyncio.timeout(PATIENCE):
            outcome = await out.send(Letter(sender.email, answer.to, content, message_id, answer.subject))
    except TimeoutError as error:
        raise Unclear("The mail server was silent for too long.") from error
    finally:
        await out.close()
    if outcome.kind == "retry":
        raise TryLater(outcome.reason, LATER)
    if outcome.kind == "refused":
        raise NotAccepted(outcome.reason)
    if outcome.kind == "uncertain":
        raise Unclear(outcome.reason)
    return Delivered(external_id=message_id)


def _re(subject: str) -> str:
    return subject if subject.lower().startswith("re:") else f"Re: {subject}"[:300]


def _thread(answer: Answer) -> bytes:
    if not answer.about:
        return b""
    chain = " ".join(f"<{one}>" for one in dict.fromkeys([*answer.references[-10:], answer.about]) if one.isascii())
    about = answer.about if answer.about.isascii() else ""
    return (header("In-Reply-To", f"<{about}>") if about else b"") + (
        b"References: " + chain.replace(" ", "\r\n ").encode() + b"\r\n" if chain else b"")  # fmt: skip


__all__ = ["Answer", "send"]
