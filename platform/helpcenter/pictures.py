"""Pictures in articles: for whoever reads the article, once a language that is published shows them."""

from __future__ import annotations

import msgspec

from core.database import rows
from core.markdown import Pictures
from core.media import Sight, holder
from core.pictures import ready
from core.principal import NOBODY, Principal
from core.refs import Ref
from helpcenter import policy

MOST = 60  # of one language: instructions show every step


async def pictures_of(body: str, by: int | None, article_id: int | None = None) -> Pictures:
    """Those that may stand in the text. Languages of one article share them."""
    return await ready(body, by, Ref("article", article_id) if article_id else None, most=MOST)


@holder("article", may="help.write")
async def may_see(who: Principal, article_id: int, key: str) -> Sight:
    """Who may write sees all of them, also of drafts and earlier revisions."""
    found = await rows("SELECT state, audience, brand FROM article WHERE id = ?", article_id)
    if not found:
        return ""
    bodies = await rows("SELECT body FROM article_translation WHERE article_id = ? AND published_at IS NOT NULL",
                        article_id)  # fmt: skip
    state, audience, brand = found[0]
    if any(key in row[0] for row in bodies):
        for reader, sight in ((msgspec.structs.replace(NOBODY, brand=who.brand), "public"), (who, "private")):
            if policy.may_read(reader, state=state, audience=audience.split(), brand=brand):
                return sight  # type: ignore[return-value]
    return "private" if policy.can_write(who) else ""
