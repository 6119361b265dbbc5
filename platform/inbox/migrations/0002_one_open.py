"""What Tortoise's models cannot say: one open conversation per customer; the rows that wait."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("inbox", "0001_initial")]
    operations = [
        ops.RunSQL(
            "CREATE UNIQUE INDEX conversation_open ON conversation (customer_key) WHERE state <> 'resolved'",
            reverse_sql="DROP INDEX conversation_open",
        ),
        ops.RunSQL(
            "CREATE INDEX conversation_snoozed ON conversation (snoozed_until) WHERE snoozed_until IS NOT NULL",
            reverse_sql="DROP INDEX conversation_snoozed",
        ),
    ]
