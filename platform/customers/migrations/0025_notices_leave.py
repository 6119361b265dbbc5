from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0024_requests')]

    initial = False

    operations = [
        ops.CreateModel(
            name='NoticeChoice',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='notice_choices', on_delete=OnDelete.CASCADE)),
                ('group_name', fields.CharField(max_length=20)),
                ('way', fields.CharField(max_length=8)),
                ('before', fields.CharField(default='', max_length=8)),
                ('changed_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'notice_choice', 'app': 'customers', 'unique_together': (('person', 'group_name'),), 'pk_attr': 'id', 'table_description': "The way of one group of notices for one person, where they chose one; else the house's default holds."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='NoticeLetter',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='notice_letters', on_delete=OnDelete.CASCADE)),
                ('token', fields.CharField(unique=True, max_length=64)),
                ('way', fields.CharField(max_length=8)),
                ('brand', fields.CharField(default='default', max_length=40)),
                ('group_names', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('notices', fields.IntField()),
                ('state', fields.CharField(max_length=12)),
                ('reason', fields.CharField(default='', max_length=300)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('settled_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'notice_letter', 'app': 'customers', 'indexes': [Index(fields=['person_id', 'created_at', 'id'], name='notice_letter_person')], 'pk_attr': 'id', 'table_description': 'One mail or message about notices: the ledger of what left, and of what did not and why.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Notice',
            name='due_at',
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Notice',
            name='letter_id',
            field=fields.BigIntField(null=True),
        ),
        # Only what is still to go: a round looks at nothing else, however many notices there are.
        ops.RunSQL(
            "CREATE INDEX notice_due ON notice (due_at, person_id) WHERE due_at IS NOT NULL",
            reverse_sql="DROP INDEX notice_due",
        ),
        ops.RunSQL(
            "CREATE INDEX notice_pending ON notice (person_id, due_at) WHERE due_at IS NOT NULL",
            reverse_sql="DROP INDEX notice_pending",
        ),
    ]
