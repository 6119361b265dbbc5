"""Categories: the shelves of the first page."""

from __future__ import annotations

from collections.abc import Mapping

from core.audit import audit
from core.database import lock, transaction
from core.errors import Conflict, NotFound, Refused
from core.i18n import LANGUAGES, _
from core.policy import ensure
from core.principal import Principal
from core.refs import Ref
from helpcenter import policy
from helpcenter.ids import possible
from helpcenter.models import Category, CategoryTranslation
from helpcenter.slugs import slug_of

Names = Mapping[str, tuple[str, str]]  # locale → (name, description)


async def create_category(
    principal: Principal, slug: str, names: Names, *, icon: str = "book", position: int | None = None,
    brand: str = "default",
) -> Category:  # fmt: skip
    """Raises Conflict when the slug is taken, Refused without a name."""
    ensure(policy.can_write(principal))
    names = _checked(names)
    async with transaction():
        await lock("helpcenter.categories")
        slug = slug_of(slug or next(iter(names.values()))[0])
        if await Category.exists(slug=slug):
            raise Conflict(_("Another category has the address “%(slug)s”. Choose another.", slug=slug))
        place = position if position is not None else await Category.all().count() + 1
        category = await Category.create(slug=slug, icon=icon, position=place, brand=brand)
        await _write_names(category, names)
        await audit("category.create", Ref("category", category.id), after={"slug": slug})
    return category


async def change_category(
    principal: Principal, category_id: int, names: Names, *, icon: str | None = None, position: int | None = None
) -> Category:
    ensure(policy.can_write(principal))
    category = await Category.get_or_none(id=possible(category_id))
    if category is None:
        raise NotFound(_("There is no such category."))
    names = _checked(names)
    async with transaction():
        category.icon = icon or category.icon
        category.position = position if position is not None else category.position
        await category.save(update_fields=["icon", "position"])
        await _write_names(category, names)
        await audit("category.change", Ref("category", category.id))
    return category


async def delete_category(principal: Principal, category_id: int) -> None:
    """Only an empty one: its articles are moved first."""
    ensure(policy.can_write(principal))
    async with transaction():
        category = await Category.get_or_none(id=possible(category_id))
        if category is None:
            raise NotFound(_("There is no such category."))
        if await category.articles.all().exists():
            raise Refused(_("Move its articles to another category first."))
        await audit("category.delete", Ref("category", category.id), before={"slug": category.slug})
        await category.delete()


def _checked(names: Names) -> dict[str, tuple[str, str]]:
    kept = {locale: (" ".join(name.split())[:120], " ".join(text.split())[:300])
            for locale, (name, text) in names.items() if locale in LANGUAGES and name.strip()}  # fmt: skip
    if not kept:
        raise Refused(_("Write a name."))
    return kept


async def _write_names(category: Category, names: Mapping[str, tuple[str, str]]) -> None:
    await CategoryTranslation.filter(category_id=category.id).exclude(locale__in=list(names)).delete()
    for locale, (name, description) in names.items():
        await CategoryTranslation.update_or_create(
            {"name": name, "description": description}, category_id=category.id, locale=locale
        )
