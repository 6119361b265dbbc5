"""Of two who save a department's channel at once the later is told."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [("customers", "0027_line_channel")]

    initial = False

    operations = [
        ops.AddField(
            model_name='Department',
            name='version',
            field=fields.IntField(default=1, db_default=1),
        ),
    ]
