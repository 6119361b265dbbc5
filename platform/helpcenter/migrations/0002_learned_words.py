from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.clock import now
from core.fields import Moment
from json import dumps, loads
from tortoise.fields.base import OnDelete
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('customers', '0002_topics'), ('helpcenter', '0001_initial')]

    initial = False

    operations = [
        ops.CreateModel(
            name='DismissedPhrasing',
            fields=[
                ('id', fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ('translation', fields.ForeignKeyField('helpcenter.ArticleTranslation', source_field='translation_id', db_constraint=True, to_field='id', related_name='dismissed', on_delete=OnDelete.CASCADE)),
                ('normal', fields.CharField(max_length=300)),
                ('created_at', Moment(default=now, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'article_dismissed_phrasing', 'app': 'helpcenter', 'unique_together': (('translation', 'normal'),), 'pk_attr': 'id', 'table_description': 'A search that ended on an article and is no way to ask for it, as somebody judged. `normal` as in ContentGap.'},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='ArticleTranslation',
            name='clicked',
            field=fields.JSONField(default=list, db_default='[]', encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads),
        ),
    ]
