"""What runs later and every night."""

from __future__ import annotations

from core.jobs import every, job
from customers import health, tiers, tracking
from customers.imports import run
from customers.tracking import recounting, storing


@job(lane="bulk", timeout=1800, attempts=5)
async def apply_import(batch_id: int) -> None:
    """Carry a previewed import out, chunk by chunk; after a stop it goes on where it was."""
    batch = await run.batch_of(batch_id)
    if batch.state in {"queued", "applying"}:
        await run.apply(batch, atomic=False)


@job(lane="bulk", timeout=600, attempts=3)
async def preview_import(batch_id: int) -> None:
    batch = await run.batch_of(batch_id)
    if batch.state in {"mapping", "previewing"}:
        await run.preview(batch)


@every(hours=24, at="00:05", lane="bulk", timeout=1800)
async def age_metrics() -> None:
    await tracking.age()
    await tracking.forget_seen()


@job(lane="bulk")
async def attach_history(person_id: int, visitor: str) -> None:
    """The rest of what a visitor did before we knew who it was."""
    await storing.attach_more(person_id, visitor)


@job(lane="bulk", timeout=3600, attempts=3)
async def recount_metrics() -> None:
    """When another event means a sign-in or a core feature, what counts them is worked out anew."""
    await recounting.recount_all()


@every(hours=24, at="03:30", lane="bulk", timeout=1800)
async def recompute_tiers() -> None:
    await tiers.recompute_all()


@every(hours=24, at="04:00", lane="bulk", timeout=1800)
async def score_health() -> None:
    await health.recompute_all()
