"""What we watch in an account: pulses, falls of health, and who put it into its phase."""

from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0007_import_files_and_purchases')]

    initial = False

    operations = [
        ops.CreateModel(
            name='HealthAlert',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('customers.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='health_alerts', on_delete=OnDelete.CASCADE)),
                ('day', fields.DateField()),
                ('before', fields.IntField()),
                ('after', fields.IntField()),
                ('lost', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('state', fields.CharField(default='open', max_length=12)),
                ('raised_at', Moment(auto_now=False, auto_now_add=False)),
                ('seen_by', fields.ForeignKeyField('customers.Person', source_field='seen_by_id', null=True, db_constraint=True, to_field='id', related_name='alerts_seen', on_delete=OnDelete.SET_NULL)),
                ('seen_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('note', fields.CharField(default='', max_length=500)),
            ],
            options={'table': 'health_alert', 'app': 'customers', 'indexes': [Index(fields=['account_id', 'id'], name='health_alert_account'), Index(fields=['state', 'id'], name='health_alert_state')], 'pk_attr': 'id', 'table_description': "One fall of an account's health, told once. `lost`: [{measure, from, to}] in points of that measure."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Pulse',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('customers.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='pulses', on_delete=OnDelete.CASCADE)),
                ('state', fields.CharField(max_length=8)),
                ('note', fields.CharField(max_length=500)),
                ('by', fields.ForeignKeyField('customers.Person', source_field='by_id', null=True, db_constraint=True, to_field='id', related_name='pulses_given', on_delete=OnDelete.SET_NULL)),
                ('at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'pulse', 'app': 'customers', 'indexes': [Index(fields=['account_id', 'at'], name='pulse_account')], 'pk_attr': 'id', 'table_description': 'How a CSM judges the relationship, with why: what no measure sees. It fades with a half-life.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Account',
            name='phase_by_id',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Account',
            name='phase_reason',
            field=fields.CharField(default='', db_default='', max_length=300),
        ),
        ops.AddField(
            model_name='Account',
            name='phase_since',
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Account',
            name='phase_until',
            field=fields.DateField(null=True),
        ),
    ]
