"""kill -9 of the web process while batches arrive: what was answered 200 is there, sending again doubles nothing."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from bench.house import answered, free_port
from core.context import Here, enter
from core.database import rows
from core.principal import SYSTEM
from customers.tracking import keys, recounting
from faults.processes import Process, environment_of
from tracking_sender import Sender, a_batch

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_kills_lose_nothing_and_replays_double_nothing(house: Any, tmp_path: Path) -> None:
    enter(Here(principal=SYSTEM))
    _row, key = await keys.make("app", "kills")
    port, r = free_port(), random.Random(3)
    batches = [a_batch(r, 40, 60, 6, groups=7) for _ in range(400)]
    waiting, acknowledged = list(batches), []
    environment = environment_of(house.settings, house.settings.database, ENGAWA_PORT=port)

    async def client(stop: asyncio.Event) -> None:
        sender = Sender(port, key)
        while waiting and not stop.is_set():
            batch = waiting.pop()
            status = await sender.send(batch[1])
            (acknowledged if status == 200 else waiting).append(batch)
            if status == 0:
                return
            assert status in {200, 429}, status
        sender.close()

    for kill in range(3):
        server, stop = Process("serve", environment, tmp_path), asyncio.Event()
        try:
            await answered(port)
            clients = [asyncio.ensure_future(client(stop)) for _ in range(8)]
            before = len(acknowledged)
            while kill < 2 and len(acknowledged) < before + 60:
                await asyncio.sleep(0.002)
            if kill < 2:
                server.kill()
                stored = {row[0] for row in await rows("SELECT message_id FROM event")}
                assert {id for ids, _body in acknowledged for id in ids} <= stored
            await asyncio.gather(*clients)
            if kill == 2:  # as a client does that did not hear the answer
                again = Sender(port, key)
                assert {await again.send(body) for _ids, body in batches[::9]} == {200}
                again.close()
        finally:
            server.kill()
    found = [row[0] for row in await rows("SELECT message_id FROM event")]
    assert sorted(found) == sorted(id for ids, _body in batches for id in ids)
    total = await rows("SELECT SUM(total) FROM person_metric WHERE metric LIKE 'feature.%'")
    assert int(total[0][0]) == len(found)
    assert await recounting.recount_all() == 0
