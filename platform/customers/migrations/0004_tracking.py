"""Write keys, whose events are not known yet, and counts per account of people who belong to two."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from core.fields import Moment
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('customers', '0003_matching')]

    initial = False

    operations = [
        ops.CreateModel(
            name='WriteKey',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('source', fields.CharField(max_length=60)),
                ('name', fields.CharField(max_length=120)),
                ('key_hash', fields.CharField(unique=True, max_length=64)),
                ('hint', fields.CharField(max_length=8)),
                ('is_trusted', fields.BooleanField(default=True)),
                ('created_by', fields.ForeignKeyField('customers.Person', source_field='created_by_id', null=True, db_constraint=True, to_field='id', related_name='write_keys', on_delete=OnDelete.SET_NULL)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('revoked_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('used_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('accepted', fields.BigIntField(default=0)),
                ('refused', fields.BigIntField(default=0)),
                ('last_refusal', fields.CharField(default='', max_length=300)),
                ('refused_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'write_key', 'app': 'customers', 'pk_attr': 'id', 'table_description': 'What a system sends product events with; only a hash of the key is kept.'},
            bases=['Model'],
        ),
        ops.AlterField(
            model_name='AccountMetric',
            name='d30',
            field=fields.BigIntField(default=0),
        ),
        ops.AlterField(
            model_name='AccountMetric',
            name='d7',
            field=fields.BigIntField(default=0),
        ),
        ops.AlterField(
            model_name='AccountMetric',
            name='d90',
            field=fields.BigIntField(default=0),
        ),
        ops.RemoveIndex(
            model_name='PersonMetric',
            name='person_metric_d30',
            fields=None,
        ),
        ops.AlterField(
            model_name='PersonMetric',
            name='d30',
            field=fields.BigIntField(default=0),
        ),
        ops.AlterField(
            model_name='PersonMetric',
            name='d7',
            field=fields.BigIntField(default=0),
        ),
        ops.AlterField(
            model_name='PersonMetric',
            name='d90',
            field=fields.BigIntField(default=0),
        ),
        ops.AddIndex(
            model_name='PersonMetric',
            index=Index(fields=['metric', 'd30', 'person_id', 'd7', 'd90', 'total'], name='person_metric_covering'),
        ),
        ops.RemoveIndex(
            model_name='ProductEvent',
            name='event_account',
            fields=None,
        ),
        ops.AlterModelOptions(
            name='ProductEvent',
            options={'table': 'event', 'app': 'customers', 'indexes': [Index(fields=['person_id', 'name', 'at'], name='event_person')], 'pk_attr': 'id', 'table_description': "What people did in the customer's product (Segment's `track`, `page`, `screen`); append-only."},
        ),
        ops.AlterField(
            model_name='ProductEvent',
            name='anonymous_id',
            field=fields.CharField(null=True, max_length=254),
        ),
        ops.AddField(
            model_name='ProductEvent',
            name='dwell_ms',
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name='ProductEvent',
            name='source',
            field=fields.CharField(db_default='', max_length=60),
        ),
        ops.RemoveIndex(
            model_name='UsageDay',
            name='usage_day_account',
            fields=None,
        ),
        ops.RemoveConstraint(
            model_name='UsageDay',
            name=None,
            fields=['person_id', 'name', 'day'],
        ),
        ops.RunSQL("UPDATE usage_day SET account_id = 0 WHERE account_id IS NULL", reverse_sql=""),
        ops.AlterField(
            model_name='UsageDay',
            name='account_id',
            field=fields.BigIntField(db_default=0),
        ),
        ops.AlterField(
            model_name='UsageDay',
            name='count',
            field=fields.BigIntField(default=0),
        ),
        ops.AddIndex(
            model_name='UsageDay',
            index=Index(fields=['account_id', 'name', 'day'], name='usage_day_account_name'),
        ),
        ops.AddConstraint(
            model_name='UsageDay',
            constraint=UniqueConstraint(fields=('person_id', 'name', 'day', 'account_id'), name=None),
        ),
        ops.AlterModelOptions(
            name='UsageDay',
            options={'table': 'usage_day', 'app': 'customers', 'unique_together': (('person_id', 'name', 'day', 'account_id'),), 'indexes': [Index(fields=['account_id', 'name', 'day'], name='usage_day_account_name'), Index(fields=['day'], name='usage_day_day')], 'pk_attr': 'id', 'table_description': 'Events of one name by one person for one account (0: none) on one local day: what windows are aged from.'},
        ),
        ops.RunSQL(
            "CREATE INDEX event_unclaimed ON event (anonymous_id, id) WHERE person_id IS NULL",
            reverse_sql="DROP INDEX event_unclaimed",
        ),
    ]
