"""Ratings are counted by when they were given."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('inbox', '0006_touch_suggestions')]

    initial = False

    operations = [
        ops.AddIndex(
            model_name='Rating',
            index=Index(fields=['at'], name='conversation_rating_at'),
        ),
    ]
