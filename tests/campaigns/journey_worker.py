"""Moves people on in a process of its own, to be killed: python journey_worker.py."""

from __future__ import annotations

import asyncio
import logging

from app import rooms
from campaigns.journeys.jobs import go_on
from core.context import Here, enter
from core.database import close_database, open_database
from core.principal import SYSTEM
from core.settings import settings


async def main() -> None:
    rooms.load()
    enter(Here(principal=SYSTEM, language="ja"))
    await open_database(settings().database, rooms.with_models())
    try:
        while True:
            try:
                await go_on()
            except Exception:  # the runner would promise it again
                logging.exception("again")
            await asyncio.sleep(0.05)
    finally:
        await close_database()


if __name__ == "__main__":
    asyncio.run(main())
