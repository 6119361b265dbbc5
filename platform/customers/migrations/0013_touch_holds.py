from tortoise import migrations
from tortoise.migrations import operations as ops
from core.fields import Moment
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0012_people_headcount')]

    initial = False

    operations = [
        ops.CreateModel(
            name='TouchHold',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='touch_holds', on_delete=OnDelete.CASCADE)),
                ('channel', fields.CharField(max_length=16)),
                ('kind', fields.CharField(max_length=40)),
                ('key', fields.CharField(unique=True, max_length=120)),
                ('about_kind', fields.CharField(default='', max_length=40)),
                ('about_id', fields.BigIntField(default=0)),
                ('priority', fields.IntField(default=0)),
                ('state', fields.CharField(max_length=10)),
                ('reason', fields.CharField(max_length=20)),
                ('times', fields.IntField(default=1)),
                ('held_at', Moment(auto_now=False, auto_now_add=False)),
                ('release_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('worth_until', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('changed_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'touch_hold', 'app': 'customers', 'indexes': [Index(fields=['person_id', 'changed_at', 'id'], name='touch_hold_person'), Index(fields=['state', 'release_at', 'id'], name='touch_hold_state'), Index(fields=['about_kind', 'about_id', 'state'], name='touch_hold_about'), Index(fields=['changed_at', 'id'], name='touch_hold_changed')], 'pk_attr': 'id', 'table_description': 'A touch that was not granted when it was asked for: who was held back, why, and what became of it.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Touch',
            name='about_id',
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Touch',
            name='about_kind',
            field=fields.CharField(default='', db_default='', max_length=40),
        ),
        ops.AddField(
            model_name='Touch',
            name='is_counted',
            field=fields.BooleanField(default=True, db_default=True),
        ),
    ]
