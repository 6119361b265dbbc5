"""Consent per topic × channel, with its proof; suppression by keyed hash."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from core.clock import now
from core.database import rows, transaction, write
from core.events import announce
from core.settings import settings
from customers.models import ConsentProof
from customers.refusing import ConsentRefused


@lru_cache(maxsize=4)
def _derived(keys: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(hashlib.sha256(f"suppression:{key}".encode()).digest() for key in keys)


def address_hashes(channel: str, address: str) -> list[str]:
    """Keyed SHA-256 of an address under every key of ENGAWA_SECRET_KEY, the newest first: enough to recognise it,
    useless without the installation's keys."""
    said = f"{channel}:{address.strip().lower()}".encode()
    return [hmac.digest(key, said, "sha256").hex() for key in _derived(settings().secret_keys)]


def address_hash(channel: str, address: str) -> str:
    """Under the newest key."""
    return address_hashes(channel, address)[0]


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
        if state == "refused" and await _something_waits(person_id, channel):
            await announce(ConsentRefused(person_id=person_id, topic=topic, channel=channel))


async def _something_waits(person_id: int, channel: str) -> bool:
    """An import may bring a hundred thousand refusals: whoever has nothing waiting is no fact."""
    return bool(await rows("SELECT 1 FROM touch_hold WHERE person_id = ? AND channel = ? AND state = 'held' LIMIT 1",
                           person_id, channel))  # fmt: skip


async def state_of(person_id: int, topic: str, channel: str) -> str | None:
    found = await rows("SELECT state FROM consent WHERE person_id = ? AND topic = ? AND channel = ?",
                       person_id, topic, channel)  # fmt: skip
    return str(found[0][0]) if found else None


async def suppress(channel: str, address: str, reason: str, detail: str = "") -> None:
    """Never write to this address again. Under every key: mails on their way were prepared with the one before."""
    for hashed in address_hashes(channel, address):
        await write(
            "INSERT INTO suppression (channel, address_hash, reason, detail, created_at) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (channel, address_hash) DO NOTHING",
            channel, hashed, reason, detail[:300], now(),
        )  # fmt: skip


async def is_suppressed(channel: str, address: str) -> bool:
    hashed = address_hashes(channel, address)
    marks = ", ".join("?" * len(hashed))
    return bool(await rows(f"SELECT 1 FROM suppression WHERE channel = ? AND address_hash IN ({marks})",
                           channel, *hashed))  # fmt: skip


async def rekey(channel: str, addresses: Iterable[str]) -> int:
    """Those of `addresses` that only an older key knows as suppressed are known by the newest from now on.

    A hash cannot be turned into another without its address, so this is done whenever addresses are at hand (before
    each sending); the older key is still needed for whoever did not come by yet. Returns how many were new.
    """
    if len(settings().secret_keys) == 1:
        return 0
    newest: dict[str, str] = {}
    for address in addresses:
        first, *older = address_hashes(channel, address)
        newest |= dict.fromkeys(older, first)
    return await _rekeyed(channel, newest)


async def _rekeyed(channel: str, newest: dict[str, str]) -> int:
    count, old = 0, list(newest)
    async with transaction():
        for at in range(0, len(old), 500):
            some = old[at : at + 500]
            found = await rows(
                "SELECT address_hash, reason, detail, created_at FROM suppression WHERE channel = ?"
                f" AND address_hash IN ({', '.join('?' * len(some))})", channel, *some,
            )  # fmt: skip
            for row in found:
                made = await write(
                    "INSERT INTO suppression (channel, address_hash, reason, detail, created_at) VALUES (?, ?, ?, ?, ?)"
                    " ON CONFLICT (channel, address_hash) DO NOTHING RETURNING id",
                    channel, newest[row["address_hash"]], row["reason"], row["detail"], row["created_at"],
                )  # fmt: skip
                count += len(made)
    return count
