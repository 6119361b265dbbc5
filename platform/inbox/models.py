"""Conversations, what was said in them, what is to be sent, who owned them when."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment

STATES = ("bot", "waiting", "human", "resolved")
SENDERS = ("person", "bot", "staff", "note", "fact")


class Conversation(Model):
    """One customer and us, over all channels. Every change of ownership raises `epoch`.

    `customer_key` is `person:7`, or the address of somebody not known yet (`line:U…`, `slack:T…:U…`): at most one
    conversation of a key is open. Channel, connection and address are those of the last message that came in.
    """

    id = fields.BigIntField(primary_key=True)
    customer_key = fields.CharField(max_length=200)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="conversations", null=True,
                                         on_delete=fields.SET_NULL)  # fmt: skip
    account: Any = fields.ForeignKeyField("customers.Account", related_name="conversations", null=True,
                                          on_delete=fields.SET_NULL)  # fmt: skip
    name = fields.CharField(max_length=160, default="")  # what the channel calls somebody who is not linked
    lang = fields.CharField(max_length=8, default="ja")
    brand = fields.CharField(max_length=40, default="default")
    state = fields.CharField(max_length=10, default="bot")
    owner: Any = fields.ForeignKeyField("customers.Person", related_name="conversations_owned", null=True,
                                        on_delete=fields.SET_NULL)  # fmt: skip
    epoch = fields.IntField(default=1)
    bot_since: datetime = Moment()  # the bot answers only what was asked later
    unsure = fields.IntField(default=0)  # low-confidence turns in a row
    channel = fields.CharField(max_length=12)  # line, slack, web
    connection: Any = fields.ForeignKeyField("channels.Connection", related_name="conversations", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    address: Any = fields.JSONField(default=dict)  # where an answer goes: {"to": "U…"} or {"channel": …, "thread": …}
    reply_token = fields.CharField(max_length=120, default="")
    reply_token_at: datetime | None = Moment(null=True)
    priority = fields.IntField(default=0)  # 1: before the others
    labels: Any = fields.JSONField(default=list)
    waiting_since: datetime | None = Moment(null=True)
    waiting_reason = fields.CharField(max_length=24, default="")
    sla_due_at: datetime | None = Moment(null=True)
    escalation = fields.IntField(default=0)
    first_response_at: datetime | None = Moment(null=True)
    snoozed_until: datetime | None = Moment(null=True)
    summary: Any = fields.JSONField(default=dict)
    preview = fields.CharField(max_length=160, default="")
    message_count = fields.IntField(default=0)
    customer_read = fields.IntField(default=0, db_default=0)  # on the web: the last number that they saw
    last_inbound_at: datetime | None = Moment(null=True)
    last_message_at: datetime = Moment()
    resolved_at: datetime | None = Moment(null=True)
    version = fields.IntField(default=1)  # grows with every change: what live pages know
    changed_at: datetime | None = Moment(null=True)  # of that version
    created_at: datetime = Moment()

    person_id: int | None
    account_id: int | None
    owner_id: int | None
    connection_id: int | None

    class Meta:
        table = "conversation"
        indexes = [
            Index(fields=("state", "priority", "sla_due_at", "id"), name="conversation_state"),
            Index(fields=("owner_id", "state"), name="conversation_owner"),
            Index(fields=("person_id", "id"), name="conversation_person"),
            Index(fields=("account_id", "state"), name="conversation_account"),
            Index(fields=("customer_key", "id"), name="conversation_key"),
            Index(fields=("last_message_at", "id"), name="conversation_last"),
            Index(fields=("changed_at",), name="conversation_changed"),
        ]

    @property
    def is_open(self) -> bool:
        return self.state != "resolved"


class Message(Model):
    """One thing said (or noted, or that happened) in a conversation; `at` is the source's own time."""

    id = fields.BigIntField(primary_key=True)
    conversation: Any = fields.ForeignKeyField("inbox.Conversation", related_name="messages", on_delete=fields.CASCADE)
    number = fields.IntField()
    sender = fields.CharField(max_length=8)  # SENDERS
    author: Any = fields.ForeignKeyField("customers.Person", related_name="messages_written", null=True,
                                         on_delete=fields.SET_NULL)  # fmt: skip
    body = fields.TextField(default="")
    data: Any = fields.JSONField(default=dict)  # kind, attachments, candidates, confidence, what a fact says
    channel = fields.CharField(max_length=12, default="")
    arrival_id = fields.BigIntField(null=True, unique=True)
    origin = fields.CharField(max_length=200, null=True, unique=True)  # the platform's own id of the message
    epoch = fields.IntField(default=0)
    state = fields.CharField(max_length=10, default="shown")  # shown, taken_back
    at: datetime = Moment()
    created_at: datetime = Moment()

    conversation_id: int
    author_id: int | None

    class Meta:
        table = "message"
        unique_together = (("conversation", "number"),)
        indexes = [Index(fields=("conversation_id", "at", "id"), name="message_at")]


