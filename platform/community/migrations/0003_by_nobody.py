"""Who moderated or paused may be nobody: reports do so by their weight."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('community', '0002_partial_indexes'), ('customers', '0019_account_goals')]

    initial = False

    operations = [
        ops.AlterField(
            model_name='Moderation',
            name='actor',
            field=fields.ForeignKeyField('customers.Person', source_field='actor_id', null=True, db_constraint=True, to_field='id', related_name='community_moderations', on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='Pause',
            name='paused_by',
            field=fields.ForeignKeyField('customers.Person', source_field='paused_by_id', null=True, db_constraint=True, to_field='id', related_name='community_pauses_given', on_delete=OnDelete.RESTRICT),
        ),
    ]
