"""What newcomers may not yet do, and the same text twice: asked inside the transaction that holds the person."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from community import policy, rules
from community.records import BoardRow
from community.writing import Written
from core.clock import now, when
from core.database import rows
from core.errors import Conflict, Refused, TooMany
from core.i18n import _
from core.principal import Principal


class Writer(msgspec.Struct, frozen=True):
    """What a person has written so far."""

    posts: int  # visible ones, counted up to NEWCOMER_POSTS
    first_at: datetime | None

    @property
    def is_new(self) -> bool:
        return self.posts < rules.NEWCOMER_POSTS

    @property
    def is_first_day(self) -> bool:
        return self.first_at is None or self.first_at + rules.FIRST_DAY > now()


async def writer(person_id: int) -> Writer:
    found = await rows(
        "SELECT COUNT(*), MIN(created_at) FROM (SELECT created_at FROM post WHERE author_id = ? AND state = 'visible'"
        " ORDER BY created_at LIMIT ?) AS first_posts",
        person_id, rules.NEWCOMER_POSTS,
    )  # fmt: skip
    return Writer(int(found[0][0]), when(found[0][1]))


async def refuse_paused(person_id: int, board: BoardRow) -> None:
    found = await rows(
        "SELECT until, paused_by_id FROM pause WHERE person_id = ? AND until > ? AND (board_id IS NULL OR board_id = ?)"
        " ORDER BY paused_by_id IS NULL, id",
        person_id, now(), board.id,
    )  # fmt: skip
    if found and found[0][1] is None:
        raise Refused(_("You can write here again later: several people reported what you wrote."))
    if found:
        raise Refused(_("You can write here again later: a moderator asked you to pause."))


async def refuse_excess(who: Principal, board: BoardRow, text: Written, *, is_thread: bool) -> Writer:
    """Raises TooMany, Refused or Conflict. Staff and ambassadors of the board are trusted with speed and links."""
    assert who.person_id is not None
    await refuse_same_text(who.person_id, text.digest)
    found = await writer(who.person_id)
    if policy.moderates(who, board) or not (found.is_new or found.is_first_day):
        return found
    if found.is_new:
        refuse_links(text)
        await _refuse_haste(who.person_id, is_thread)
    if found.is_first_day:
        await _refuse_flood(who.person_id, is_thread)
    return found


def refuse_links(text: Written) -> None:
    if text.links > rules.NEWCOMER_LINKS:
        raise Refused(_("Your first posts may hold %(most)s links.", most=rules.NEWCOMER_LINKS))
    if text.images > rules.NEWCOMER_IMAGES:
        raise Refused(_("Your first posts may hold one picture."))
    if len(text.mentions) > rules.NEWCOMER_MENTIONS:
        raise Refused(_("Your first posts may mention %(most)s people.", most=rules.NEWCOMER_MENTIONS))


async def refuse_same_text(person_id: int, digest: str) -> None:
    if await rows("SELECT 1 FROM post WHERE author_id = ? AND created_at > ? AND digest = ? LIMIT 1",
                  person_id, now() - rules.SAME_TEXT, digest):  # fmt: skip
        raise Conflict(_("You posted the same text a moment ago."))


async def _refuse_haste(person_id: int, is_thread: bool) -> None:
    wait = rules.BETWEEN_THREADS if is_thread else rules.BETWEEN_REPLIES
    last = await _latest(person_id, is_thread)
    if last is not None and last + wait > now():
        seconds = max(1, int((last + wait - now()).total_seconds()))
        raise TooMany(_("Wait %(seconds)s seconds before you post again.", seconds=seconds), seconds)


async def _refuse_flood(person_id: int, is_thread: bool) -> None:
    most = rules.FIRST_DAY_THREADS if is_thread else rules.FIRST_DAY_REPLIES
    since = now() - timedelta(days=1)
    found = await rows(
        f"SELECT COUNT(*) FROM post WHERE author_id = ? AND created_at > ? AND number {'=' if is_thread else '>'} 1",
        person_id, since,
    )  # fmt: skip
    if found[0][0] >= most:
        raise TooMany(_("That is all for your first day. You can write more tomorrow."), 3600)


async def _latest(person_id: int, is_thread: bool) -> datetime | None:
    found = await rows(
        f"SELECT MAX(created_at) FROM post WHERE author_id = ? AND number {'=' if is_thread else '>'} 1", person_id
    )
    return when(found[0][0])