class Outgoing(Model):
    """The ledger of what leaves: one row per message, one final state, a reason.

    `needs` is the state that the conversation must be in, at this epoch, when the send is claimed: `bot` for a bot's
    answer, `waiting` for a notice of the hand-over, empty for a human reply.
    """

    id = fields.BigIntField(primary_key=True)
    message: Any = fields.OneToOneField("inbox.Message", related_name="outgoing", on_delete=fields.CASCADE)
    conversation: Any = fields.ForeignKeyField("inbox.Conversation", related_name="outgoing", on_delete=fields.CASCADE)
    key = fields.CharField(max_length=120, unique=True)
    channel = fields.CharField(max_length=12)
    connection_id = fields.BigIntField(null=True)
    address: Any = fields.JSONField(default=dict)
    content: Any = fields.JSONField(default=dict)  # what a channel needs beyond the words: buttons, link
    needs = fields.CharField(max_length=10, default="")
    epoch = fields.IntField(default=0)
    state = fields.CharField(
        max_length=10, default="queued"
    )  # queued, held, sending, sent, failed, uncertain, cancelled
    way = fields.CharField(max_length=10, default="")  # reply, push, post, shown
    reply_token = fields.CharField(max_length=120, default="")
    reply_token_at: datetime | None = Moment(null=True)
    reason = fields.CharField(max_length=300, default="")
    attempts = fields.IntField(default=0)
    due_at: datetime = Moment()
    lease_until: datetime | None = Moment(null=True)
    external_id = fields.CharField(max_length=120, default="")
    created_at: datetime = Moment()
    finished_at: datetime | None = Moment(null=True)

    message_id: int
    conversation_id: int

    class Meta:
        table = "outgoing"
        indexes = [
            Index(fields=("conversation_id", "state", "id"), name="outgoing_conversation"),
            Index(fields=("state", "due_at"), name="outgoing_state"),
        ]


class Ownership(Model):
    """Who had the conversation from which epoch on, and why: the history of assignments."""

    id = fields.BigIntField(primary_key=True)
    conversation: Any = fields.ForeignKeyField("inbox.Conversation", related_name="ownerships",
                                               on_delete=fields.CASCADE)  # fmt: skip
    epoch = fields.IntField()
    state = fields.CharField(max_length=10)
    owner: Any = fields.ForeignKeyField("customers.Person", related_name="ownerships", null=True,
                                        on_delete=fields.SET_NULL)  # fmt: skip
    by: Any = fields.ForeignKeyField("customers.Person", related_name="ownerships_given", null=True,
                                     on_delete=fields.SET_NULL)  # fmt: skip
    reason = fields.CharField(max_length=60, default="")
    at: datetime = Moment()

    conversation_id: int
    owner_id: int | None
    by_id: int | None

    class Meta:
        table = "ownership"
        unique_together = (("conversation", "epoch"),)


class Escalation(Model):
    """A step of the SLA's ladder that was taken: each once per waiting."""

    id = fields.BigIntField(primary_key=True)
    conversation: Any = fields.ForeignKeyField("inbox.Conversation", related_name="escalations",
                                               on_delete=fields.CASCADE)  # fmt: skip
    epoch = fields.IntField()
    step = fields.CharField(max_length=10)  # csm, deputy, team, manager
    told: Any = fields.JSONField(default=list)
    at: datetime = Moment()

    conversation_id: int

    class Meta:
        table = "escalation"
        unique_together = (("conversation", "epoch", "step"),)


