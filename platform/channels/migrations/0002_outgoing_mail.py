from tortoise import migrations
from tortoise.migrations import operations as ops
from core.fields import Moment
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('channels', '0001_initial')]

    initial = False

    operations = [
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
    ]
