from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('core', '0003_api_outcome')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Media',
            name='copy_of',
            field=fields.BigIntField(null=True),
        ),
        ops.AddField(
            model_name='Media',
            name='holder',
            field=fields.CharField(default='', db_default='', max_length=60),
        ),
        ops.AddField(
            model_name='Media',
            name='small_width',
            field=fields.IntField(null=True),
        ),
        ops.AddIndex(
            model_name='Media',
            index=Index(fields=['holder', 'created_at'], name='media_holder'),
        ),
        ops.AddIndex(
            model_name='Media',
            index=Index(fields=['owner_id', 'created_at'], name='media_owner'),
        ),
        ops.AddIndex(
            model_name='Media',
            index=Index(fields=['copy_of'], name='media_copy_of'),
        ),
    ]
