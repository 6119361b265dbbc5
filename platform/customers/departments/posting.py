"""From a happening to a message in a channel: written once for each channel, posted once (channels/posting.py).

What may have arrived is left `uncertain` for a person, who can post it again; what is no longer true when its turn
comes is `lapsed`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from channels import posting, slack
from channels.connections import by_id
from core.audit import audit
from core.clock import local_day, now
from core.database import rows, transaction, write
from core.i18n import _, day, speaking
from core.jobs import job
from core.pages import absolute
from core.refs import Ref
from customers.days import a_day, as_day
from customers.departments import standing
from customers.departments.kinds import KINDS, TEST, sentence_of
from customers.models import Department, DepartmentPost
from customers.segments.special import HEALTH_BANDS
from customers.segments.vocabulary import HEALTH, PHASES, TIERS


async def tell(kind: str, *, key: str, account_id: int | None = None, url: str = "", **data: Any) -> int:
    """For each channel that wants it, once for a key; returns for how many. `url`: a page of ours that says more."""
    assert kind in KINDS
    tier = await _tier(account_id)
    told = 0
    async with transaction():
        for one in await Department.filter(state="active").order_by("id"):
            if kind in one.kinds and (not one.tiers or tier is None or tier in one.tiers):
                told += await _enter(one.id, kind, key, account_id, url, data)
    return told


async def is_wanted(kind: str) -> bool:
    return any(kind in one.kinds for one in await Department.filter(state="active"))


async def _enter(department: int, kind: str, key: str, account_id: int | None, url: str, data: dict[str, Any]) -> int:
    made = await write(
        "INSERT INTO department_post (department_id, kind, key, account_id, url, data, state, reason, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, 'waiting', '', ?) ON CONFLICT (department_id, key) DO NOTHING RETURNING id",
        department, kind, key[:120], account_id, url, data, now(),
    )  # fmt: skip
    for row in made:
        await deliver.later(post_id=int(row[0]))
    return len(made)


async def test(department: Department) -> None:
    """A message that says only that it is a test."""
    async with transaction():
        await _enter(department.id, TEST, f"test:{now().isoformat()}", None, "", {})


async def again(post: DepartmentPost) -> bool:
    """A person decided: what failed, or may have arrived, is posted (again)."""
    async with transaction():
        won = await write("UPDATE department_post SET state = 'waiting', reason = '', settled_at = NULL WHERE id = ?"
                          " AND state IN ('failed', 'uncertain') RETURNING id", post.id)  # fmt: skip
        if won:
            await deliver.later(post_id=post.id)
            await audit("department.repeat", Ref("department", post.department_id), after={"post": post.id})
    return bool(won)


class Post(posting.Row):
    table = "department_post"

    def __init__(self, post: DepartmentPost) -> None:
        self.post, self.id, self.state = post, post.id, post.state

    async def address(self) -> tuple[int, str]:
        department = self.post.department
        if department.state != "active":
            raise posting.Unposted("skipped", f"the channel is {department.state}")
        if not (await by_id(department.connection_id)).is_active:
            raise posting.Unposted("skipped", "Slack is not connected")
        if why_not := await standing.why_not(self.post):
            raise posting.Unposted("lapsed", why_not)
        return department.connection_id, department.channel

    async def ahead(self) -> int:
        found = await rows("SELECT COUNT(*) FROM department_post WHERE department_id = ? AND state = 'waiting'"
                           " AND id < ?", self.post.department_id, self.id)  # fmt: skip
        return int(found[0][0])

    async def promise(self, attempt: int, due: datetime) -> None:
        await deliver.later(post_id=self.id, attempt=attempt, due=due)

    async def message(self) -> tuple[str, list[dict[str, Any]]]:
        with speaking(self.post.department.language):
            return await composed(self.post)

    async def settled(self, state: str, reason: str) -> None:
        """Nothing follows: the channel's page says it, and a person decides."""


@job(attempts=posting.ATTEMPTS, timeout=posting.TIMEOUT)
async def deliver(post_id: int, attempt: int = 1) -> str:
    post = await DepartmentPost.get_or_none(id=post_id).select_related("department")
    return await posting.post_once(Post(post), attempt) if post else posting.SETTLED


async def _tier(account_id: int | None) -> str | None:
    found = await rows("SELECT tier FROM account WHERE id = ?", account_id) if account_id else []
    return str(found[0][0]) if found else None


async def composed(post: DepartmentPost) -> tuple[str, list[dict[str, Any]]]:
    """(what the phone's notification says, blocks): what happened, and the company's record. No amounts, no people
    but the CSM: a channel has no role, so that nothing can be hidden from some of its readers. A customer's words call
    nobody, in the notification neither (`<!channel>`)."""
    happened = sentence_of(post.kind, post.data)
    record = await _record(post.account_id) if post.account_id else None
    if record is None:
        said = slack.link(absolute(post.url), happened) if post.url else slack.plain(happened)
        return slack.plain(happened), [slack.section(f"*{said}*" if post.kind != TEST else said)]
    name, lines = record
    account = slack.link(absolute(f"/staff/customers/{post.account_id}"), name)
    what = slack.link(absolute(post.url), happened) if post.url else slack.plain(happened)
    return slack.plain(f"{name}: {happened}"), [slack.section(f"*{account}*\n{what}"), slack.section("\n".join(lines))]


async def _record(account_id: int) -> tuple[str, list[str]] | None:
    found = await rows(
        "SELECT a.name, a.tier, a.phase, a.health, c.family_name, c.given_name, (SELECT MIN(k.renews_on)"
        " FROM contract k WHERE k.account_id = a.id AND k.ended_on IS NULL AND k.renews_on >= ?) AS renews"
        " FROM account a LEFT JOIN person c ON c.id = a.csm_id WHERE a.id = ?", as_day(local_day()), account_id,
    )  # fmt: skip
    return None if not found else (found[0]["name"], _lines(found[0]))


def _lines(row: Any) -> list[str]:
    csm = " ".join(one for one in (row["family_name"], row["given_name"]) if one)
    facts = [
        (_("Tier"), str(dict(TIERS).get(row["tier"], row["tier"]))),
        (_("Phase"), str(dict(PHASES).get(row["phase"], row["phase"] or "–"))),
        (_("Health"), f"{row['health']}（{_band(row['health'])}）" if row["health"] is not None else "–"),
        (_("CSM"), csm or _("nobody")),
        (_("Next renewal"), day(a_day(row["renews"])) if row["renews"] else "–"),
    ]
    return ["　".join(f"{label}: {slack.plain(value)}" for label, value in facts)]


def _band(health: int) -> str:
    name = next(name for name, (least, most) in HEALTH_BANDS.items() if least <= health <= most)
    return str(dict(HEALTH)[name])
