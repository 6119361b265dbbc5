"""The fakes as processes of their own, which outlive a sender that is killed.

    python -m fakes.smtp --port 2525 --ledger sent.jsonl

prints one line of JSON (`{"port": 2525}`) when it listens. From a test:

    async with fake_process("smtp", ledger=tmp_path / "sent.jsonl") as sink:
        … sink.port … sink.accepted()
"""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

TESTS = Path(__file__).resolve().parents[1]


@dataclass
class RunningFake:
    """A fake in another process; `ledger` is readable at any time, also after a crash."""

    port: int
    ledger: Path
    pid: int

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def entries(self) -> list[dict]:
        """Whole lines only: a line that is still being written is left for the next look."""
        text = self.ledger.read_text(encoding="utf-8") if self.ledger.exists() else ""
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def accepted(self) -> list[dict]:
        return [entry for entry in self.entries() if entry.get("event", "accepted") == "accepted"]

    async def control(self, what: str, **wish: Any) -> Any:
        """Ask an HTTP fake: `await line.control("refused")`, `await line.control("faults", operation="push", …)`."""
        async with httpx.AsyncClient(verify=False, trust_env=False) as client:
            url = f"{self.origin}/_fake/{what}"
            response = await (client.post(url, json=wish) if wish else client.get(url))
            return response.json()


@asynccontextmanager
async def fake_process(name: str, *arguments: str, ledger: Path) -> AsyncIterator[RunningFake]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"fakes.{name}", "--ledger", str(ledger), *arguments),
        stdout=asyncio.subprocess.PIPE,
        env=environment,
    )
    assert process.stdout is not None
    try:
        first_line = await asyncio.wait_for(process.stdout.readline(), 20)
        yield RunningFake(json.loads(first_line)["port"], Path(ledger), process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def run_fake(
    make: Callable[..., Any], name: str, more: Callable[[argparse.ArgumentParser], None] | None = None
) -> None:
    """The command line of one fake; every further option is a keyword argument of the fake."""
    parser = argparse.ArgumentParser(prog=f"python -m fakes.{name}")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ledger")
    parser.add_argument("--token", default=argparse.SUPPRESS)
    parser.add_argument("--secret", default=argparse.SUPPRESS)
    if more:
        more(parser)
    options = vars(parser.parse_args())
    asyncio.run(_serve_until_told(make(**options)))


async def _serve_until_told(fake: Any) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    async with fake:
        print(json.dumps({"port": fake.port}), flush=True)
        await told.wait()
