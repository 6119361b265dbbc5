from tortoise import migrations
from tortoise.migrations import operations as ops
from core.fields import Moment
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0001_initial'), ('customers', '0002_topics'), ('customers', '0003_matching'), ('customers', '0004_tracking'), ('customers', '0005_segments_and_habits'), ('customers', '0006_review_pairs'), ('customers', '0007_import_files_and_purchases'), ('customers', '0008_health_watching'), ('customers', '0009_health_event_by_time'), ('customers', '0010_import_webhooks'), ('customers', '0011_health_lists_at_a_million'), ('customers', '0012_people_headcount'), ('customers', '0013_touch_holds'), ('customers', '0014_touch_pilot_facts'), ('customers', '0015_headcount_by_key'), ('customers', '0016_people_lookup'), ('customers', '0017_customer_place'), ('customers', '0018_room_for_counts')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Goal',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('customers.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='goals', on_delete=OnDelete.CASCADE)),
                ('title', fields.CharField(max_length=200)),
                ('event', fields.CharField(default='', max_length=120)),
                ('target', fields.IntField(default=1)),
                ('progress', fields.IntField(default=0)),
                ('starts_on', fields.DateField()),
                ('due_on', fields.DateField(null=True)),
                ('state', fields.CharField(default='open', max_length=8)),
                ('note', fields.CharField(default='', max_length=500)),
                ('created_by', fields.ForeignKeyField('customers.Person', source_field='created_by_id', null=True, db_constraint=True, to_field='id', related_name='goals_set', on_delete=OnDelete.SET_NULL)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('updated_at', Moment(auto_now=False, auto_now_add=False)),
                ('closed_on', fields.DateField(null=True)),
            ],
            options={'table': 'account_goal', 'app': 'customers', 'indexes': [Index(fields=['account_id', 'state', 'id'], name='account_goal_account')], 'pk_attr': 'id', 'table_description': 'What an account wants to reach with the product, in its own words. Reached by an event, or as staff say.'},
            bases=['Model'],
        ),
    ]
