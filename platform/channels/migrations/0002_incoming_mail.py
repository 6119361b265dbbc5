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
            name='IncomingMail',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('key', fields.CharField(unique=True, max_length=64)),
                ('sender', fields.CharField(max_length=320)),
                ('recipient', fields.CharField(max_length=320)),
                ('content', fields.BinaryField()),
                ('way', fields.CharField(max_length=8)),
                ('state', fields.CharField(default='waiting', max_length=12)),
                ('outcome', fields.CharField(default='', max_length=300)),
                ('received_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'incoming_mail', 'app': 'channels', 'indexes': [Index(fields=['state', 'id'], name='incoming_mail_state'), Index(fields=['received_at'], name='incoming_mail_received')], 'pk_attr': 'id', 'table_description': 'A mail that came in, kept under a key of its bytes before it is acknowledged; its bytes go once it is done.'},
            bases=['Model'],
        ),
    ]
