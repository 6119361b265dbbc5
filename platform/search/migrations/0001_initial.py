from tortoise import migrations
from tortoise.migrations import operations as ops
from core.clock import now
from core.fields import Moment
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='SearchDocument',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('kind', fields.CharField(max_length=40)),
                ('ref_id', fields.BigIntField()),
                ('lang', fields.CharField(max_length=8)),
                ('state', fields.CharField(default='live', max_length=8)),
                ('brand', fields.CharField(default='', max_length=64)),
                ('title', fields.TextField(default='', unique=False)),
                ('url', fields.TextField(default='', unique=False)),
                ('body', fields.TextField(default='', unique=False)),
                ('audience', fields.TextField(default='', unique=False)),
                ('weight', fields.FloatField(default=1.0)),
                ('version', fields.BigIntField()),
                ('updated_at', Moment(default=now, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'search_document', 'app': 'search', 'unique_together': (('kind', 'ref_id', 'lang'),), 'indexes': [Index(fields=['version'], name='search_document_version')], 'pk_attr': 'id', 'table_description': 'One language of one findable thing, as it is shown in a result list. `state` is live or gone.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SearchPosting',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('document', fields.ForeignKeyField('search.SearchDocument', source_field='document_id', db_constraint=True, to_field='id', related_name='postings', on_delete=OnDelete.CASCADE)),
                ('channel', fields.CharField(max_length=16)),
                ('packed', fields.BinaryField()),
            ],
            options={'table': 'search_posting', 'app': 'search', 'unique_together': (('document', 'channel'),), 'pk_attr': 'id', 'table_description': 'The packed terms of one document in one channel (search.packing).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SearchQuery',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('key', fields.CharField(unique=True, max_length=32)),
                ('text', fields.TextField(unique=False)),
                ('lang', fields.CharField(default='', max_length=8)),
                ('brand', fields.CharField(default='', max_length=64)),
                ('surface', fields.CharField(max_length=16)),
                ('person_id', fields.BigIntField(null=True)),
                ('account_id', fields.BigIntField(null=True)),
                ('results', fields.IntField()),
                ('confidence', fields.FloatField()),
                ('band', fields.CharField(max_length=12)),
                ('top_kind', fields.CharField(default='', max_length=40)),
                ('top_id', fields.BigIntField(null=True)),
                ('clicked_kind', fields.CharField(default='', max_length=40)),
                ('clicked_id', fields.BigIntField(null=True)),
                ('clicked_position', fields.IntField(null=True)),
                ('outcome', fields.CharField(default='', max_length=16)),
                ('created_at', Moment(default=now, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'search_query', 'app': 'search', 'indexes': [Index(fields=['created_at'], name='search_query_created'), Index(fields=['surface', 'created_at'], name='search_query_surface')], 'pk_attr': 'id', 'table_description': 'A search as it was made: by whom, where, what it found, what was clicked, how it ended.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SearchVersion',
            fields=[
                ('name', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ('epoch', fields.CharField(max_length=32)),
                ('version', fields.BigIntField()),
            ],
            options={'table': 'search_version', 'app': 'search', 'pk_attr': 'name', 'table_description': "One row: the index's version. Its row lock, held to the commit, puts versions in the order of commits."},
            bases=['Model'],
        ),
    ]
