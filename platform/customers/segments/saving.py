"""Saving segments and static lists; every change is audited."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import transaction, write, write_many
from core.errors import Conflict, NotFound, Refused
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import policy
from customers.models import Segment
from customers.segments.ask import expanded
from customers.segments.tree import Condition, conditions_of, parse, plain


async def save(
    name: str, tree: Any, *, description: str = "", segment_id: int | None = None, version: int = 0
) -> Segment:
    """Add or change a segment. `version` is the one that was read: somebody else's change is not overwritten."""
    who = current_principal()
    ensure(policy.can_write(who))
    if not name.strip():
        raise Refused(_("Give the segment a name."))
    parsed = parse(tree)
    if segment_id and any(refers_to(one, segment_id) for one in conditions_of(parsed)):
        raise Refused(_("A segment cannot stand on itself."))
    await expanded(parsed)
    async with transaction():
        if segment_id is None:
            segment = await Segment.create(name=name.strip()[:120], description=description[:300], tree=plain(parsed),
                                           created_by_id=who.person_id, created_at=now(), updated_at=now())  # fmt: skip
            await audit("segment.save", Ref("segment", segment.id), after=segment.tree)
            return segment
        before = await Segment.get_or_none(id=segment_id)
        if before is None or before.is_static:
            raise NotFound(_("There is no such segment."))
        won = await write(
            "UPDATE segment SET name = ?, description = ?, tree = ?, version = version + 1, updated_at = ?"
            " WHERE id = ? AND (? = 0 OR version = ?) RETURNING id",
            name.strip()[:120], description[:300], plain(parsed), now(), segment_id, version, version,
        )  # fmt: skip
        if not won:
            raise Conflict(_("Somebody else has changed this segment meanwhile. Reload the page."))
        await audit("segment.save", Ref("segment", segment_id), before=before.tree, after=plain(parsed))
    return await Segment.get(id=segment_id)


def refers_to(one: Condition, segment_id: int) -> bool:
    values = one.value if isinstance(one.value, list) else [one.value]
    return one.field == "segment" and segment_id in values


async def archive(segment_id: int, is_archived: bool = True) -> None:
    ensure(policy.can_write(current_principal()))
    async with transaction():
        state = "archived" if is_archived else "active"
        if not await write("UPDATE segment SET state = ? WHERE id = ? RETURNING id", state, segment_id):
            raise NotFound(_("There is no such segment."))
        await audit(f"segment.{state}", Ref("segment", segment_id))


async def save_list(name: str, people: Iterable[int], *, description: str = "") -> Segment:
    """A static list of people chosen by hand."""
    who = current_principal()
    ensure(policy.can_write(who))
    chosen = list(dict.fromkeys(people))
    async with transaction():
        segment = await Segment.create(name=name.strip()[:120], description=description[:300], tree={"all": []},
                                       is_static=True, created_by_id=who.person_id, created_at=now(),
                                       updated_at=now())  # fmt: skip
        await add_to_list(segment.id, chosen)
        await audit("segment.save_list", Ref("segment", segment.id), after={"people": len(chosen)})
    return segment


async def add_to_list(segment_id: int, people: Iterable[int]) -> None:
    await write_many("INSERT INTO segment_member (segment_id, person_id, since) VALUES (?, ?, ?)"
                     " ON CONFLICT (segment_id, person_id) DO NOTHING",
                     [[segment_id, person, now()] for person in people])  # fmt: skip
