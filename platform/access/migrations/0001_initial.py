from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0001_initial')]

    initial = True

    operations = [
        ops.CreateModel(
            name='Credential',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.OneToOneField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='credential', on_delete=OnDelete.CASCADE)),
                ('hash', fields.CharField(max_length=200)),
                ('changed_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'credential', 'app': 'access', 'pk_attr': 'id', 'table_description': "A person's password. Whoever has none signs in by a link in a mail."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Role',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('slug', fields.CharField(unique=True, max_length=40)),
                ('name_ja', fields.CharField(max_length=80)),
                ('name_en', fields.CharField(max_length=80)),
                ('capabilities', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('all_accounts', fields.BooleanField(default=False)),
                ('rank', fields.IntField(default=0)),
            ],
            options={'table': 'role', 'app': 'access', 'pk_attr': 'id', 'table_description': "A named set of capabilities. `rank`: the highest of a person's roles names them."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='RoleAssignment',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='role_assignments', on_delete=OnDelete.CASCADE)),
                ('role', fields.ForeignKeyField('access.Role', source_field='role_id', db_constraint=True, to_field='id', related_name='assignments', on_delete=OnDelete.CASCADE)),
                ('given_by_id', fields.BigIntField(null=True)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'role_assignment', 'app': 'access', 'unique_together': (('person', 'role'),), 'indexes': [Index(fields=['role_id'], name='role_assignment_role')], 'pk_attr': 'id', 'table_description': 'This person holds this role.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ScopedGrant',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='grants', on_delete=OnDelete.CASCADE)),
                ('scope', fields.CharField(max_length=80)),
                ('capabilities', fields.JSONField(default=list, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('granted_by_id', fields.BigIntField(null=True)),
                ('reason', fields.CharField(default='', max_length=300)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('expires_at', Moment(auto_now=False, auto_now_add=False)),
                ('revoked_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'scoped_grant', 'app': 'access', 'indexes': [Index(fields=['person_id', 'revoked_at'], name='scoped_grant_person'), Index(fields=['scope'], name='scoped_grant_scope')], 'pk_attr': 'id', 'table_description': 'Capabilities on one thing ("board:3"), given by somebody for a reason, for twelve months at most.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Session',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('token_hash', fields.CharField(unique=True, max_length=64)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.CASCADE)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('last_seen_at', Moment(auto_now=False, auto_now_add=False)),
                ('expires_at', Moment(auto_now=False, auto_now_add=False)),
                ('user_agent', fields.CharField(default='', max_length=300)),
                ('ip', fields.CharField(default='', max_length=45)),
                ('revoked_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('renew_by', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('way', fields.CharField(default='', max_length=12)),
                ('rotated_from', fields.BigIntField(null=True)),
            ],
            options={'table': 'session', 'app': 'access', 'indexes': [Index(fields=['person_id', 'revoked_at'], name='session_person'), Index(fields=['expires_at'], name='session_expires')], 'pk_attr': 'id', 'table_description': 'A browser that is signed in. `renew_by`: rights changed, so this token ends soon and offers a successor.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SignInAttempt',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('kind', fields.CharField(max_length=12)),
                ('address_hash', fields.CharField(max_length=64)),
                ('ip', fields.CharField(max_length=45)),
                ('at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'sign_in_attempt', 'app': 'access', 'indexes': [Index(fields=['address_hash', 'kind', 'at'], name='attempt_address'), Index(fields=['ip', 'kind', 'at'], name='attempt_ip'), Index(fields=['at'], name='attempt_at')], 'pk_attr': 'id', 'table_description': 'A failed sign-in (or a mail asked for), by keyed hash of address and by IP: what the throttle counts.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SignInLink',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('token_hash', fields.CharField(unique=True, max_length=64)),
                ('email', fields.CharField(max_length=254)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name='sign_in_links', on_delete=OnDelete.CASCADE)),
                ('purpose', fields.CharField(default='sign_in', max_length=12)),
                ('data', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('next', fields.CharField(default='', max_length=2000)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('expires_at', Moment(auto_now=False, auto_now_add=False)),
                ('used_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'sign_in_link', 'app': 'access', 'indexes': [Index(fields=['expires_at'], name='sign_in_link_expires'), Index(fields=['person_id'], name='sign_in_link_person')], 'pk_attr': 'id', 'table_description': 'A one-time link. `purpose`: sign_in, sign_up (`data` holds the name typed), invite, setup (command line).'},
            bases=['Model'],
        ),
    ]
