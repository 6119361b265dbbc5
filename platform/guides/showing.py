"""Before a guide is shown the browser claims a view; only a granted claim may appear. Then what became of it."""

from __future__ import annotations

import secrets
from typing import Any, Literal

from core.clock import local_day, now
from core.database import dialect, lock, rows, transaction, write
from core.errors import Conflict, NotFound
from core.i18n import _
from core.refs import Ref
from customers import segments
from customers.timeline import primary_account, record
from customers.touches import reserve_touch, room
from guides import published, serving, sights
from guides.deciding import Been, Live, is_continued, refusal
from guides.hosts import Host, host_of
from guides.jobs import look_for_places
from guides.models import POINTING
from guides.serving import Asked, Known
from guides.surveys import answer


class Claimed(Asked):
    """The body of a claim: which guide, the hash of the content that would be shown, and what step was found where."""

    guide: str = ""
    hash: str = ""
    step: int = 1
    page: str = ""


class Happened(Asked):
    """What became of a view. `step` counts from 1; `item` is a checklist's."""

    view: str = ""
    what: Literal["dismissed", "completed", "clicked", "step", "item", "answered"] = "dismissed"
    step: int = 1
    item: int = 0
    score: int = -1
    comment: str = ""
    page: str = ""


class Missed(Asked):
    guide: str = ""
    step: int = 1
    page: str = ""


class NotNow(Conflict):
    """The claim is refused; `reason` is one of guides.words.REASONS."""

    def __init__(self, reason: str) -> None:
        super().__init__(_("This guide is not shown now."))
        self.reason = reason


async def person_of(asked: Asked, origin: str | None) -> tuple[Host, Known]:
    host = await host_of(asked.key, origin)
    person = await serving.known(host, asked.token)
    if person is None:
        raise NotFound(_("There is no such person."))
    return host, person


async def claim(raw: bytes, origin: str | None) -> dict[str, Any]:
    """Grant one view, exactly within caps, gaps and the budget of attention; raises NotNow."""
    asked: Claimed = serving.parsed(raw, Claimed)
    host, person = await person_of(asked, origin)
    guide = await published.one(asked.guide[:64].replace("\x00", ""), host.brand)
    if guide is None or guide.state not in ("live", "pilot"):
        raise NotNow("not_live")
    if asked.hash not in guide.contents.values():
        raise NotNow("changed")
    is_member = guide.segment_id is None or guide.is_pilot or await segments.is_in(guide.segment_id, person.id)
    account = await primary_account(person.id)
    locale = next(one for one, name in guide.contents.items() if name == asked.hash)
    async with transaction():
        await lock(f"guides:{person.id}")
        granted = await _grant(host, guide, person.id, account, locale, is_member)
        if guide.kind in POINTING:
            await sights.note(guide.id, person.id, asked.step, asked.page, is_found=True)
    if isinstance(granted, str):  # said after the commit: who was held back is written down
        raise NotNow(granted)
    return granted


async def _grant(host: Host, guide: Live, person_id: int, account: int | None, locale: str,
                 is_member: bool) -> dict[str, Any] | str:  # fmt: skip
    """What the browser gets; or why not, where that is to be remembered."""
    seen, moment = await seen_by(person_id), published.moment()
    if reason := refusal(guide, person_id, is_member, seen, host.gaps, moment):
        raise NotNow(reason)
    been = seen.get(guide.id)
    if is_continued(been, moment):
        return await _continued(guide, person_id)
    views = (been.views if been else 0) + 1
    kind = "survey" if guide.kind == "survey" else "guide"
    if views == 1 and guide.is_held_out(person_id):
        return await _hold_out(guide, person_id, kind)
    if (guide.kind != "checklist" or views == 1) and not await reserve_touch(
        person_id, "in_app", kind, f"guide:{guide.id}:{person_id}:{views}", about=Ref("guide", guide.id)
    ):
        return "budget"
    key = secrets.token_urlsafe(18)
    await write(
        "INSERT INTO guide_view (key, guide_id, person_id, account_id, revision, is_pilot, locale, started_at, step)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)",
        key, guide.id, person_id, account, guide.revision, guide.is_pilot, locale, now(),
    )  # fmt: skip
    await write(
        "INSERT INTO guide_seen (person_id, guide_id, kind, views, last_at, items) VALUES (?, ?, ?, 1, ?, ?)"
        " ON CONFLICT (person_id, guide_id) DO UPDATE SET views = guide_seen.views + 1, last_at = excluded.last_at,"
        " dismissed_at = NULL, completed_at = NULL",
        person_id, guide.id, guide.kind, now(), [],
    )  # fmt: skip
    await record(person_id, "guide.shown", account_id=account, channel="in_app", about=Ref("guide", guide.id),
                 key=f"guide.shown:{guide.id}:{person_id}:{views}", name=await _name(guide.id))  # fmt: skip
    return {"view": key, "items": await _items(guide, person_id)}


async def _hold_out(guide: Live, person_id: int, kind: str) -> str:
    """This very moment it would have been shown: what follows is compared with those to whom it was."""
    if not all(one.is_left for one in await room(person_id, "in_app", kind)):
        return "budget"
    await write(
        "INSERT INTO guide_seen (person_id, guide_id, kind, views, last_at, items, held_out_at)"
        " VALUES (?, ?, ?, 0, ?, ?, ?) ON CONFLICT (person_id, guide_id) DO NOTHING",
        person_id, guide.id, guide.kind, now(), [], now(),
    )  # fmt: skip
    return "held_out"


