"""Opening a database for each test: what Tortoise works out of every model's fields and the dialect is kept.

Working it out anew was most of what a test's house cost, and the suite opens a database thousands of times. The
product opens it once in a process, so nothing of this is its own.
"""

from __future__ import annotations

from typing import Any

from tortoise.apps import Apps

# What depends on the dialect; the rest of `MetaInfo` is the same for all of them.
IN_PLACE = ("filters", "db_native_fields", "db_default_fields", "db_complex_fields")
OF_A_DIALECT = (*IN_PLACE, "basetable", "basequery", "basequery_all_fields")
work_out = Apps._build_initial_querysets
_kept: dict[Any, list[tuple[Any, dict[str, Any]]]] = {}


def of_dialect(meta: Any) -> dict[str, Any]:
    return {name: getattr(meta, name) for name in OF_A_DIALECT}


def _build(apps: Apps) -> None:
    models = [model for app in apps.apps.values() for model in app.values()]
    key = (*{type(model._meta.db) for model in models}, *models)
    if key not in _kept:
        for model in models:
            for name in IN_PLACE:  # else what is kept for another dialect would change with it
                setattr(model._meta, name, type(getattr(model._meta, name))())
        work_out(apps)
        _kept[key] = [(model._meta, of_dialect(model._meta)) for model in models]
    for meta, values in _kept[key]:
        for name, value in values.items():
            setattr(meta, name, value)


def keep() -> None:
    Apps._build_initial_querysets = _build  # type: ignore[method-assign]
