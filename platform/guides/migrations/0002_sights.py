from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0001_initial'), ('customers', '0002_topics'), ('customers', '0003_matching'), ('customers', '0004_tracking'), ('customers', '0005_segments_and_habits'), ('customers', '0006_review_pairs'), ('customers', '0007_import_files_and_purchases'), ('customers', '0008_health_watching'), ('customers', '0009_health_event_by_time'), ('customers', '0010_import_webhooks'), ('customers', '0011_health_lists_at_a_million'), ('customers', '0012_people_headcount'), ('customers', '0013_touch_holds'), ('customers', '0014_touch_pilot_facts'), ('guides', '0001_initial')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Sight',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('guide', fields.ForeignKeyField('guides.Guide', source_field='guide_id', db_constraint=True, to_field='id', related_name='sights', on_delete=OnDelete.CASCADE)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='guide_sights', on_delete=OnDelete.CASCADE)),
                ('step', fields.IntField()),
                ('page', fields.CharField(max_length=200)),
                ('visit', fields.BigIntField()),
                ('is_found', fields.BooleanField()),
                ('at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'guide_sight', 'app': 'guides', 'unique_together': (('guide', 'person', 'step', 'page', 'visit'),), 'indexes': [Index(fields=['guide_id', 'at'], name='guide_sight_guide'), Index(fields=['person_id'], name='guide_sight_person'), Index(fields=['at'], name='guide_sight_at')], 'pk_attr': 'id', 'table_description': "Whether one person, in one visit (half hours since 1970), found a step's place on one page. Kept for a day."},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Guide',
            name='broken',
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Product',
            name='miss_share',
            field=fields.IntField(default=50, db_default=50),
        ),
        ops.AddField(
            model_name='Product',
            name='miss_visits',
            field=fields.IntField(default=20, db_default=20),
        ),
    ]
