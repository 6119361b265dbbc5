from tortoise import migrations
from tortoise.migrations import operations as ops
from core.fields import Moment
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('access', '0003_api_keys'), ('customers', '0001_initial'), ('customers', '0002_topics'), ('customers', '0003_matching'), ('customers', '0004_tracking'), ('customers', '0005_segments_and_habits'), ('customers', '0006_review_pairs')]

    initial = False

    operations = [
        ops.CreateModel(
            name='RecoveryCode',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='recovery_codes', on_delete=OnDelete.CASCADE)),
                ('code_hash', fields.CharField(max_length=64)),
                ('used_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'recovery_code', 'app': 'access', 'indexes': [Index(fields=['person_id'], name='recovery_code_person')], 'pk_attr': 'id', 'table_description': 'One code on paper; a keyed hash, used once.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SecondFactor',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.OneToOneField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='second_factor', on_delete=OnDelete.CASCADE)),
                ('sealed', fields.TextField(unique=False)),
                ('confirmed_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('last_step', fields.BigIntField(default=0)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'second_factor', 'app': 'access', 'pk_attr': 'id', 'table_description': 'A TOTP device (RFC 6238). It counts once confirmed; `last_step` is the newest step whose code was used.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Role',
            name='factor_due_at',
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Session',
            name='awaits_factor',
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name='Session',
            name='confirmed_at',
            field=Moment(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
