from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('channels', '0003_webhooks'), ('customers', '0014_touch_pilot_facts'), ('inbox', '0005_web_chat')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Suggestion',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('conversation', fields.ForeignKeyField('inbox.Conversation', source_field='conversation_id', db_constraint=True, to_field='id', related_name='suggestions', on_delete=OnDelete.CASCADE)),
                ('message', fields.OneToOneField('inbox.Message', source_field='message_id', db_constraint=True, to_field='id', related_name='suggestion', on_delete=OnDelete.CASCADE)),
                ('bot_kind', fields.CharField(max_length=40)),
                ('bot_id', fields.BigIntField()),
                ('body', fields.TextField(unique=False)),
                ('sources', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('confidence', fields.IntField(default=0)),
                ('query', fields.CharField(default='', max_length=64)),
                ('state', fields.CharField(default='open', max_length=10)),
                ('reason', fields.CharField(default='', max_length=20)),
                ('comment', fields.CharField(default='', max_length=300)),
                ('decided_by', fields.ForeignKeyField('customers.Person', source_field='decided_by_id', null=True, db_constraint=True, to_field='id', related_name='suggestions_decided', on_delete=OnDelete.SET_NULL)),
                ('decided_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'suggestion', 'app': 'inbox', 'indexes': [Index(fields=['conversation_id', 'state', 'id'], name='suggestion_conversation'), Index(fields=['bot_kind', 'bot_id', 'created_at'], name='suggestion_bot')], 'pk_attr': 'id', 'table_description': 'What a bot on trial would have answered to a message: staff send it as it is, change it, or refuse it.'},
            bases=['Model'],
        ),
    ]
