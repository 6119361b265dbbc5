"""A visitor shows that an address is theirs: six digits are mailed, and typed into the same chat.

A link to click would prove too much: whoever opens it would open the account to whoever wrote the address down.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from access.throttle import attempt
from channels import mail
from core.clock import now
from core.database import rows, transaction, write
from core.errors import Refused
from core.i18n import _, speaking
from core.pages import brand
from core.settings import settings
from customers import people
from inbox.actions.conversations import change, locked
from inbox.customer import becomes
from inbox.models import ChatVisitor, Conversation

VALID = timedelta(minutes=15)
MOST_TRIES = 5


def _sealed(visitor_id: int, code: str) -> str:
    return hmac.new(settings().secret_key.encode(), f"chat:{visitor_id}:{code}".encode(), hashlib.sha256).hexdigest()


async def send_code(visitor: ChatVisitor, address: str, ip: str, lang: str) -> None:
    """Mail six digits. Raises Refused for what is no address, TooMany after five in 15 minutes."""
    address = people.normal_email(address)
    await attempt("chat_mail", address, ip)
    code = f"{secrets.randbelow(1_000_000):06d}"
    async with transaction():
        await write(
            "UPDATE chat_visitor SET asked_mail = ?, code_hash = ?, code_until = ?, code_tries = 0 WHERE id = ?",
            address, _sealed(visitor.id, code), now() + VALID, visitor.id,
        )  # fmt: skip
        with speaking(lang):
            text = _("Type these six digits into the chat, within 15 minutes:\n\n%(code)s\n\n"
                     "If you did not ask for it, you need not do anything.", code=code)  # fmt: skip
            await mail.post(address, _("%(code)s for the chat of %(name)s", code=code, name=brand().name), text,
                            brand=visitor.brand)  # fmt: skip
    await visitor.refresh_from_db()


async def check_code(visitor: ChatVisitor, code: str) -> None:
    """The right digits make the address theirs; the person of it, if there is one, is who they are. Raises Refused."""
    tried = await write(
        "UPDATE chat_visitor SET code_tries = code_tries + 1 WHERE id = ? AND code_until > ? AND code_tries < ?"
        " RETURNING code_hash, asked_mail", visitor.id, now(), MOST_TRIES,
    )  # fmt: skip
    if not tried:
        raise Refused(_("These digits are not valid any more. Ask for new ones."))
    if not hmac.compare_digest(str(tried[0][0]), _sealed(visitor.id, code.strip())):
        raise Refused(_("These are not the digits of the mail."))
    address = str(tried[0][1])
    async with transaction():
        await write("UPDATE chat_visitor SET mail = ?, asked_mail = '', code_hash = '', code_until = NULL WHERE id = ?",
                    address, visitor.id)  # fmt: skip
        await _named(visitor.id, address)
        found = await rows("SELECT i.person_id FROM identity i JOIN person p ON p.id = i.person_id WHERE i.kind ="
                           " 'email' AND i.value = ? AND i.verified_at IS NOT NULL AND p.state = 'active'"
                           " AND p.kind <> 'staff'", address)  # fmt: skip
        if found:
            await becomes(visitor, int(found[0][0]))
    await visitor.refresh_from_db()


async def _named(visitor_id: int, address: str) -> None:
    """Staff read the address where no name is known."""
    for one in await Conversation.filter(customer_key=f"visitor:{visitor_id}", name=""):
        await change(await locked(one.id), name=address[:160])
