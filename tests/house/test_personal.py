"""Every column that speaks of a person or a company stands in the registry, or is said to be none."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tortoise import Tortoise

from app import rooms
from customers.registry import declared, is_known, references

pytestmark = pytest.mark.anyio
LOOKS_PERSONAL = re.compile(
    r"^(person|account|author|owner|actor|user|member|customer|csm|deputy)_ids?$|_by_id$|^people$"
    r"|^(email|phone|ip|address_hash|family_name|visitor)$"
)
# Not about somebody: what a table of this kind is.
NOT_ABOUT_ANYBODY = {
    ("account", "address"), ("account", "phone"), ("person", "email"), ("person", "phone"), ("person", "family_name"),
    ("content_gap", "people"), ("sign_in_link", "email"), ("session", "ip"), ("trail_part", "owner_id"),
}  # fmt: skip


def columns() -> set[tuple[str, str]]:
    """Foreign keys to a person or an account, and what is called like one."""
    found: set[tuple[str, str]] = set()
    for models in (Tortoise.apps or {}).values():
        for model in models.values():
            found |= {(model._meta.db_table, column) for column in _of(model._meta)}
    return found


def _of(meta: Any) -> set[str]:
    found = {str(field.source_field or name) for name, field in meta.fields_map.items()
             if LOOKS_PERSONAL.search(str(field.source_field or name))}  # fmt: skip
    for name in meta.fk_fields | meta.o2o_fields:
        if meta.fields_map[name].related_model._meta.db_table in {"person", "account"}:
            found.add(f"{name}_id")
    return found


async def test_every_column_about_somebody_is_in_the_registry(house: Any) -> None:
    rooms.load()
    missing = sorted(place for place in columns() - NOT_ABOUT_ANYBODY if not is_known(*place))
    assert missing == []


async def test_the_registry_names_only_columns_that_are_there(house: Any) -> None:
    rooms.load()
    there = {(model._meta.db_table, str(field.source_field or name)) for models in (Tortoise.apps or {}).values()
             for model in models.values() for name, field in model._meta.fields_map.items()}  # fmt: skip
    assert sorted(declared() - there) == []
    named = {(one.table, column) for about in ("person", "account") for one in references(about)
             for column in (*one.clear, *one.hidden, *one.sums)}  # fmt: skip
    assert sorted(named - there) == []


async def test_a_model_that_is_forgotten_fails(house: Any) -> None:
    assert not is_known("a_new_table", "person_id")
    assert ("post", "author_id") in columns()
