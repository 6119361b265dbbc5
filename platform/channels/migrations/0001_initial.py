from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='Connection',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('kind', fields.CharField(max_length=12)),
                ('name', fields.CharField(max_length=120)),
                ('external_id', fields.CharField(max_length=120)),
                ('brand', fields.CharField(default='default', max_length=40)),
                ('settings', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('secrets', fields.TextField(default='', unique=False)),
                ('state', fields.CharField(default='active', max_length=12)),
                ('last_error', fields.CharField(default='', max_length=300)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('updated_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'connection', 'app': 'channels', 'unique_together': (('kind', 'external_id'),), 'pk_attr': 'id', 'table_description': 'A Slack team, a LINE channel, a mail account. `secrets` is encrypted (core.vault).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Arrival',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('connection', fields.ForeignKeyField('channels.Connection', source_field='connection_id', db_constraint=True, to_field='id', related_name='arrivals', on_delete=OnDelete.CASCADE)),
                ('key', fields.CharField(max_length=120)),
                ('kind', fields.CharField(max_length=60)),
                ('body', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('at', Moment(auto_now=False, auto_now_add=False)),
                ('received_at', Moment(auto_now=False, auto_now_add=False)),
                ('state', fields.CharField(default='waiting', max_length=12)),
                ('outcome', fields.CharField(default='', max_length=300)),
            ],
            options={'table': 'arrival', 'app': 'channels', 'unique_together': (('connection', 'key'),), 'indexes': [Index(fields=['state', 'id'], name='arrival_state'), Index(fields=['received_at'], name='arrival_received')], 'pk_attr': 'id', 'table_description': 'A webhook event, stored under its unique key before it is acknowledged, then worked on.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Mail',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('message_id', fields.CharField(unique=True, max_length=200)),
                ('sender', fields.CharField(max_length=320)),
                ('recipient', fields.CharField(max_length=320)),
                ('subject', fields.CharField(default='', max_length=500)),
                ('content', fields.BinaryField()),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'mail', 'app': 'channels', 'indexes': [Index(fields=['recipient', 'id'], name='mail_recipient')], 'pk_attr': 'id', 'table_description': "A mail kept for the staff's mailbox page: what was sent while no SMTP server is set."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='OutgoingMail',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('key', fields.CharField(unique=True, max_length=160)),
                ('brand', fields.CharField(default='default', max_length=40)),
                ('recipient', fields.CharField(max_length=320)),
                ('subject', fields.CharField(max_length=500)),
                ('text', fields.TextField(unique=False)),
                ('html', fields.TextField(default='', unique=False)),
                ('message_id', fields.CharField(max_length=200)),
                ('state', fields.CharField(default='waiting', max_length=12)),
                ('attempt', fields.IntField(default=0)),
                ('reason', fields.CharField(default='', max_length=300)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('attempted_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('sent_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'outgoing_mail', 'app': 'channels', 'indexes': [Index(fields=['state', 'id'], name='outgoing_mail_state')], 'pk_attr': 'id', 'table_description': 'The ledger of single mails (sign-in links, notices): one row, one final state, a reason.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Pace',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('key', fields.CharField(unique=True, max_length=160)),
                ('next_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'pace', 'app': 'channels', 'pk_attr': 'id', 'table_description': 'When the next message of one queue (a Slack channel) may leave: one a second, over all processes.'},
            bases=['Model'],
        ),
    ]
