"""Two records become one, and two again: everything that refers to the second follows to the first, on one trail."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from tortoise import Tortoise

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import dialect, lock, rows, transaction, write
from core.errors import Conflict, NotFound, Refused
from core.events import announce
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import policy
from customers.events import AccountsMerged, MergeUndone, PeopleMerged
from customers.imports.account_rows import COLUMNS as ACCOUNT
from customers.imports.person_rows import COLUMNS as PERSON
from customers.matching.stored import rekey
from customers.models import MergeLog
from customers.names import company_key
from customers.precedence import Precedence, precedence
from customers.registry import About, Refers, references
from customers.trails import Image, Trail, images, images_of, take_back

FIELDS: dict[str, tuple[str, ...]] = {"account": (*ACCOUNT, "parent_id", "csm_id", "deputy_id", "renews_on"),
                                      "person": PERSON}  # fmt: skip
SLICE = 500


async def merge(about: About, kept_id: int, gone_id: int, evidence: Iterable[Any] = ()) -> MergeLog:
    """`gone_id` lives on as `kept_id`. Raises Conflict when one of them is no longer there to be merged."""
    who = current_principal()
    ensure(policy.can_change_everything(who))
    if kept_id == gone_id:
        raise Refused(_("A record cannot be merged with itself."))
    async with transaction():
        kept, gone = await _both(about, kept_id, gone_id)
        log = await MergeLog.create(kind=about, kept_id=kept_id, gone_id=gone_id, moved={}, merged_at=now(),
                                    evidence={"points": [list(one) for one in evidence]},
                                    merged_by_id=who.person_id)  # fmt: skip
        trail = Trail("merge", log.id)
        log.moved = {one.table: count for one in _ordered(about) if (count := await _follow(trail, one, kept, gone))}
        await _join(about, trail, kept, gone)
        await log.save(update_fields=["moved"])
        await rekey(about, [kept_id, gone_id])
        await audit(f"{about}.merge", Ref(about, kept_id), after={"gone": gone_id, "moved": log.moved})
        await _tell(about, kept_id, gone_id)
    return log


async def undo(merge_id: int) -> None:
    """Both records as they were; what came to the one that stayed since then stays with it."""
    ensure(policy.can_change_everything(current_principal()))
    async with transaction():
        log = await _undoable(merge_id)
        await take_back("merge", merge_id)
        await rekey(about_of(log), [log.kept_id, log.gone_id])
        await audit(f"{log.kind}.merge_undone", Ref(log.kind, log.kept_id), after={"back": log.gone_id})
        await announce(MergeUndone(kind=log.kind, kept_id=log.kept_id, back_id=log.gone_id))


def about_of(log: MergeLog) -> About:
    return "account" if log.kind == "account" else "person"


async def gather(log: MergeLog) -> int:
    """Rows that came to the record that is gone after it was merged follow too, on the same trail. Returns how many."""
    if log.undone_at is not None:
        return 0
    about = about_of(log)
    async with transaction():
        await _locked(about, [log.kept_id, log.gone_id])
        found = await images_of(about, [log.kept_id, log.gone_id])
        if len(found) < 2 or found[log.gone_id]["state"] != "merged":
            return 0
        trail = Trail("merge", log.id)
        return sum([await _follow(trail, one, found[log.kept_id], found[log.gone_id]) for one in _ordered(about)])


async def _tell(about: About, kept_id: int, gone_id: int) -> None:
    if about == "account":
        await announce(AccountsMerged(kept_id=kept_id, gone_id=gone_id))
    else:
        await announce(PeopleMerged(kept_id=kept_id, gone_id=gone_id))


async def _locked(about: About, ids: list[int]) -> None:
    """In the order of their ids, so that two merges the other way round wait instead of blocking each other."""
    for id in sorted(ids):
        await lock(f"merge:{about}:{id}")
    if dialect() == "postgresql":
        await rows(f"SELECT id FROM {about} WHERE id IN (?, ?) ORDER BY id FOR UPDATE", *sorted(ids))


async def _both(about: About, kept_id: int, gone_id: int) -> tuple[Image, Image]:
    await _locked(about, [kept_id, gone_id])
    found = await images_of(about, [kept_id, gone_id])
    if len(found) < 2:
        raise NotFound(_("There is no such record."))
    for one in found.values():
        if one["state"] in {"merged", "erased"}:
            raise Conflict(_("One of the two has been merged or erased meanwhile."))
        if one.get("kind") == "staff":
            raise Refused(_("Members of staff are not merged."))
    return found[kept_id], found[gone_id]


async def _undoable(merge_id: int) -> MergeLog:
    log = await MergeLog.get_or_none(id=merge_id)
    if log is None:
        raise NotFound(_("There is no such merge."))
    await _locked(about_of(log), [log.kept_id, log.gone_id])
    later = await rows("SELECT 1 FROM merge_log WHERE kind = ? AND undone_at IS NULL AND id > ?"
                       " AND (kept_id IN (?, ?) OR gone_id IN (?, ?)) LIMIT 1",
                       log.kind, merge_id, log.kept_id, log.gone_id, log.kept_id, log.gone_id)  # fmt: skip
    if later:
        raise Conflict(_("One of the two was merged again later: undo that first."))
    state = await rows(f"SELECT state FROM {log.kind} WHERE id IN (?, ?)", log.kept_id, log.gone_id)
    if len(state) < 2 or any(row[0] == "erased" for row in state):
        raise Conflict(_("One of the two has been erased, so the merge cannot be undone."))
    won = await write("UPDATE merge_log SET undone_at = ? WHERE id = ? AND undone_at IS NULL RETURNING id",
                      now(), merge_id)  # fmt: skip
    if not won:
        raise Conflict(_("This merge has been undone already."))
    return log


# What follows -------------------------------------------------------------------------------------------------


def _ordered(about: About) -> list[Refers]:
    return sorted(references(about), key=lambda one: (one.table, one.column))


def _uniques(table: str, column: str) -> list[tuple[str, ...]]:
    """The other columns of every unique constraint that holds `column`; () where the column alone is unique."""
    found: list[tuple[str, ...]] = []
    for models in (Tortoise.apps or {}).values():
        for model in models.values():
            meta = model._meta
            if meta.db_table != table:
                continue
            names = {name: str(meta.fields_map[name].source_field or name) for name in meta.fields_map}
            ours = next((name for name, source in names.items() if source == column), column)
            link = column.removesuffix("_id")
            for several in meta.unique_together:
                if ours in several or link in several or column in several:
                    others = [one for one in several if one not in {ours, link, column}]
                    found.append(tuple(names.get(f"{one}_id", names.get(one, one)) if one in meta.fk_fields
                                       else names.get(one, one) for one in others))  # fmt: skip
            if meta.fields_map[ours].unique and not meta.fields_map[ours].pk:
                found.append(())
    return found


async def _follow(trail: Trail, one: Refers, kept: Image, gone: Image) -> int:
    """The rows of one reference: dropped where the kept record has the same already, else moved."""
    if one.merge == "drop":
        mine = await images(one.table, f't."{one.column}" = ?', gone["id"])
        return await _drop(trail, one.table, mine)
    meeting = await _meeting(one, kept["id"], gone["id"])
    for pair in meeting.values():
        await _add_up(trail, one, *pair)
    dropped = await _drop(trail, one.table, {id: pair[0] for id, pair in meeting.items()})
    itself = " AND id <> ?" if one.table == one.about else ""
    moved = await write(f'UPDATE "{one.table}" SET "{one.column}" = ? WHERE "{one.column}" = ?{itself} RETURNING id',
                        kept["id"], gone["id"], *([kept["id"]] if itself else []))  # fmt: skip
    await trail.moved(one.table, one.column, sorted(int(row[0]) for row in moved), gone["id"], kept["id"])
    return dropped + len(moved)


async def _meeting(one: Refers, kept_id: int, gone_id: int) -> dict[int, tuple[Image, Image]]:
    """Rows of the one that goes which would stand twice: its image and the image of the one they meet."""
    found: dict[int, tuple[Image, Image]] = {}
    for others in _uniques(one.table, one.column):
        same = "".join(f' AND k."{other}" = g."{other}"' for other in others)
        pairs = await rows(f'SELECT g.id, k.id FROM "{one.table}" g JOIN "{one.table}" k ON k."{one.column}" = ?{same}'
                           f' WHERE g."{one.column}" = ?', kept_id, gone_id)  # fmt: skip
        seen = await images_of(one.table, [id for pair in pairs for id in (pair[0], pair[1])])
        found |= {pair[0]: (seen[pair[0]], seen[pair[1]]) for pair in pairs}
    return found


async def _add_up(trail: Trail, one: Refers, gone: Image, kept: Image) -> None:
    """What both rows say, in the row that stays: counts are added, a no to mail outweighs a yes."""
    values: Image = {column: kept[column] + gone[column] for column in one.sums}
    if one.sums and "last_at" in kept:
        values["last_at"] = max((at for at in (kept["last_at"], gone["last_at"]) if at), default=None)
    if one.table == "consent" and gone["state"] == "refused":
        values["state"] = "refused"
    if one.table == "membership":
        values |= {name: gone[name] for name in ("title", "department") if not kept[name]}
        values |= {"until": None} if gone["until"] is None else {}
    if any(values[name] != kept[name] for name in values):
        await trail.set(one.table, kept, values, one.sums)


async def _drop(trail: Trail, table: str, gone: dict[int, Image]) -> int:
    await trail.dropped(table, gone.values())
    ids = list(gone)
    for at in range(0, len(ids), SLICE):
        part = ids[at : at + SLICE]
        await write(f'DELETE FROM "{table}" WHERE id IN ({", ".join("?" * len(part))})', *part)
    return len(ids)


# The two records ----------------------------------------------------------------------------------------------


async def _join(about: About, trail: Trail, kept: Image, gone: Image) -> None:
    """Fields by precedence, empty ones filled; the other name becomes an alias; what is gone says so."""
    values = _better(about, kept, gone, await precedence())
    if about == "account":
        await _alias(trail, kept, gone, values)
        if "name" in values:
            values["normal_name"] = company_key(values["name"])
        values |= {"expected_ltv": kept["expected_ltv"] + gone["expected_ltv"]} if gone["expected_ltv"] else {}
    if values:
        await trail.set(about, kept, values | {"version": kept["version"] + 1})
    emptied = {"email": None} if about == "person" else {}
    await trail.set(about, gone, {"state": "merged", "version": gone["version"] + 1, **emptied})


def _better(about: About, kept: Image, gone: Image, order: Precedence) -> Image:
    ours, theirs = _mapping(kept["sources"]), _mapping(gone["sources"])
    values: Image = {}
    if about == "account" and kept["parent_id"] == gone["id"]:
        kept = kept | {"parent_id": None}  # a company is not its own parent
        values["parent_id"] = None
    for field in FIELDS[about]:
        source, is_empty = theirs.get(field, ""), kept[field] in {None, ""}
        is_said = gone[field] not in {None, "", kept[field]} and (field, gone[field]) != ("parent_id", kept["id"])
        if is_said and (is_empty or order.rank(source, field) < order.rank(ours.get(field, ""), field)):
            values[field] = gone[field]
            ours[field] = source
    if values:
        values["sources"] = ours
    both = _mapping(gone["traits"]) | _mapping(kept["traits"])
    return values | ({"traits": both} if both != _mapping(kept["traits"]) else {})


def _mapping(value: Any) -> dict[str, Any]:
    return dict(json.loads(value) if isinstance(value, str) else value)


async def _alias(trail: Trail, kept: Image, gone: Image, values: Image) -> None:
    """Both names lead to the record from now on."""
    name = kept["name"] if "name" in values else gone["name"]
    key = company_key(name)
    if key:
        added = await write(
            "INSERT INTO account_alias (account_id, name, normal_name, source, created_at) VALUES (?, ?, ?, 'merge', ?)"
            " ON CONFLICT (account_id, normal_name) DO NOTHING RETURNING id",
            kept["id"], name, key, now(),
        )  # fmt: skip
        await trail.added("account_alias", [int(row[0]) for row in added])
