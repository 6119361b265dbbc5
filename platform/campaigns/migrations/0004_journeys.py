from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('campaigns', '0003_line'), ('customers', '0025_notices_leave')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Journey',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('brand', fields.CharField(default='default', max_length=40)),
                ('name', fields.CharField(max_length=120)),
                ('topic', fields.CharField(max_length=40)),
                ('locale', fields.CharField(default='ja', max_length=8)),
                ('state', fields.CharField(default='draft', max_length=8)),
                ('segment', fields.ForeignKeyField('customers.Segment', source_field='segment_id', null=True, db_constraint=True, to_field='id', related_name='journeys', on_delete=OnDelete.SET_NULL)),
                ('takes_present', fields.BooleanField(default=False)),
                ('again_after', fields.IntField(null=True)),
                ('goal_event', fields.CharField(default='', max_length=120)),
                ('goal_segment_id', fields.BigIntField(null=True)),
                ('leaves_with_segment', fields.BooleanField(default=False)),
                ('steps', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('last_step', fields.IntField(default=0)),
                ('change', fields.IntField(default=0)),
                ('version_id', fields.BigIntField(null=True)),
                ('since', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('created_by', fields.ForeignKeyField('customers.Person', source_field='created_by_id', null=True, db_constraint=True, to_field='id', related_name='journeys', on_delete=OnDelete.SET_NULL)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('updated_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'journey', 'app': 'campaigns', 'indexes': [Index(fields=['state', 'id'], name='journey_state'), Index(fields=['updated_at', 'id'], name='journey_updated')], 'pk_attr': 'id', 'table_description': 'What staff build. `steps` is the tree that is being written; who is inside goes through a Version of it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Move',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('run_id', fields.BigIntField()),
                ('version_id', fields.BigIntField()),
                ('person_id', fields.BigIntField()),
                ('number', fields.IntField()),
                ('at', Moment(auto_now=False, auto_now_add=False)),
                ('node', fields.CharField(default='', max_length=20)),
                ('what', fields.CharField(max_length=12)),
                ('reason', fields.CharField(default='', max_length=40)),
                ('step_id', fields.BigIntField(null=True)),
            ],
            options={'table': 'journey_move', 'app': 'campaigns', 'unique_together': (('run_id', 'number'),), 'indexes': [Index(fields=['version_id', 'node', 'what'], name='journey_move_node'), Index(fields=['person_id', 'id'], name='journey_move_person')], 'pk_attr': 'id', 'table_description': "What happened to a person at one step: the answer to 'why did I get this, or not'. One for each number."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Version',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('journey', fields.ForeignKeyField('campaigns.Journey', source_field='journey_id', db_constraint=True, to_field='id', related_name='versions', on_delete=OnDelete.CASCADE)),
                ('number', fields.IntField()),
                ('hash', fields.CharField(max_length=64)),
                ('plan', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('created_by_id', fields.BigIntField(null=True)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'journey_version', 'app': 'campaigns', 'unique_together': (('journey', 'hash'), ('journey', 'number')), 'pk_attr': 'id', 'table_description': 'A journey as it was tried: steps, contents and rules under one hash. It never changes.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Run',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('journey', fields.ForeignKeyField('campaigns.Journey', source_field='journey_id', db_constraint=True, to_field='id', related_name='runs', on_delete=OnDelete.CASCADE)),
                ('version', fields.ForeignKeyField('campaigns.Version', source_field='version_id', db_constraint=True, to_field='id', related_name='runs', on_delete=OnDelete.CASCADE)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='journey_runs', on_delete=OnDelete.CASCADE)),
                ('account_id', fields.BigIntField(null=True)),
                ('entry', fields.IntField()),
                ('is_pilot', fields.BooleanField(default=False)),
                ('is_fast', fields.BooleanField(default=False)),
                ('state', fields.CharField(default='active', max_length=8)),
                ('reason', fields.CharField(default='', max_length=40)),
                ('node', fields.CharField(default='', max_length=20)),
                ('number', fields.IntField(default=1)),
                ('since', Moment(auto_now=False, auto_now_add=False)),
                ('due_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('sent_step_id', fields.BigIntField(null=True)),
                ('entered_at', Moment(auto_now=False, auto_now_add=False)),
                ('ended_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'journey_run', 'app': 'campaigns', 'unique_together': (('journey', 'person', 'entry'),), 'indexes': [Index(fields=['person_id', 'id'], name='journey_run_person'), Index(fields=['version_id', 'state', 'node'], name='journey_run_place'), Index(fields=['journey_id', 'entered_at', 'id'], name='journey_run_entered')], 'pk_attr': 'id', 'table_description': 'A person on their way. `number` counts their moves: whoever moves them says which one it is, and is first.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Sending',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('version', fields.ForeignKeyField('campaigns.Version', source_field='version_id', db_constraint=True, to_field='id', related_name='sendings', on_delete=OnDelete.CASCADE)),
                ('node', fields.CharField(max_length=20)),
                ('entry', fields.IntField()),
                ('is_pilot', fields.BooleanField()),
                ('step', fields.ForeignKeyField('campaigns.Step', source_field='step_id', db_constraint=True, to_field='id', related_name='sendings', on_delete=OnDelete.CASCADE)),
            ],
            options={'table': 'journey_sending', 'app': 'campaigns', 'unique_together': (('version', 'node', 'entry', 'is_pilot'),), 'indexes': [Index(fields=['step_id'], name='journey_sending_step')], 'pk_attr': 'id', 'table_description': 'The open-ended step of the ledger for one mail of a version: one for each time around, and for the pilot.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Campaign',
            name='journey_id',
            field=fields.BigIntField(null=True),
        ),
        # Only who is on the way: a round looks at nobody else, however many have been through.
        ops.RunSQL(
            "CREATE INDEX journey_run_due ON journey_run (due_at, id) WHERE state = 'active'",
            reverse_sql="DROP INDEX journey_run_due",
        ),
        ops.RunSQL(
            "CREATE INDEX campaign_journey ON campaign (journey_id) WHERE journey_id IS NOT NULL",
            reverse_sql="DROP INDEX campaign_journey",
        ),
    ]
