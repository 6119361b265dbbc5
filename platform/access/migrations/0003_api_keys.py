from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('access', '0002_roles'), ('customers', '0006_review_pairs')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ApiKey',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=80)),
                ('prefix', fields.CharField(unique=True, max_length=16)),
                ('secret_hash', fields.CharField(max_length=64)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='api_keys', on_delete=OnDelete.CASCADE)),
                ('scopes', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('is_read_only', fields.BooleanField(default=False)),
                ('per_minute', fields.IntField(default=600)),
                ('made_by_id', fields.BigIntField(null=True)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('expires_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('revoked_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('last_used_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'api_key', 'app': 'access', 'indexes': [Index(fields=['person_id'], name='api_key_person')], 'pk_attr': 'id', 'table_description': 'What a program of the company speaks with: for a member of staff (`person`), within `scopes`.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ApiUse',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('key', fields.ForeignKeyField('access.ApiKey', source_field='key_id', db_constraint=True, to_field='id', related_name='uses', on_delete=OnDelete.CASCADE)),
                ('minute', fields.BigIntField()),
                ('count', fields.IntField(default=0)),
            ],
            options={'table': 'api_use', 'app': 'access', 'unique_together': (('key', 'minute'),), 'indexes': [Index(fields=['minute'], name='api_use_minute')], 'pk_attr': 'id', 'table_description': 'How many requests a key made in a minute (of the epoch): what its limit is counted by.'},
            bases=['Model'],
        ),
    ]
