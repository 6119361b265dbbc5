from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('search', '0003_phrasings_and_vectors')]

    initial = False

    operations = [
        ops.AddField(
            model_name='SearchDocument',
            name='analysis',
            field=fields.SmallIntField(default=0, db_default=0),
        ),
        ops.AddIndex(
            model_name='SearchDocument',
            index=Index(fields=['state', 'analysis'], name='search_document_analysis'),
        ),
    ]