class CannedReply(Model):
    """A sentence that staff use often; `owner` empty means everybody's."""

    id = fields.BigIntField(primary_key=True)
    shortcut = fields.CharField(max_length=40)
    title = fields.CharField(max_length=120)
    body = fields.TextField()
    owner: Any = fields.ForeignKeyField("customers.Person", related_name="canned_replies", null=True,
                                        on_delete=fields.CASCADE)  # fmt: skip
    created_at: datetime = Moment()

    owner_id: int | None

    class Meta:
        table = "canned_reply"


class Label(Model):
    """A label on offer. Conversations hold the words themselves, so one that is withdrawn stays where it was put."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=40, unique=True)
    position = fields.IntField(default=0)

    class Meta:
        table = "label"


class ChatVisitor(Model):
    """Somebody on the web who is not signed in: whoever holds the token of `token_hash`, or the product's own user
    `subject`, signed by it. Once an address was verified by a code it is `mail`, and `person` whose address it is."""

    id = fields.BigIntField(primary_key=True)
    token_hash = fields.CharField(max_length=64, null=True, unique=True)
    brand = fields.CharField(max_length=40, default="default")
    subject = fields.CharField(max_length=200, null=True)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="chat_visits", null=True,
                                         on_delete=fields.CASCADE)  # fmt: skip
    mail = fields.CharField(max_length=254, default="")
    asked_mail = fields.CharField(max_length=254, default="")  # not verified yet
    code_hash = fields.CharField(max_length=64, default="")
    code_until: datetime | None = Moment(null=True)
    code_tries = fields.IntField(default=0)
    lang = fields.CharField(max_length=8, default="ja")
    seen_at: datetime = Moment()
    created_at: datetime = Moment()

    person_id: int | None

    class Meta:
        table = "chat_visitor"
        unique_together = (("brand", "subject"),)
        indexes = [
            Index(fields=("seen_at",), name="chat_visitor_seen"),
            Index(fields=("person_id",), name="chat_visitor_person"),
            Index(fields=("mail",), name="chat_visitor_mail"),
        ]


class Rating(Model):
    """How the customer found it, 1 to 5, once for each time that a person's conversation ended (CSAT)."""

    id = fields.BigIntField(primary_key=True)
    conversation: Any = fields.ForeignKeyField("inbox.Conversation", related_name="ratings", on_delete=fields.CASCADE)
    epoch = fields.IntField()
    score = fields.IntField()
    comment = fields.TextField(default="")
    at: datetime = Moment()

    conversation_id: int

    class Meta:
        table = "conversation_rating"
        unique_together = (("conversation", "epoch"),)
        indexes = [Index(fields=("at",), name="conversation_rating_at")]


class Suggestion(Model):
    """What a bot on trial would have answered to a message: staff send it as it is, change it, or refuse it."""

    id = fields.BigIntField(primary_key=True)
    conversation: Any = fields.ForeignKeyField("inbox.Conversation", related_name="suggestions",
                                               on_delete=fields.CASCADE)  # fmt: skip
    message: Any = fields.OneToOneField("inbox.Message", related_name="suggestion", on_delete=fields.CASCADE)
    bot_kind = fields.CharField(max_length=40)  # inbox.trial.bot_of
    bot_id = fields.BigIntField()
    body = fields.TextField()
    sources: Any = fields.JSONField(default=list)
    confidence = fields.IntField(default=0)  # per cent
    query = fields.CharField(max_length=64, default="")
    state = fields.CharField(max_length=10, default="open")  # open, sent, edited, refused, unused
    reason = fields.CharField(max_length=20, default="")
    comment = fields.CharField(max_length=300, default="")
    decided_by: Any = fields.ForeignKeyField("customers.Person", related_name="suggestions_decided", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    decided_at: datetime | None = Moment(null=True)
    created_at: datetime = Moment()

    conversation_id: int
    message_id: int
    decided_by_id: int | None

    class Meta:
        table = "suggestion"
        indexes = [
            Index(fields=("conversation_id", "state", "id"), name="suggestion_conversation"),
            Index(fields=("bot_kind", "bot_id", "created_at"), name="suggestion_bot"),
        ]
