"""Facts of the bots."""

from __future__ import annotations

from core.events import Event


class QuestionAnswered(Event, frozen=True):
    """The bot queued an answer to a customer's message."""

    message_id: int
    query_key: str


class QuestionUnanswered(Event, frozen=True):
    """Nothing that this customer may read answers it: a gap for whoever writes articles."""

    message_id: int
    query_key: str
