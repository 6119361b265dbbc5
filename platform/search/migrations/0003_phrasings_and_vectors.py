from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('search', '0002_controls')]

    initial = False

    operations = [
        ops.CreateModel(
            name='SearchVector',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('document', fields.ForeignKeyField('search.SearchDocument', source_field='document_id', db_constraint=True, to_field='id', related_name='vectors', on_delete=OnDelete.CASCADE)),
                ('model', fields.CharField(max_length=100)),
                ('digest', fields.CharField(max_length=32)),
                ('seen', fields.BigIntField()),
                ('vector', fields.BinaryField()),
                ('version', fields.BigIntField()),
            ],
            options={'table': 'search_vector', 'app': 'search', 'unique_together': (('document', 'model'),), 'indexes': [Index(fields=['version'], name='search_vector_version')], 'pk_attr': 'id', 'table_description': 'What an embeddings endpoint said of a document: float32, little-endian, of length 1.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='SearchDocument',
            name='phrasings',
            field=fields.TextField(default='', db_default='', unique=False),
        ),
    ]
