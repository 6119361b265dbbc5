from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0002_topics')]

    initial = True

    operations = [
        ops.CreateModel(
            name='Guide',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('key', fields.CharField(unique=True, max_length=64)),
                ('brand', fields.CharField(default='default', max_length=40)),
                ('name', fields.CharField(max_length=120)),
                ('kind', fields.CharField(max_length=12)),
                ('state', fields.CharField(default='draft', max_length=8)),
                ('locale', fields.CharField(default='ja', max_length=8)),
                ('steps', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('texts', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('translated_from', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('segment', fields.ForeignKeyField('customers.Segment', source_field='segment_id', null=True, db_constraint=True, to_field='id', related_name='guides', on_delete=OnDelete.RESTRICT)),
                ('urls', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('trigger', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('frequency', fields.CharField(default='once', max_length=12)),
                ('every_days', fields.IntField(default=30)),
                ('most_views', fields.IntField(default=3)),
                ('priority', fields.IntField(default=50)),
                ('starts_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('ends_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('revision', fields.CharField(default='', max_length=64)),
                ('contents', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('version', fields.IntField(default=1)),
                ('created_by', fields.ForeignKeyField('customers.Person', source_field='created_by_id', null=True, db_constraint=True, to_field='id', related_name='guides', on_delete=OnDelete.SET_NULL)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('updated_at', Moment(auto_now=False, auto_now_add=False)),
                ('published_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'guide', 'app': 'guides', 'indexes': [Index(fields=['state', 'brand'], name='guide_state'), Index(fields=['updated_at', 'id'], name='guide_updated')], 'pk_attr': 'id', 'table_description': 'What is written (`steps`, `texts`) and, once tried or live, what was frozen of it (`revision`, `contents`).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Content',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('hash', fields.CharField(unique=True, max_length=64)),
                ('guide', fields.ForeignKeyField('guides.Guide', source_field='guide_id', db_constraint=True, to_field='id', related_name='frozen', on_delete=OnDelete.CASCADE)),
                ('locale', fields.CharField(max_length=8)),
                ('body', fields.TextField(unique=False)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'guide_content', 'app': 'guides', 'indexes': [Index(fields=['guide_id'], name='guide_content_guide')], 'pk_attr': 'id', 'table_description': 'One language of one revision, as browsers get it, for ever under its own hash.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Miss',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('guide', fields.ForeignKeyField('guides.Guide', source_field='guide_id', db_constraint=True, to_field='id', related_name='misses', on_delete=OnDelete.CASCADE)),
                ('step', fields.IntField()),
                ('day', fields.DateField()),
                ('count', fields.IntField(default=0)),
            ],
            options={'table': 'guide_miss', 'app': 'guides', 'unique_together': (('guide', 'step', 'day'),), 'pk_attr': 'id', 'table_description': "How often a step's target was not on the page, by day: how a changed product is noticed."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Product',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('brand', fields.CharField(default='default', unique=True, max_length=40)),
                ('key', fields.CharField(unique=True, max_length=64)),
                ('secrets', fields.TextField(unique=False)),
                ('origins', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('has_launcher', fields.BooleanField(default=True)),
                ('gap_hours', fields.IntField(default=24)),
                ('survey_gap_days', fields.IntField(default=90)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('updated_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'guide_product', 'app': 'guides', 'pk_attr': 'id', 'table_description': "The company's own product, which embeds the script. `secrets` is encrypted (core.vault): now, and before."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Script',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('hash', fields.CharField(unique=True, max_length=64)),
                ('body', fields.TextField(unique=False)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'guide_script', 'app': 'guides', 'pk_attr': 'id', 'table_description': 'A script that was served once is served for ever: pages embed it by its hash.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Seen',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='guides_seen', on_delete=OnDelete.CASCADE)),
                ('guide', fields.ForeignKeyField('guides.Guide', source_field='guide_id', db_constraint=True, to_field='id', related_name='seen', on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharField(max_length=12)),
                ('views', fields.IntField(default=0)),
                ('last_at', Moment(auto_now=False, auto_now_add=False)),
                ('dismissed_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('completed_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('items', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'guide_seen', 'app': 'guides', 'unique_together': (('person', 'guide'),), 'indexes': [Index(fields=['guide_id', 'id'], name='guide_seen_guide')], 'pk_attr': 'id', 'table_description': 'Where one person stands with one guide: the truth about views, dismissal and completion.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='View',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('key', fields.CharField(unique=True, max_length=64)),
                ('guide', fields.ForeignKeyField('guides.Guide', source_field='guide_id', db_constraint=True, to_field='id', related_name='views', on_delete=OnDelete.CASCADE)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='guide_views', on_delete=OnDelete.CASCADE)),
                ('account_id', fields.BigIntField(null=True)),
                ('revision', fields.CharField(max_length=64)),
                ('is_pilot', fields.BooleanField(default=False)),
                ('locale', fields.CharField(default='ja', max_length=8)),
                ('started_at', Moment(auto_now=False, auto_now_add=False)),
                ('step', fields.IntField(default=1)),
                ('clicked_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('dismissed_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('completed_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'guide_view', 'app': 'guides', 'indexes': [Index(fields=['guide_id', 'started_at', 'id'], name='guide_view_guide'), Index(fields=['person_id', 'guide_id', 'id'], name='guide_view_person')], 'pk_attr': 'id', 'table_description': 'The ledger: one showing to one person, and what became of it. `key` is what the browser knows it by.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Answer',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('view', fields.OneToOneField('guides.View', source_field='view_id', db_constraint=True, to_field='id', related_name='answer', on_delete=OnDelete.CASCADE)),
                ('guide', fields.ForeignKeyField('guides.Guide', source_field='guide_id', db_constraint=True, to_field='id', related_name='answers', on_delete=OnDelete.CASCADE)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='guide_answers', on_delete=OnDelete.CASCADE)),
                ('account_id', fields.BigIntField(null=True)),
                ('score', fields.IntField()),
                ('comment', fields.TextField(default='', unique=False)),
                ('at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'guide_answer', 'app': 'guides', 'indexes': [Index(fields=['guide_id', 'at'], name='guide_answer_guide')], 'pk_attr': 'id', 'table_description': 'What somebody said in a survey: 0 to 10, and perhaps why. One per view.'},
            bases=['Model'],
        ),
    ]
