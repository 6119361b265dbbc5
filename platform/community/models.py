"""Boards and what is written on them."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from community.routing.models import Call, Invitation
from core.fields import Moment

__all__ = ["Call", "Invitation"]  # of this room too
BOARD_KINDS = ("question", "discussion", "idea", "announcement")
QUESTION = ("new", "needs_info", "answered", "accepted", "verified", "outdated")
IDEA = ("open", "reviewing", "planned", "shipped", "declined")


def to_person(related_name: str, *, null: bool = False) -> Any:
    """A person is never deleted, only erased to a tombstone, so what they wrote keeps its author."""
    return fields.ForeignKeyField(
        "customers.Person", related_name=f"community_{related_name}", null=null, on_delete=fields.RESTRICT
    )


class Board(Model):
    """A place to write. `audience` holds audience tokens ("public", "members", "account:7", "board:3"), spaced."""

    id = fields.BigIntField(primary_key=True)
    slug = fields.CharField(max_length=60, unique=True)
    name: Any = fields.JSONField(default=dict)  # by language: {"ja": "質問", "en": "Questions"}
    description: Any = fields.JSONField(default=dict)
    kind = fields.CharField(max_length=16, default="question")
    audience = fields.TextField(default="public")
    posting = fields.CharField(max_length=10, default="members")  # members, staff
    holds = fields.CharField(max_length=10, default="nobody")  # newcomers: their posts wait for approval
    calls_after = fields.IntField(default=4, db_default=4)  # hours without a reply until experts are asked; 0: never
    parent: Any = fields.ForeignKeyField("community.Board", related_name="children", null=True,
                                         on_delete=fields.SET_NULL)  # fmt: skip
    brand = fields.CharField(max_length=40, default="default")
    icon = fields.CharField(max_length=30, default="")
    position = fields.IntField(default=0)
    state = fields.CharField(max_length=10, default="open")  # open, archived
    thread_count = fields.IntField(default=0)  # visible threads
    created_at = Moment()

    parent_id: int | None

    class Meta:
        table = "board"
        indexes = [Index(fields=("position", "id"), name="board_position")]


class Thread(Model):
    """A title and its posts. Counters are of visible posts; `version` grows with all but replies and likes."""

    id = fields.BigIntField(primary_key=True)
    board: Any = fields.ForeignKeyField("community.Board", related_name="threads", on_delete=fields.RESTRICT)
    author: Any = to_person("threads")
    title = fields.CharField(max_length=200)
    lang = fields.CharField(max_length=8, default="ja")
    tags: Any = fields.JSONField(default=list)
    state = fields.CharField(max_length=8, default="open")  # open, closed
    status = fields.CharField(max_length=12, default="")  # of QUESTION or IDEA; else empty
    visibility = fields.CharField(max_length=8, default="visible")  # visible, held, hidden, deleted
    version = fields.IntField(default=1)
    next_number = fields.IntField(default=2)
    reply_count = fields.IntField(default=0)
    like_count = fields.IntField(default=0)
    vote_count = fields.IntField(default=0)
    view_count = fields.IntField(default=0)
    excerpt = fields.CharField(max_length=200, default="")
    accepted_post_id = fields.BigIntField(null=True)
    accepted_by_id = fields.BigIntField(null=True)
    accepted_at = Moment(null=True)
    first_reply_at = Moment(null=True)  # by somebody other than the asker
    last_post_at = Moment()
    last_poster: Any = to_person("last_posted_in", null=True)
    pinned_until = Moment(null=True)
    created_at = Moment()

    board_id: int
    author_id: int
    last_poster_id: int | None

    class Meta:
        table = "thread"
        indexes = [
            Index(fields=("board_id", "visibility", "last_post_at", "id"), name="thread_board_latest"),
            Index(fields=("visibility", "last_post_at", "id"), name="thread_latest"),
            Index(fields=("author_id", "last_post_at", "id"), name="thread_author"),
        ]


class ThreadTag(Model):
    """A tag of a thread, to find threads by it."""

    id = fields.BigIntField(primary_key=True)
    thread: Any = fields.ForeignKeyField("community.Thread", related_name="tag_rows", on_delete=fields.CASCADE)
    tag = fields.CharField(max_length=40)

    class Meta:
        table = "thread_tag"
        unique_together = (("thread", "tag"),)
        indexes = [Index(fields=("tag", "thread_id"), name="thread_tag_tag")]


class Post(Model):
    """What one person wrote: number 1 opens the thread. `html` is `body` rendered and cleaned, once."""

    id = fields.BigIntField(primary_key=True)
    thread: Any = fields.ForeignKeyField("community.Thread", related_name="posts", on_delete=fields.CASCADE)
    number = fields.IntField()
    author: Any = to_person("posts")
    body = fields.TextField()
    html = fields.TextField()
    lang = fields.CharField(max_length=8, default="ja")
    state = fields.CharField(max_length=8, default="visible")  # visible, held, hidden, deleted
    reason = fields.CharField(max_length=40, default="")  # why it is not visible: of rules.REASONS
    like_count = fields.IntField(default=0)
    version = fields.IntField(default=1)
    digest = fields.CharField(max_length=32, default="")  # of the text, to know the same one again
    created_at = Moment()
    edited_at = Moment(null=True)

    thread_id: int
    author_id: int

    class Meta:
        table = "post"
        unique_together = (("thread", "number"),)
        indexes = [
            Index(fields=("author_id", "created_at"), name="post_author"),
            Index(fields=("created_at",), name="post_created"),
        ]


class PostRevision(Model):
    """The text before an edit."""

    id = fields.BigIntField(primary_key=True)
    post: Any = fields.ForeignKeyField("community.Post", related_name="revisions", on_delete=fields.CASCADE)
    version = fields.IntField()
    title = fields.CharField(max_length=200, default="")
    body = fields.TextField()
    edited_by: Any = to_person("revisions")
    created_at = Moment()

    class Meta:
        table = "post_revision"
        unique_together = (("post", "version"),)


class PostLike(Model):
    """'This helped', once per person."""

    id = fields.BigIntField(primary_key=True)
    post: Any = fields.ForeignKeyField("community.Post", related_name="likes", on_delete=fields.CASCADE)
    person: Any = to_person("likes")
    created_at = Moment()

    class Meta:
        table = "post_like"
        unique_together = (("post", "person"),)


class Vote(Model):
    """For an idea (capped per person), or 'I want to know too' on a question."""

    id = fields.BigIntField(primary_key=True)
    thread: Any = fields.ForeignKeyField("community.Thread", related_name="votes", on_delete=fields.CASCADE)
    person: Any = to_person("votes")
    created_at = Moment()

    class Meta:
        table = "thread_vote"
        unique_together = (("thread", "person"),)
        indexes = [Index(fields=("person_id",), name="thread_vote_person")]


class Flag(Model):
    """'Staff should look at this', with a kind; who flagged is for staff only."""

    id = fields.BigIntField(primary_key=True)
    post: Any = fields.ForeignKeyField("community.Post", related_name="flags", on_delete=fields.CASCADE)
    person: Any = to_person("flags")
    kind = fields.CharField(max_length=20)
    note = fields.CharField(max_length=500, default="")
    state = fields.CharField(max_length=10, default="open")  # open, agreed, rejected
    decided_by: Any = to_person("flags_decided", null=True)
    decided_at = Moment(null=True)
    created_at = Moment()

    class Meta:
        table = "flag"
        unique_together = (("post", "person"),)
        indexes = [Index(fields=("state", "post_id"), name="flag_state"),
                   Index(fields=("person_id", "created_at"), name="flag_person")]  # fmt: skip


class ReadState(Model):
    """How far one person has read one thread."""

    id = fields.BigIntField(primary_key=True)
    person: Any = to_person("read_threads")
    thread: Any = fields.ForeignKeyField("community.Thread", related_name="readers", on_delete=fields.CASCADE)
    last_number = fields.IntField(default=0)
    read_at = Moment()

    class Meta:
        table = "thread_read"
        unique_together = (("person", "thread"),)


class Follow(Model):
    """How closely a person follows a thread or a board."""

    id = fields.BigIntField(primary_key=True)
    person: Any = to_person("follows")
    about_kind = fields.CharField(max_length=10)  # thread, board
    about_id = fields.BigIntField()
    level = fields.CharField(max_length=10)  # muted, normal, tracking, watching
    created_at = Moment()

    class Meta:
        table = "follow"
        unique_together = (("person", "about_kind", "about_id"),)
        indexes = [Index(fields=("about_kind", "about_id", "level"), name="follow_about")]


class Draft(Model):
    """What is being written; an older sequence never overwrites a newer one."""

    id = fields.BigIntField(primary_key=True)
    person: Any = to_person("drafts")
    key = fields.CharField(max_length=60)  # new, reply:7
    sequence = fields.BigIntField(default=0)
    title = fields.CharField(max_length=200, default="")
    body = fields.TextField(default="")
    data: Any = fields.JSONField(default=dict)
    updated_at = Moment()

    class Meta:
        table = "draft"
        unique_together = (("person", "key"),)
        indexes = [Index(fields=("updated_at",), name="draft_updated")]


class ComposerKey(Model):
    """One form, one post: whoever sends the form twice is shown the first result."""

    id = fields.BigIntField(primary_key=True)
    person: Any = to_person("composer_keys")
    key = fields.CharField(max_length=64)
    thread_id = fields.BigIntField(null=True)
    post_id = fields.BigIntField(null=True)
    created_at = Moment()

    class Meta:
        table = "composer_key"
        unique_together = (("person", "key"),)
        indexes = [Index(fields=("created_at",), name="composer_key_created")]


class Point(Model):
    """The ledger of thanks: one row per reason, worth nothing once the reason is gone."""

    id = fields.BigIntField(primary_key=True)
    person: Any = to_person("points")
    kind = fields.CharField(max_length=40)  # of rules.POINTS
    key = fields.CharField(max_length=80, unique=True)
    points = fields.IntField()
    at = Moment()

    class Meta:
        table = "point"
        indexes = [Index(fields=("at", "kind", "person_id"), name="point_at"),
                   Index(fields=("person_id", "at"), name="point_person")]  # fmt: skip


class Moderation(Model):
    """What a moderator did, from what to what, so that it can be shown and undone."""

    id = fields.BigIntField(primary_key=True)
    at = Moment()
    actor: Any = to_person("moderations", null=True)  # nobody: what reports did by their weight
    grant_id = fields.BigIntField(null=True)
    action = fields.CharField(max_length=20)
    board: Any = fields.ForeignKeyField("community.Board", related_name="moderations", on_delete=fields.RESTRICT)
    thread: Any = fields.ForeignKeyField("community.Thread", related_name="moderations", on_delete=fields.CASCADE)
    post: Any = fields.ForeignKeyField("community.Post", related_name="moderations", null=True,
                                       on_delete=fields.CASCADE)  # fmt: skip
    before: Any = fields.JSONField(default=dict)
    after: Any = fields.JSONField(default=dict)
    version = fields.IntField()  # of the post, or of the thread, after it
    reason = fields.CharField(max_length=40, default="")
    note = fields.CharField(max_length=500, default="")
    undone_at = Moment(null=True)
    undone_by: Any = to_person("moderations_undone", null=True)

    class Meta:
        table = "moderation"
        indexes = [
            Index(fields=("actor_id", "action", "at"), name="moderation_actor"),
            Index(fields=("thread_id", "id"), name="moderation_thread"),
            Index(fields=("at", "id"), name="moderation_at"),
        ]


class Pause(Model):
    """Somebody may not write for a while, on one board or (no board) on all."""

    id = fields.BigIntField(primary_key=True)
    person: Any = to_person("pauses")
    board: Any = fields.ForeignKeyField("community.Board", related_name="pauses", null=True, on_delete=fields.CASCADE)
    until = Moment()
    reason = fields.CharField(max_length=40, default="")
    paused_by: Any = to_person("pauses_given", null=True)  # nobody: what reports did by their weight
    created_at = Moment()

    class Meta:
        table = "pause"
        indexes = [Index(fields=("person_id", "until"), name="pause_person")]
