"""People before automation: a named group first, then a human's recorded verdict on exactly that revision."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.audit import audit
from core.clock import now
from core.context import current_principal
from core.database import rows, transaction, write
from core.errors import Conflict, NotFound, Refused
from core.i18n import _
from core.refs import Ref
from customers.models import Pilot


async def start(about: Ref, revision: str, group_name: str, people: Iterable[int], *, is_open: bool = False) -> Pilot:
    """Begin a pilot of `about` at `revision` (a digest of what will be sent). A pilot still running is void then.

    `is_open`: nobody is chosen, because it is with whoever comes.
    """
    chosen = list(dict.fromkeys(people))
    if not chosen and not is_open:
        raise Refused(_("Choose at least one person for the pilot."))
    if not group_name.strip():
        raise Refused(_("Give the pilot group a name."))
    async with transaction():
        if await passed(about, revision):
            raise Conflict(_("This revision has passed its pilot already."))
        await write("UPDATE pilot SET state = 'void' WHERE about_kind = ? AND about_id = ? AND state = 'running'",
                    about.kind, about.id)  # fmt: skip
        pilot = await Pilot.create(
            about_kind=about.kind, about_id=about.id, revision=revision, group_name=group_name.strip()[:120],
            people=chosen, started_by_id=current_principal().person_id, started_at=now(),
        )  # fmt: skip
        await audit("pilot.start", about, after={"pilot": pilot.id, "revision": revision, "people": chosen})
    return pilot


async def judge(pilot_id: int, passed: bool, note: str, facts: dict[str, Any] | None = None) -> Pilot:
    """Record the verdict of the person who is here. Only a running pilot can be judged, once, with a note.

    `facts` are the numbers it is given on.
    """
    who = current_principal().person_id
    if who is None:
        raise Refused(_("A person must give the verdict."))
    if not note.strip():
        raise Refused(_("Write what the pilot showed."))
    state = "passed" if passed else "failed"
    async with transaction():
        judged = await write(
            "UPDATE pilot SET state = ?, verdict_by_id = ?, verdict_at = ?, verdict_note = ?, facts = ?"
            " WHERE id = ? AND state = 'running' RETURNING id",
            state, who, now(), note.strip(), facts, pilot_id,
        )  # fmt: skip
        pilot = await Pilot.get_or_none(id=pilot_id)
        if pilot is None:
            raise NotFound(_("There is no such pilot."))
        if not judged:
            raise Conflict(_("This pilot is not running any more."))
        about = Ref(pilot.about_kind, pilot.about_id)
        await audit(f"pilot.{state}", about, after={"pilot": pilot.id, "revision": pilot.revision} | (facts or {}),
                    reason=note.strip())  # fmt: skip
    return pilot


async def passed(about: Ref, revision: str) -> bool:
    """Whether exactly this revision passed a pilot."""
    found = await rows(
        "SELECT 1 FROM pilot WHERE about_kind = ? AND about_id = ? AND revision = ? AND state = 'passed' LIMIT 1",
        about.kind, about.id, revision,
    )  # fmt: skip
    return bool(found)


async def withdraw(about: Ref, revision: str, reason: str) -> bool:
    """Back to the pilot: what had passed, or is running, is void. False when there was nothing to take back."""
    async with transaction():
        gone = await write("UPDATE pilot SET state = 'void' WHERE about_kind = ? AND about_id = ? AND revision = ?"
                           " AND state IN ('passed', 'running') RETURNING id",
                           about.kind, about.id, revision)  # fmt: skip
        if gone:
            await audit("pilot.withdraw", about, before={"pilots": [int(row[0]) for row in gone]}, reason=reason)
    return bool(gone)
