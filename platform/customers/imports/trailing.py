"""What an import wrote, kept so that the whole of it can be taken back; and taking it back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import rows, transaction, write
from core.errors import Conflict
from core.i18n import _
from core.policy import ensure
from core.refs import Ref
from customers import policy, tiers
from customers.imports.rows import select_in
from customers.matching.stored import rekey
from customers.purchases import bought, settle
from customers.trails import Trail, take_back

BESIDE = {"account": ("account_source", "account_alias"), "contract": (), "purchase": (),
          "person": ("person_source", "identity", "membership", "consent")}  # fmt: skip


@asynccontextmanager
async def following(
    trail: Trail | None, about: str, known: Iterable[int], new: Callable[[], list[int]]
) -> AsyncIterator[None]:
    """Keep what the block does to `known` records and to the rows beside them, and the `new` ones it adds."""
    if trail is None:
        yield
        return
    ids = sorted(set(known))
    before = {table: await _beside(table, about, ids) for table in BESIDE[about]}
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(trail.watching(about, ids))
        for table, found in before.items():
            await stack.enter_async_context(trail.watching(table, found))
        yield
    await trail.added(about, new())
    for table, found in before.items():
        after = await _beside(table, about, [*ids, *new()])
        await trail.added(table, sorted(after - found))


async def _beside(table: str, about: str, ids: list[int]) -> set[int]:
    return {int(row[0]) for row in await select_in(f"SELECT id FROM {table} WHERE {about}_id IN ({{marks}})", ids)}


async def can_be_undone(batch_id: int) -> bool:
    """Imports from before trails were kept, and such that changed nothing, cannot."""
    return bool(await rows("SELECT 1 FROM trail_part WHERE owner = 'import' AND owner_id = ? LIMIT 1", batch_id))


async def begin_undo(batch_id: int) -> None:
    """Only an import that was carried out can be undone, once, and not ahead of merges of what it added."""
    ensure(policy.can_change_everything(current_principal()))
    merged = await rows(
        "SELECT 1 FROM merge_log m JOIN import_row r ON r.about_kind = m.kind AND r.outcome = 'created'"
        " AND r.about_id IN (m.kept_id, m.gone_id) WHERE r.batch_id = ? AND m.undone_at IS NULL LIMIT 1", batch_id
    )  # fmt: skip
    if merged:
        raise Conflict(_("Records of this import have been merged since: undo those merges first."))
    async with transaction():
        won = await write("UPDATE import_batch SET state = 'undoing' WHERE id = ? AND state = 'applied' RETURNING id",
                          batch_id)  # fmt: skip
        if not won:
            raise Conflict(_("Only an import that was carried out can be undone."))
        await audit("import.undo", Ref("import", batch_id))


async def undo(batch_id: int) -> dict[str, int]:
    """Everything the import added goes, what it changed is as before, unless somebody has changed or used it since.

    Returns how many records of each table stay because they are in use.
    """
    async with transaction():
        state = await rows("SELECT state FROM import_batch WHERE id = ?", batch_id)
        if not state or state[0][0] != "undoing":  # a second run of the job
            return {}
        touched = await rows("SELECT DISTINCT about_kind, about_id FROM import_row WHERE batch_id = ?"
                             " AND outcome IN ('created', 'updated') AND about_id IS NOT NULL", batch_id)  # fmt: skip
        accounts = [int(row[1]) for row in touched if row[0] == "account"]
        contracts = [int(row[1]) for row in touched if row[0] == "contract"]
        payers = await select_in("SELECT account_id FROM contract WHERE id IN ({marks})", contracts)
        people = await _people_on_trail(batch_id)
        purchases = [int(row[1]) for row in touched if row[0] == "purchase"]
        before = await bought(purchases)
        stayed = {table: len(ids) for table, ids in (await take_back("import", batch_id)).items()}
        await settle(before, await bought(purchases))
        await rekey("account", accounts)
        await rekey("person", people)
        await tiers.recompute([*accounts, *(int(row[0]) for row in payers)])
        note = _("%(n)s records stay because they are in use.", n=sum(stayed.values())) if stayed else ""
        await write("UPDATE import_batch SET state = 'undone', note = ?, finished_at = ? WHERE id = ?",
                    note, now(), batch_id)  # fmt: skip
    return stayed


async def _people_on_trail(batch_id: int) -> list[int]:
    """Contacts of companies stand in no row of their own."""
    found: list[int] = []
    for what, data in await rows("SELECT what, data FROM trail_part WHERE owner = 'import' AND owner_id = ?"
                                 " AND about_table = 'person'", batch_id):  # fmt: skip
        said = json.loads(data)
        found += said if what == "added" else [one["id"] for one in said]
    return found
