"""Processes of the house for a test to kill, freeze or stop, and what to ask of them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PATH = os.environ.get("PYTHONPATH") or os.pathsep.join([str(ROOT / "platform"), str(ROOT / "tests")])


def environment_of(settings: Any, database: str, **more: Any) -> dict[str, str]:
    """What a process of the house needs to know, and nothing of the surrounding installation."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("ENGAWA_")}
    given |= {"ENGAWA_SECRET_KEY": settings.secret_key, "ENGAWA_DATABASE_URL": database,
              "ENGAWA_DATA_DIR": settings.data_dir, "PYTHONPATH": PATH}  # fmt: skip
    return given | {name: str(value) for name, value in more.items()}


class Process:
    """One process of the house; `said()` is what it printed, `log` also its errors."""

    def __init__(self, kind: str, environment: dict[str, str], folder: Path) -> None:
        self.log = folder / f"{kind}-{time.monotonic_ns()}.log"
        self.out = self.log.with_suffix(".out")
        with self.log.open("w") as errors, self.out.open("w") as said:
            self.popen = subprocess.Popen([sys.executable, "-m", "faults.process", kind], env=environment, cwd=ROOT,
                                          stdout=said, stderr=errors)  # fmt: skip
        self.pid = self.popen.pid

    def said(self) -> list[str]:
        return self.out.read_text().splitlines()

    async def until(self, word: str, timeout: float = 60.0) -> Process:
        """Until `word` was printed or logged."""
        deadline = time.monotonic() + timeout
        while word not in self.log.read_text() + self.out.read_text():
            assert self.popen.poll() is None, f"ended: {self.log.read_text()}"
            assert time.monotonic() < deadline, f"no {word!r}: {self.log.read_text()}"
            await asyncio.sleep(0.02)
        return self

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """-9, and gone."""
        self.popen.kill()
        self.popen.wait()

    async def stop(self, within: float) -> int:
        """SIGTERM; the exit status. A process that has not ended `within` seconds fails the test."""
        self.signal(signal.SIGTERM)
        return await self.end(within)

    async def end(self, within: float) -> int:
        try:
            return await asyncio.to_thread(self.popen.wait, within)
        except subprocess.TimeoutExpired:
            self.popen.send_signal(signal.SIGABRT)
            raise AssertionError(f"pid {self.pid} hangs: {self.log.read_text()[-3000:]}") from None


async def until(question: Callable[[], Awaitable[Any]], timeout: float, every: float = 0.02) -> Any:
    """Ask until the answer is true; it, or a failure after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (answer := await question()):
        assert time.monotonic() < deadline, f"not within {timeout} s"
        await asyncio.sleep(every)
    return answer


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
