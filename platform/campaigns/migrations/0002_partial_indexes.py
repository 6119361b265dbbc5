"""What Tortoise's models cannot say: tokens found at once, leases found without reading the ledger."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("campaigns", "0001_initial")]
    operations = [
        ops.RunSQL("CREATE UNIQUE INDEX delivery_token ON delivery (token)", reverse_sql="DROP INDEX delivery_token"),
        ops.RunSQL(
            "CREATE INDEX delivery_lease ON delivery (lease_until) WHERE state IN ('claimed', 'attempting')",
            reverse_sql="DROP INDEX delivery_lease",
        ),
        ops.RunSQL(
            "CREATE INDEX delivery_uncertain ON delivery (step_id, id) WHERE state = 'uncertain'",
            reverse_sql="DROP INDEX delivery_uncertain",
        ),
    ]
