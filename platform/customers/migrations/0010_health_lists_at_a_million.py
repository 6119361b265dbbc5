"""Lists of a million people by index, and questions about companies without reading memberships."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.indexes import Index

class Migration(migrations.Migration):
    dependencies = [('customers', '0009_health_event_by_time')]

    initial = False

    operations = [
        ops.RemoveIndex(
            model_name='Membership',
            name='membership_account',
            fields=None,
        ),
        ops.AddIndex(
            model_name='Membership',
            index=Index(fields=['account_id', 'until', 'person_id'], name='membership_covering'),
        ),
        ops.RemoveIndex(
            model_name='Person',
            name='person_kana',
            fields=None,
        ),
        ops.AddIndex(
            model_name='Person',
            index=Index(fields=['family_kana', 'id'], name='person_kana_id'),
        ),
        ops.AddIndex(
            model_name='Person',
            index=Index(fields=['last_seen_at', 'id'], name='person_seen'),
        ),
        ops.RunSQL(
            "CREATE INDEX person_staff ON person (family_kana, id) WHERE kind = 'staff'",
            reverse_sql="DROP INDEX person_staff",
        ),
    ]
