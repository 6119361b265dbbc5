"""Finished work is forgotten after a week; dead letters stay until a person decides."""

from __future__ import annotations

from datetime import timedelta

from app.jobs import forget_what_is_done
from core.clock import now
from core.models import Promise


async def test_what_is_done_goes_and_what_is_dead_stays(house):
    old, fresh = now() - timedelta(days=8), now() - timedelta(days=6)
    for state, moment in (("done", old), ("done", fresh), ("dead", old)):
        await Promise.create(name="x", state=state, due_at=moment, created_at=moment, finished_at=moment)
    assert (await forget_what_is_done())["promises"] == 1
    assert sorted(await Promise.all().values_list("state", flat=True)) == ["dead", "done"]
