"""Pictures in posts: who sees them is who reads the post, as it is now; drafts keep theirs."""

from __future__ import annotations

from community import policy, records
from core.database import rows
from core.errors import NotFound
from core.media import Sight, holder
from core.pictures import keys_in, still_wanted
from core.principal import NOBODY, Principal


@holder("post", may="community.post")
async def may_see(who: Principal, post_id: int, key: str) -> Sight:
    """What was taken out of the text, or with it, staff still see, as in its history."""
    try:
        post = await records.post(post_id)
        thread = await records.thread(post.thread_id)
        board = await records.board(thread.board_id)
    except NotFound:
        return ""
    if policy.can_see_deleted(who) and not (post.state == "visible" and key in post.body):
        return "private"
    if key not in post.body:
        return ""
    for reader, sight in ((NOBODY, "public"), (who, "private")):
        if policy.can_read(reader, board, thread) and policy.can_read_post(reader, board, post):
            return sight  # type: ignore[return-value]
    return ""


@still_wanted
async def in_drafts(owners: list[int]) -> set[str]:
    found = await rows(f"SELECT body FROM draft WHERE person_id IN ({', '.join('?' * len(owners))})", *owners)
    return {key for row in found for key in keys_in(row["body"])}
