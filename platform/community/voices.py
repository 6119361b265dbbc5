"""Posts as voices for requests: what was said, where, and what an idea does when its request is decided."""

from __future__ import annotations

from community import policy, records, telling
from community.actions.answers import follow_request
from community.plain import plain
from core.context import current_principal
from core.database import rows, transaction
from core.errors import NotFound
from core.i18n import lazy
from core.principal import Principal
from customers import timeline
from customers.models import Decision
from customers.requests import sources
from customers.requests import telling as requests
from customers.requests.sources import Said
from customers.requests.voices import LONGEST


async def said(post_id: int) -> Said | None:
    """Number 1 speaks with the thread's title. What staff wrote is nobody's."""
    who = current_principal()
    try:
        post = await records.post(post_id)
        thread = await records.thread(post.thread_id)
    except NotFound:
        return None
    board = await records.board(thread.board_id)
    if not policy.can_read(who, board, thread) or not policy.can_read_post(who, board, post):
        return None
    words = plain(post.html, LONGEST)
    quote = f"{thread.title}\n{words}"[:LONGEST] if post.number == 1 else words
    found = await rows("SELECT 1 FROM person WHERE id = ? AND kind = 'customer' AND state = 'active'", post.author_id)
    person = post.author_id if found else None
    account = await timeline.primary_account(person) if person else None
    return Said(quote, post.created_at, post.path, person, account)


async def links(ids: list[int]) -> dict[int, str]:
    """Only of what the reader may read."""
    found = {}
    for id in ids:
        if one := await said(id):
            found[id] = one.href
    return found


async def follow(decision: Decision) -> None:
    """Idea threads behind the request take its status over; their voters are told what the others are told, in the
    transaction that changes it. Where the idea stood so already, its voters have heard."""
    found = await rows(
        "SELECT DISTINCT t.id FROM voice v JOIN post p ON p.id = v.source_id JOIN thread t ON t.id = p.thread_id"
        " JOIN board b ON b.id = t.board_id WHERE v.request_id = ? AND v.source_kind = 'post' AND p.number = 1"
        " AND b.kind = 'idea' AND t.visibility = 'visible' ORDER BY t.id", decision.request_id,
    )  # fmt: skip
    who = Principal(person_id=decision.by_id)
    for row in found:
        async with transaction():
            await records.hold_thread(int(row[0]))
            if not await requests.is_newest(decision):
                return  # that one has its own job, and an older one must not come after it
            if await follow_request(who, int(row[0]), decision.status):
                await telling.of_request(int(row[0]), decision)


sources.register("post", sources.Source(lazy("Community"), said, links, follow))
