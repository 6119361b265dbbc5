"""Which roles fields can be hidden from (customers.seeing): those that see customers but do not manage the house."""

from __future__ import annotations

from access.models import Role
from core.context import here
from customers import seeing


async def hideable() -> list[tuple[str, str]]:
    """(slug, name in the reader's language), the highest first."""
    return [
        (one.slug, one.name_ja if here().language == "ja" else one.name_en)
        for one in await Role.all().order_by("-rank", "id")
        if {"customers.read", "inbox.answer", "campaigns.read"} & set(one.capabilities)
        and "settings.manage" not in one.capabilities
    ]  # fmt: skip


seeing.use_roles(hideable)
