from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('channels', '0001_initial'), ('channels', '0002_incoming_mail'), ('channels', '0003_webhooks')]

    initial = False

    operations = [
        ops.AddField(
            model_name='OutgoingMail',
            name='unsubscribe',
            field=fields.CharField(default='', db_default='', max_length=300),
        ),
    ]
