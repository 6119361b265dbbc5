"""One row by a person's decision: put to the record it belongs to, or added as a record of its own."""

from __future__ import annotations

from core.clock import now
from core.database import write
from core.errors import NotFound
from core.i18n import _
from customers.ids import next_ids
from customers.imports.account_rows import (
    Change,
    New,
    accounts_by_id,
    insert_accounts,
    renamed,
    update_account,
    write_aliases,
)
from customers.imports.accounts import AccountsImport
from customers.imports.rows import Given
from customers.matching.stored import rekey


async def add_account(source: str, source_id: str, given: Given) -> int:
    """The row as a company of its own. Returns its id."""
    work = AccountsImport(source)
    await work.look([given])
    [id] = await next_ids("account", 1)
    await insert_accounts(source, [New(id, source_id, given, work.columns(given))])
    await write_aliases(source, [(id, given)], [])
    await rekey("account", [id])
    return id


async def attach_account(account_id: int, source: str, source_id: str, given: Given, *, takes_number: bool) -> None:
    """The row is this company: its id leads here, its values are taken where no better source has spoken.

    Another 法人番号 than the record's is only taken when the question was about just that.
    """
    work = AccountsImport(source)
    await work.look([given])
    known = (await accounts_by_id([account_id])).get(account_id)
    if known is None:
        raise NotFound(_("There is no such company."))
    columns = work.columns(given)
    if known.values["corporate_number"] and not takes_number:
        columns.pop("corporate_number", None)
    change = Change(known, given, source_id, work.differing(known, columns))
    await update_account(known, change.values, source)
    await write("INSERT INTO account_source (account_id, source, source_id, digest, seen_at) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (source, source_id) DO UPDATE SET digest = excluded.digest, seen_at = excluded.seen_at",
                account_id, source, source_id, given.digest, now())  # fmt: skip
    names = [(account_id, given.values["name"])] if "name" in given.values else []
    await write_aliases(source, [(account_id, given)], [*renamed([change]), *names])
    await rekey("account", [account_id])
