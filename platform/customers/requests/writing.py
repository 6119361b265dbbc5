"""A request: opened, changed, merged into another and taken out again."""

from __future__ import annotations

import json
from typing import Any

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
from customers.models import Person, ProductRequest
from customers.requests import similar

KIND = "product_request"


class Wanted(msgspec.Struct, frozen=True):
    """`owner_id` 0: nobody."""

    title: str
    description: str = ""
    area: str = ""
    owner_id: int = 0


async def find(request_id: int) -> ProductRequest:
    """Raises NotFound. One that was merged is found too: its `merged_into` says where it went."""
    query = policy.visible_requests(current_principal()).filter(id=request_id)
    found = await query.select_related("owner", "merged_into", "created_by").first()
    if found is None:
        raise NotFound(_("There is no such request."))
    return found


async def open_request(wanted: Wanted) -> ProductRequest:
    who = current_principal()
    ensure(policy.can_add_voice(who, None))
    await _check(wanted)
    terms = await similar.terms_of(f"{wanted.title} {wanted.description}")
    async with transaction():
        made = await ProductRequest.create(
            **_values(wanted), terms=terms, created_by_id=who.person_id, created_at=now(), updated_at=now()
        )
        await audit("request.open", Ref(KIND, made.id), after={"title": made.title})
    return made


async def change(request: ProductRequest, wanted: Wanted) -> None:
    ensure(policy.can_change_request(current_principal(), request))
    _ensure_open(request)
    await _check(wanted)
    values = _values(wanted)
    before = {name: getattr(request, name) for name in values}
    if before == values:
        return
    terms = await similar.terms_of(f"{wanted.title} {wanted.description}")
    async with transaction():
        won = await ProductRequest.filter(id=request.id, merged_into_id=None).update(
            **values, terms=terms, updated_at=now()
        )
        if not won:
            raise Conflict(_("This request was merged into another one meanwhile."))
        changed = [name for name in values if before[name] != values[name]]
        await audit("request.change", Ref(KIND, request.id), before={name: before[name] for name in changed},
                    after={name: values[name] for name in changed})  # fmt: skip


def _values(wanted: Wanted) -> dict[str, Any]:
    return {"title": wanted.title.strip()[:120], "description": wanted.description.strip()[:2000],
            "area": wanted.area.strip()[:60], "owner_id": wanted.owner_id or None}  # fmt: skip


async def _check(wanted: Wanted) -> None:
    if not wanted.title.strip():
        raise Refused(_("Say in a few words what customers want."))
    if wanted.owner_id and not await Person.filter(id=wanted.owner_id, kind="staff", state="active").exists():
        raise Refused(_("Choose somebody of the staff."))


def _ensure_open(request: ProductRequest) -> None:
    if request.merged_into_id:
        raise Conflict(_("This request was merged into another one meanwhile."))


async def areas() -> list[str]:
    """Those in use, the most used first: what is proposed when one is typed."""
    seen = policy.visible_requests(current_principal()).filter(merged_into_id=None).exclude(area="")
    counts: dict[str, int] = {}
    for area in await seen.values_list("area", flat=True):
        counts[str(area)] = counts.get(str(area), 0) + 1
    return sorted(counts, key=lambda one: (-counts[one], one))[:100]


# Merging -----------------------------------------------------------------------------------------------------


async def merge(gone_id: int, kept_id: int) -> None:
    """Every voice of `gone_id` joins `kept_id`; one whose source is there already stays behind. Can be undone."""
    ensure(policy.can_decide_request(current_principal()))
    if gone_id == kept_id:
        raise Refused(_("A request cannot be merged with itself."))
    async with transaction():
        gone, _kept = await _both(gone_id, kept_id)
        moved = await write(
            "UPDATE voice SET request_id = ? WHERE request_id = ? AND (source_id IS NULL OR NOT EXISTS (SELECT 1"
            " FROM voice o WHERE o.request_id = ? AND o.source_kind = voice.source_kind AND o.source_id ="
            " voice.source_id)) RETURNING id", kept_id, gone_id, kept_id,
        )  # fmt: skip
        ids = sorted(int(row[0]) for row in moved)
        await write("UPDATE product_request SET merged_into_id = ?, merged_voices = ?, merged_at = ?, updated_at = ?,"
                    " version = version + 1 WHERE id = ?", kept_id, json.dumps(ids), now(), now(), gone_id)  # fmt: skip
        await write("UPDATE product_request SET updated_at = ? WHERE id = ?", now(), kept_id)
        await audit("request.merge", Ref(KIND, kept_id), after={"gone": gone_id, "title": gone.title, "voices": ids})


async def undo_merge(gone_id: int) -> None:
    """A request of its own again, with the voices that went along and are still there; what came since stays."""
    ensure(policy.can_decide_request(current_principal()))
    async with transaction():
        found = await ProductRequest.get_or_none(id=gone_id)
        if found is None or not found.merged_into_id:
            raise Conflict(_("This merge has been undone already."))
        await _hold(gone_id, found.merged_into_id)
        found = await ProductRequest.get(id=gone_id)
        if not found.merged_into_id:
            raise Conflict(_("This merge has been undone already."))
        kept = await ProductRequest.get(id=found.merged_into_id)
        if kept.merged_into_id:
            raise Conflict(_("“%(title)s” was merged into another one later: undo that first.", title=kept.title))
        for at in range(0, len(found.merged_voices), 500):
            part = found.merged_voices[at : at + 500]
            await write(f"UPDATE voice SET request_id = ? WHERE request_id = ? AND id IN"
                        f" ({', '.join('?' * len(part))})", gone_id, kept.id, *part)  # fmt: skip
        await write("UPDATE product_request SET merged_into_id = NULL, merged_voices = ?, merged_at = NULL,"
                    " updated_at = ?, version = version + 1 WHERE id = ?", "[]", now(), gone_id)  # fmt: skip
        await audit("request.merge_undone", Ref(KIND, kept.id), after={"back": gone_id, "title": found.title})


async def _hold(*ids: int) -> None:
    for id in sorted(ids):
        await lock(f"request:{id}")


async def _both(gone_id: int, kept_id: int) -> tuple[ProductRequest, ProductRequest]:
    await _hold(gone_id, kept_id)
    gone, kept = await ProductRequest.get_or_none(id=gone_id), await ProductRequest.get_or_none(id=kept_id)
    if gone is None or kept is None:
        raise NotFound(_("There is no such request."))
    if gone.merged_into_id or kept.merged_into_id:
        raise Conflict(_("One of the two has been merged meanwhile."))
    return gone, kept


async def merged_here(request_id: int) -> list[ProductRequest]:
    found = policy.visible_requests(current_principal()).filter(merged_into_id=request_id)
    return await found.order_by("-merged_at", "-id")
