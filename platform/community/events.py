"""Facts of the community, told upward."""

from __future__ import annotations

from core.events import Event


class ThreadPublished(Event, frozen=True):
    thread_id: int
    board_id: int
    author_id: int


class PostReplied(Event, frozen=True):
    post_id: int
    thread_id: int
    author_id: int


class PostEdited(Event, frozen=True):
    post_id: int
    thread_id: int


class AnswerAccepted(Event, frozen=True):
    thread_id: int
    post_id: int
    accepted_by: int


class AnswerWithdrawn(Event, frozen=True):
    """An acceptance was taken back."""

    thread_id: int
    post_id: int


class PostHidden(Event, frozen=True):
    post_id: int
    thread_id: int
    reason: str


class PostShown(Event, frozen=True):
    """A hidden or held post is visible (again)."""

    post_id: int
    thread_id: int


class PostDeleted(Event, frozen=True):
    post_id: int
    thread_id: int


class PostFlagged(Event, frozen=True):
    post_id: int
    thread_id: int
    kind: str


class ThreadMoved(Event, frozen=True):
    thread_id: int
    from_board_id: int
    to_board_id: int


class IdeaDecided(Event, frozen=True):
    thread_id: int
    status: str


class PersonPaused(Event, frozen=True):
    person_id: int
    board_id: int | None
    paused_by: int
