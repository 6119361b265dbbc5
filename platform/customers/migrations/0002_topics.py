"""Three topics to begin with: what a company usually writes about. Staff may change them."""

from tortoise import migrations
from tortoise.migrations import operations as ops

TOPICS = [
    ("usage", "使い方のお知らせ", "Tips and how-to"),
    ("product", "新しい機能", "New features"),
    ("study", "勉強会の案内", "Study sessions"),
]


def _insert(position: int, slug: str, ja: str, en: str) -> ops.RunSQL:
    return ops.RunSQL(
        "INSERT INTO topic (slug, name_ja, name_en, is_transactional, position)"
        f" VALUES ('{slug}', '{ja}', '{en}', FALSE, {position})",
        reverse_sql=f"DELETE FROM topic WHERE slug = '{slug}'",
    )


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]
    operations = [_insert(position, *topic) for position, topic in enumerate(TOPICS)]
