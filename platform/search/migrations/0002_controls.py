from tortoise import migrations
from tortoise.migrations import operations as ops
from core.clock import now
from core.fields import Moment
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('search', '0001_initial')]

    initial = False

    operations = [
        ops.CreateModel(
            name='SearchHide',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('brand', fields.CharField(default='', max_length=64)),
                ('query', fields.CharField(default='', max_length=200)),
                ('kind', fields.CharField(max_length=40)),
                ('ref_id', fields.BigIntField()),
                ('created_at', Moment(default=now, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'search_hide', 'app': 'search', 'unique_together': (('brand', 'query', 'kind', 'ref_id'),), 'pk_attr': 'id', 'table_description': 'A thing that is left out of every search (`query` empty), or of searches with all of these words.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SearchPin',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('brand', fields.CharField(default='', max_length=64)),
                ('query', fields.CharField(max_length=200)),
                ('kind', fields.CharField(max_length=40)),
                ('ref_id', fields.BigIntField()),
                ('position', fields.IntField(default=1)),
                ('is_contained', fields.BooleanField(default=False)),
                ('created_at', Moment(default=now, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'search_pin', 'app': 'search', 'unique_together': (('brand', 'query', 'kind', 'ref_id'),), 'pk_attr': 'id', 'table_description': 'A thing that stands at `position` (from 1) when exactly these words are asked, or all of them are among those.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SearchStopWord',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('brand', fields.CharField(default='', max_length=64)),
                ('word', fields.CharField(max_length=100)),
                ('created_at', Moment(default=now, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'search_stop_word', 'app': 'search', 'unique_together': (('brand', 'word'),), 'pk_attr': 'id', 'table_description': 'A word that a query may leave out.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SearchSynonym',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('brand', fields.CharField(default='', max_length=64)),
                ('words', fields.TextField(unique=False)),
                ('is_two_way', fields.BooleanField(default=True)),
                ('created_at', Moment(default=now, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'search_synonym', 'app': 'search', 'indexes': [Index(fields=['brand'], name='search_synonym_brand')], 'pk_attr': 'id', 'table_description': 'Words that find each other (`is_two_way`), or the first of which also finds the others.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SearchTrust',
            fields=[
                ('brand', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('weights', fields.TextField(default='', unique=False)),
                ('report', fields.TextField(default='', unique=False)),
                ('answer', fields.FloatField()),
                ('candidates', fields.FloatField()),
                ('trained_at', Moment(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'search_trust', 'app': 'search', 'pk_attr': 'brand', 'table_description': "A brand's own confidence: its weights, how it was judged, and the bands staff chose."},
            bases=['Model'],
        ),
    ]
