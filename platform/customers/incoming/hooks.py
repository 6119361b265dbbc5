"""What staff do with incoming webhooks: open an address, draw the mapping, switch on, replay, close."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from core import vault
from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import dialect, rows, transaction, write
from core.errors import NotFound, Refused
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import policy
from customers.imports.headings import FIELDS, KINDS
from customers.incoming.receiving import hashed
from customers.models import IncomingBody, IncomingHook
from customers.registry import forgets


async def make(
    name: str, source: str, kind: str, signing_secret: str = "", header: str = ""
) -> tuple[IncomingHook, str]:
    """A hook, and the secret of its address, which nobody can read again."""
    who = current_principal()
    ensure(policy.can_change_everything(who))
    if kind not in KINDS:
        raise Refused(_("Choose one of the list."))
    key = f"in_{secrets.token_urlsafe(24)}"
    async with transaction():
        made = await IncomingHook.create(
            name=name.strip()[:120], source=source.strip()[:60], kind=kind, key_hash=hashed(key), created_at=now(),
            signing_secret=vault.seal({"secret": signing_secret}) if signing_secret else "",
            signature_header=(header.strip() or "X-Signature")[:60] if signing_secret else "",
            created_by_id=who.person_id,
        )  # fmt: skip
        await audit("incoming_hook.make", Ref("incoming_hook", made.id), after={"name": made.name, "kind": kind})
    return made, key


async def hook_of(hook_id: int) -> IncomingHook:
    found = await IncomingHook.get_or_none(id=hook_id)
    if found is None:
        raise NotFound(_("There is no such address."))
    return found


async def draw(hook_id: int, mapping: dict[str, str], list_path: str = "", id_path: str = "") -> None:
    """field → path. Raises Refused for a field that this kind does not have."""
    ensure(policy.can_change_everything(current_principal()))
    hook = await hook_of(hook_id)
    wrong = sorted(set(mapping) - set(FIELDS[hook.kind]))
    if wrong:
        raise Refused(_("There is no field “%(name)s”. The fields are: %(names)s.", name=wrong[0][:60],
                        names=", ".join(FIELDS[hook.kind])))  # fmt: skip
    kept = {field: path.strip()[:200] for field, path in mapping.items() if path.strip()}
    async with transaction():
        await write("UPDATE incoming_hook SET mapping = ?, list_path = ?, id_path = ? WHERE id = ?", kept,
                    list_path.strip()[:200], id_path.strip()[:200], hook_id)  # fmt: skip
        await audit("incoming_hook.draw", Ref("incoming_hook", hook_id), before=hook.mapping, after=kept)


async def switch(hook_id: int, is_on: bool) -> None:
    """On: what waits is worked on, and from now on what comes."""
    from customers.jobs import work_incoming

    ensure(policy.can_change_everything(current_principal()))
    hook = await hook_of(hook_id)
    if is_on and not hook.mapping:
        raise Refused(_("No field is mapped yet."))
    async with transaction():
        await write("UPDATE incoming_hook SET is_on = ? WHERE id = ? AND revoked_at IS NULL", is_on, hook_id)
        await audit("incoming_hook.switch", Ref("incoming_hook", hook_id), after={"is_on": is_on})
        if is_on:
            await work_incoming.later(hook_id=hook_id, key=f"incoming:{hook_id}")


async def replay(hook_id: int, body_id: int | None = None) -> int:
    """Work on a body again, or on all that failed; returns how many. What has not changed stays as it is."""
    from customers.jobs import work_incoming

    ensure(policy.can_change_everything(current_principal()))
    hook = await hook_of(hook_id)
    which, values = ("id = ?", [body_id]) if body_id is not None else ("state = 'failed'", [])
    async with transaction():
        found = await write(f"UPDATE incoming_body SET state = 'waiting' WHERE hook_id = ? AND {which} RETURNING id",
                            hook_id, *values)  # fmt: skip
        if body_id is not None and not found:
            raise NotFound(_("There is no such body."))
        await audit("incoming_hook.replay", Ref("incoming_hook", hook_id), after={"bodies": len(found)})
        if hook.is_on:
            await work_incoming.later(hook_id=hook_id, key=f"incoming:{hook_id}")
    return len(found)


async def revoke(hook_id: int) -> None:
    ensure(policy.can_change_everything(current_principal()))
    async with transaction():
        found = await write("UPDATE incoming_hook SET revoked_at = ?, is_on = ? WHERE id = ? AND revoked_at IS NULL"
                            " RETURNING id", now(), False, hook_id)  # fmt: skip
        if not found:
            raise NotFound(_("There is no such address."))
        await audit("incoming_hook.revoke", Ref("incoming_hook", hook_id))


async def last_bodies(hook_id: int, most: int = 30) -> list[IncomingBody]:
    return await IncomingBody.filter(hook_id=hook_id).order_by("-id").limit(most)


@forgets
async def forget(people: list[int], addresses: Iterable[tuple[str, str]]) -> None:
    """Bodies that name an erased person's address, or their number in the system that sent them, go."""
    for kind, value in addresses:
        if kind == "email":
            place = "strpos" if dialect() == "postgresql" else "instr"
            await write(f"DELETE FROM incoming_body WHERE {place}(lower(body), ?) > 0", value.lower())
        elif kind == "source":
            source, _colon, number = value.partition(":")
            await _forget_number(source, number)


async def _forget_number(source: str, number: str) -> None:
    from customers.incoming.paths import mapped, read_body, rows_in

    for hook in await IncomingHook.filter(source=source, kind="people"):
        found = await rows("SELECT id, body, content_type FROM incoming_body WHERE hook_id = ?", hook.id)
        for id, body, content_type in found:
            try:
                records = rows_in(read_body(body.encode(), content_type), hook.list_path)
            except Refused:
                continue
            if any(str(mapped(one, hook.mapping).get("source_id")) == number for one in records):
                await write("DELETE FROM incoming_body WHERE id = ?", id)


async def body_of(hook_id: int, body_id: int) -> IncomingBody:
    found = await IncomingBody.get_or_none(id=body_id, hook_id=hook_id)
    if found is None:
        raise NotFound(_("There is no such body."))
    return found
