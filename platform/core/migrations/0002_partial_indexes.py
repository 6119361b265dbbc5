"""What Tortoise's models cannot say: one waiting promise per key, the runner's hot rows, the default brand."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [
        ops.RunSQL(
            "CREATE UNIQUE INDEX promise_waiting_key ON promise (name, key) WHERE state = 'waiting'",
            reverse_sql="DROP INDEX promise_waiting_key",
        ),
        ops.RunSQL(
            "CREATE INDEX promise_leases ON promise (lease_until) WHERE state = 'running'",
            reverse_sql="DROP INDEX promise_leases",
        ),
        ops.RunSQL(
            "CREATE INDEX promise_dead ON promise (finished_at) WHERE state = 'dead'",
            reverse_sql="DROP INDEX promise_dead",
        ),
        ops.RunSQL(
            "INSERT INTO brand (slug, name, domain, sender_name, sender_email, postal_address, complaints_contact,"
            " language, created_at) VALUES ('default', 'Engawa', '', '', '', '', '', 'ja', CURRENT_TIMESTAMP)",
            reverse_sql="DELETE FROM brand WHERE slug = 'default'",
        ),
    ]
