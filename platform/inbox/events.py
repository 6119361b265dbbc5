"""Facts of the inbox."""

from __future__ import annotations

from core.events import Event


class MessageReceived(Event, frozen=True):
    """A customer wrote. `epoch` is the conversation's at that moment: who owned it then."""

    conversation_id: int
    message_id: int
    epoch: int


class ReplyWritten(Event, frozen=True):
    """A member of staff answered; whoever knows the channel sends it."""

    conversation_id: int
    message_id: int


class ConversationWaiting(Event, frozen=True):
    """A human is needed. `reason`: high_tier, claims_account, asked, serious, unsure, not_solved, attachment, …"""

    conversation_id: int
    epoch: int
    reason: str


class ConversationTaken(Event, frozen=True):
    conversation_id: int
    owner_id: int
    epoch: int


class ConversationResolved(Event, frozen=True):
    """`by_staff` is false when the customer said that the bot's answer helped."""

    conversation_id: int
    by_staff: bool


class ConversationHandedBack(Event, frozen=True):
    conversation_id: int
    epoch: int


class SuggestionRefused(Event, frozen=True):
    """What a bot on trial would have answered was no good. `reason`: wrong, outdated, incomplete, tone, person."""

    message_id: int
    query_key: str
    reason: str
