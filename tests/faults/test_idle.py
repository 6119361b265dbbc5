"""A connection that a proxy keeps for the next request is still there after it lay idle for a while."""

from __future__ import annotations

import asyncio
import http.client
import socket

import pytest

from faults.processes import until


def asked(line: http.client.HTTPConnection) -> int:
    line.request("GET", "/readyz")
    answer = line.getresponse()
    answer.read()
    return answer.status


@pytest.mark.slow
async def test_an_idle_connection_is_kept_for_the_proxy(house, start, whole):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    start("serve", ENGAWA_PORT=port)
    line = http.client.HTTPConnection("127.0.0.1", port)
    line.auto_open = False  # a second connection would hide that the first was closed

    async def connected() -> bool:
        try:
            await asyncio.to_thread(line.connect)
        except OSError:
            return False
        return True

    await until(connected, 60)
    assert await asyncio.to_thread(asked, line) == 200
    await asyncio.sleep(6.5)  # uvicorn's own five seconds
    assert await asyncio.to_thread(asked, line) == 200
    line.close()
