"""Telling other systems what happened: signed (Standard Webhooks), tried again for two days, then dead until replayed.

`await tell("thread.created", {"thread_id": 7}, key="thread.created:7")` writes one ledger row for each address that
wants it, and a promise to send it. Only ids leave the house; whoever wants more asks the API with a key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from channels import fetching
from channels.webhook_models import WebhookDelivery, WebhookTarget
from core import vault
from core.audit import audit
from core.clock import now
from core.database import rows, transaction, write
from core.errors import Conflict, NotFound, Refused
from core.i18n import _, lazy
from core.jobs import job
from core.policy import deny, ensure
from core.principal import Principal
from core.refs import Ref

KINDS = {
    "person.added": lazy("Somebody was added"),
    "people.added": lazy("People were brought in from another system"),
    "import.applied": lazy("An import was carried out"),
    "thread.created": lazy("A thread was opened"),
    "thread.replied": lazy("A thread was answered"),
    "answer.accepted": lazy("An answer was accepted"),
    "conversation.waiting": lazy("A conversation was handed to people"),
    "campaign.sent": lazy("A campaign was sent"),
    "article.published": lazy("An article was published"),
    "health.fell": lazy("The health of a company fell"),
    "request.shipped": lazy("A request was shipped"),
    "tier.changed": lazy("A company came into another tier"),
    "phase.changed": lazy("A company came into another phase"),
    "contract.ended": lazy("A contract ended"),
    "survey.answered": lazy("A survey was answered"),
}
TEST = "test.sent"
# As the Standard Webhooks specification proposes: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 10 h after the first try, …
WAITS = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 36_000, 72_000))
OVERLAP = timedelta(hours=24)
USER_AGENT = "Engawa-Webhooks/1"


async def tell(kind: str, data: dict[str, Any], *, key: str, only: int = 0) -> int:
    """Write what is to be told, once for a key and address; returns for how many. `only`: this address alone."""
    event = "msg_" + hashlib.sha256(key.encode()).hexdigest()[:40]
    body = json.dumps({"type": kind, "timestamp": now().isoformat(), "data": data}, ensure_ascii=False)
    told = 0
    async with transaction():
        for row in await rows("SELECT id, kinds FROM webhook_target WHERE state = 'active' ORDER BY id"):
            kinds = json.loads(row["kinds"]) if isinstance(row["kinds"], str) else row["kinds"]
            if (only and row["id"] != only) or (kind not in kinds and kind != TEST):
                continue
            made = await write(
                "INSERT INTO webhook_delivery (target_id, event, kind, body, state, tries, problem, created_at,"
                " next_at) VALUES (?, ?, ?, ?, 'waiting', 0, '', ?, ?)"
                " ON CONFLICT (target_id, event) DO NOTHING RETURNING id",
                row["id"], event, kind, body, now(), now(),
            )  # fmt: skip
            if made:
                await send.later(delivery_id=int(made[0][0]))
                told += 1
    return told


async def is_wanted(kind: str) -> bool:
    """Whether any address wants it, for whoever would have to look for what to tell."""
    found = await rows("SELECT kinds FROM webhook_target WHERE state = 'active'")
    return any(kind in (json.loads(row[0]) if isinstance(row[0], str) else row[0]) for row in found)


def signatures(sealed: dict[str, Any], event: str, moment: int, body: str, *, with_old: bool) -> str:
    """`v1,…` by each secret that counts now: HMAC-SHA256 of `id.timestamp.body`."""
    kept = sealed["secrets"][: 2 if with_old else 1]
    signed = f"{event}.{moment}.{body}".encode()
    made = [hmac.new(base64.b64decode(one.removeprefix("whsec_")), signed, hashlib.sha256).digest() for one in kept]
    return " ".join(f"v1,{base64.b64encode(one).decode()}" for one in made)


@job(attempts=12, timeout=60)
async def send(delivery_id: int) -> str:
    """One try. What happens next is written in the ledger; a repeat after a crash has the same id."""
    import aiohttp

    row = await WebhookDelivery.get_or_none(id=delivery_id, state="waiting").prefetch_related("target")
    if row is None:
        return "settled"
    target: WebhookTarget = row.target
    if target.state != "active":
        return "paused"
    if row.next_at and row.next_at > now() + timedelta(seconds=2):
        return "not due"  # an older promise of the same row
    try:
        said = await fetching.post(target.url, row.body.encode(), _headers(target, row))
    except (fetching.Unsafe, Refused) as unsafe:
        return await _failed(row, None, str(unsafe), for_good=True)
    except (aiohttp.ClientError, OSError, TimeoutError) as lost:
        return await _failed(row, None, f"{type(lost).__name__}: {lost}")
    if said.status == 410:
        await write("UPDATE webhook_target SET state = 'paused', problem = '410 Gone' WHERE id = ?", target.id)
        return await _failed(row, 410, "Gone", for_good=True)
    if not 200 <= said.status < 300:
        return await _failed(row, said.status, said.body[:150].decode("utf-8", "replace"))
    async with transaction():
        await write("UPDATE webhook_delivery SET state = 'sent', tries = tries + 1, status = ?, problem = '',"
                    " tried_at = ?, next_at = NULL WHERE id = ?", said.status, now(), row.id)  # fmt: skip
        await write("UPDATE webhook_target SET told_at = ?, problem = '' WHERE id = ?", now(), target.id)
    return f"answered with {said.status}"


def _headers(target: WebhookTarget, row: WebhookDelivery) -> dict[str, str]:
    moment = int(now().timestamp())
    with_old = target.old_secret_until is not None and target.old_secret_until > now()
    signed = signatures(vault.unseal(target.sealed), row.event, moment, row.body, with_old=with_old)
    return {"Content-Type": "application/json; charset=utf-8", "User-Agent": USER_AGENT, "webhook-id": row.event,
            "webhook-timestamp": str(moment), "webhook-signature": signed}  # fmt: skip


async def _failed(row: WebhookDelivery, status: int | None, problem: str, *, for_good: bool = False) -> str:
    """Due again after a while, or among the dead."""
    problem = " ".join(problem.replace("\0", "").split())[:200]
    is_over = for_good or row.tries >= len(WAITS)
    wait = timedelta() if is_over else WAITS[row.tries]
    async with transaction():
        await write(
            "UPDATE webhook_delivery SET state = ?, tries = tries + 1, status = ?, problem = ?, tried_at = ?,"
            " next_at = ? WHERE id = ? AND state = 'waiting'", "dead" if is_over else "waiting", status, problem, now(),
            None if is_over else now() + wait, row.id,
        )  # fmt: skip
        await write("UPDATE webhook_target SET problem = ? WHERE id = ?", problem, row.target_id)
        if not is_over:
            await send.later(after=wait, delivery_id=row.id)
    return "dead" if is_over else f"again in {wait}"


# What staff do --------------------------------------------------------------------------------------------------


def new_secret() -> str:
    """`whsec_` and 256 random bits in base64, as the specification writes them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _ensure(by: Principal) -> None:
    if not by.may("settings.manage"):
        ensure(deny(_("Only an administrator may do this.")))


