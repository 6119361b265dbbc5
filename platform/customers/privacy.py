"""A person's data over every room: all of it handed out, or all of it erased, along the registry."""

from __future__ import annotations

import json
from typing import Any

from tortoise import Tortoise, fields

from channels.forgetting import arrivals_of, forget_arrivals, forget_mail
from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import dialect, lock, rows, transaction, write
from core.errors import Conflict, NotFound, Refused
from core.events import announce
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import policy, seeing
from customers.events import PersonErased
from customers.imports.rows import select_in
from customers.matching.stored import rekey
from customers.registry import Refers, forgetting, lists_of_people, references
from customers.suppressing import mark_erased
from customers.tracking.counting import LOCK
from customers.trails import images

ERASED = "erased"
EMPTY: dict[str, Any] = dict.fromkeys(
    ("family_name", "given_name", "family_kana", "given_kana", "handle", "honorific", "phone"), ""
) | {"email": None, "traits": {}, "sources": {}, "last_seen_at": None}
MOST = 10_000  # rows of one table in an export


async def export(person_id: int) -> dict[str, Any]:
    """The record and every row of every room that speaks of the person, by table; hashes and secrets left out."""
    ensure(policy.can_change_everything(current_principal()))
    (await seeing.sight()).refuse_any()
    ids = await _with_merged(person_id)
    found: dict[str, Any] = {"person": list((await images("person", "t.id = ?", person_id)).values())}
    if not found["person"]:
        raise NotFound(_("There is no such person."))
    for one in references("person"):
        marks = ", ".join("?" * len(ids))
        said = await images(one.table, f't."{one.column}" IN ({marks})', *ids)
        if said:
            place = one.table if one.column == "person_id" else f"{one.table}.{one.column}"
            found[place] = [{c: v for c, v in row.items() if c not in one.hidden} for row in list(said.values())[:MOST]]
    await audit("person.export_data", Ref("person", person_id), after={"tables": sorted(found)})
    return found


async def erase(person_id: int, reason: str) -> dict[str, int]:
    """Nothing of the person stays but a row without a name and keyed hashes, so that no import brings them back.

    Returns how many rows of each table were deleted or emptied. Raises Refused for staff and without a reason.
    """
    ensure(policy.can_change_everything(current_principal()))
    if not reason.strip():
        raise Refused(_("Write why the person is erased."))
    arrivals = await arrivals_of(await _addresses(await _with_merged(person_id)))
    async with transaction():
        await lock(LOCK)  # what is being written of them is written to its end, and goes too
        ids = await _with_merged(person_id)
        await _check(person_id)
        await _suppress(ids, arrivals)
        done: dict[str, int] = {}
        for one in references("person"):
            for id in ids:
                done[one.table] = done.get(one.table, 0) + await _erase_rows(one, id)
        done |= await _leave_lists(ids)
        for id in ids:
            await _erase_traces(id)
        await rekey("person", ids)
        await audit("person.erase", Ref("person", person_id), after={k: v for k, v in done.items() if v}, reason=reason)
        await announce(PersonErased(person_id=person_id))
    return {table: count for table, count in done.items() if count}


async def _with_merged(person_id: int) -> list[int]:
    """The person and all records that were merged into them."""
    ids, looked = [person_id], 0
    while looked < len(ids):
        more = await rows("SELECT gone_id FROM merge_log WHERE kind = 'person' AND undone_at IS NULL AND kept_id = ?",
                          ids[looked])  # fmt: skip
        ids += [int(row[0]) for row in more if row[0] not in ids]
        looked += 1
    return ids


async def _check(person_id: int) -> None:
    for_update = " FOR UPDATE" if dialect() == "postgresql" else ""
    found = await rows(f"SELECT kind, state FROM person WHERE id = ?{for_update}", person_id)
    if not found:
        raise NotFound(_("There is no such person."))
    if found[0][0] == "staff":
        raise Refused(_("Staff are locked out under Settings, not erased."))
    if found[0][1] in {"erased", "merged"}:
        raise Conflict(_("This person has been erased or merged already."))


async def _addresses(ids: list[int]) -> list[tuple[str, str]]:
    """(kind, value) of all that these records are known by."""
    known = await select_in("SELECT kind, value FROM identity WHERE person_id IN ({marks})", ids)
    known += await select_in("SELECT 'email', email FROM person WHERE email IS NOT NULL AND id IN ({marks})", ids)
    known += await select_in("SELECT 'source', source || ':' || source_id FROM person_source"
                             " WHERE person_id IN ({marks})", ids)  # fmt: skip
    return sorted({(str(row[0]), str(row[1])) for row in known})


