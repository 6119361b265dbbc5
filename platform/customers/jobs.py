"""What runs later and every night."""

from __future__ import annotations

from datetime import timedelta

from core.clock import now
from core.events import on
from core.jobs import every, job
from customers import (
    duplicates,
    goals,  # noqa: F401  # its measure of health
    headcount,
    health,
    merging,
    openers,
    phases,
    retention,
    tiers,
    touches,
    tracking,
)
from customers.departments import ended  # noqa: F401  # its job
from customers.events import AccountsMerged, PeopleMerged
from customers.imports import run, trailing
from customers.incoming import working
from customers.matching import stored
from customers.models import MergeLog
from customers.noticing import own, rounds  # noqa: F401  own: what they are told of
from customers.requests import deciding, telling  # noqa: F401  # their jobs
from customers.segments import habits, membership
from customers.tracking import recounting, storing


@job(lane="bulk", timeout=1800, attempts=5)
async def apply_import(batch_id: int) -> None:
    """Carry a previewed import out, chunk by chunk; after a stop it goes on where it was."""
    batch = await run.batch_of(batch_id)
    if batch.state in {"queued", "applying"}:
        await run.apply(batch, atomic=False)


@job(lane="bulk", timeout=1800, attempts=5)
async def undo_import(batch_id: int) -> None:
    """Take a whole import back, in one transaction."""
    await trailing.undo(batch_id)


@job(lane="bulk", timeout=600, attempts=5)
async def work_incoming(hook_id: int) -> None:
    """What another system sent becomes records, in the order in which it came."""
    if await working.work(hook_id):
        await work_incoming.later(hook_id=hook_id, key=f"incoming:{hook_id}")


@every(hours=24, at="04:20", lane="bulk", timeout=600)
async def forget_incoming() -> None:
    await working.forget_old()


@every(minutes=1, timeout=300)
async def send_notices() -> str:
    """What nobody read at the bell leaves for those who want it (customers.noticing.rounds)."""
    return f"{await rounds.begin()} people"


@every(minutes=30)
async def expire_held_touches() -> str:
    return f"{await touches.expire()} expired"


@job(lane="bulk", timeout=600, attempts=3)
async def preview_import(batch_id: int) -> None:
    batch = await run.batch_of(batch_id)
    if batch.state in {"mapping", "previewing"}:
        await run.preview(batch)


@every(hours=24, at="00:05", lane="bulk", timeout=1800)
async def age_metrics() -> None:
    await tracking.age()
    await tracking.forget_seen()


@on(AccountsMerged)
async def gather_accounts(event: AccountsMerged) -> None:
    await _gather("account", event.gone_id)


@on(PeopleMerged)
async def gather_people(event: PeopleMerged) -> None:
    await _gather("person", event.gone_id)


async def _gather(kind: str, gone_id: int) -> None:
    """What was written while the merge was being committed follows; once more by night."""
    for log in await MergeLog.filter(kind=kind, gone_id=gone_id, undone_at__isnull=True):
        await merging.gather(log)


@every(hours=24, at="02:20", lane="bulk", timeout=1800)
async def gather_late_rows() -> None:
    since = now() - timedelta(days=30)
    for log in await MergeLog.filter(undone_at__isnull=True, merged_at__gt=since).order_by("id"):
        await merging.gather(log)


@every(hours=24, at="02:30", lane="bulk", timeout=3600)
async def rekey_records() -> None:
    """The matcher's keys anew: what was written by other ways is found too."""
    for about in ("account", "person"):
        await stored.rekey_all(about)


@every(hours=24, at="03:00", lane="bulk", timeout=3600)
async def seek_duplicates() -> None:
    """Among the records that changed since the last night but one."""
    since = now() - timedelta(days=2)
    await duplicates.seek("account", since)
    await duplicates.seek("person", since)


@job(lane="bulk")
async def attach_history(person_id: int, visitor: str) -> None:
    """The rest of what a visitor did before we knew who it was."""
    await storing.attach_more(person_id, visitor)


@job(lane="bulk", timeout=3600, attempts=3)
async def recount_metrics() -> None:
    """When another event means a sign-in or a core feature, what counts them is worked out anew."""
    await recounting.recount_all()


@every(seconds=3, lane="default", timeout=120)
async def refresh_segments() -> None:
    """Membership lags no more than 5 seconds."""
    await membership.refresh_due()


@every(minutes=5, lane="bulk", timeout=300)
async def fold_headcount() -> None:
    await headcount.fold()


@every(hours=24, at="02:10", lane="bulk", timeout=1800)
async def recount_headcount() -> None:
    """Triggers keep it; every night it is held against the memberships."""
    await headcount.recount()


@every(hours=24, at="02:30", lane="bulk", timeout=3600)
async def work_out_habits() -> None:
    await habits.work_out()


@every(hours=24, at="01:30", lane="long", timeout=4 * 3600)
async def prune_old_rows() -> None:
    """What is older than the periods that were set (customers.retention); begun again, it goes on."""
    await retention.prune()


@every(hours=24, at="03:30", lane="bulk", timeout=1800)
async def recompute_tiers() -> None:
    await tiers.recompute_all()


@every(hours=1, at="00:20", lane="bulk", timeout=1800)
async def enter_phases() -> None:
    await phases.evaluate()


@every(hours=24, at="04:00", lane="bulk", timeout=1800)
async def score_health() -> None:
    await health.recompute_all()


@every(hours=24, at="05:00", lane="bulk", timeout=1800)
async def open_tasks() -> str:
    await openers.hand_over_unseen()
    return f"{await openers.open_due()} opened"
