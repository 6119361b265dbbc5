"""A second way out for the worker: the messages of one LINE channel, and what LINE's answers mean for the ledger."""

from __future__ import annotations

from typing import Any

import msgspec

from campaigns.claims import KEY_HOLDS, Place
from campaigns.compose import common_values
from campaigns.line.content import Templates, messages_of
from campaigns.models import Campaign, Revision, Step
from campaigns.outgoing import addresses, values_for, who_may_be_seen
from channels import connections, line
from channels.outcomes import MonthlyLimit, NotAccepted, TryLater, Unclear
from channels.senders import MailAccount, sender_of
from channels.smtp import Outcome
from core.clock import now, when
from core.errors import NotFound
from customers import blocking

WIDTH = 10  # pushes at once over one channel
RATE = 100.0  # a second, for each process; LINE allows 2,000, and `rate` of the connection's settings changes it
GONE = "line_removed"
NOBODY = "failed to send messages"  # LINE's word for a user id that it does not know (any more)


class LineMessage(msgspec.Struct, frozen=True):
    """The messages for one recipient. LINE makes the name of a message, so it has none before."""

    recipient: str
    messages: list[dict[str, Any]]
    key: str
    message_id: str = ""


class LinePress:
    """Makes the messages of one step for one LINE channel."""

    def __init__(self, campaign: Campaign, connection_id: int, templates: Templates, common: dict[str, Any],
                 links: dict[str, str]) -> None:  # fmt: skip
        self.campaign, self.templates, self.links = campaign, templates, links
        self.place = Place("line", connection_id)
        self.common = common | {"link": links.__getitem__}
        self.tracked: set[int] = set()

    @classmethod
    async def open(cls, step: Step, campaign: Campaign, connection_id: int) -> LinePress:
        revision = await Revision.get(id=step.revision_id)
        common = common_values(await sender_of(campaign.brand))
        links = await addresses(revision.id, campaign.tracking)
        return cls(campaign, connection_id, Templates(messages_of(revision.line)), common, links)

    async def look_up(self, claimed: list[Any]) -> None:
        if self.campaign.tracking == "individual" and claimed:
            self.tracked = await who_may_be_seen(claimed, "line")

    def letter(self, row: Any) -> LineMessage:
        """Raises campaigns.language.Missed or TooMuch."""
        values = values_for(row, self.common, self.links, is_seen=row["person_id"] in self.tracked)
        return LineMessage(row["line_user"], self.templates.render(values), row["key"])

    async def close_address(self, address: str, reason: str) -> None:
        await blocking.blocked(self.place.connection or 0, address, reason)

    def may_repeat(self, row: Any, attempt: int) -> bool:
        """With the same key LINE takes it once, however often: as long as it knows the key."""
        first = when(row["tried_at"])
        return first is None or now() - first < KEY_HOLDS


class LineOut:
    """Pushes of one channel. What became of one is an Outcome, never an exception."""

    width = WIDTH

    def __init__(self, connection_id: int) -> None:
        self.connection_id = connection_id

    async def send(self, letter: LineMessage, may_still: Any = None) -> Outcome:
        if may_still is not None and not may_still():
            return Outcome("retry", "", "lease")
        try:
            if why := await self._closed():
                return Outcome("refused", why) if why == GONE else Outcome("retry", why, "connect")
            delivered = await line.push(self.connection_id, letter.recipient, letter.messages, key=letter.key)
        except NotFound:
            return Outcome("refused", GONE)
        except MonthlyLimit:
            return Outcome("retry", "line_month", "month")
        except TryLater as later:
            if later.reason == line.UNREACHABLE:
                return Outcome("retry", "line_away", "connect")
            return Outcome("retry", later.reason, "rate", seconds=later.seconds)
        except Unclear as unclear:
            return Outcome("uncertain", unclear.reason)
        except NotAccepted as refused:
            return _refused(refused)
        return Outcome("sent", name=delivered.external_id)

    async def _closed(self) -> str:
        known = next((one for one in await connections.all_of("line") if one.id == self.connection_id), None)
        return GONE if known is None else "" if known.is_active else "line_closed"

    async def close(self) -> None:
        return None


class Gone(Outcome, frozen=True):
    """LINE knows nobody of this id: they left LINE, or the id is another provider's."""

    @property
    def is_dead_address(self) -> bool:
        return True


def _refused(refused: NotAccepted) -> Outcome:
    said = refused.reason.lower()
    if NOBODY in said or "not a friend" in said:
        return Gone("refused", "line_gone")
    if refused.word in ("401", "403"):  # of us, not of a person
        return Outcome("retry", refused.reason, "auth")
    return Outcome("refused", refused.reason)


async def account_of(connection_id: int) -> MailAccount:
    """How fast: the rate of the connection's settings."""
    try:
        known = await connections.by_id(connection_id)
    except NotFound:
        return MailAccount(rate=RATE)
    return MailAccount(rate=float(known.settings.get("rate") or RATE))
