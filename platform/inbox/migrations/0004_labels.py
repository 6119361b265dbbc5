from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('channels', '0001_initial'), ('customers', '0001_initial'), ('customers', '0002_topics'), ('inbox', '0003_changed_at')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Label',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(unique=True, max_length=40)),
                ('position', fields.IntField(default=0)),
            ],
            options={'table': 'label', 'app': 'inbox', 'pk_attr': 'id', 'table_description': 'A label on offer. Conversations hold the words themselves, so one that is withdrawn stays where it was put.'},
            bases=['Model'],
        ),
    ]