async def _suppress(ids: list[int], arrivals: list[int]) -> None:
    """Keyed hashes of the addresses stay; what stands under the addresses themselves in any room goes."""
    addresses = await _addresses(ids)
    await mark_erased(addresses)
    await forget_arrivals(arrivals)
    for kind, value in addresses:
        if kind == "email":
            await forget_mail(value)
    for forget in forgetting():
        await forget(ids, addresses)


async def _leave_lists(ids: list[int]) -> dict[str, int]:
    """Their ids leave every JSON list of people. Read under the lock of the row, so that no other change is lost."""
    done: dict[str, int] = {}
    for_update = " FOR UPDATE" if dialect() == "postgresql" else ""
    for one in lists_of_people():
        for id in ids:
            found = await rows(
                f'SELECT id, "{one.column}" FROM "{one.table}" WHERE {_holds(one.column)}{for_update}', id
            )
            for row in found:
                kept = [other for other in json.loads(row[1]) if other != id]
                await write(f'UPDATE "{one.table}" SET "{one.column}" = ? WHERE id = ?', json.dumps(kept), row[0])
            done[one.table] = done.get(one.table, 0) + len(found)
    return done


def _holds(column: str) -> str:
    if dialect() == "sqlite":
        return f'EXISTS (SELECT 1 FROM json_each("{column}") WHERE value = ?)'
    return f'"{column}" @> to_jsonb(CAST(? AS bigint))'


async def _erase_rows(one: Refers, id: int) -> int:
    if one.erase == "delete":
        return len(await write(f'DELETE FROM "{one.table}" WHERE "{one.column}" = ? RETURNING id', id))
    if one.erase == "clear":
        values = {column: _blank(one.table, column) for column in one.clear}
        said = ", ".join(f'"{column}" = ?' for column in values)
        return len(await write(f'UPDATE "{one.table}" SET {said} WHERE "{one.column}" = ? RETURNING id',
                               *values.values(), id))  # fmt: skip
    return 0


def _blank(table: str, column: str) -> Any:
    """What an emptied column holds: nothing where it may, else an empty text or object."""
    for models in (Tortoise.apps or {}).values():
        for model in models.values():
            for name, field in model._meta.fields_map.items():
                if model._meta.db_table == table and (field.source_field or name) == column:
                    return None if field.null else {} if isinstance(field, fields.JSONField) else ""
    raise LookupError(f"{table}.{column}")


async def _erase_traces(id: int) -> None:
    """The record, and what ledgers and the audit log say of it."""
    said = ", ".join(f"{column} = ?" for column in EMPTY)
    await write(f"UPDATE person SET {said}, state = 'erased', version = version + 1, updated_at = ? WHERE id = ?",
                *EMPTY.values(), now(), id)  # fmt: skip
    await write("UPDATE import_row SET data = ?, before = NULL, reason = '' WHERE about_kind = 'person'"
                " AND about_id = ?", {}, id)  # fmt: skip
    await write("UPDATE audit_entry SET before = NULL, after = NULL, note = '' WHERE target_kind = 'person'"
                " AND target_id = ? AND action <> 'person.erase'", id)  # fmt: skip
    await write("UPDATE audit_entry SET actor_name = '' WHERE actor_id = ?", id)
    merges = await rows("SELECT id FROM merge_log WHERE kind = 'person' AND (kept_id = ? OR gone_id = ?)", id, id)
    for row in merges:
        await write("DELETE FROM trail_part WHERE owner = 'merge' AND owner_id = ?", row[0])
        await write("UPDATE merge_log SET evidence = ? WHERE id = ?", {}, row[0])
    await _forget_on_trails(id)


async def _forget_on_trails(id: int) -> None:
    """Images that imports keep of this person's rows, so that undoing them does not bring anything back."""
    tables = ("person", "person_source", "identity", "membership", "consent")
    marks = ", ".join("?" * len(tables))
    found = await rows(f"SELECT id, what, about_table, data FROM trail_part WHERE about_table IN ({marks})"
                       " AND what = 'changed'", *tables)  # fmt: skip
    for row in found:
        data = json.loads(row[3])
        kept = [one for one in data if not (row[2] == "person" and one["id"] == id)]
        if len(kept) < len(data):
            await write("UPDATE trail_part SET data = ? WHERE id = ?", json.dumps(kept), row[0])
