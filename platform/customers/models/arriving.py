"""How records arrive: imports row by row, doubts to review, merges that can be undone."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.fields import Moment


class ImportBatch(Model):
    """One file (or API batch) on its way in: dry run, applied, undone; resumable."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=20)  # accounts, people, contracts, purchases, articles
    source = fields.CharField(max_length=60)
    file_name = fields.CharField(max_length=200, default="")
    digest = fields.CharField(max_length=64)
    mapping: Any = fields.JSONField(default=dict)  # heading → field
    headings: Any = fields.JSONField(null=True)  # in the file's order, to know the next one by
    state = fields.CharField(max_length=12, default="mapping")  # previewing, preview, queued, applying, applied
    counts: Any = fields.JSONField(default=dict)
    total = fields.IntField(default=0)  # rows in the file
    done = fields.IntField(default=0)  # rows worked on, for the progress bar and for going on after a stop
    note = fields.CharField(max_length=300, default="")
    encoding = fields.CharField(max_length=40, default="")
    created_by: Any = fields.ForeignKeyField("customers.Person", related_name="imports", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    created_at = Moment()
    finished_at = Moment(null=True)

    created_by_id: int | None

    class Meta:
        table = "import_batch"


class ImportFile(Model):
    """A part of a batch's file, compressed, so that any worker can go on with it; gone when it was applied."""

    id = fields.BigIntField(primary_key=True)
    batch: Any = fields.ForeignKeyField("customers.ImportBatch", related_name="files", on_delete=fields.CASCADE)
    part = fields.IntField(default=0, db_default=0)
    content = fields.BinaryField()

    batch_id: int

    class Meta:
        table = "import_file"
        indexes = [Index(fields=("batch_id",), name="import_file_batch")]


class ImportRow(Model):
    """What became of one row of an import, and why."""

    id = fields.BigIntField(primary_key=True)
    batch: Any = fields.ForeignKeyField("customers.ImportBatch", related_name="rows", on_delete=fields.CASCADE)
    number = fields.IntField()
    outcome = fields.CharField(max_length=12)  # created, updated, unchanged, review, refused
    reason = fields.CharField(max_length=300, default="")
    data: Any = fields.JSONField(default=dict)
    about_kind = fields.CharField(max_length=40, default="")
    about_id = fields.BigIntField(null=True)
    before: Any = fields.JSONField(null=True)

    batch_id: int

    class Meta:
        table = "import_row"
        indexes = [Index(fields=("batch_id", "outcome", "number"), name="import_row_outcome")]


class Review(Model):
    """Two records that may be one, or one that contradicts itself: a person decides."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=40)  # same_corporate_number, changed_corporate_number, same_person …
    account: Any = fields.ForeignKeyField("customers.Account", related_name="reviews", null=True,
                                          on_delete=fields.CASCADE)  # fmt: skip
    other: Any = fields.ForeignKeyField("customers.Account", related_name="reviews_as_other", null=True,
                                        on_delete=fields.CASCADE)  # fmt: skip
    person: Any = fields.ForeignKeyField("customers.Person", related_name="reviews", null=True,
                                         on_delete=fields.CASCADE)  # fmt: skip
    other_person_id = fields.BigIntField(null=True)
    key = fields.CharField(max_length=400, unique=True)
    source = fields.CharField(max_length=60, default="", db_default="")
    source_id = fields.CharField(max_length=300, default="", db_default="")
    data: Any = fields.JSONField(default=dict)
    reason = fields.CharField(max_length=300, default="")
    state = fields.CharField(max_length=12, default="open")  # open, accepted, rejected, settled
    decided_by: Any = fields.ForeignKeyField("customers.Person", related_name="reviews_decided", null=True,
                                             on_delete=fields.SET_NULL)  # fmt: skip
    decided_at = Moment(null=True)
    created_at = Moment()

    account_id: int | None
    other_id: int | None
    person_id: int | None
    decided_by_id: int | None

    class Meta:
        table = "review"
        indexes = [
            Index(fields=("state", "id"), name="review_state"),
            Index(fields=("source", "source_id"), name="review_source"),
        ]


class MergeLog(Model):
    """Everything a merge moved, so that it can be undone whole."""

    id = fields.BigIntField(primary_key=True)
    kind = fields.CharField(max_length=10)  # account, person
    kept_id = fields.BigIntField()
    gone_id = fields.BigIntField()
    moved: Any = fields.JSONField()
    evidence: Any = fields.JSONField(default=dict)
    merged_by_id = fields.BigIntField(null=True)
    merged_at = Moment()
    undone_at = Moment(null=True)

    class Meta:
        table = "merge_log"


class MatchKey(Model):
    """Under which keys a record is found by the matcher; made anew whenever it changes."""

    id = fields.BigIntField(primary_key=True)
    about = fields.CharField(max_length=8)  # account, person
    key = fields.BigIntField()
    record_id = fields.BigIntField()

    class Meta:
        table = "match_key"
        unique_together = (("about", "key", "record_id"),)
        indexes = [Index(fields=("about", "record_id"), name="match_key_record")]


class SourceRank(Model):
    """Whose word counts for a field: the lower rank wins. `field` is empty for all the others."""

    id = fields.BigIntField(primary_key=True)
    source = fields.CharField(max_length=60)
    field = fields.CharField(max_length=40, default="")
    rank = fields.IntField()

    class Meta:
        table = "source_rank"
        unique_together = (("source", "field"),)


class TrailPart(Model):
    """What a merge or an import did to which rows, in order, so that all of it can be taken back."""

    id = fields.BigIntField(primary_key=True)
    owner = fields.CharField(max_length=10)  # merge, import
    owner_id = fields.BigIntField()
    what = fields.CharField(max_length=8)  # added, moved, changed, dropped
    table = fields.CharField(max_length=60, source_field="about_table")
    data: Any = fields.JSONField()

    class Meta:
        table = "trail_part"
        indexes = [Index(fields=("owner", "owner_id", "id"), name="trail_part_owner")]
