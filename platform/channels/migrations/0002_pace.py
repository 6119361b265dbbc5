"""The queue of each Slack channel."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from core.fields import Moment


class Migration(migrations.Migration):
    dependencies = [("channels", "0001_initial")]
    operations = [
        ops.CreateModel(
            name="Pace",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("key", fields.CharField(unique=True, max_length=160)),
                ("next_at", Moment(auto_now=False, auto_now_add=False)),
            ],
            options={"table": "pace", "app": "channels", "pk_attr": "id",
                     "table_description": "When the next message of one queue (a Slack channel) may leave: one a second, over all processes."},
            bases=["Model"],
        ),
    ]
