"""What the sections share: the demo company on a file of its own, processes of the house, percentiles."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.settings import Settings, read_settings, use
from faults.processes import Process, environment_of

SECRET = "bench-secret-key-that-is-long-enough-0123456789"
POSTGRES = os.environ.get("ENGAWA_TEST_POSTGRES_URL", "")
REDIS = os.environ.get("ENGAWA_TEST_REDIS_URL", "")


class Skipped(Exception):
    """Why a section cannot be measured here."""


def is_quick() -> bool:
    return bool(os.environ.get("BENCH_QUICK"))


def folder() -> Path:
    """Shared by the sections of one run."""
    return Path(os.environ.get("BENCH_FOLDER") or tempfile.gettempdir())


def settings_in(place: Path, **more: Any) -> Settings:
    place.mkdir(parents=True, exist_ok=True)
    return use(read_settings({}, **({"secret_key": SECRET, "data_dir": str(place)} | more)))


def demo() -> Settings:
    """The demo company, loaded once a run; settings of a fresh copy of it."""
    import subprocess

    original = folder() / "demo"
    if not (original / "done").exists():
        print("  the demo company …", file=sys.stderr, flush=True)
        environment = os.environ | {"ENGAWA_DATA_DIR": str(original), "ENGAWA_SECRET_KEY": SECRET}
        subprocess.run([sys.executable, "-m", "app.cli", "demo", "--no-serve"], env=environment, check=True,
                       stdout=sys.stderr, timeout=300)  # fmt: skip
        (original / "done").touch()
    copy = Path(tempfile.mkdtemp(dir=folder()))
    shutil.copytree(original, copy, dirs_exist_ok=True)
    return settings_in(copy)


@contextmanager
def process(kind: str, settings: Settings, **more: Any) -> Any:
    """A process of the house (see faults/process.py), ended with the block."""
    running = Process(kind, environment_of(settings, settings.database, **more), Path(settings.data_dir))
    try:
        yield running
    finally:
        if running.popen.poll() is None:
            running.popen.terminate()
            try:
                running.popen.wait(30)
            except Exception:
                running.kill()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


async def answered(port: int, path: str = "/healthz", timeout: float = 60.0) -> float:
    """Seconds until `path` answers 200."""
    began = time.perf_counter()
    while time.perf_counter() - began < timeout:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\r\n".encode())
            line = await reader.readline()
            await reader.read()
            writer.close()
            if b" 200 " in line:
                return time.perf_counter() - began
        except OSError:
            pass
        await asyncio.sleep(0.02)
    raise TimeoutError(f"{path} does not answer 200")


def memory_mb(pid: int) -> int:
    """Resident memory now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024
    return 0


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def spread(seconds: list[float], shares: tuple[float, ...] = (0.5, 0.95)) -> dict[str, float]:
    """`p50_ms`, `p95_ms` … of times in seconds."""
    ordered = sorted(seconds)
    return {f"p{round(share * 100)}_ms": round(1000 * ordered[min(len(ordered) - 1, int(len(ordered) * share))], 1)
            for share in shares}  # fmt: skip
