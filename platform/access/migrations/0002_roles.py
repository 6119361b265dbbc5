"""The roles that a new installation has. Staff may change them afterwards."""

import json

from tortoise import migrations
from tortoise.migrations import operations as ops

READ = ["campaigns.read", "customers.read", "inbox.answer", "insights.read"]
WORK = ["campaigns.write", "community.moderate", "customers.write", "guides.write", "help.write"]

# slug, Japanese, English, capabilities beyond a member's, sees every account, rank
ROLES = [
    ("admin", "管理者", "Administrator", [*READ, *WORK, "audit.read", "community.manage", "settings.manage"], True, 100),
    ("manager", "CSマネージャー", "CS manager", [*READ, *WORK, "audit.read", "community.manage"], True, 80),
    ("csm", "CSM（担当者）", "Customer success manager", [*READ, *WORK], False, 60),
    ("agent", "サポート担当", "Support agent", ["community.moderate", "customers.read", "help.write", "inbox.answer"], True, 40),
    ("editor", "記事の編集者", "Editor", ["campaigns.read", "customers.read", "help.write", "insights.read"], False, 20),
]


def _insert(slug, ja, en, capabilities, all_accounts, rank):
    listed = json.dumps(sorted(capabilities))
    return ops.RunSQL(
        "INSERT INTO role (slug, name_ja, name_en, capabilities, all_accounts, rank)"
        f" VALUES ('{slug}', '{ja}', '{en}', '{listed}', {str(all_accounts).upper()}, {rank})",
        reverse_sql=f"DELETE FROM role WHERE slug = '{slug}'",
    )


class Migration(migrations.Migration):
    dependencies = [("access", "0001_initial")]
    operations = [_insert(*role) for role in ROLES]
