"""What the fakes of HTTP platforms share: a server on a real socket, scripted faults, a ledger."""

import asyncio
import json
import time
from collections import deque
from dataclasses import asdict, dataclass, field, is_dataclass
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web


@dataclass(frozen=True)
class Problem:
    """One reason to refuse a request: where it is (a JSON path) and what is wrong there."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass
class Refusal:
    """A request that the platform would refuse because of what the client sent."""

    operation: str
    status: int
    error: str
    problems: list[Problem] = field(default_factory=list)
    body: Any = None


@dataclass
class Fault:
    """What goes wrong with the next `times` requests (None: with all) of one operation (None: of any).

    `after=True` means: the platform accepted the request, and only its answer is bad or lost.
    """

    operation: str | None = None
    times: int | None = 1
    status: int | None = None
    drop: bool = False
    delay: float = 0.0
    after: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None

    def matches(self, operation: str) -> bool:
        return self.times != 0 and self.operation in (None, operation)

    def spend(self) -> "Fault":
        if self.times is not None:
            self.times -= 1
        return self


class Faults(list[Fault]):
    """The script of faults of one fake; the first that matches is spent."""

    def next(self, operation: str | None = None, **what: Any) -> Fault:
        """`next("push", status=500, times=2)`, `next(drop=True, after=True)`, `next(delay=3)`."""
        self.append(Fault(operation, **what))
        return self[-1]

    def for_request(self, operation: str) -> Fault | None:
        return next((fault.spend() for fault in self if fault.matches(operation)), None)


class Clock:
    """The platform's clock. Tests move it forward instead of sleeping."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += seconds


class RateLimit:
    """At most `count` requests of one key in `seconds`; says how long to wait when there are more."""

    def __init__(self, clock: Clock, count: int, seconds: float) -> None:
        self.clock, self.count, self.seconds = clock, count, seconds
        self.taken: dict[str, deque[float]] = {}

    def wait_for(self, key: str) -> float:
        """0.0 when the request may pass (and then it is counted), else the seconds until one may."""
        now, taken = self.clock.now(), self.taken.setdefault(key, deque())
        while taken and taken[0] <= now - self.seconds:
            taken.popleft()
        if len(taken) >= self.count:
            return taken[0] + self.seconds - now
        taken.append(now)
        return 0.0


class Ledger:
    """One JSON line per accepted thing, handed to the operating system before the answer leaves."""

    def __init__(self, path: str | Path | None) -> None:
        self.file = open(path, "a", encoding="utf-8") if path else None  # noqa: SIM115

    def write(self, entry: Any) -> None:
        if self.file:
            self.file.write(json.dumps(plain(entry), ensure_ascii=False) + "\n")
            self.file.flush()

    def close(self) -> None:
        if self.file:
            self.file.close()


def plain(thing: Any) -> Any:
    """A dataclass as JSON-ready data; bytes become their length."""
    if is_dataclass(thing) and not isinstance(thing, type):
        thing = asdict(thing)
    if isinstance(thing, dict):
        return {key: plain(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [plain(value) for value in thing]
    return {"bytes": len(thing)} if isinstance(thing, bytes) else thing


class HttpFake:
    """A platform on 127.0.0.1: `async with FakeLine() as line: … line.url …`."""

    def __init__(self, *, port: int = 0, ledger: str | Path | None = None) -> None:
        self.port = port
        self.clock = Clock()
        self.faults = Faults()
        self.refused: list[Refusal] = []
        self.throttled: list[Refusal] = []
        self.faulted: list[tuple[str, Fault]] = []
        self.ledger = Ledger(ledger)

    async def __aenter__(self):
        app = web.Application(client_max_size=32 * 2**20)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        # Without certificates to load: nothing here speaks TLS, and loading them takes longer than a delivery.
        self.http = httpx.AsyncClient(verify=False, trust_env=False)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.http.aclose()
        await self._runner.cleanup()
        self.ledger.close()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def advance(self, seconds: float) -> None:
        """Let time pass for the platform only: tokens expire, limits open again."""
        self.clock.advance(seconds)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        raise NotImplementedError

    def operation_of(self, request: web.Request) -> str:
        raise NotImplementedError

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/_fake/"):
            return await self.control(request)
        operation = self.operation_of(request)
        fault = self.faults.for_request(operation)
        if fault is None:
            return await self.answer(request)
        self.faulted.append((operation, fault))
        return await self._answer_with(fault, request)

    async def _answer_with(self, fault: Fault, request: web.Request) -> web.StreamResponse:
        await request.read()
        good = await self.answer(request) if fault.after or not (fault.status or fault.drop) else None
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.drop:
            return hang_up(request)
        if fault.status:
            return self.fault_response(fault)
        assert good is not None
        return good

    def fault_response(self, fault: Fault) -> web.Response:
        return web.json_response(fault.body or {}, status=fault.status or 500, headers=fault.headers)

    async def control(self, request: web.Request) -> web.Response:
        """How another process asks and scripts a fake that runs on its own (see `fakes.process`)."""
        what = request.path.removeprefix("/_fake/")
        if what == "faults":
            self.faults.next(**await request.json())
            return web.json_response({"faults": len(self.faults)})
        if what in ("sent", "refused", "throttled", "calls"):
            return web.json_response(plain(getattr(self, what)))
        if what == "advance":
            self.advance((await request.json())["seconds"])
            return web.json_response({"ahead": self.clock.ahead})
        return await self.control_more(what, request)

    async def control_more(self, what: str, request: web.Request) -> web.Response:
        return web.json_response({"error": f"no control named {what}"}, status=404)


def hang_up(request: web.Request) -> web.Response:
    """Close the connection without an answer, as a broken network does."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)
