from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0001_initial')]

    initial = True

    operations = [
        ops.CreateModel(
            name='BusinessReview',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('customers.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='business_reviews', on_delete=OnDelete.CASCADE)),
                ('title', fields.CharField(default='', max_length=120)),
                ('language', fields.CharField(default='ja', max_length=8)),
                ('first_day', fields.DateField()),
                ('last_day', fields.DateField()),
                ('before_first', fields.DateField()),
                ('summary', fields.TextField(default='', unique=False)),
                ('achievements', fields.TextField(default='', unique=False)),
                ('challenges', fields.TextField(default='', unique=False)),
                ('shown', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('labels', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('version', fields.IntField(default=1)),
                ('revision', fields.IntField(default=1)),
                ('made_by', fields.ForeignKeyField('customers.Person', source_field='made_by_id', null=True, db_constraint=True, to_field='id', related_name='business_reviews_made', on_delete=OnDelete.SET_NULL)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('updated_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'business_review', 'app': 'insights', 'indexes': [Index(fields=['account_id', 'id'], name='business_review_account'), Index(fields=['last_day', 'id'], name='business_review_last'), Index(fields=['updated_at', 'id'], name='business_review_updated')], 'pk_attr': 'id', 'table_description': 'One review of one account over one period: the words, and what of it is shown to whom.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ReviewAction',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('review', fields.ForeignKeyField('insights.BusinessReview', source_field='review_id', db_constraint=True, to_field='id', related_name='actions', on_delete=OnDelete.CASCADE)),
                ('title', fields.CharField(max_length=200)),
                ('side', fields.CharField(default='ours', max_length=6)),
                ('owner', fields.ForeignKeyField('customers.Person', source_field='owner_id', null=True, db_constraint=True, to_field='id', related_name='review_actions', on_delete=OnDelete.SET_NULL)),
                ('due_on', fields.DateField(null=True)),
                ('task_id', fields.BigIntField(null=True)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'business_review_action', 'app': 'insights', 'indexes': [Index(fields=['review_id', 'id'], name='business_review_action_review')], 'pk_attr': 'id', 'table_description': 'What both sides agreed to do next. `task_id`: the task that it became.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ReviewVersion',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('review', fields.ForeignKeyField('insights.BusinessReview', source_field='review_id', db_constraint=True, to_field='id', related_name='versions', on_delete=OnDelete.CASCADE)),
                ('number', fields.IntField()),
                ('figures', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('made_by', fields.ForeignKeyField('customers.Person', source_field='made_by_id', null=True, db_constraint=True, to_field='id', related_name='review_versions_made', on_delete=OnDelete.SET_NULL)),
                ('made_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'business_review_version', 'app': 'insights', 'unique_together': (('review', 'number'),), 'pk_attr': 'id', 'table_description': 'The figures as they were at one moment, by section; never changed. They name nobody: that is in ReviewLine.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ReviewLine',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('version', fields.ForeignKeyField('insights.ReviewVersion', source_field='version_id', db_constraint=True, to_field='id', related_name='lines', on_delete=OnDelete.CASCADE)),
                ('section', fields.CharField(max_length=12)),
                ('kind', fields.CharField(max_length=12)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name='review_lines', on_delete=OnDelete.CASCADE)),
                ('owner', fields.ForeignKeyField('customers.Person', source_field='owner_id', null=True, db_constraint=True, to_field='id', related_name='review_lines_owned', on_delete=OnDelete.SET_NULL)),
                ('body', fields.TextField(default='', unique=False)),
                ('facts', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('state', fields.CharField(default='', max_length=8)),
                ('day', fields.DateField()),
            ],
            options={'table': 'business_review_line', 'app': 'insights', 'indexes': [Index(fields=['version_id', 'id'], name='business_review_line_version'), Index(fields=['person_id'], name='business_review_line_person')], 'pk_attr': 'id', 'table_description': 'What a version shows of single people: their words, and tasks about them. Erasing a person takes their lines.'},
            bases=['Model'],
        ),
    ]
