"""Who chats on the web: a person whom somebody signed in, or a visitor who proves by a random token that it is theirs.

A visitor sees what this visitor said and nothing else, until a code that was mailed to an address shows whose it is.
"""

from __future__ import annotations

import re
from datetime import timedelta

import msgspec

from access.sessions import hashed
from access.throttle import attempt
from core.clock import now
from core.database import rows, transaction, write
from core.errors import Unauthenticated
from core.i18n import _
from inbox.actions.following import adopt
from inbox.actions.receiving import key_of_person
from inbox.models import ChatVisitor

TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # 256 random bits as base64url: browsers make it, so that a first message sent
# twice is still one visitor's
KEPT_UNUSED = timedelta(days=180)
SEEN_EVERY = timedelta(hours=1)


class Customer(msgspec.Struct, frozen=True):
    """`key` is the conversation's; exactly one of the ids is set. `who` names them in the keys of messages."""

    key: str
    person_id: int | None = None
    visitor_id: int | None = None
    name: str = ""
    lang: str = "ja"
    brand: str = "default"
    mail: str = ""

    @property
    def who(self) -> str:
        return str(self.person_id) if self.person_id else f"v{self.visitor_id}"

    @property
    def seat(self) -> int:
        """Whose open pages are counted together (core.streams)."""
        return self.person_id or -(self.visitor_id or 0)


def of_person(person_id: int, name: str, lang: str, brand: str = "default") -> Customer:
    return Customer(key_of_person(person_id), person_id, None, name, lang, brand)


async def of_visitor(visitor: ChatVisitor, lang: str) -> Customer:
    """The visitor, or the person whose address they have shown to be theirs."""
    if now() - visitor.seen_at > SEEN_EVERY:
        await write("UPDATE chat_visitor SET seen_at = ? WHERE id = ?", now(), visitor.id)
    if visitor.person_id:
        found = await rows("SELECT family_name, given_name FROM person WHERE id = ? AND state = 'active'",
                           visitor.person_id)  # fmt: skip
        if found:
            return of_person(visitor.person_id, " ".join(filter(None, found[0])), lang, visitor.brand)
    return Customer(f"visitor:{visitor.id}", None, visitor.id, visitor.mail, lang, visitor.brand, visitor.mail)


async def visitor_with(token: str) -> ChatVisitor | None:
    """Whose token it is; None for one that nobody has used to say anything."""
    return await ChatVisitor.get_or_none(token_hash=hashed(token)) if TOKEN.fullmatch(token) else None


async def new_visitor(token: str, ip: str, lang: str, brand: str = "default") -> ChatVisitor:
    """The visitor of this token, made at the first message. Raises TooMany: thirty new ones per IP in 15 minutes."""
    if not TOKEN.fullmatch(token):
        raise Unauthenticated(_("This conversation cannot be found. Open the page again."))
    if found := await visitor_with(token):
        return found
    await attempt("chat", token, ip)
    await _make("token_hash", hashed(token), brand, lang)
    return await ChatVisitor.get(token_hash=hashed(token))


async def of_subject(subject: str, brand: str, lang: str, *, make: bool) -> ChatVisitor | None:
    """A user whom the product signed in and whom we do not know: the same on every device."""
    if make:
        await _make("subject", subject, brand, lang)
    return await ChatVisitor.get_or_none(brand=brand, subject=subject)


async def _make(column: str, value: str, brand: str, lang: str) -> None:
    """Of two at once, one is made."""
    await write(
        f"INSERT INTO chat_visitor ({column}, brand, lang, mail, asked_mail, code_hash, code_tries, seen_at,"
        " created_at) VALUES (?, ?, ?, '', '', '', 0, ?, ?) ON CONFLICT DO NOTHING", value, brand, lang, now(), now(),
    )  # fmt: skip


async def becomes(visitor: ChatVisitor, person_id: int) -> None:
    """The visitor has shown that an address of this person is theirs: token and words are the person's."""
    async with transaction():
        taken = await write("UPDATE chat_visitor SET person_id = ? WHERE id = ? AND person_id IS NULL RETURNING id",
                            person_id, visitor.id)  # fmt: skip
        if taken:
            await adopt(f"visitor:{visitor.id}", person_id)


async def came_in(visitor: ChatVisitor, person_id: int) -> bool:
    """Whoever holds the token signed in: their words are the person's, and the token ends, so that signing out is one.

    False where the visitor had shown an address: whose that is was said already.
    """
    if visitor.mail or visitor.person_id:
        return False
    async with transaction():
        if await write("DELETE FROM chat_visitor WHERE id = ? RETURNING id", visitor.id):
            await adopt(f"visitor:{visitor.id}", person_id)
    return True


async def leave(visitor: ChatVisitor) -> None:
    """The token opens nothing any more, on no device; a signed-in user of the product has none to end."""
    await write("UPDATE chat_visitor SET token_hash = NULL WHERE id = ?", visitor.id)


async def forget_unused() -> int:
    """Visitors who did not come back for half a year; what they said stays with the work."""
    gone = await write("DELETE FROM chat_visitor WHERE seen_at < ? RETURNING id", now() - KEPT_UNUSED)
    return len(gone)
