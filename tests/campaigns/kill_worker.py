"""A worker in a process of its own, to be killed: python kill_worker.py STEP_ID LEASE_SECONDS."""

from __future__ import annotations

import asyncio
import logging
import sys

from app import rooms
from campaigns import claims
from campaigns.jobs import deliver_step
from channels.sessions import close_clients
from core.database import close_database, open_database, rows
from core.settings import settings


async def main(step_id: int) -> None:
    rooms.load()
    await open_database(settings().database, rooms.with_models())
    try:
        while (await rows("SELECT state FROM campaign_step WHERE id = ?", step_id))[0][0] == "sending":
            try:
                await deliver_step(step_id=step_id)
            except Exception:  # the runner would promise it again
                logging.exception("again")
            await asyncio.sleep(claims.LEASE.total_seconds() / 4)
    finally:
        await close_clients()
        await close_database()


if __name__ == "__main__":
    from datetime import timedelta

    claims.LEASE = timedelta(seconds=float(sys.argv[2]))
    from campaigns import sending

    sending.RENEW = claims.LEASE.total_seconds() / 4
    asyncio.run(main(int(sys.argv[1])))
