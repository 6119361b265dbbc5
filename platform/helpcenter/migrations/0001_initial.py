from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.clock import now
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0001_initial')]

    initial = True

    operations = [
        ops.CreateModel(
            name='ArticleImport',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=200)),
                ('format', fields.CharField(max_length=12)),
                ('source', fields.CharField(max_length=60)),
                ('options', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('rows', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('report', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('state', fields.CharField(default='preview', max_length=10)),
                ('total', fields.IntField(default=0)),
                ('done', fields.IntField(default=0)),
                ('person_id', fields.BigIntField(null=True)),
                ('created_at', Moment(default=now, auto_now=False, auto_now_add=False)),
                ('finished_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'article_import', 'app': 'helpcenter', 'pk_attr': 'id', 'table_description': 'One import: what was sent, what became of each row. Running it again goes on where it stopped.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Category',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('slug', fields.CharField(unique=True, max_length=80)),
                ('position', fields.IntField(default=0)),
                ('icon', fields.CharField(default='book', max_length=20)),
                ('brand', fields.CharField(default='default', max_length=64)),
                ('created_at', Moment(default=now, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'category', 'app': 'helpcenter', 'indexes': [Index(fields=['brand', 'position', 'id'], name='category_position')], 'pk_attr': 'id', 'table_description': 'A shelf of articles: what readers choose on the first page.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Article',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('category', fields.ForeignKeyField('helpcenter.Category', source_field='category_id', null=True, db_constraint=True, to_field='id', related_name='articles', on_delete=OnDelete.SET_NULL)),
                ('brand', fields.CharField(default='default', max_length=64)),
                ('audience', fields.CharField(default='public', max_length=300)),
                ('state', fields.CharField(default='draft', max_length=12)),
                ('locale', fields.CharField(default='ja', max_length=8)),
                ('owner', fields.ForeignKeyField('customers.Person', source_field='owner_id', null=True, db_constraint=True, to_field='id', related_name='articles_owned', on_delete=OnDelete.SET_NULL)),
                ('views', fields.BigIntField(default=0)),
                ('helpful', fields.IntField(default=0)),
                ('unhelpful', fields.IntField(default=0)),
                ('source', fields.CharField(default='', max_length=60)),
                ('source_id', fields.CharField(null=True, max_length=120)),
                ('is_stale', fields.BooleanField(default=False)),
                ('stale_reason', fields.CharField(default='', max_length=40)),
                ('version', fields.IntField(default=1)),
                ('created_at', Moment(default=now, auto_now=False, auto_now_add=False)),
                ('updated_at', Moment(default=now, auto_now=False, auto_now_add=False)),
                ('published_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'article', 'app': 'helpcenter', 'unique_together': (('source', 'source_id'),), 'indexes': [Index(fields=['state', 'brand', 'views', 'id'], name='article_state'), Index(fields=['category_id', 'state'], name='article_category'), Index(fields=['updated_at', 'id'], name='article_updated'), Index(fields=['owner_id'], name='article_owner')], 'pk_attr': 'id', 'table_description': 'What an article is in every language. `audience` holds the tokens of ArticleAudience, separated by spaces.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ArticleAudience',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('article', fields.ForeignKeyField('helpcenter.Article', source_field='article_id', db_constraint=True, to_field='id', related_name='readers', on_delete=OnDelete.CASCADE)),
                ('token', fields.CharField(max_length=40)),
            ],
            options={'table': 'article_audience', 'app': 'helpcenter', 'unique_together': (('article', 'token'),), 'indexes': [Index(fields=['token', 'article_id'], name='article_audience_token')], 'pk_attr': 'id', 'table_description': 'Who may read an article: one row per token (`public`, `members`, `staff`, `account:7`).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ArticleFeedback',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('article', fields.ForeignKeyField('helpcenter.Article', source_field='article_id', db_constraint=True, to_field='id', related_name='feedback', on_delete=OnDelete.CASCADE)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name='article_feedback', on_delete=OnDelete.SET_NULL)),
                ('visitor', fields.CharField(null=True, max_length=64)),
                ('locale', fields.CharField(default='', max_length=8)),
                ('is_helpful', fields.BooleanField()),
                ('comment', fields.TextField(default='', unique=False)),
                ('state', fields.CharField(default='open', max_length=8)),
                ('created_at', Moment(default=now, auto_now=False, auto_now_add=False)),
                ('updated_at', Moment(default=now, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'article_feedback', 'app': 'helpcenter', 'unique_together': (('article', 'person'), ('article', 'visitor')), 'indexes': [Index(fields=['state', 'updated_at', 'id'], name='article_feedback_state')], 'pk_attr': 'id', 'table_description': 'Did it help? One answer per person, or per visitor (a hash of a random cookie), changeable.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ArticleTranslation',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('article', fields.ForeignKeyField('helpcenter.Article', source_field='article_id', db_constraint=True, to_field='id', related_name='translations', on_delete=OnDelete.CASCADE)),
                ('locale', fields.CharField(max_length=8)),
                ('slug', fields.CharField(max_length=120)),
                ('title', fields.CharField(max_length=200)),
                ('body', fields.TextField(default='', unique=False)),
                ('html', fields.TextField(default='', unique=False)),
                ('toc', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('excerpt', fields.CharField(default='', max_length=300)),
                ('phrasings', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('is_stale', fields.BooleanField(default=False)),
                ('import_digest', fields.CharField(default='', max_length=64)),
                ('created_at', Moment(default=now, auto_now=False, auto_now_add=False)),
                ('updated_at', Moment(default=now, auto_now=False, auto_now_add=False)),
                ('published_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'article_translation', 'app': 'helpcenter', 'unique_together': (('article', 'locale'), ('locale', 'slug')), 'indexes': [Index(fields=['slug'], name='article_translation_slug')], 'pk_attr': 'id', 'table_description': 'An article in one language. `html` is made from `body` when it is saved; `toc` holds [anchor, heading] pairs.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ArticleRevision',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('translation', fields.ForeignKeyField('helpcenter.ArticleTranslation', source_field='translation_id', db_constraint=True, to_field='id', related_name='revisions', on_delete=OnDelete.CASCADE)),
                ('number', fields.IntField()),
                ('title', fields.CharField(max_length=200)),
                ('body', fields.TextField(unique=False)),
                ('phrasings', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('person_id', fields.BigIntField(null=True)),
                ('person_name', fields.CharField(default='', max_length=200)),
                ('note', fields.CharField(default='', max_length=200)),
                ('created_at', Moment(default=now, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'article_revision', 'app': 'helpcenter', 'unique_together': (('translation', 'number'),), 'pk_attr': 'id', 'table_description': 'The words of a translation as somebody saved them. Append-only; `number` counts from 1.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='CategoryTranslation',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('category', fields.ForeignKeyField('helpcenter.Category', source_field='category_id', db_constraint=True, to_field='id', related_name='translations', on_delete=OnDelete.CASCADE)),
                ('locale', fields.CharField(max_length=8)),
                ('name', fields.CharField(max_length=120)),
                ('description', fields.CharField(default='', max_length=300)),
            ],
            options={'table': 'category_translation', 'app': 'helpcenter', 'unique_together': (('category', 'locale'),), 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ContentGap',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('question', fields.CharField(max_length=300)),
                ('normal', fields.CharField(max_length=300)),
                ('lang', fields.CharField(max_length=8)),
                ('brand', fields.CharField(default='default', max_length=64)),
                ('count', fields.IntField(default=0)),
                ('people', fields.IntField(default=0)),
                ('accounts', fields.IntField(default=0)),
                ('first_at', Moment(default=now, auto_now=False, auto_now_add=False)),
                ('last_at', Moment(default=now, auto_now=False, auto_now_add=False)),
                ('state', fields.CharField(default='open', max_length=10)),
                ('article', fields.ForeignKeyField('helpcenter.Article', source_field='article_id', null=True, db_constraint=True, to_field='id', related_name='gaps', on_delete=OnDelete.SET_NULL)),
                ('answered_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'content_gap', 'app': 'helpcenter', 'unique_together': (('brand', 'lang', 'normal'),), 'indexes': [Index(fields=['state', 'count', 'id'], name='content_gap_state'), Index(fields=['last_at', 'id'], name='content_gap_last')], 'pk_attr': 'id', 'table_description': 'A question that was searched and not answered. `normal` is the set of its words, so that wordings meet.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='FormerSlug',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('slug', fields.CharField(unique=True, max_length=120)),
                ('article', fields.ForeignKeyField('helpcenter.Article', source_field='article_id', db_constraint=True, to_field='id', related_name='former_slugs', on_delete=OnDelete.CASCADE)),
                ('created_at', Moment(default=now, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'article_former_slug', 'app': 'helpcenter', 'pk_attr': 'id', 'table_description': 'An address that an article had: it leads to the present one.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='GapAsking',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('gap', fields.ForeignKeyField('helpcenter.ContentGap', source_field='gap_id', db_constraint=True, to_field='id', related_name='askings', on_delete=OnDelete.CASCADE)),
                ('query_key', fields.CharField(unique=True, max_length=32)),
                ('person_id', fields.BigIntField(null=True)),
                ('account_id', fields.BigIntField(null=True)),
                ('surface', fields.CharField(default='help', max_length=16)),
                ('at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'content_gap_asking', 'app': 'helpcenter', 'indexes': [Index(fields=['gap_id', 'at'], name='content_gap_asking_gap')], 'pk_attr': 'id', 'table_description': "One search that found no answer; its query's key is counted once."},
            bases=['Model'],
        ),
    ]
