from tortoise import migrations
from tortoise.migrations import operations as ops
from core.fields import Moment
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0002_partial_indexes')]

    initial = False

    operations = [
        ops.CreateModel(
            name='ApiOutcome',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('owner', fields.CharField(max_length=40)),
                ('key', fields.CharField(max_length=255)),
                ('mark', fields.CharField(max_length=64)),
                ('status', fields.IntField()),
                ('body', fields.TextField(unique=False)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'api_outcome', 'app': 'core', 'unique_together': (('owner', 'key'),), 'indexes': [Index(fields=['created_at'], name='api_outcome_created')], 'pk_attr': 'id', 'table_description': 'What a request with an Idempotency-Key was answered: written in the transaction that did the work.'},
            bases=['Model'],
        ),
    ]
