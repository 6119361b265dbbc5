from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('campaigns', '0002_partial_indexes')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Campaign',
            name='channels',
            field=fields.CharField(default='email', max_length=12, db_default='email'),
        ),
        ops.AddField(
            model_name='Revision',
            name='line',
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Revision',
            name='channels',
            field=fields.CharField(default='email', max_length=12, db_default='email'),
        ),
        ops.AddField(
            model_name='Delivery',
            name='connection_id',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Delivery',
            name='tried_at',
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
