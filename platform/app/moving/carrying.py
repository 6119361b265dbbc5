"""Every row from one database to another, and the proof that each arrived."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from app import rooms
from app.moving.stores import Store, store_of
from app.moving.tables import Sum, Table, all_tables
from core.database import close_database, open_database
from core.errors import Refused
from core.i18n import _
from core.migrating import migrate, pending
from core.settings import SettingsError

Said = Callable[[str, int], None]  # table, rows so far


async def carry(source: str, target: str, said: Said = lambda table, rows: None) -> dict[str, Sum]:
    """All rows of `source` into the empty database `target`; what each table holds, by name.

    The source must be up to date and is held still meanwhile; the target is made here. All of it is one transaction
    of the target: stopped anywhere, it holds nothing. Raises Refused when a table holds something, when one is not
    known to this version, or when what was read back differs.
    """
    rooms.load()
    await _is_current(source)
    tables = await all_tables(rooms.with_models())
    await _make(target)
    async with store_of(source).open(for_writing=False) as here, store_of(target).open(for_writing=True) as there:
        await _nothing_unknown(here, tables)
        written = {}
        for table in tables:
            await there.clear(table)
            written[table.name] = await _copy(here, there, table, said)
        await there.settle(tables)
        for table in tables:
            if await _summed(there, table) != written[table.name]:
                raise Refused(_("What arrived in %(table)s differs from what was sent.", table=table.name))
    return written


async def _is_current(url: str) -> None:
    await open_database(url, rooms.with_models())
    try:
        if left := await pending(url, rooms.with_models()):
            raise SettingsError(f"The database is behind by {len(left)} migrations. Run: engawa migrate")
    finally:
        await close_database()


async def _make(url: str) -> None:
    """The target's tables; a database in which somebody is known, or of something else, is never touched."""
    async with store_of(url).open(for_writing=False) as there:
        names = await there.names()
        if names and ("person" not in names or await there.count("person")):
            raise Refused(_("%(where)s is not empty. Name a new database.", where=named(url)))
    await open_database(url, rooms.with_models())
    try:
        await migrate(url, rooms.with_models())
    finally:
        await close_database()


async def _nothing_unknown(here: Store, tables: list[Table]) -> None:
    if unknown := await here.names() - {table.name for table in tables}:
        raise Refused(_("This version does not know the tables %(names)s.", names=", ".join(sorted(unknown))))


async def _copy(here: Store, there: Store, table: Table, said: Said) -> Sum:
    total = Sum()
    async for part in here.read(table):
        await there.write(table, part)
        total.add(part)
        said(table.name, total.count)
    return total


async def _summed(store: Store, table: Table) -> Sum:
    total = Sum()
    async for part in store.read(table):
        total.add(part)
    return total


async def sums_of(url: str) -> dict[str, Sum]:
    """What a database holds, table by table."""
    tables = await all_tables(rooms.with_models())
    async with store_of(url).open(for_writing=False) as here:
        return {table.name: await _summed(here, table) for table in tables}


def named(url: str) -> str:
    """An address without its password."""
    parts = urlsplit(url)
    return (
        url if not parts.password else parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", "@")).geturl()
    )
