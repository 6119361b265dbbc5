from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0019_account_goals'), ('customers', '0020_metric_place')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Task',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('customers.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='tasks', on_delete=OnDelete.CASCADE)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name='tasks_about', on_delete=OnDelete.SET_NULL)),
                ('title', fields.CharField(default='', max_length=200)),
                ('facts', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('due_on', fields.DateField()),
                ('owner', fields.ForeignKeyField('customers.Person', source_field='owner_id', null=True, db_constraint=True, to_field='id', related_name='tasks_owned', on_delete=OnDelete.SET_NULL)),
                ('kind', fields.CharField(default='by_hand', max_length=12)),
                ('about_kind', fields.CharField(default='', max_length=24)),
                ('about_id', fields.BigIntField(null=True)),
                ('key', fields.CharField(null=True, unique=True, max_length=80)),
                ('state', fields.CharField(default='open', max_length=8)),
                ('note', fields.CharField(default='', max_length=500)),
                ('created_by', fields.ForeignKeyField('customers.Person', source_field='created_by_id', null=True, db_constraint=True, to_field='id', related_name='tasks_set', on_delete=OnDelete.SET_NULL)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('updated_at', Moment(auto_now=False, auto_now_add=False)),
                ('closed_by', fields.ForeignKeyField('customers.Person', source_field='closed_by_id', null=True, db_constraint=True, to_field='id', related_name='tasks_closed', on_delete=OnDelete.SET_NULL)),
                ('closed_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'account_task', 'app': 'customers', 'indexes': [Index(fields=['account_id', 'state', 'due_on', 'id'], name='account_task_account'), Index(fields=['owner_id', 'state', 'due_on', 'id'], name='account_task_owner'), Index(fields=['state', 'due_on', 'id'], name='account_task_state'), Index(fields=['person_id'], name='account_task_person')], 'pk_attr': 'id', 'table_description': 'Who does what about an account, by when and why.'},
            bases=['Model'],
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX account_task_open ON account_task (kind, about_kind, about_id)"
            " WHERE state = 'open' AND about_id IS NOT NULL",
            reverse_sql="DROP INDEX account_task_open",
        ),
    ]
