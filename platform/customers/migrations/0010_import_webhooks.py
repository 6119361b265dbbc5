from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0009_health_event_by_time')]

    initial = False

    operations = [
        ops.CreateModel(
            name='IncomingHook',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=120)),
                ('source', fields.CharField(max_length=60)),
                ('kind', fields.CharField(max_length=20)),
                ('key_hash', fields.CharField(unique=True, max_length=64)),
                ('signing_secret', fields.TextField(default='', unique=False)),
                ('signature_header', fields.CharField(default='', max_length=60)),
                ('id_path', fields.CharField(default='', max_length=200)),
                ('list_path', fields.CharField(default='', max_length=200)),
                ('mapping', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('is_on', fields.BooleanField(default=False)),
                ('created_by', fields.ForeignKeyField('customers.Person', source_field='created_by_id', null=True, db_constraint=True, to_field='id', related_name='hooks_made', on_delete=OnDelete.SET_NULL)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('revoked_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'incoming_hook', 'app': 'customers', 'pk_attr': 'id', 'table_description': 'An address that one system sends to; only a hash of its secret is kept. `mapping`: field → path in a record.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='IncomingBody',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('hook', fields.ForeignKeyField('customers.IncomingHook', source_field='hook_id', db_constraint=True, to_field='id', related_name='bodies', on_delete=OnDelete.CASCADE)),
                ('key', fields.CharField(max_length=100)),
                ('body', fields.TextField(unique=False)),
                ('content_type', fields.CharField(default='', max_length=120)),
                ('state', fields.CharField(default='waiting', max_length=12)),
                ('counts', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('outcomes', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('error', fields.CharField(default='', max_length=300)),
                ('received_at', Moment(auto_now=False, auto_now_add=False)),
                ('worked_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'incoming_body', 'app': 'customers', 'unique_together': (('hook', 'key'),), 'indexes': [Index(fields=['hook_id', 'state', 'id'], name='incoming_body_state')], 'pk_attr': 'id', 'table_description': 'One body as it came. Kept for 30 days after it was worked on.'},
            bases=['Model'],
        ),
    ]
