"""Write keys: made and revoked by staff, kept as a hash, looked up for every request."""

from __future__ import annotations

import base64
import binascii
import hashlib
import secrets
import time

import msgspec

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import after_commit, rows, transaction, write
from core.errors import NotFound, Refused, Unauthenticated
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import policy
from customers.models import WriteKey

REMEMBERED = 1.0  # seconds: another process's revocation is heeded within
NOTED_EVERY = 10.0


class Sender(msgspec.Struct):
    """Whose key it is, and what came since it was last written down."""

    id: int
    source: str
    is_trusted: bool
    known_at: float
    noted_at: float = 0.0
    accepted: int = 0
    refused: int = 0
    mistake: str = ""


_senders: dict[str, Sender] = {}


def hashed(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


async def sender_of(key: str) -> Sender:
    """Raises Unauthenticated for a key that is missing, wrong or revoked."""
    if not 8 <= len(key) <= 200:
        raise Unauthenticated(_("The write key is missing. Send it as the user name of Basic authentication."))
    digest, moment = hashed(key), time.monotonic()
    sender = _senders.get(digest)
    if sender is not None and moment - sender.known_at < REMEMBERED:
        return sender
    found = await rows("SELECT id, source, is_trusted FROM write_key WHERE key_hash = ? AND revoked_at IS NULL", digest)
    if not found:
        _senders.pop(digest, None)
        raise Unauthenticated(_("This write key is wrong or revoked."))
    if sender is None:
        sender = _senders.setdefault(digest, Sender(int(found[0][0]), found[0][1], bool(found[0][2]), moment))
    sender.known_at = moment
    return sender


def key_in(authorization: str) -> str:
    """The user name of Basic authentication, or a bearer token; empty when there is none."""
    kind, _blank, value = authorization.partition(" ")
    if kind.lower() == "bearer":
        return value.strip()
    if kind.lower() != "basic":
        return ""
    try:
        return base64.b64decode(value, validate=True).decode().partition(":")[0]
    except (binascii.Error, UnicodeDecodeError):
        return ""


async def note(sender: Sender, accepted: int, mistakes: list[tuple[int, str]]) -> None:
    """Count what came for the page of keys, written down every few seconds."""
    sender.accepted += accepted
    sender.refused += len(mistakes)
    if mistakes:
        sender.mistake = mistakes[-1][1][:300]
    if time.monotonic() - sender.noted_at >= NOTED_EVERY:
        await write_down(sender)


async def write_down(sender: Sender) -> None:
    sender.noted_at = time.monotonic()
    accepted, refused, mistake = sender.accepted, sender.refused, sender.mistake
    sender.accepted = sender.refused = 0
    moment = now()
    await write("UPDATE write_key SET accepted = accepted + ?, refused = refused + ?, used_at = ? WHERE id = ?",
                accepted, refused, moment, sender.id)  # fmt: skip
    if refused:
        await write("UPDATE write_key SET last_refusal = ?, refused_at = ? WHERE id = ?", mistake, moment, sender.id)


async def write_all_down() -> None:
    """What was counted and is not written down yet: before the page of keys is shown, and at the end."""
    for sender in list(_senders.values()):
        if sender.accepted or sender.refused:
            await write_down(sender)


def forget() -> None:
    _senders.clear()


# What staff do --------------------------------------------------------------------------------------------------


async def make(source: str, name: str, is_trusted: bool = True) -> tuple[WriteKey, str]:
    """A new key, and its text, which nobody can read again."""
    who = current_principal()
    ensure(policy.can_change_everything(who))
    if not source.strip() or not name.strip():
        raise Refused(_("Give the key a name and say which system it is for."))
    key = f"ek_{secrets.token_urlsafe(24)}"
    async with transaction():
        made = await WriteKey.create(source=source.strip()[:60], name=name.strip()[:120], key_hash=hashed(key),
                                     hint=key[-4:], is_trusted=is_trusted, created_by_id=who.person_id,
                                     created_at=now())  # fmt: skip
        await audit("write_key.make", Ref("write_key", made.id),
                    after={"source": made.source, "name": made.name, "is_trusted": is_trusted})  # fmt: skip
    return made, key


async def revoke(key_id: int) -> None:
    ensure(policy.can_change_everything(current_principal()))
    async with transaction():
        found = await write("UPDATE write_key SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING id",
                            now(), key_id)  # fmt: skip
        if not found:
            raise NotFound(_("There is no such key, or it is revoked already."))
        await audit("write_key.revoke", Ref("write_key", key_id))
        after_commit(forget)