async def target_of(target_id: int) -> WebhookTarget:
    found = await WebhookTarget.get_or_none(id=target_id)
    if found is None:
        raise NotFound(_("There is no such webhook."))
    return found


async def subscribe(name: str, url: str, kinds: list[str], *, by: Principal) -> tuple[WebhookTarget, str]:
    """An address that is told of `kinds`, and the secret its messages are signed with, shown once."""
    _ensure(by)
    if not kinds or set(kinds) - set(KINDS):
        raise Refused(_("Choose what it is told of."))
    secret, address = new_secret(), fetching.checked_address(url)
    async with transaction():
        made = await WebhookTarget.create(name=name, url=address, kinds=sorted(set(kinds)), created_at=now(),
                                          sealed=vault.seal({"secrets": [secret]}))  # fmt: skip
        await audit("webhook.add", Ref("webhook", made.id), after={"name": name, "url": address, "kinds": kinds})
    return made, secret


async def rotate(target_id: int, *, by: Principal) -> str:
    """A new secret; for a day the old one signs too, so that the other side can change over."""
    _ensure(by)
    target = await target_of(target_id)
    secret = new_secret()
    kept = [secret, vault.unseal(target.sealed)["secrets"][0]]
    async with transaction():
        await write("UPDATE webhook_target SET sealed = ?, old_secret_until = ? WHERE id = ?",
                    vault.seal({"secrets": kept}), now() + OVERLAP, target.id)  # fmt: skip
        await audit("webhook.rotate", Ref("webhook", target.id))
    return secret


async def set_state(target_id: int, state: str, *, by: Principal) -> None:
    """active, paused (what waits is sent later), ended (what waits is dead)."""
    _ensure(by)
    async with transaction():
        moved = await write("UPDATE webhook_target SET state = ?, problem = '' WHERE id = ? AND state <> 'ended'"
                            " RETURNING id", state, target_id)  # fmt: skip
        if not moved:
            raise NotFound(_("There is no such webhook."))
        if state == "ended":
            await write("UPDATE webhook_delivery SET state = 'dead', problem = 'ended', next_at = NULL"
                        " WHERE target_id = ? AND state = 'waiting'", target_id)  # fmt: skip
        if state == "active":
            for row in await rows("SELECT id FROM webhook_delivery WHERE target_id = ? AND state = 'waiting'"
                                  " ORDER BY id LIMIT 10000", target_id):  # fmt: skip
                await _again(int(row[0]))
        what = {"active": "webhook.active", "paused": "webhook.paused", "ended": "webhook.ended"}[state]
        await audit(what, Ref("webhook", target_id))


async def _again(delivery_id: int, tries: int | None = None) -> None:
    await write("UPDATE webhook_delivery SET state = 'waiting', next_at = ?, tries = COALESCE(?, tries) WHERE id = ?",
                now(), tries, delivery_id)  # fmt: skip
    await send.later(delivery_id=delivery_id)


async def replay(target_id: int, delivery_id: int | None = None, *, by: Principal) -> int:
    """Dead ones (or this one, also when it was sent) are tried anew, with the same ids. How many."""
    _ensure(by)
    if (await target_of(target_id)).state != "active":
        raise Conflict(_("Take the webhook up again first."))
    one = " AND id = ?" if delivery_id else " AND state = 'dead'"
    found = await rows(f"SELECT id FROM webhook_delivery WHERE target_id = ? AND state <> 'waiting'{one}"
                       " ORDER BY id LIMIT 1000", target_id, *([delivery_id] if delivery_id else []))  # fmt: skip
    if delivery_id and not found:
        raise NotFound(_("There is no such message."))
    async with transaction():
        for row in found:
            await _again(int(row[0]), 0)
        await audit("webhook.replay", Ref("webhook", target_id), after={"messages": len(found)})
    return len(found)


async def test(target_id: int, *, by: Principal) -> None:
    """A message that says nothing, to see whether it comes through."""
    _ensure(by)
    moment: datetime = now()
    await tell(TEST, {}, key=f"{TEST}:{target_id}:{moment.isoformat()}", only=target_id)
