from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('access', '0005_sign_on'), ('customers', '0011_health_lists_at_a_million')]

    initial = False

    operations = [
        ops.CreateModel(
            name='OidcProvider',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('slug', fields.CharField(max_length=40)),
                ('name', fields.CharField(max_length=80)),
                ('issuer', fields.CharField(max_length=300)),
                ('client_id', fields.CharField(max_length=300)),
                ('sealed', fields.TextField(default='', unique=False)),
                ('for_staff', fields.BooleanField(default=False)),
                ('for_customers', fields.BooleanField(default=False)),
                ('adds_members', fields.BooleanField(default=False)),
                ('domains', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('found', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('found_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('signing', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('signing_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('used_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('problem', fields.CharField(default='', max_length=200)),
                ('problem_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('ended_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('made_by_id', fields.BigIntField(null=True)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'oidc_provider', 'app': 'access', 'pk_attr': 'id', 'table_description': 'A place where people sign in for us. Its `slug` names it in addresses, its `issuer` never changes.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='OidcTie',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('provider', fields.ForeignKeyField('access.OidcProvider', source_field='provider_id', db_constraint=True, to_field='id', related_name='ties', on_delete=OnDelete.CASCADE)),
                ('subject', fields.CharField(max_length=255)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='oidc_ties', on_delete=OnDelete.CASCADE)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('used_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'oidc_tie', 'app': 'access', 'unique_together': (('provider', 'subject'), ('provider', 'person')), 'indexes': [Index(fields=['person_id'], name='oidc_tie_person')], 'pk_attr': 'id', 'table_description': 'This account at the provider (`subject`) is this person. One each way: addresses change hands.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='OidcTry',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('provider', fields.ForeignKeyField('access.OidcProvider', source_field='provider_id', db_constraint=True, to_field='id', related_name='tries', on_delete=OnDelete.CASCADE)),
                ('state_hash', fields.CharField(unique=True, max_length=64)),
                ('browser_hash', fields.CharField(max_length=64)),
                ('sealed', fields.TextField(unique=False)),
                ('next', fields.CharField(default='', max_length=2000)),
                ('expires_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'oidc_try', 'app': 'access', 'indexes': [Index(fields=['expires_at'], name='oidc_try_expires')], 'pk_attr': 'id', 'table_description': 'A sign-in that went off to the provider: it comes back once, within ten minutes, in the same browser.'},
            bases=['Model'],
        ),
        ops.RunSQL(
            "CREATE UNIQUE INDEX oidc_provider_slug ON oidc_provider (slug) WHERE ended_at IS NULL",
            reverse_sql="DROP INDEX oidc_provider_slug",
        ),
    ]
