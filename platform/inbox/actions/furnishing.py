"""What staff have at hand: replies that they use often, and labels on offer."""

from __future__ import annotations

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import IntegrityError, savepoint, transaction
from core.errors import Conflict, Forbidden, NotFound
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from inbox import policy
from inbox.models import CannedReply, Label

MOST_LABELS = 100


async def canned_reply(canned_id: int) -> CannedReply:
    """One that the person who asks may change. Raises NotFound, Forbidden."""
    found = await policy.visible_canned(current_principal()).get_or_none(id=canned_id)
    if found is None:
        raise NotFound(_("There is no such reply."))
    ensure(policy.can_change_canned(current_principal(), found.owner_id))
    return found


async def keep_canned(title: str, shortcut: str, body: str, *, for_everybody: bool, canned_id: int = 0) -> CannedReply:
    """Add one, or change the one of this id."""
    me = current_principal().person_id
    owner = None if for_everybody else me
    ensure(policy.can_change_canned(current_principal(), owner))
    found = await canned_reply(canned_id) if canned_id else CannedReply(created_at=now())
    before = {} if not canned_id else _said(found)
    found.update_from_dict({"title": title, "shortcut": shortcut, "body": body, "owner_id": owner})
    async with transaction():
        await found.save()
        await audit("change" if canned_id else "add", Ref("canned_reply", found.id), before=before, after=_said(found))
    return found


def _said(one: CannedReply) -> dict[str, object]:
    return {"title": one.title, "shortcut": one.shortcut, "body": one.body, "owner": one.owner_id}


async def drop_canned(canned_id: int) -> None:
    found = await canned_reply(canned_id)
    async with transaction():
        await audit("delete", Ref("canned_reply", found.id), before=_said(found))
        await found.delete()


def _only_administrators() -> None:
    if not current_principal().may("settings.manage"):
        raise Forbidden(_("You may not do this."))


async def add_label(name: str) -> None:
    _only_administrators()
    async with transaction():
        count = await Label.all().count()
        if count >= MOST_LABELS:
            raise Conflict(_("There are %(n)s labels already. Take one away first.", n=MOST_LABELS))
        try:
            async with savepoint():
                made = await Label.create(name=name, position=count)
        except IntegrityError as twice:
            raise Conflict(_("This label exists already.")) from twice
        await audit("add", Ref("label", made.id), after={"name": name})


async def drop_label(label_id: int) -> None:
    """It is not on offer any more; conversations that carry it keep it."""
    _only_administrators()
    async with transaction():
        found = await Label.get_or_none(id=label_id)
        if found is None:
            raise NotFound(_("There is no such label."))
        await audit("delete", Ref("label", found.id), before={"name": found.name})
        await found.delete()
