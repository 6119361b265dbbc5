"""Facts of the help centre, told upward."""

from __future__ import annotations

from core.events import Event


class ArticlePublished(Event, frozen=True):
    """An article can be read: for the first time, again, or in one more language."""

    article_id: int


class ArticleChanged(Event, frozen=True):
    """The words, place or audience of a published article changed."""

    article_id: int


class ArticleWithdrawn(Event, frozen=True):
    """An article cannot be read any more: back to draft, or archived."""

    article_id: int


class ArticleRated(Event, frozen=True):
    article_id: int
    feedback_id: int
    is_helpful: bool


class GapAnswered(Event, frozen=True):
    gap_id: int
    article_id: int
