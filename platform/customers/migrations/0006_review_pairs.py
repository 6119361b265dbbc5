from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('customers', '0005_segments_and_habits')]

    initial = False

    operations = [
        ops.AddField(
            model_name='ImportBatch',
            name='headings',
            field=fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
        ops.AddField(
            model_name='Review',
            name='other_person_id',
            field=fields.BigIntField(null=True),
        ),
    ]
