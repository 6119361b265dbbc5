"""Slack channels of departments, and the ledger of what was posted there."""

from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('channels', '0004_one_click'), ('customers', '0025_notices_leave')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Department',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=80)),
                ('connection', fields.ForeignKeyField('channels.Connection', source_field='connection_id', db_constraint=True, to_field='id', related_name='departments', on_delete=OnDelete.CASCADE)),
                ('channel', fields.CharField(max_length=40)),
                ('kinds', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('tiers', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('language', fields.CharField(default='ja', max_length=8)),
                ('state', fields.CharField(default='active', max_length=8)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('updated_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'department', 'app': 'customers', 'pk_attr': 'id', 'table_description': 'A channel that is told of some kinds of happenings, of companies of some tiers (none chosen: of all).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='DepartmentPost',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('department', fields.ForeignKeyField('customers.Department', source_field='department_id', db_constraint=True, to_field='id', related_name='posts', on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharField(max_length=24)),
                ('key', fields.CharField(max_length=120)),
                ('account', fields.ForeignKeyField('customers.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='department_posts', on_delete=OnDelete.CASCADE)),
                ('url', fields.CharField(default='', max_length=300)),
                ('data', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('state', fields.CharField(default='waiting', max_length=12)),
                ('reason', fields.CharField(default='', max_length=300)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('settled_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'department_post', 'app': 'customers', 'unique_together': (('department', 'key'),), 'indexes': [Index(fields=['department_id', 'id'], name='department_post_department'), Index(fields=['account_id'], name='department_post_account')], 'pk_attr': 'id', 'table_description': 'The ledger: one happening told to one channel once, with its final state and the reason.'},
            bases=['Model'],
        ),
    ]
