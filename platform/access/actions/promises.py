"""Looking after work that failed: run it again, or let it be."""

from __future__ import annotations

from core import ring
from core.audit import audit
from core.clock import now
from core.database import transaction, write
from core.errors import Conflict
from core.i18n import _
from core.policy import deny, ensure
from core.principal import Principal
from core.refs import Ref


async def run_again(promise_id: int, *, by: Principal) -> None:
    """A dead promise is due now, with all its attempts. Raises Conflict when it is not dead, or waits already."""
    _ensure(by)
    async with transaction():
        done = await write(
            "UPDATE promise SET state = 'waiting', due_at = ?, attempts = 0, finished_at = NULL, worker = NULL,"
            " lease_until = NULL WHERE id = ? AND state = 'dead' AND NOT EXISTS (SELECT 1 FROM promise other"
            " WHERE other.name = promise.name AND other.key = promise.key AND other.state = 'waiting') RETURNING name",
            now(), promise_id,
        )  # fmt: skip
        if not done:
            raise Conflict(_("This work is not stopped any more, or the same work waits already."))
        await audit("run_again", Ref("promise", promise_id), after={"job": done[0][0]})
        ring.after_commit()


async def discard(promise_id: int, *, reason: str = "", by: Principal) -> None:
    """A dead promise is done with; its row stays for the record."""
    _ensure(by)
    async with transaction():
        done = await write(
            "UPDATE promise SET state = 'done', outcome = 'discarded', finished_at = ? WHERE id = ? AND state = 'dead'"
            " RETURNING name, last_error", now(), promise_id,
        )  # fmt: skip
        if not done:
            raise Conflict(_("This work is not stopped any more."))
        before = {"job": done[0][0], "error": (done[0][1] or "")[:500]}
        await audit("discard", Ref("promise", promise_id), before=before, reason=reason)


def _ensure(by: Principal) -> None:
    if not by.may("settings.manage"):
        ensure(deny(_("Only an administrator may do this.")))
