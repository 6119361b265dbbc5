"""The topics a person can receive, per channel: what /me/contact offers and an import's consent covers."""

from __future__ import annotations

import msgspec

from core.context import here
from core.database import rows
from core.i18n import lazy
from customers.models import Topic

CHANNELS = ("email", "line", "slack", "in_app")
DEFAULT = "newsletter"


class Offer(msgspec.Struct, frozen=True):
    """`slug` is the consent's topic."""

    slug: str
    name_ja: str
    name_en: str
    channels: tuple[str, ...] = CHANNELS
    description: lazy | str = ""
    is_given: bool = False  # without a choice

    @property
    def name(self) -> str:
        return self.name_ja if here().language == "ja" else self.name_en


# No topic of ours to write about, but a choice of its own: without it, links of mails are counted and nobody is named.
TRACKING = Offer(
    "tracking", "開いたリンクの記録", "Links that you open", ("email", "line"),
    lazy("May we keep which links of our messages you open? Otherwise we only count how often each is opened."),
)  # fmt: skip

# The answer to one's own question: it comes unless somebody says no.
CHAT_REPLIES = Offer(
    "chat_replies", "チャットの未読の返信", "Unread replies of the chat", ("email",),
    lazy("When a reply in the chat is not read within a few minutes, it comes by mail."), is_given=True,
)  # fmt: skip


async def choices() -> list[Offer]:
    """What a person decides: every topic on offer, whether the links they open are kept, replies of the chat."""
    return [*await offered(), TRACKING, CHAT_REPLIES]


async def offered() -> list[Offer]:
    """Every topic that needs consent, in order; what is transactional is not a choice."""
    found = await Topic.filter(is_transactional=False).order_by("position", "id")
    return [Offer(one.slug, one.name_ja, one.name_en) for one in found]


async def slugs() -> list[str]:
    """What a plain yes in a file means: all of them, or `newsletter` while there is none."""
    return [offer.slug for offer in await offered()] or [DEFAULT]


async def channels_of(person_id: int) -> tuple[str, ...]:
    """The channels this person has: an address there, and the product itself."""
    found = await rows("SELECT DISTINCT kind FROM identity WHERE person_id = ?", person_id)
    known = {row[0] for row in found} | {"in_app"}
    return tuple(channel for channel in CHANNELS if channel in known)
