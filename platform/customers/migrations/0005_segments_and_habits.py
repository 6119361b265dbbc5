"""When a segment was last asked; habits; the people that every count is among, without reading whole rows."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from core.fields import Moment
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('customers', '0004_tracking')]

    initial = False

    operations = [
        ops.CreateModel(
            name='PersonHabit',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', unique=True, db_constraint=True, to_field='id', related_name='habits', on_delete=OnDelete.CASCADE)),
                ('hour', fields.IntField(null=True)),
                ('channel', fields.CharField(default='', max_length=16)),
            ],
            options={'table': 'person_habit', 'app': 'customers', 'pk_attr': 'id', 'table_description': 'Of the last 90 days: the local hour in which a person does most, and the channel they write on most. Nightly.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Segment',
            name='people',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Segment',
            name='refresh_ms',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='Segment',
            name='refreshed_at',
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL(
            "CREATE INDEX person_live ON person (id) WHERE state = 'active' AND kind = 'customer'",
            reverse_sql="DROP INDEX person_live",
        ),
        ops.RunSQL(
            "CREATE INDEX person_gone ON person (id) WHERE state <> 'active' OR kind <> 'customer'",
            reverse_sql="DROP INDEX person_gone",
        ),
    ]
