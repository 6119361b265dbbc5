"""Consent per topic × channel, with its proof; suppression by keyed hash."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from core.clock import now
from core.database import rows, transaction, write
from core.settings import settings
from customers.models import ConsentProof


def address_hash(channel: str, address: str) -> str:
    """Keyed SHA-256 of an address: enough to recognise it, useless without the installation's key."""
    key = hashlib.sha256(f"suppression:{settings().secret_key}".encode()).digest()
    return hmac.new(key, f"{channel}:{address.strip().lower()}".encode(), hashlib.sha256).hexdigest()


async def decide(
    person_id: int, topic: str, channel: str, state: str, *, source: str, evidence: dict[str, Any] | None = None
) -> None:
    """Set a person's consent (`given` or `refused`) and keep the proof of how it came about."""
    moment = now()
    async with transaction():
        await write(
            "INSERT INTO consent (person_id, topic, channel, state, changed_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (person_id, topic, channel) DO UPDATE SET state = excluded.state,"
            " changed_at = excluded.changed_at",
            person_id, topic, channel, state, moment,
        )  # fmt: skip
        await ConsentProof.create(person_id=person_id, topic=topic, channel=channel, state=state, at=moment,
                                  source=source, evidence=evidence or {})  # fmt: skip


async def state_of(person_id: int, topic: str, channel: str) -> str | None:
    found = await rows("SELECT state FROM consent WHERE person_id = ? AND topic = ? AND channel = ?",
                       person_id, topic, channel)  # fmt: skip
    return str(found[0][0]) if found else None


async def suppress(channel: str, address: str, reason: str, detail: str = "") -> None:
    """Never write to this address again."""
    await write(
        "INSERT INTO suppression (channel, address_hash, reason, detail, created_at) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (channel, address_hash) DO NOTHING",
        channel, address_hash(channel, address), reason, detail[:300], now(),
    )  # fmt: skip


async def is_suppressed(channel: str, address: str) -> bool:
    return bool(await rows("SELECT 1 FROM suppression WHERE channel = ? AND address_hash = ?",
                           channel, address_hash(channel, address)))  # fmt: skip
