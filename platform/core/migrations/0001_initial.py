from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.fields import Moment
from json import dumps, loads
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('at', Moment(auto_now=False, auto_now_add=False)),
                ('actor_id', fields.BigIntField(null=True)),
                ('actor_name', fields.CharField(default='', max_length=200)),
                ('grant_id', fields.BigIntField(null=True)),
                ('action', fields.CharField(max_length=80)),
                ('target_kind', fields.CharField(max_length=40)),
                ('target_id', fields.BigIntField()),
                ('before', fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('after', fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('reason', fields.TextField(default='', unique=False)),
                ('note', fields.TextField(default='', unique=False)),
                ('request_id', fields.CharField(default='', max_length=40)),
            ],
            options={'table': 'audit_entry', 'app': 'core', 'indexes': [Index(fields=['target_kind', 'target_id', 'id'], name='audit_target'), Index(fields=['actor_id', 'id'], name='audit_actor'), Index(fields=['at'], name='audit_at')], 'pk_attr': 'id', 'table_description': 'Who did what to what, why, and what it was before. Append-only; written in the acting transaction.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Brand',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('slug', fields.CharField(unique=True, max_length=40)),
                ('name', fields.CharField(max_length=120)),
                ('domain', fields.CharField(default='', max_length=253)),
                ('sender_name', fields.CharField(default='', max_length=120)),
                ('sender_email', fields.CharField(default='', max_length=254)),
                ('postal_address', fields.CharField(default='', max_length=300)),
                ('complaints_contact', fields.CharField(default='', max_length=254)),
                ('language', fields.CharField(default='ja', max_length=8)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'brand', 'app': 'core', 'pk_attr': 'id', 'table_description': 'A face of the company: domain, name, sender. One default row.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Fact',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=120)),
                ('body', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('is_told', fields.BooleanField(default=False)),
            ],
            options={'table': 'fact', 'app': 'core', 'indexes': [Index(fields=['is_told', 'id'], name='fact_told')], 'pk_attr': 'id', 'table_description': 'Something that happened, told upward; the runner turns it into one promise per listener.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Media',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('key', fields.CharField(unique=True, max_length=64)),
                ('kind', fields.CharField(max_length=40)),
                ('name', fields.CharField(default='', max_length=200)),
                ('size', fields.BigIntField()),
                ('width', fields.IntField(null=True)),
                ('height', fields.IntField(null=True)),
                ('sha256', fields.CharField(max_length=64)),
                ('audience', fields.CharField(default='public', max_length=80)),
                ('owner_id', fields.BigIntField(null=True)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'media', 'app': 'core', 'pk_attr': 'id', 'table_description': 'A file of ours on disk; `key` (≥128 random bits) is its public name.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Note',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(unique=True, max_length=80)),
                ('value', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('changed_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'note', 'app': 'core', 'pk_attr': 'id', 'table_description': 'Small durable values of the house itself: `demo loaded`, `installed at`.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Promise',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=120)),
                ('arguments', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('lane', fields.CharField(default='default', max_length=16)),
                ('key', fields.CharField(null=True, max_length=200)),
                ('state', fields.CharField(default='waiting', max_length=12)),
                ('due_at', Moment(auto_now=False, auto_now_add=False)),
                ('lease_until', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('worker', fields.CharField(null=True, max_length=64)),
                ('attempts', fields.IntField(default=0)),
                ('last_error', fields.TextField(null=True, unique=False)),
                ('outcome', fields.TextField(null=True, unique=False)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('started_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('finished_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'promise', 'app': 'core', 'indexes': [Index(fields=['state', 'lane', 'due_at'], name='promise_state_lane_due'), Index(fields=['finished_at'], name='promise_finished')], 'pk_attr': 'id', 'table_description': 'A job that will run if and only if the transaction that wrote it was committed.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Tick',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('job', fields.CharField(max_length=120)),
                ('tick', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'tick', 'app': 'core', 'unique_together': (('job', 'tick'),), 'pk_attr': 'id', 'table_description': 'One occurrence of a schedule: UNIQUE(job, tick) is what keeps two schedulers from doubling it.'},
            bases=['Model'],
        ),
    ]
