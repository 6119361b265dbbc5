"""Which real servers this run may use, as the environment says."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

PLATFORM = Path(__file__).resolve().parents[1] / "platform"


def _own(url: str, worker: str) -> str:
    """Each worker of `pytest -n 2` has a PostgreSQL database beside the named one, and a Redis database below it."""
    number = int(worker.removeprefix("gw") or 0) if worker else 0
    if not url or not number:
        return url
    if url.startswith("redis"):
        return re.sub(r"/(\d+)$", lambda found: f"/{int(found[1]) - number}", url)
    return f"{url}_{worker}"


_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
POSTGRES = _own(os.environ.get("ENGAWA_TEST_POSTGRES_URL", ""), _worker)
REDIS = _own(os.environ.get("ENGAWA_TEST_REDIS_URL", ""), _worker)
REQUIRED = os.environ.get("ENGAWA_TEST_REQUIRE") == "1"


def engines() -> list[Any]:
    found: list[Any] = ["sqlite"]
    if POSTGRES:
        found.append("postgresql")
    elif REQUIRED:
        raise pytest.UsageError("ENGAWA_TEST_REQUIRE=1 but ENGAWA_TEST_POSTGRES_URL is not set")
    return found


def rooms_with_models() -> list[str]:
    from app import rooms

    rooms.load()
    return rooms.with_models()


def remembered(kind: str) -> Path:
    """Where a run keeps what the same migrations would make again: named by all of them and whatever runs them."""
    digest = hashlib.sha256()
    for path in sorted([*PLATFORM.glob("*/migrations/*.py"), *PLATFORM.glob("core/migrat*.py")]):
        digest.update(path.relative_to(PLATFORM).as_posix().encode() + path.read_bytes())
    return Path(tempfile.gettempdir()) / f"engawa-tests-{digest.hexdigest()[:24]}.{kind}"


async def comment_of(url: str) -> str:
    import asyncpg

    try:
        link = await asyncpg.connect(url)
    except asyncpg.InvalidCatalogNameError:
        return ""
    found = await link.fetchval("SELECT shobj_description(oid, 'pg_database') FROM pg_database"
                                " WHERE datname = current_database()")  # fmt: skip
    await link.close()
    return found or ""


async def comment_on(url: str, words: str) -> None:
    import asyncpg

    link = await asyncpg.connect(url)
    await link.execute(f"COMMENT ON DATABASE \"{urlsplit(url).path.strip('/')}\" IS '{words}'")
    await link.close()


async def ensure_database(url: str) -> str:
    """Its name; made when it is not there, else left as it is."""
    import asyncpg

    parts = urlsplit(url)
    name = parts.path.lstrip("/")
    server = await asyncpg.connect(parts._replace(path="/postgres").geturl())
    if not await server.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
        await server.execute(f'CREATE DATABASE "{name}"')
    await server.close()
    return name


async def make_database(url: str) -> None:
    """Empty, whether or not it was there. Kept from run to run: dropping one waits for the server's checkpoint."""
    import asyncpg

    name = await ensure_database(url)
    connection = await asyncpg.connect(url)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.execute(f"COMMENT ON DATABASE \"{name}\" IS ''")
    await connection.close()
