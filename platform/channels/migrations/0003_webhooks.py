from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('channels', '0002_incoming_mail')]

    initial = False

    operations = [
        ops.CreateModel(
            name='WebhookTarget',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=80)),
                ('url', fields.CharField(max_length=2000)),
                ('kinds', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('sealed', fields.TextField(unique=False)),
                ('old_secret_until', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('state', fields.CharField(default='active', max_length=8)),
                ('problem', fields.CharField(default='', max_length=200)),
                ('told_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'webhook_target', 'app': 'channels', 'pk_attr': 'id', 'table_description': 'An address of another system that is told of facts. `sealed` holds the secrets, the newest first.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='WebhookDelivery',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('target', fields.ForeignKeyField('channels.WebhookTarget', source_field='target_id', db_constraint=True, to_field='id', related_name='deliveries', on_delete=OnDelete.CASCADE)),
                ('event', fields.CharField(max_length=64)),
                ('kind', fields.CharField(max_length=40)),
                ('body', fields.TextField(unique=False)),
                ('state', fields.CharField(default='waiting', max_length=8)),
                ('tries', fields.IntField(default=0)),
                ('status', fields.IntField(null=True)),
                ('problem', fields.CharField(default='', max_length=200)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('tried_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('next_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'webhook_delivery', 'app': 'channels', 'unique_together': (('target', 'event'),), 'indexes': [Index(fields=['target_id', 'id'], name='webhook_delivery_target'), Index(fields=['created_at'], name='webhook_delivery_created')], 'pk_attr': 'id', 'table_description': 'One fact for one address; `event` is the same in every try, so that the other side knows a repeat.'},
            bases=['Model'],
        ),
    ]
