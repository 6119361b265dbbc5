"""Tables of the help centre, and the small questions they answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model

from core.clock import now
from core.fields import Moment
from core.refs import Ref

STATES = ("draft", "published", "archived")
RESERVED = frozenset({"search", "suggest", "go", "c", "feed", "new"})


class Category(Model):
    """A shelf of articles: what readers choose on the first page."""

    id = fields.BigIntField(primary_key=True)
    slug = fields.CharField(max_length=80, unique=True)
    position = fields.IntField(default=0)
    icon = fields.CharField(max_length=20, default="book")
    brand = fields.CharField(max_length=64, default="default")
    created_at = Moment(default=now)

    translations: Any

    class Meta:
        table = "category"
        indexes = [Index(fields=("brand", "position", "id"), name="category_position")]


class CategoryTranslation(Model):
    id = fields.BigIntField(primary_key=True)
    category: Any = fields.ForeignKeyField("helpcenter.Category", related_name="translations", on_delete=fields.CASCADE)
    locale = fields.CharField(max_length=8)
    name = fields.CharField(max_length=120)
    description = fields.CharField(max_length=300, default="")

    category_id: int

    class Meta:
        table = "category_translation"
        unique_together = (("category", "locale"),)


class Article(Model):
    """What an article is in every language. `audience` holds the tokens of ArticleAudience, separated by spaces.

    `locale` is the language of the original: when its text changes, the other translations are stale.
    `is_stale` says that the whole article wants a look (marked by a person, by age, or by its readers' answers).
    """

    id = fields.BigIntField(primary_key=True)
    category: Any = fields.ForeignKeyField("helpcenter.Category", related_name="articles", null=True,
                                           on_delete=fields.SET_NULL)  # fmt: skip
    brand = fields.CharField(max_length=64, default="default")
    audience = fields.CharField(max_length=300, default="public")
    state = fields.CharField(max_length=12, default="draft")
    locale = fields.CharField(max_length=8, default="ja")
    owner: Any = fields.ForeignKeyField("customers.Person", related_name="articles_owned", null=True,
                                        on_delete=fields.SET_NULL)  # fmt: skip
    views = fields.BigIntField(default=0)
    helpful = fields.IntField(default=0)
    unhelpful = fields.IntField(default=0)
    source = fields.CharField(max_length=60, default="")
    source_id = fields.CharField(max_length=120, null=True)
    is_stale = fields.BooleanField(default=False)
    stale_reason = fields.CharField(max_length=40, default="")
    version = fields.IntField(default=1)
    created_at = Moment(default=now)
    updated_at = Moment(default=now)
    published_at: datetime | None = Moment(null=True)

    category_id: int | None
    owner_id: int | None
    translations: Any

    class Meta:
        table = "article"
        unique_together = (("source", "source_id"),)
        indexes = [
            Index(fields=("state", "brand", "views", "id"), name="article_state"),
            Index(fields=("category_id", "state"), name="article_category"),
            Index(fields=("updated_at", "id"), name="article_updated"),
            Index(fields=("owner_id",), name="article_owner"),
        ]

    @property
    def ref(self) -> Ref:
        return Ref("article", self.id)

    @property
    def tokens(self) -> frozenset[str]:
        return frozenset(self.audience.split())

    @property
    def is_published(self) -> bool:
        return self.state == "published"


class ArticleAudience(Model):
    """Who may read an article: one row per token (`public`, `members`, `staff`, `account:7`)."""

    id = fields.BigIntField(primary_key=True)
    article: Any = fields.ForeignKeyField("helpcenter.Article", related_name="readers", on_delete=fields.CASCADE)
    token = fields.CharField(max_length=40)

    article_id: int

    class Meta:
        table = "article_audience"
        unique_together = (("article", "token"),)
        indexes = [Index(fields=("token", "article_id"), name="article_audience_token")]


class ArticleTranslation(Model):
    """An article in one language. `html` is made from `body` when it is saved; `toc` holds [anchor, heading] pairs.

    `phrasings` are lines as the writer wrote them, in helpcenter.notation; `clicked` are searches of readers that ended
    here, strongest first (helpcenter.learned).
    """

    id = fields.BigIntField(primary_key=True)
    article: Any = fields.ForeignKeyField("helpcenter.Article", related_name="translations", on_delete=fields.CASCADE)
    locale = fields.CharField(max_length=8)
    slug = fields.CharField(max_length=120)
    title = fields.CharField(max_length=200)
    body = fields.TextField(default="")
    html = fields.TextField(default="")
    toc: Any = fields.JSONField(default=list)
    excerpt = fields.CharField(max_length=300, default="")
    phrasings: Any = fields.JSONField(default=list)
    clicked: Any = fields.JSONField(default=list, db_default="[]")
    is_stale = fields.BooleanField(default=False)
    import_digest = fields.CharField(max_length=64, default="")
    created_at = Moment(default=now)
    updated_at = Moment(default=now)
    published_at: datetime | None = Moment(null=True)

    article_id: int

    class Meta:
        table = "article_translation"
        unique_together = (("article", "locale"), ("locale", "slug"))
        indexes = [Index(fields=("slug",), name="article_translation_slug")]


class DismissedPhrasing(Model):
    """A search that ended on an article and is no way to ask for it, as somebody judged. `normal` as in ContentGap."""

    id = fields.BigIntField(primary_key=True)
    translation: Any = fields.ForeignKeyField("helpcenter.ArticleTranslation", related_name="dismissed",
                                              on_delete=fields.CASCADE)  # fmt: skip
    normal = fields.CharField(max_length=300)
    created_at = Moment(default=now)

    translation_id: int

    class Meta:
        table = "article_dismissed_phrasing"
        unique_together = (("translation", "normal"),)


class FormerSlug(Model):
    """An address that an article had: it leads to the present one."""

    id = fields.BigIntField(primary_key=True)
    slug = fields.CharField(max_length=120, unique=True)
    article: Any = fields.ForeignKeyField("helpcenter.Article", related_name="former_slugs", on_delete=fields.CASCADE)
    created_at = Moment(default=now)

    article_id: int

    class Meta:
        table = "article_former_slug"


class ArticleRevision(Model):
    """The words of a translation as somebody saved them. Append-only; `number` counts from 1."""

    id = fields.BigIntField(primary_key=True)
    translation: Any = fields.ForeignKeyField("helpcenter.ArticleTranslation", related_name="revisions",
                                              on_delete=fields.CASCADE)  # fmt: skip
    number = fields.IntField()
    title = fields.CharField(max_length=200)
    body = fields.TextField()
    phrasings: Any = fields.JSONField(default=list)
    person_id = fields.BigIntField(null=True)
    person_name = fields.CharField(max_length=200, default="")
    note = fields.CharField(max_length=200, default="")
    created_at = Moment(default=now)

    translation_id: int

    class Meta:
        table = "article_revision"
        unique_together = (("translation", "number"),)


class ArticleFeedback(Model):
    """Did it help? One answer per person, or per visitor (a hash of a random cookie), changeable."""

    id = fields.BigIntField(primary_key=True)
    article: Any = fields.ForeignKeyField("helpcenter.Article", related_name="feedback", on_delete=fields.CASCADE)
    person: Any = fields.ForeignKeyField("customers.Person", related_name="article_feedback", null=True,
                                         on_delete=fields.SET_NULL)  # fmt: skip
    visitor = fields.CharField(max_length=64, null=True)
    locale = fields.CharField(max_length=8, default="")
    is_helpful = fields.BooleanField()
    comment = fields.TextField(default="")
    state = fields.CharField(max_length=8, default="open")  # open, done
    created_at = Moment(default=now)
    updated_at = Moment(default=now)

    article_id: int
    person_id: int | None

    class Meta:
        table = "article_feedback"
        unique_together = (("article", "person"), ("article", "visitor"))
        indexes = [Index(fields=("state", "updated_at", "id"), name="article_feedback_state")]


class ContentGap(Model):
    """A question that was searched and not answered. `normal` is the set of its words, so that wordings meet."""

    id = fields.BigIntField(primary_key=True)
    question = fields.CharField(max_length=300)
    normal = fields.CharField(max_length=300)
    lang = fields.CharField(max_length=8)
    brand = fields.CharField(max_length=64, default="default")
    count = fields.IntField(default=0)
    people = fields.IntField(default=0)
    accounts = fields.IntField(default=0)
    first_at = Moment(default=now)
    last_at = Moment(default=now)
    state = fields.CharField(max_length=10, default="open")  # open, answered, ignored
    article: Any = fields.ForeignKeyField("helpcenter.Article", related_name="gaps", null=True,
                                          on_delete=fields.SET_NULL)  # fmt: skip
    answered_at: datetime | None = Moment(null=True)

    article_id: int | None

    class Meta:
        table = "content_gap"
        unique_together = (("brand", "lang", "normal"),)
        indexes = [Index(fields=("state", "count", "id"), name="content_gap_state"),
                   Index(fields=("last_at", "id"), name="content_gap_last")]  # fmt: skip


class GapAsking(Model):
    """One search that found no answer; its query's key is counted once."""

    id = fields.BigIntField(primary_key=True)
    gap: Any = fields.ForeignKeyField("helpcenter.ContentGap", related_name="askings", on_delete=fields.CASCADE)
    query_key = fields.CharField(max_length=32, unique=True)
    person_id = fields.BigIntField(null=True)
    account_id = fields.BigIntField(null=True)
    surface = fields.CharField(max_length=16, default="help")
    at = Moment()

    gap_id: int

    class Meta:
        table = "content_gap_asking"
        indexes = [Index(fields=("gap_id", "at"), name="content_gap_asking_gap")]


class ArticleImport(Model):
    """One import: what was sent, what became of each row. Running it again goes on where it stopped."""

    id = fields.BigIntField(primary_key=True)
    name = fields.CharField(max_length=200)
    format = fields.CharField(max_length=12)
    source = fields.CharField(max_length=60)
    options: Any = fields.JSONField(default=dict)
    rows: Any = fields.JSONField(default=list)  # what was understood, until it is done
    report: Any = fields.JSONField(default=dict)
    state = fields.CharField(max_length=10, default="preview")  # preview, waiting, done, dropped
    total = fields.IntField(default=0)
    done = fields.IntField(default=0)
    person_id = fields.BigIntField(null=True)
    created_at = Moment(default=now)
    finished_at: datetime | None = Moment(null=True)

    class Meta:
        table = "article_import"
