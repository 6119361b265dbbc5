"""A voice joins a request, once for where it was said; it can move to another request, or be taken out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import lock, transaction, write
from core.errors import Conflict, NotFound, Refused
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import policy
from customers.models import Membership, Person, ProductRequest, Voice
from customers.requests.sources import Said

LONGEST = 1000
MOST = 20_000  # of one request


class Heard(msgspec.Struct, frozen=True):
    """`source` None: written down by hand. Nobody is known behind a visitor's conversation."""

    quote: str
    said_at: datetime
    account_id: int | None = None
    person_id: int | None = None
    source: Ref | None = None


def heard(source: Ref, said: Said, quote: str) -> Heard:
    return Heard(quote, said.at, said.account_id, said.person_id, source)


async def find(request_id: int, voice_id: int) -> Voice:
    """One that the reader may see. Raises NotFound."""
    query = policy.visible_voices(current_principal()).filter(id=voice_id, request_id=request_id)
    found = await query.select_related("account", "person", "request").first()
    if found is None:
        raise NotFound(_("There is no such voice."))
    return found


async def join(request_id: int, said: Heard) -> Voice:
    """Raises Conflict when what was said there stands in this request already."""
    who = current_principal()
    ensure(policy.can_add_voice(who, said.account_id))
    await _check(said)
    async with transaction():
        await _open(request_id)
        if await Voice.filter(request_id=request_id).count() >= MOST:
            raise Refused(_("This request has as many voices as it can hold."))
        made = await write(
            "INSERT INTO voice (request_id, source_kind, source_id, account_id, person_id, quote, said_at, added_by_id,"
            " created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (request_id, source_kind, source_id) DO NOTHING RETURNING id",
            request_id, said.source.kind if said.source else "", said.source.id if said.source else None,
            said.account_id, said.person_id, said.quote.strip()[:LONGEST], said.said_at, who.person_id, now(),
        )  # fmt: skip
        if not made:
            raise Conflict(_("This voice stands in the request already."))
        await _touch(request_id)
        voice = await Voice.get(id=made[0][0])
        await audit("request.voice", _about(voice), after={"request": request_id, "voice": voice.id})
    return voice


async def _check(said: Heard) -> None:
    if not said.quote.strip():
        raise Refused(_("Write what they said."))
    if said.said_at > now():
        raise Refused(_("Choose a day that is not to come."))
    if said.source is None and not (said.account_id or said.person_id):
        raise Refused(_("Say which company or person said it."))
    by_hand = said.source is None and said.person_id and said.account_id
    if by_hand and not await Membership.filter(account_id=said.account_id, person_id=said.person_id).exists():
        raise Refused(_("This person does not belong to the company."))
    if said.person_id and await Person.filter(id=said.person_id, state="erased").exists():
        raise Refused(_("There is no such person."))


async def move(voice: Voice, to_id: int) -> None:
    """To another request. Raises Conflict when it stands there already."""
    ensure(policy.can_change_voice(current_principal(), voice))
    if voice.request_id == to_id:
        return
    async with transaction():
        await _open(to_id)
        there = Voice.filter(request_id=to_id, source_kind=voice.source_kind, source_id=voice.source_id)
        if voice.source_id and await there.exists():
            raise Conflict(_("This voice stands in the request already."))
        if not await Voice.filter(id=voice.id, request_id=voice.request_id).update(request_id=to_id):
            raise Conflict(_("Somebody has moved this voice or taken it out meanwhile."))
        for id in (voice.request_id, to_id):
            await _touch(id)
        await audit("request.voice_moved", _about(voice), before={"request": voice.request_id, "voice": voice.id},
                    after={"request": to_id})  # fmt: skip


async def take_out(voice: Voice) -> None:
    ensure(policy.can_change_voice(current_principal(), voice))
    async with transaction():
        if not await Voice.filter(id=voice.id, request_id=voice.request_id).delete():
            raise Conflict(_("Somebody has moved this voice or taken it out meanwhile."))
        await _touch(voice.request_id)
        await audit("request.voice_out", _about(voice), before={"request": voice.request_id, "voice": voice.id})


async def _open(request_id: int) -> None:
    """Held, so that no merge takes the request away meanwhile."""
    await lock(f"request:{request_id}")
    found = await ProductRequest.get_or_none(id=request_id)
    if found is None:
        raise NotFound(_("There is no such request."))
    if found.merged_into_id:
        raise Conflict(_("This request was merged into another one meanwhile."))


async def _touch(request_id: int) -> None:
    await write("UPDATE product_request SET updated_at = ? WHERE id = ?", now(), request_id)


def _about(voice: Voice) -> Ref:
    """Erasing a person empties what the audit log says about them."""
    if voice.person_id:
        return Ref("person", voice.person_id)
    return Ref("account", voice.account_id) if voice.account_id else Ref("product_request", voice.request_id)


# What rooms above say of their sources -----------------------------------------------------------------------


async def adopt(source: Ref, person_id: int, account_id: int | None) -> None:
    """Who stood behind `source` is known now."""
    await write("UPDATE voice SET person_id = ?, account_id = COALESCE(account_id, ?) WHERE person_id IS NULL"
                " AND source_kind = ? AND source_id = ?", person_id, account_id, source.kind, source.id)  # fmt: skip


async def forget(source: Ref) -> None:
    """What was said there is erased: the quote goes, the count stays."""
    await write("UPDATE voice SET quote = '' WHERE source_kind = ? AND source_id = ?", source.kind, source.id)


async def joined(kind: str, ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    """source id → (id, title) of the requests it stands in, as far as the reader may see them."""
    if not ids:
        return {}
    seen = policy.visible_voices(current_principal()).filter(source_kind=kind, source_id__in=list(ids))
    found: dict[int, list[tuple[int, str]]] = {}
    for one in await seen.select_related("request").order_by("id"):
        found.setdefault(int(one.source_id or 0), []).append((one.request_id, one.request.title))
    return found


async def requests_of(**whose: int) -> list[ProductRequest]:
    """Requests with a voice of this account or person (`account_id=7`) that the reader sees, last heard first."""
    seen = policy.visible_voices(current_principal()).filter(**whose)
    found = await seen.select_related("request").order_by("-said_at", "-id").limit(200)
    return list({one.request_id: one.request for one in found}.values())
