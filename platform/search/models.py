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
    phrasings = fields.TextField(default="", db_default="")  # one per line: the confidence is trained on them
    audience = fields.TextField(default="")  # tokens, sorted, separated by spaces
    weight = fields.FloatField(default=1.0)
    version = fields.BigIntField()
    analysis = fields.SmallIntField(default=0, db_default=0)  # search.documents.ANALYSIS of whoever made its postings
    updated_at = Moment(default=now)

    class Meta:
        table = "search_document"
        unique_together = (("kind", "ref_id", "lang"),)
        indexes = [
            Index(fields=("version",), name="search_document_version"),
            Index(fields=("state", "analysis"), name="search_document_analysis"),
        ]


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


class SearchSynonym(Model):
    """Words that find each other (`is_two_way`), or the first of which also finds the others."""

    id = fields.BigIntField(primary_key=True)
    brand = fields.CharField(max_length=64, default="")  # "" is every brand
    words = fields.TextField()  # one per line
    is_two_way = fields.BooleanField(default=True)
    created_at = Moment(default=now)

    class Meta:
        table = "search_synonym"
        indexes = [Index(fields=("brand",), name="search_synonym_brand")]


class SearchStopWord(Model):
    """A word that a query may leave out."""

    id = fields.BigIntField(primary_key=True)
    brand = fields.CharField(max_length=64, default="")
    word = fields.CharField(max_length=100)
    created_at = Moment(default=now)

    class Meta:
        table = "search_stop_word"
        unique_together = (("brand", "word"),)


class SearchPin(Model):
    """A thing that stands at `position` (from 1) when exactly these words are asked, or all of them are among those."""

    id = fields.BigIntField(primary_key=True)
    brand = fields.CharField(max_length=64, default="")
    query = fields.CharField(max_length=200)
    kind = fields.CharField(max_length=40)
    ref_id = fields.BigIntField()
    position = fields.IntField(default=1)
    is_contained = fields.BooleanField(default=False)
    created_at = Moment(default=now)

    class Meta:
        table = "search_pin"
        unique_together = (("brand", "query", "kind", "ref_id"),)


class SearchHide(Model):
    """A thing that is left out of every search (`query` empty), or of searches with all of these words."""

    id = fields.BigIntField(primary_key=True)
    brand = fields.CharField(max_length=64, default="")
    query = fields.CharField(max_length=200, default="")
    kind = fields.CharField(max_length=40)
    ref_id = fields.BigIntField()
    created_at = Moment(default=now)

    class Meta:
        table = "search_hide"
        unique_together = (("brand", "query", "kind", "ref_id"),)


class SearchTrust(Model):
    """A brand's own confidence: its weights, how it was judged, and the bands staff chose."""

    brand = fields.CharField(max_length=64, primary_key=True)
    weights = fields.TextField(default="")  # JSON; empty while the prior holds
    report = fields.TextField(default="")  # JSON of search.reliability.Reliability
    answer = fields.FloatField()
    candidates = fields.FloatField()
    trained_at = Moment(null=True)

    class Meta:
        table = "search_trust"


class SearchVector(Model):
    """What an embeddings endpoint said of a document: float32, little-endian, of length 1.

    `digest` is of the text that was sent, `seen` the document's version then.
    """

    id = fields.BigIntField(primary_key=True)
    document: fields.ForeignKeyRelation[SearchDocument] = fields.ForeignKeyField(
        "search.SearchDocument", related_name="vectors", on_delete=fields.CASCADE
    )
    model = fields.CharField(max_length=100)
    digest = fields.CharField(max_length=32)
    seen = fields.BigIntField()
    vector = fields.BinaryField()
    version = fields.BigIntField()

    class Meta:
        table = "search_vector"
        unique_together = (("document", "model"),)
        indexes = [Index(fields=("version",), name="search_vector_version")]
