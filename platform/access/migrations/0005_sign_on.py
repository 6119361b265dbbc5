from tortoise import migrations
from tortoise.migrations import operations as ops
from core.fields import Moment
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('access', '0004_second_factor'), ('customers', '0001_initial'), ('customers', '0002_topics'), ('customers', '0003_matching'), ('customers', '0004_tracking'), ('customers', '0005_segments_and_habits'), ('customers', '0006_review_pairs')]

    initial = False

    operations = [
        ops.CreateModel(
            name='SignOn',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('key', fields.CharField(unique=True, max_length=40)),
                ('name', fields.CharField(max_length=80)),
                ('source', fields.CharField(max_length=60)),
                ('algorithm', fields.CharField(max_length=8)),
                ('sealed', fields.TextField(default='', unique=False)),
                ('public_key', fields.TextField(default='', unique=False)),
                ('issuer', fields.CharField(default='', max_length=300)),
                ('trusts_email', fields.BooleanField(default=False)),
                ('ended_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('used_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('problem', fields.CharField(default='', max_length=200)),
                ('problem_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('made_by_id', fields.BigIntField(null=True)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'sign_on', 'app': 'access', 'pk_attr': 'id', 'table_description': 'A product that vouches for people by signed tokens (JWT). `key` is its public name in addresses.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='UsedToken',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('sign_on', fields.ForeignKeyField('access.SignOn', source_field='sign_on_id', db_constraint=True, to_field='id', related_name='used_tokens', on_delete=OnDelete.CASCADE)),
                ('mark', fields.CharField(max_length=64)),
                ('expires_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'used_token', 'app': 'access', 'unique_together': (('sign_on', 'mark'),), 'indexes': [Index(fields=['expires_at'], name='used_token_expires')], 'pk_attr': 'id', 'table_description': 'A token that signed somebody in: it does so once. Kept until it would be too old anyway.'},
            bases=['Model'],
        ),
        ops.AlterModelOptions(
            name='SecondFactor',
            options={'table': 'second_factor', 'app': 'access', 'pk_attr': 'id', 'table_description': 'A TOTP device (RFC 6238). It counts once confirmed; `last_step` is the newest step whose code was used.'},
        ),
    ]
