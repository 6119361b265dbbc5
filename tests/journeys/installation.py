"""A whole installation as its users meet it: real processes behind one address.

Embedded: one web process on SQLite, with the runner inside. At scale: PostgreSQL and Redis, two web processes behind
a round-robin proxy, one worker.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Installation:
    """`url` is what people and platforms are given; `run` is the command line beside it."""

    def __init__(self, folder: Path, environment: dict[str, str], url: str) -> None:
        self.folder = folder
        self.environment = os.environ | environment
        self.url = url
        self.processes: list[asyncio.subprocess.Process] = []

    async def run(self, *arguments: str) -> str:
        """`engawa …`; raises AssertionError with what it said when it fails."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.cli", *arguments, cwd=ROOT, env=self.environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, error = await asyncio.wait_for(process.communicate(), 120)
        assert process.returncode == 0, (arguments, out.decode(), error.decode())
        return out.decode()

    async def start(self, name: str, *arguments: str) -> asyncio.subprocess.Process:
        log = (self.folder / f"{name}.log").open("ab")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app.cli", *arguments, cwd=ROOT, env=self.environment, stdout=log, stderr=log
        )
        self.processes.append(process)
        return process

    def said(self) -> str:
        """The end of every process's log, for a failing test."""
        return "\n".join(f"--- {path.name}\n{path.read_text()[-3000:]}" for path in sorted(self.folder.glob("*.log")))

    async def stop(self) -> None:
        for process in self.processes:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                await asyncio.wait_for(process.wait(), 30)
            except TimeoutError:
                process.kill()
                raise


async def answers(url: str, seconds: float = 60) -> None:
    """Until /readyz says 200."""
    async with httpx.AsyncClient() as client, asyncio.timeout(seconds):
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(f"{url}/readyz")).status_code == 200:
                    return
            await asyncio.sleep(0.1)


@contextlib.asynccontextmanager
async def installation(folder: Path, environment: dict[str, str], *, at_scale: bool) -> AsyncIterator[Installation]:
    """Migrated and serving. `environment` holds what the fakes' addresses are, and the database's when at scale."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    base = {
        "ENGAWA_SECRET_KEY": "a-journey-needs-a-key-of-at-least-32-characters",
        "ENGAWA_DATA_DIR": str(folder), "ENGAWA_URL": url, "PYTHONPATH": str(ROOT / "platform"),
    }  # fmt: skip
    house = Installation(folder, base | environment, url)
    await house.run("migrate")
    proxy: asyncio.Server | None = None
    try:
        if at_scale:
            backends = [free_port(), free_port()]
            for number, backend in enumerate(backends):
                await house.start(f"web{number}", "serve", "--port", str(backend))
            await house.start("worker", "worker")
            for backend in backends:
                await answers(f"http://127.0.0.1:{backend}")
            proxy = await round_robin(port, backends)
        else:
            await house.start("web", "serve", "--port", str(port))
        await answers(url)
        yield house
    except BaseException:
        print(house.said())
        raise
    finally:
        if proxy is not None:
            proxy.close()
        await house.stop()


async def round_robin(port: int, backends: list[int]) -> asyncio.Server:
    """The reverse proxy of a test: each connection goes to the next web process."""
    turn = itertools.cycle(backends)

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        with contextlib.suppress(ConnectionError, OSError):
            writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", next(turn))
        await asyncio.gather(pump(reader, back), pump(there, writer))

    return await asyncio.start_server(connected, "127.0.0.1", port)


@contextlib.asynccontextmanager
async def fresh_postgres(server: str) -> AsyncIterator[str]:
    """A database of its own beside the one that ENGAWA_TEST_POSTGRES_URL names; gone afterwards."""
    import asyncpg

    name = f"engawa_journey_{os.getpid()}"
    admin: Any = await asyncpg.connect(server)
    await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {name}")
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.close()
