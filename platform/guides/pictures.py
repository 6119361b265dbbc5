"""Pictures in guides: whoever gets the guide is nobody we know, so what a browser may be given is for everybody."""

from __future__ import annotations

from core.database import rows
from core.media import Sight, holder
from core.principal import Principal
from guides import policy


@holder("guide", may="guides.write")
async def may_see(who: Principal, guide_id: int, key: str) -> Sight:
    """Public once it is in a document that was tried or shown: its hash is its right. Until then, for who writes."""
    frozen = await rows("SELECT body FROM guide_content WHERE guide_id = ?", guide_id)
    if any(key in row[0] for row in frozen):
        return "public"
    return "private" if policy.can_write(who) else ""
