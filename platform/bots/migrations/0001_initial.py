from tortoise import migrations
from tortoise.migrations import operations as ops
from core.fields import Moment
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0001_initial')]

    initial = True

    operations = [
        ops.CreateModel(
            name='LinkNonce',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('nonce', fields.CharField(unique=True, max_length=64)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='link_nonces', on_delete=OnDelete.CASCADE)),
                ('expires_at', Moment(auto_now=False, auto_now_add=False)),
                ('used_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'link_nonce', 'app': 'bots', 'indexes': [Index(fields=['expires_at'], name='link_nonce_expires')], 'pk_attr': 'id', 'table_description': 'A single-use nonce of the LINE account link, bound to the person who was signed in.'},
            bases=['Model'],
        ),
    ]
