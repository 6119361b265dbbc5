from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0002_topics')]

    initial = False

    operations = [
        ops.CreateModel(
            name='MatchKey',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('about', fields.CharField(max_length=8)),
                ('key', fields.BigIntField()),
                ('record_id', fields.BigIntField()),
            ],
            options={'table': 'match_key', 'app': 'customers', 'unique_together': (('about', 'key', 'record_id'),), 'indexes': [Index(fields=['about', 'record_id'], name='match_key_record')], 'pk_attr': 'id', 'table_description': 'Under which keys a record is found by the matcher; made anew whenever it changes.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SourceRank',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('source', fields.CharField(max_length=60)),
                ('field', fields.CharField(default='', max_length=40)),
                ('rank', fields.IntField()),
            ],
            options={'table': 'source_rank', 'app': 'customers', 'unique_together': (('source', 'field'),), 'pk_attr': 'id', 'table_description': 'Whose word counts for a field: the lower rank wins. `field` is empty for all the others.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='TrailPart',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('owner', fields.CharField(max_length=10)),
                ('owner_id', fields.BigIntField()),
                ('what', fields.CharField(max_length=8)),
                ('table', fields.CharField(source_field='about_table', max_length=60)),
                ('data', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'trail_part', 'app': 'customers', 'indexes': [Index(fields=['owner', 'owner_id', 'id'], name='trail_part_owner')], 'pk_attr': 'id', 'table_description': 'What a merge or an import did to which rows, in order, so that all of it can be taken back.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Review',
            name='source',
            field=fields.CharField(default='', db_default='', max_length=60),
        ),
        ops.AddField(
            model_name='Review',
            name='source_id',
            field=fields.CharField(default='', db_default='', max_length=300),
        ),
        ops.AddIndex(
            model_name='Review',
            index=Index(fields=['source', 'source_id'], name='review_source'),
        ),
    ]
