"""`engawa check`: settings, database, Redis, mail; each with one sentence."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from app import rooms
from core.database import close_database, dialect, open_database, rows
from core.migrating import pending
from core.settings import settings

Finding = tuple[str, bool, str]


async def check_everything() -> list[Finding]:
    """(name, is it well, what was seen)."""
    found: list[Finding] = [("settings", True, settings().url)]
    found.append(await _database())
    if settings().redis_url:
        found.append(await _redis())
    found.append(await _mail())
    return found


async def _database() -> Finding:
    try:
        await open_database(settings().database, rooms.with_models())
        left = await pending(settings().database, rooms.with_models())
        version = await rows("SELECT sqlite_version()" if dialect() == "sqlite" else "SHOW server_version")
        if left:
            return ("database", False, f"{dialect()} {version[0][0]}, behind by {len(left)} migrations: engawa migrate")
        return ("database", True, f"{dialect()} {version[0][0]}, up to date")
    except Exception as error:  # the driver's own: the outside world
        return ("database", False, f"{type(error).__name__}: {error}")
    finally:
        await close_database()


async def _redis() -> Finding:
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    client = Redis.from_url(settings().redis_url)
    try:
        await client.ping()
        appends = (await client.config_get("appendonly")).get("appendonly")
        return ("redis", True, f"answers, appendonly {appends}")
    except (RedisError, OSError) as error:
        return ("redis", False, str(error))
    finally:
        await client.aclose()


async def _mail() -> Finding:
    if not settings().smtp_url:
        return ("mail", True, "no ENGAWA_SMTP_URL: mail stays in the mailbox page")
    address = urlsplit(settings().smtp_url)
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(address.hostname, address.port or 25)
            greeting = (await reader.readline()).decode("ascii", "replace").strip()
            writer.close()
        return ("mail", greeting.startswith("220"), greeting)
    except (OSError, TimeoutError) as error:
        return ("mail", False, str(error) or "no answer within 5 s")
