"""Taking a body in: is it the sender, did it come before; durable before the answer."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from core import vault
from core.clock import now
from core.database import rows, transaction, write
from core.errors import Refused, TooMany, Unauthenticated
from core.i18n import _
from customers.incoming.paths import read_body, value_at
from customers.models import IncomingHook

MOST_WAITING = 10_000
# Headers by which senders number what they send; a repeat carries the same.
NUMBERS = ("webhook-id", "x-event-id", "x-webhook-id", "x-delivery-id", "x-github-delivery", "idempotency-key")


class BadBody(Refused):
    status = 400


def hashed(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


async def hook_of(key: str) -> IncomingHook:
    """By the hash of the secret in its address. Raises Unauthenticated."""
    found = await IncomingHook.get_or_none(key_hash=hashed(key), revoked_at=None) if 20 <= len(key) <= 200 else None
    if found is None:
        raise Unauthenticated(_("This address is wrong or no longer open."))
    return found


def check_signature(hook: IncomingHook, body: bytes, headers: Mapping[str, str]) -> None:
    """HMAC-SHA256 of the raw body, in hex or base64, with or without `sha256=`. Raises Unauthenticated."""
    if not hook.signing_secret:
        return
    secret = str(vault.unseal(hook.signing_secret).get("secret", ""))
    sent = headers.get(hook.signature_header.lower(), "").strip().removeprefix("sha256=")
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    right = (digest.hex(), base64.b64encode(digest).decode())
    # Both are compared whichever fits, each in constant time.
    if not any([hmac.compare_digest(sent.encode("utf-8", "replace"), one.encode()) for one in right]):  # noqa: C419
        raise Unauthenticated(_("The signature of the body is missing or wrong."))


async def receive(key: str, body: bytes, headers: Mapping[str, str]) -> bool:
    """Store a body; False when it was there before. Raises Unauthenticated, BadBody, TooMany."""
    from customers.jobs import work_incoming

    hook = await hook_of(key)
    check_signature(hook, body, headers)
    content_type = headers.get("content-type", "")[:120]
    try:
        found = read_body(body, content_type)
    except Refused as refused:
        raise BadBody(refused.sentence) from refused
    words = body.decode("utf-8-sig").replace("\0", "")
    number = next((headers[name] for name in NUMBERS if headers.get(name)), "")
    said = value_at(found, hook.id_path) if hook.id_path else None
    number = str(said) if isinstance(said, str | int) and not isinstance(said, bool) else number
    async with transaction():
        waiting = await rows("SELECT COUNT(*) FROM incoming_body WHERE hook_id = ? AND state = 'waiting'", hook.id)
        if waiting[0][0] >= MOST_WAITING:
            raise TooMany(_("More arrives than can be written down. Send it again a little later."), retry_after=60)
        name = f"id:{hashed(number)}" if number else await _by_content(hook.id, words)
        new = await write(
            "INSERT INTO incoming_body (hook_id, key, body, content_type, state, counts, outcomes, error, received_at)"
            " VALUES (?, ?, ?, ?, 'waiting', '{}', '[]', '', ?) ON CONFLICT (hook_id, key) DO NOTHING RETURNING id",
            hook.id, name, words, content_type, now(),
        )  # fmt: skip
        if new and hook.is_on:
            await work_incoming.later(hook_id=hook.id, key=f"incoming:{hook.id}")
    return bool(new)


async def _by_content(hook_id: int, words: str) -> str:
    """A body without a number is a repeat when it is the same as the last one: after others it may be news again."""
    last = await rows("SELECT id, key, body FROM incoming_body WHERE hook_id = ? ORDER BY id DESC LIMIT 1", hook_id)
    if last and last[0][2] == words:
        return str(last[0][1])
    return f"body:{hashed(words)[:40]}:{last[0][0] if last else 0}"
