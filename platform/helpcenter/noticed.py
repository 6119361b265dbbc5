"""Notices about articles that leave the house: for whoever may read the article now."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.principal import Principal
from customers.models import Notice
from customers.noticing.groups import Standing, stands
from helpcenter import policy
from helpcenter.models import Article


@stands("article")
async def articles(reader: Principal, found: Sequence[Notice]) -> dict[int, Standing]:
    known = {one.id: one for one in await Article.filter(id__in=sorted({one.about_id for one in found}))}
    told = {}
    for one in found:
        article = known.get(one.about_id)
        if article and article.state == "published":
            there = msgspec.structs.replace(reader, brand=article.brand)
            if policy.can_read(there, article):
                told[one.id] = Standing(brand=article.brand)
    return told
