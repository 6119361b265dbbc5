from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("customers", "0026_departments")]

    initial = False

    operations = [
        ops.AddField(model_name="Identity", name="connection_id", field=fields.BigIntField(null=True)),
    ]
