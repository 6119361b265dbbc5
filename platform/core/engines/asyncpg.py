"""PostgreSQL: Tortoise's pooled client with transactions that survive cancellation (trap 2)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg
from asyncpg import Connection
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionContext
from tortoise.connection import get_connections

from core.tasks import finish


async def connect(*where: Any, **options: Any) -> Any:
    """`asyncpg.connect`, whole or not at all: cut short while it asks for TLS it leaves a failed future to nobody."""
    held: list[Any] = []
    try:
        await finish(_connect(held, where, options))
    except asyncio.CancelledError:
        for connection in held:
            connection.terminate()
        raise
    return held[0]


async def _connect(held: list[Any], where: tuple[Any, ...], options: dict[str, Any]) -> None:
    held.append(await asyncpg.connect(*where, **options))


class Pooled(TransactionContext):
    def __init__(self, client: Client) -> None:
        self.client: Any = client
        self.connection_name = client.connection_name

    async def __aenter__(self) -> Any:
        parent = self.client
        if not parent._pool:
            async with parent._pool_init_lock:
                if not parent._pool:
                    await finish(parent.create_connection(with_db=True))
        held: list[Any] = []
        try:
            await finish(_begin(parent, held))
        except BaseException:
            await finish(_give_back(parent, held))
            raise
        self.wrapper = Wrapper(parent)
        self.wrapper._connection, self.wrapper.transaction = held
        self.token = get_connections().set(self.connection_name, self.wrapper)
        return self.wrapper

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> None:
        held = [self.wrapper._connection, self.wrapper.transaction]
        try:
            if kind is None:
                await finish(held[1].commit())
                held[1] = None
        finally:
            self.wrapper._finalized = True
            get_connections().reset(self.token)
            await finish(_give_back(self.client, held))


async def _begin(parent: Any, held: list[Any]) -> None:
    connection = await parent._pool.acquire()
    held.append(connection)
    transaction = connection.transaction()
    await transaction.start()
    held.append(transaction)


async def _give_back(parent: Any, held: list[Any]) -> None:
    """Roll back what is open and return the connection; a connection that broke is dropped by the pool."""
    if not held:
        return
    try:
        if len(held) > 1 and held[1] is not None and not held[0].is_closed() and held[0].is_in_transaction():
            await held[1].rollback()
    finally:
        await parent._pool.release(held[0])


class Wrapper(TransactionWrapper):
    async def fetch(self, sql: str, values: Sequence[Any]) -> list[Any]:
        async with self._lock:
            return list(await self._connection.fetch(sql, *values))

    async def copy(self, table: str, columns: Sequence[str], records: Sequence[Sequence[Any]]) -> None:
        async with self._lock:
            await self._connection.copy_records_to_table(table, records=records, columns=list(columns))


class Unchanged(Connection):
    """Given back to the pool as it was taken: the house sets nothing that outlives a transaction (no session locks,
    settings, listeners or open cursors; tests/house/test_structure.py), so there is nothing to ask the server to reset,
    which would be one more round trip for each statement. What is still open is rolled back as ever.
    """

    def get_reset_query(self) -> str:
        return ""


class Client(AsyncpgDBClient):
    connection_class = Unchanged

    async def create_pool(self, **options: Any) -> Any:
        return await asyncpg.create_pool(None, connect=connect, **options)

    def _in_transaction(self) -> TransactionContext:
        return Pooled(self)

    async def read(self, sql: str, values: Sequence[Any]) -> list[Any]:
        async with self.acquire_connection() as connection:
            return list(await connection.fetch(sql, *values))

    fetch = read


client_class = Client
