"""Questions that nobody answers ask people who know. Those that wait at the upgrade count as called: nobody is asked
about what is old."""

from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('community', '0003_by_nobody'), ('customers', '0025_notices_leave')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Call',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('thread', fields.ForeignKeyField('community.Thread', source_field='thread_id', db_constraint=True, to_field='id', related_name='calls', on_delete=OnDelete.CASCADE)),
                ('stage', fields.CharField(max_length=12)),
                ('told', fields.IntField(default=0)),
                ('at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'question_call', 'app': 'community', 'unique_together': (('thread', 'stage'),), 'pk_attr': 'id', 'table_description': "A stage of the question's clock that has been reached; `told`: how many people heard of it."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Invitation',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('thread', fields.ForeignKeyField('community.Thread', source_field='thread_id', db_constraint=True, to_field='id', related_name='invitations', on_delete=OnDelete.CASCADE)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='community_invitations', on_delete=OnDelete.RESTRICT)),
                ('why', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('state', fields.CharField(default='asked', max_length=10)),
                ('at', Moment(auto_now=False, auto_now_add=False)),
                ('changed_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'question_invitation', 'app': 'community', 'unique_together': (('thread', 'person'),), 'indexes': [Index(fields=['person_id', 'at'], name='question_invitation_person'), Index(fields=['at'], name='question_invitation_at')], 'pk_attr': 'id', 'table_description': 'Somebody who knows was asked to answer a question.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Board',
            name='calls_after',
            field=fields.IntField(default=4, db_default=4),
        ),
        ops.RunSQL(
            "INSERT INTO question_call (thread_id, stage, told, at) SELECT t.id, s.stage, 0, t.created_at"
            " FROM thread t CROSS JOIN (SELECT 'experts' AS stage UNION ALL SELECT 'moderators' UNION ALL SELECT 'staff')"
            " AS s WHERE t.status = 'new' AND t.first_reply_at IS NULL",
            reverse_sql="DELETE FROM question_call",
        ),
    ]
