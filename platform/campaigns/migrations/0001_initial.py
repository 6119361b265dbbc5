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
            name='Campaign',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('brand', fields.CharField(default='default', max_length=40)),
                ('name', fields.CharField(max_length=120)),
                ('kind', fields.CharField(default='newsletter', max_length=12)),
                ('topic', fields.CharField(max_length=40)),
                ('locale', fields.CharField(default='ja', max_length=8)),
                ('from_name', fields.CharField(default='', max_length=120)),
                ('state', fields.CharField(default='draft', max_length=12)),
                ('segment', fields.ForeignKeyField('customers.Segment', source_field='segment_id', null=True, db_constraint=True, to_field='id', related_name='campaigns', on_delete=OnDelete.SET_NULL)),
                ('revision', fields.ForeignKeyField('campaigns.Revision', source_field='revision_id', null=True, db_constraint=True, to_field='id', related_name='current_of', on_delete=OnDelete.SET_NULL)),
                ('tracking', fields.CharField(default='aggregate', max_length=12)),
                ('is_public', fields.BooleanField(default=False)),
                ('when_uncertain', fields.CharField(default='leave', max_length=8)),
                ('checks', fields.JSONField(default=dict, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('created_by', fields.ForeignKeyField('customers.Person', source_field='created_by_id', null=True, db_constraint=True, to_field='id', related_name='campaigns', on_delete=OnDelete.SET_NULL)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
                ('updated_at', Moment(auto_now=False, auto_now_add=False)),
                ('published_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'campaign', 'app': 'campaigns', 'indexes': [Index(fields=['state', 'updated_at', 'id'], name='campaign_state'), Index(fields=['updated_at', 'id'], name='campaign_updated'), Index(fields=['published_at', 'id'], name='campaign_published')], 'pk_attr': 'id', 'table_description': 'A newsletter or an announcement. Its content is the revision that `revision` names.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Click',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('link', fields.ForeignKeyField('campaigns.TrackedLink', source_field='link_id', db_constraint=True, to_field='id', related_name='seen', on_delete=OnDelete.CASCADE)),
                ('delivery', fields.ForeignKeyField('campaigns.Delivery', source_field='delivery_id', db_constraint=True, to_field='id', related_name='clicks', on_delete=OnDelete.CASCADE)),
                ('at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'campaign_click', 'app': 'campaigns', 'indexes': [Index(fields=['delivery_id', 'id'], name='campaign_click_delivery')], 'pk_attr': 'id', 'table_description': 'A link that a person who allowed it was seen to follow. Everybody else is only counted.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Delivery',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('step', fields.ForeignKeyField('campaigns.Step', source_field='step_id', db_constraint=True, to_field='id', related_name='deliveries', on_delete=OnDelete.CASCADE)),
                ('person', fields.ForeignKeyField('customers.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='deliveries', on_delete=OnDelete.CASCADE)),
                ('account_id', fields.BigIntField(null=True)),
                ('channel', fields.CharField(max_length=16)),
                ('address_hash', fields.CharField(null=True, max_length=64)),
                ('state', fields.CharField(max_length=12)),
                ('reason', fields.CharField(default='', max_length=300)),
                ('due_at', Moment(auto_now=False, auto_now_add=False)),
                ('lease_until', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('worker', fields.CharField(null=True, max_length=40)),
                ('attempt', fields.IntField(default=0)),
                ('revision_id', fields.BigIntField()),
                ('key', fields.CharField(max_length=64)),
                ('token', fields.CharField(max_length=64)),
                ('provider_id', fields.CharField(default='', max_length=200)),
                ('sent_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('clicked_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('opened_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('unsubscribed_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('changed_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'delivery', 'app': 'campaigns', 'unique_together': (('step', 'person', 'channel'), ('step', 'channel', 'address_hash')), 'indexes': [Index(fields=['person_id', 'id'], name='delivery_person'), Index(fields=['step_id', 'state', 'due_at', 'id'], name='delivery_state')], 'pk_attr': 'id', 'table_description': 'The ledger. Every person of a step has one row, one state and, unless it was sent, a reason.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Revision',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('campaign', fields.ForeignKeyField('campaigns.Campaign', source_field='campaign_id', db_constraint=True, to_field='id', related_name='revisions', on_delete=OnDelete.CASCADE)),
                ('hash', fields.CharField(max_length=64)),
                ('subject', fields.CharField(max_length=300)),
                ('preheader', fields.CharField(default='', max_length=200)),
                ('mjml', fields.TextField(unique=False)),
                ('text', fields.TextField(default='', unique=False)),
                ('html', fields.TextField(unique=False)),
                ('plain', fields.TextField(unique=False)),
                ('created_by_id', fields.BigIntField(null=True)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'campaign_revision', 'app': 'campaigns', 'unique_together': (('campaign', 'hash'),), 'pk_attr': 'id', 'table_description': 'One content of a campaign, by its hash, as it was written and as it is rendered.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Step',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('campaign', fields.ForeignKeyField('campaigns.Campaign', source_field='campaign_id', db_constraint=True, to_field='id', related_name='steps', on_delete=OnDelete.CASCADE)),
                ('revision', fields.ForeignKeyField('campaigns.Revision', source_field='revision_id', db_constraint=True, to_field='id', related_name='steps', on_delete=OnDelete.CASCADE)),
                ('kind', fields.CharField(default='main', max_length=10)),
                ('channel', fields.CharField(default='email', max_length=16)),
                ('state', fields.CharField(default='waiting', max_length=12)),
                ('people', fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('segment_id', fields.BigIntField(null=True)),
                ('due_at', Moment(auto_now=False, auto_now_add=False)),
                ('frozen_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('finished_at', Moment(null=True, auto_now=False, auto_now_add=False)),
                ('stop_reason', fields.CharField(default='', max_length=300)),
                ('created_by_id', fields.BigIntField(null=True)),
                ('created_at', Moment(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'campaign_step', 'app': 'campaigns', 'indexes': [Index(fields=['campaign_id', 'id'], name='campaign_step_campaign'), Index(fields=['state', 'due_at'], name='campaign_step_state')], 'pk_attr': 'id', 'table_description': 'One sending of a revision to a group: the pilot, the segment, or those who were missed.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='TrackedLink',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('revision', fields.ForeignKeyField('campaigns.Revision', source_field='revision_id', db_constraint=True, to_field='id', related_name='links', on_delete=OnDelete.CASCADE)),
                ('url', fields.CharField(max_length=2000)),
                ('token', fields.CharField(unique=True, max_length=64)),
                ('clicks', fields.BigIntField(default=0)),
            ],
            options={'table': 'campaign_link', 'app': 'campaigns', 'unique_together': (('revision', 'url'),), 'pk_attr': 'id', 'table_description': 'A link of a revision: its token stands in the mail, the address here, so that no redirect can be forged.'},
            bases=['Model'],
        ),
    ]