async def seen_by(person_id: int) -> dict[int, Been]:
    found = await rows("SELECT guide_id, kind, views, last_at, dismissed_at, completed_at, held_out_at FROM guide_seen"
                       " WHERE person_id = ?", person_id)  # fmt: skip
    return {row[0]: serving.been(*tuple(row)[1:]) for row in found}


async def _continued(guide: Live, person_id: int) -> dict[str, Any]:
    found = await rows("SELECT key FROM guide_view WHERE person_id = ? AND guide_id = ? ORDER BY id DESC LIMIT 1",
                       person_id, guide.id)  # fmt: skip
    await write("UPDATE guide_seen SET last_at = ? WHERE person_id = ? AND guide_id = ?", now(), person_id, guide.id)
    return {"view": found[0][0], "items": await _items(guide, person_id)}


async def _name(guide_id: int) -> str:
    return str((await rows("SELECT name FROM guide WHERE id = ?", guide_id))[0][0])


async def _items(guide: Live, person_id: int) -> list[int]:
    """What is done of a checklist: ticked in the browser, or done in the product by what it tracked."""
    if guide.kind != "checklist":
        return []
    found = await rows("SELECT g.steps, s.items FROM guide g LEFT JOIN guide_seen s ON s.guide_id = g.id"
                       " AND s.person_id = ? WHERE g.id = ?", person_id, guide.id)  # fmt: skip
    steps, done = (published._json(value) or [] for value in found[0])
    tracked = {str(row[0]) for row in await rows("SELECT metric FROM person_metric WHERE person_id = ? AND total > 0",
                                                 person_id)}  # fmt: skip
    return [step["id"] for step in steps if step["id"] in done or (step.get("event") and step["event"] in tracked)]


# What became of it -------------------------------------------------------------------------------------------


async def happened(raw: bytes, origin: str | None) -> None:
    """Keep what became of a view of this person. Told twice, it is kept once. Another's view does not exist."""
    said: Happened = serving.parsed(raw, Happened)
    _host, person = await person_of(said, origin)
    found = await rows("SELECT id, guide_id, account_id FROM guide_view WHERE key = ? AND person_id = ?",
                       said.view[:64].replace("\x00", ""), person.id)  # fmt: skip
    if not found:
        raise NotFound(_("There is no such view."))
    view, guide, account = (found[0][name] for name in ("id", "guide_id", "account_id"))
    async with transaction():
        await lock(f"guides:{person.id}")
        if said.what in ("dismissed", "completed"):
            await _close(view, guide, person.id, account, said.what)
        elif said.what == "clicked":
            await write("UPDATE guide_view SET clicked_at = ? WHERE id = ? AND clicked_at IS NULL", now(), view)
        elif said.what == "step":
            step = min(max(said.step, 1), 99)
            await write("UPDATE guide_view SET step = ? WHERE id = ? AND step < ?", step, view, step)
            await sights.note(guide, person.id, step, said.page, is_found=True)
        elif said.what == "item":
            await _tick(guide, person.id, said.item)
        else:
            await answer(view, guide, person.id, account, said.score, said.comment)
            await _close(view, guide, person.id, account, "completed")


async def _close(view: int, guide: int, person: int, account: int | None, what: str) -> None:
    """The first end of a view counts; the person's own row follows the newest view."""
    ended = await write(f"UPDATE guide_view SET {what}_at = ? WHERE id = ? AND dismissed_at IS NULL"
                        " AND completed_at IS NULL RETURNING id", now(), view)  # fmt: skip
    if not ended:
        return
    await write(
        f"UPDATE guide_seen SET {what}_at = ?, last_at = ? WHERE person_id = ? AND guide_id = ? AND NOT EXISTS"
        " (SELECT 1 FROM guide_view v WHERE v.person_id = ? AND v.guide_id = ? AND v.id > ?)",
        now(), now(), person, guide, person, guide, view,
    )  # fmt: skip
    await record(person, f"guide.{what}", account_id=account, channel="in_app", about=Ref("guide", guide),
                 key=f"guide.{what}:{view}", name=await _name(guide))  # fmt: skip


async def _tick(guide: int, person: int, item: int) -> None:
    found = await rows("SELECT g.steps, s.items FROM guide g JOIN guide_seen s ON s.guide_id = g.id"
                       " WHERE g.id = ? AND s.person_id = ? AND g.kind = 'checklist'", guide, person)  # fmt: skip
    if not found:
        return
    steps, items = (published._json(value) for value in found[0])
    if item in {step["id"] for step in steps} - set(items):
        await write("UPDATE guide_seen SET items = ? WHERE person_id = ? AND guide_id = ?", [*items, item], person,
                    guide)  # fmt: skip


async def missed(raw: bytes, origin: str | None) -> None:
    """A step's target was not on the page: counted by day for the report, and by visit, for the guide's own health."""
    said: Missed = serving.parsed(raw, Missed)
    host, person = await person_of(said, origin)
    guide = await published.one(said.guide[:64].replace("\x00", ""), host.brand)
    if guide is None:
        raise NotFound(_("There is no such guide."))
    day = local_day()
    async with transaction():
        await write(
            "INSERT INTO guide_miss (guide_id, step, day, count) VALUES (?, ?, ?, 1) ON CONFLICT (guide_id, step, day)"
            " DO UPDATE SET count = guide_miss.count + 1",
            guide.id, min(max(said.step, 1), 99), day if dialect() == "postgresql" else day.isoformat(),
        )  # fmt: skip
        await sights.note(guide.id, person.id, said.step, said.page, is_found=False)
        if guide.state == "live":
            await look_for_places.later(guide_id=guide.id, key=f"guide:{guide.id}")
