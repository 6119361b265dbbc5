"""Pictures of a newsletter: at an address that anybody may open, because a mail program has no session.

They belong to the campaign as soon as they are sent, whether its body names them yet or not, and live as long as it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from campaigns import policy
from campaigns.models import Campaign
from core.audit import audit
from core.context import current_principal
from core.database import rows, transaction
from core.errors import Refused
from core.i18n import _
from core.markdown import Pictures, Sized
from core.media import Sight, holder
from core.pages import absolute
from core.pictures import attach, send
from core.policy import ensure
from core.principal import Principal
from core.refs import Ref

MOST = 60
WIDEST = 600  # pixels of a mail's body


class Line(msgspec.Struct, frozen=True):
    """One of them, for the page: `markup` is what the writer puts into the body."""

    id: int
    name: str
    path: str
    width: int
    height: int
    markup: str


@holder("campaign", may="campaigns.write")
async def may_see(_who: Principal, campaign_id: int, _key: str) -> Sight:
    return "public" if await rows("SELECT 1 FROM campaign WHERE id = ?", campaign_id) else ""


async def pictures_of(campaign: Campaign) -> list[Line]:
    """Of a campaign that the one who asks has found."""
    found = await rows("SELECT id, key, name, width, height, small_width FROM media WHERE holder = ? ORDER BY id",
                       str(Ref("campaign", campaign.id)))  # fmt: skip
    return [_line(row) for row in found]


def _line(row: Any) -> Line:
    id, key, name, width, height, small = row
    path = f"/media/small/{key}" if small else f"/media/{key}"  # twice the width of a mail is enough
    markup = f'<mj-image src="{absolute(path)}" alt="" width="{min(width, WIDEST - 50)}px" />'
    return Line(id, name, path, width, height, markup)


async def add_picture(campaign: Campaign, data: bytes, name: str) -> None:
    """Raises Refused for what is no picture, for too many, and for a campaign that does not change any more."""
    who = current_principal()
    ensure(policy.can_write(who))
    if not campaign.can_change:
        raise Refused(_("What is scheduled or sent does not change any more."))
    if len(await pictures_of(campaign)) >= MOST:
        raise Refused(_("A text may hold at most %(n)s pictures.", n=MOST))
    kept = await send(data, name)
    about = Ref("campaign", campaign.id)
    async with transaction():
        one = Sized(kept.key, kept.width or 1, kept.height or 1, kept.small_width or 0)
        await attach(about, Pictures((one,)), who.person_id)
        await audit("campaign.picture", about, after={"name": kept.name})
