from tortoise import migrations
from tortoise.migrations import operations as ops
from core.fields import Moment
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('customers', '0016_people_lookup'), ('guides', '0002_sights')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Guide',
            name='goal',
            field=fields.CharField(default='', db_default='', max_length=120),
        ),
        ops.AddField(
            model_name='Guide',
            name='goal_days',
            field=fields.IntField(default=14, db_default=14),
        ),
        ops.AddField(
            model_name='Guide',
            name='held_since',
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Guide',
            name='holdout',
            field=fields.IntField(default=0, db_default=0),
        ),
        ops.AddField(
            model_name='Seen',
            name='held_out_at',
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
