from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0023_language_headcount')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ProductRequest',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('title', fields.CharField(max_length=120)),
                ('description', fields.CharField(default='', max_length=2000)),
                ('terms', fields.TextField(default='', unique=False)),
                ('status', fields.CharField(default='open', max_length=12)),
                ('area', fields.CharField(default='', max_length=60)),
                ('owner', fields.ForeignKeyField('customers.Person', source_field='owner_id', null=True, db_constraint=True, to_field='id', related_name='requests_owned', on_delete=OnDelete.SET_NULL)),
                ('message', fields.CharField(default='', max_length=500)),
                ('shipped_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('merged_into', fields.ForeignKeyField('customers.ProductRequest', source_field='merged_into_id', null=True, db_constraint=True, to_field='id', related_name='merged', on_delete=OnDelete.SET_NULL)),
                ('merged_voices', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('merged_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('version', fields.IntField(default=1)),
                ('created_by', fields.ForeignKeyField('customers.Person', source_field='created_by_id', null=True, db_constraint=True, to_field='id', related_name='requests_opened', on_delete=OnDelete.SET_NULL)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('updated_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'product_request', 'app': 'customers', 'indexes': [Index(fields=['status', 'id'], name='product_request_status'), Index(fields=['merged_into_id'], name='product_request_merged')], 'pk_attr': 'id', 'table_description': 'One thing that customers want of the product. `terms` are the words by which similar ones are found.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Decision',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('request', fields.ForeignKeyField('customers.ProductRequest', source_field='request_id', db_constraint=True, to_field='id', related_name='decisions', on_delete=OnDelete.CASCADE)),
                ('before', fields.CharField(max_length=12)),
                ('status', fields.CharField(max_length=12)),
                ('reason', fields.CharField(default='', max_length=500)),
                ('message', fields.CharField(default='', max_length=500)),
                ('tells', fields.BooleanField(default=False)),
                ('in_conversations', fields.CharField(default='notice', max_length=8)),
                ('by', fields.ForeignKeyField('customers.Person', source_field='by_id', null=True, db_constraint=True, to_field='id', related_name='requests_decided', on_delete=OnDelete.SET_NULL)),
                ('at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'request_decision', 'app': 'customers', 'indexes': [Index(fields=['request_id', 'id'], name='request_decision_request')], 'pk_attr': 'id', 'table_description': 'What was decided about a request, why (for staff), and the sentence that those who asked are told.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Telling',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('decision', fields.ForeignKeyField('customers.Decision', source_field='decision_id', db_constraint=True, to_field='id', related_name='tellings', on_delete=OnDelete.CASCADE)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name='told_of_requests', on_delete=OnDelete.CASCADE)),
                ('conversation_id', fields.BigIntField(null=True)),
                ('way', fields.CharField(max_length=8)),
                ('at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'request_telling', 'app': 'customers', 'unique_together': (('decision', 'person'), ('decision', 'conversation_id')), 'indexes': [Index(fields=['person_id', 'id'], name='request_telling_person')], 'pk_attr': 'id', 'table_description': 'The ledger of a decision: a person, or the conversation of somebody not known yet, is told once, one way.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Voice',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('request', fields.ForeignKeyField('customers.ProductRequest', source_field='request_id', db_constraint=True, to_field='id', related_name='voices', on_delete=OnDelete.CASCADE)),
                ('source_kind', fields.CharField(default='', max_length=24)),
                ('source_id', fields.BigIntField(null=True)),
                ('account', fields.ForeignKeyField('customers.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='voices', on_delete=OnDelete.SET_NULL)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name='voices', on_delete=OnDelete.SET_NULL)),
                ('quote', fields.CharField(default='', max_length=1000)),
                ('said_at', Moment(auto_now=False, auto_now_add=False)),
                ('added_by', fields.ForeignKeyField('customers.Person', source_field='added_by_id', null=True, db_constraint=True, to_field='id', related_name='voices_added', on_delete=OnDelete.SET_NULL)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'voice', 'app': 'customers', 'unique_together': (('request', 'source_kind', 'source_id'),), 'indexes': [Index(fields=['request_id', 'said_at', 'id'], name='voice_request'), Index(fields=['account_id', 'request_id'], name='voice_account'), Index(fields=['person_id'], name='voice_person'), Index(fields=['source_kind', 'source_id'], name='voice_source')], 'pk_attr': 'id', 'table_description': 'What one customer said. `source_kind` and `source_id` lead to where it was said (`post`, 7), once for a request;'},
            bases=['Model'],
        ),
    ]
