from tortoise import migrations
from tortoise.migrations import operations as ops
from core.fields import Moment
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0006_review_pairs')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Purchase',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name='purchases', on_delete=OnDelete.SET_NULL)),
                ('account', fields.ForeignKeyField('customers.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='purchases', on_delete=OnDelete.SET_NULL)),
                ('product', fields.CharField(default='', max_length=120)),
                ('quantity', fields.IntField(default=1)),
                ('amount', fields.BigIntField()),
                ('currency', fields.CharField(default='JPY', max_length=3)),
                ('bought_on', fields.DateField()),
                ('source', fields.CharField(max_length=60)),
                ('source_id', fields.CharField(max_length=300)),
                ('digest', fields.CharField(default='', max_length=64)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('updated_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'purchase', 'app': 'customers', 'unique_together': (('source', 'source_id'),), 'indexes': [Index(fields=['person_id'], name='purchase_person'), Index(fields=['account_id', 'bought_on'], name='purchase_account')], 'pk_attr': 'id', 'table_description': 'Something bought once, from an import; `amount` in whole units of `currency`, less than zero for a refund.'},
            bases=['Model'],
        ),
        ops.AlterModelOptions(
            name='ImportFile',
            options={'table': 'import_file', 'app': 'customers', 'indexes': [Index(fields=['batch_id'], name='import_file_batch')], 'pk_attr': 'id', 'table_description': "A part of a batch's file, compressed, so that any worker can go on with it; gone when it was applied."},
        ),
        ops.AddField(
            model_name='ImportFile',
            name='part',
            field=fields.IntField(default=0, db_default=0),
        ),
    ]
