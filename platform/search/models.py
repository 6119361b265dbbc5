"""The index as tables, the same on both engines, and every search that was made."""

from __future__ import annotations

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.clock import now
from core.fields import Moment


class SearchDocument(Model):
    """One language of one findable thing, as it is shown in a result list. `state` is live or gone."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=40)
    ref_id = fields.BigIntField()
    lang = fields.CharField(max_length=8)
    state = fields.CharField(max_length=8, default="live")
    brand = fields.CharField(max_length=64, default="")
    title = fields.TextField(default="")
    url = fields.TextField(default="")
    body = fields.TextField(default="")
    audience = fields.TextField(default="")  # tokens, sorted, separated by spaces
    weight = fields.FloatField(default=1.0)
    version = fields.BigIntField()
    updated_at = Moment(default=now)

    class Meta:
        table = "search_document"
        unique_together = (("kind", "ref_id", "lang"),)
        indexes = [Index(fields=("version",), name="search_document_version")]


class SearchPosting(Model):
    """The packed terms of one document in one channel (search.packing)."""

    id = fields.BigIntField(primary_key=True)
    document: fields.ForeignKeyRelation[SearchDocument] = fields.ForeignKeyField(
        "search.SearchDocument", related_name="postings", on_delete=fields.CASCADE
    )
    channel = fields.CharField(max_length=16)
    packed = fields.BinaryField()

    class Meta:
        table = "search_posting"
        unique_together = (("document", "channel"),)


class SearchVersion(Model):
    """One row: the index's version. Its row lock, held to the commit, puts versions in the order of commits.

    `epoch` is drawn when the row is made, so that another database is never taken for a later state of this one.
    """

    name = fields.CharField(max_length=32, primary_key=True)
    epoch = fields.CharField(max_length=32)
    version = fields.BigIntField()

    class Meta:
        table = "search_version"


class SearchQuery(Model):
    """A search as it was made: by whom, where, what it found, what was clicked, how it ended."""

    id = fields.BigIntField(primary_key=True)
    key = fields.CharField(max_length=32, unique=True)  # random: it leaves the house in links
    text = fields.TextField()
    lang = fields.CharField(max_length=8, default="")
    brand = fields.CharField(max_length=64, default="")
    surface = fields.CharField(max_length=16)  # help, community, bot, suggest
    person_id = fields.BigIntField(null=True)
    account_id = fields.BigIntField(null=True)
    results = fields.IntField()
    confidence = fields.FloatField()
    band = fields.CharField(max_length=12)
    top_kind = fields.CharField(max_length=40, default="")
    top_id = fields.BigIntField(null=True)
    clicked_kind = fields.CharField(max_length=40, default="")
    clicked_id = fields.BigIntField(null=True)
    clicked_position = fields.IntField(null=True)
    outcome = fields.CharField(max_length=16, default="")
    created_at = Moment(default=now)

    class Meta:
        table = "search_query"
        indexes = [
            Index(fields=("created_at",), name="search_query_created"),
            Index(fields=("surface", "created_at"), name="search_query_surface"),
        ]
