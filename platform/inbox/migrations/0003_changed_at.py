from tortoise import migrations
from tortoise.migrations import operations as ops
from core.fields import Moment
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('channels', '0001_initial'), ('customers', '0002_topics'), ('inbox', '0002_one_open')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Conversation',
            name='changed_at',
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddIndex(
            model_name='Conversation',
            index=Index(fields=['changed_at'], name='conversation_changed'),
        ),
    ]
