"""Notices of the community that leave the house: who may still read it, and what was written."""

from __future__ import annotations

import re
from collections.abc import Sequence

from community import policy, records
from community.records import PostRow, ThreadRow
from core.clock import now, when
from core.database import rows
from core.errors import NotFound
from core.markdown import excerpt
from core.principal import Principal
from customers.models import Notice
from customers.noticing.groups import Standing, stands

TEXT = 300
NUMBER = re.compile(r"#post-(\d+)$")
# What was written is told with these; the others speak of the thread.
OF_A_POST = {"community.thread", "community.replied", "community.answered", "community.mentioned",
             "community.accepted", "community.solved"}  # fmt: skip
CALLS = {"community.called", "community.waiting"}  # for an answer: moot as soon as there is one
FOLLOWED = {"community.replied", "community.answered", "community.solved", "community.idea"}


@stands("thread")
async def threads(reader: Principal, found: Sequence[Notice]) -> dict[int, Standing]:
    """What they may read now, and did not mute meanwhile."""
    told: dict[int, Standing] = {}
    for thread_id in dict.fromkeys(one.about_id for one in found):
        try:
            thread = await records.thread(thread_id)
        except NotFound:
            continue
        board = await records.board(thread.board_id)
        if not policy.can_read(reader, board, thread):
            continue
        is_muted = await _is_muted(reader, thread_id)
        for one in (notice for notice in found if notice.about_id == thread_id):
            if (one.kind in FOLLOWED and is_muted) or (one.kind in CALLS and not _still_waits(thread)):
                continue
            post = await _post(thread, one) if one.kind in OF_A_POST else None
            if one.kind not in OF_A_POST or (post and post.state == "visible"):
                told[one.id] = Standing(excerpt(post.body, TEXT) if post else "", brand=board.brand)
    return told


def _still_waits(thread: ThreadRow) -> bool:
    return thread.first_reply_at is None and thread.state == "open" and thread.visibility == "visible"


async def _post(thread: ThreadRow, notice: Notice) -> PostRow | None:
    number = NUMBER.search(notice.url)
    found = await rows("SELECT id FROM post WHERE thread_id = ? AND number = ?", thread.id,
                       int(number[1]) if number else 1)  # fmt: skip
    return await records.post(int(found[0][0])) if found else None


async def _is_muted(reader: Principal, thread_id: int) -> bool:
    return bool(await rows("SELECT 1 FROM follow WHERE person_id = ? AND about_kind = 'thread' AND about_id = ?"
                           " AND level = 'muted'", reader.person_id, thread_id))  # fmt: skip


@stands("pause")
async def pauses(reader: Principal, found: Sequence[Notice]) -> dict[int, Standing]:
    """While it lasts, and the one who is paused."""
    told = {}
    for one in found:
        pause = await rows("SELECT until FROM pause WHERE id = ? AND person_id = ?", one.about_id, reader.person_id)
        until = when(pause[0][0]) if pause else None
        if until and until > now():
            told[one.id] = Standing()
    return told
