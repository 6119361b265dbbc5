"""Our own asyncio SMTP client: persistent connections, MAIL+RCPT+DATA in one group (RFC 2920), nothing past the dot.

What became of a message is an `Outcome`, never an exception: `sent`, `retry` (certainly not accepted, may be later),
`refused` (certainly not accepted, never will be), `uncertain` (the dot had left when the connection was lost).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from channels.mime import Letter
from channels.smtp_line import Line
from channels.smtp_server import Outcome, Reply, Server

__all__ = ["Line", "Outcome", "Pool", "Reply", "Server"]


class Pool:
    """Up to `size` connections to one server, each kept for some hundred messages."""

    def __init__(self, server: Server, size: int = 20) -> None:
        self.server = server
        self.size = size
        self._free: list[Line] = []
        self._slots = asyncio.Semaphore(size)

    async def send(self, letter: Letter, may_still: Callable[[], bool] | None = None) -> Outcome:
        async with self._slots:
            while True:
                line = await self._line()
                if isinstance(line, Outcome):
                    return line
                was_kept = line.sent > 0
                outcome = await self._over(line, letter, may_still)
                # A server may close what was idle; that says nothing about the message.
                if not (was_kept and outcome.kind == "retry" and outcome.stage == "mail" and not outcome.code):
                    return outcome

    async def _over(self, line: Line, letter: Letter, may_still: Callable[[], bool] | None) -> Outcome:
        outcome = None
        try:
            outcome = await line.send(letter, may_still)
        finally:
            if outcome and line.is_usable and line.sent < self.server.per_connection:
                self._free.append(line)
            else:
                await line.quit()
        return outcome

    async def _line(self) -> Line | Outcome:
        while self._free:
            line = self._free.pop()
            if line.is_usable:
                return line
            await line.quit()
        line = Line(self.server)
        return await line.open() or line

    async def close(self) -> None:
        free, self._free = self._free, []
        for line in free:
            await line.quit()
