"""An endpoint that keeps what is posted to it: the other end of the fakes, in their own tests."""

import asyncio

from aiohttp import web


class Receiver:
    """`received` holds (body, headers); `status` and `delay` are what the next sender meets."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, dict[str, str]]] = []
        self.status, self.delay = 200, 0.0

    async def __aenter__(self) -> "Receiver":
        app = web.Application()
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        self.received.append((await request.read(), dict(request.headers)))
        await asyncio.sleep(self.delay)
        return web.Response(status=self.status)
