from tortoise import migrations
from tortoise.migrations import operations as ops
from core.fields import Moment
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('channels', '0002_incoming_mail'), ('customers', '0006_review_pairs'), ('inbox', '0004_labels')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ChatVisitor',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('token_hash', fields.CharField(null=True, unique=True, max_length=64)),
                ('brand', fields.CharField(default='default', max_length=40)),
                ('subject', fields.CharField(null=True, max_length=200)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name='chat_visits', on_delete=OnDelete.CASCADE)),
                ('mail', fields.CharField(default='', max_length=254)),
                ('asked_mail', fields.CharField(default='', max_length=254)),
                ('code_hash', fields.CharField(default='', max_length=64)),
                ('code_until', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('code_tries', fields.IntField(default=0)),
                ('lang', fields.CharField(default='ja', max_length=8)),
                ('seen_at', Moment(auto_now=False, auto_now_add=False)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'chat_visitor', 'app': 'inbox', 'unique_together': (('brand', 'subject'),), 'indexes': [Index(fields=['seen_at'], name='chat_visitor_seen'), Index(fields=['person_id'], name='chat_visitor_person'), Index(fields=['mail'], name='chat_visitor_mail')], 'pk_attr': 'id', 'table_description': "Somebody on the web who is not signed in: whoever holds the token of `token_hash`, or the product's own user"},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Rating',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('conversation', fields.ForeignKeyField('inbox.Conversation', source_field='conversation_id', db_constraint=True, to_field='id', related_name='ratings', on_delete=OnDelete.CASCADE)),
                ('epoch', fields.IntField()),
                ('score', fields.IntField()),
                ('comment', fields.TextField(default='', unique=False)),
                ('at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'conversation_rating', 'app': 'inbox', 'unique_together': (('conversation', 'epoch'),), 'pk_attr': 'id', 'table_description': "How the customer found it, 1 to 5, once for each time that a person's conversation ended (CSAT)."},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Conversation',
            name='customer_read',
            field=fields.IntField(default=0, db_default=0),
        ),
        # What was said before anybody counted was seen.
        ops.RunSQL("UPDATE conversation SET customer_read = message_count", "SELECT 1"),
    ]
