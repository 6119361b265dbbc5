"""What the tests keep of the models is what Tortoise would work out anew, in either dialect."""

from __future__ import annotations

from typing import Any

import pytest
from tortoise.context import require_context

from models_once import IN_PLACE, of_dialect, work_out

pytestmark = pytest.mark.anyio


def said(meta: Any) -> dict[str, Any]:
    """In words, for some of Tortoise's filters are made anew each time."""
    values = of_dialect(meta)
    filters = {key: {name: named(one) for name, one in info.items()} for key, info in values["filters"].items()}
    fields = {name: sorted(one[:2] for one in values[name]) for name in IN_PLACE[1:]}
    return {name: str(value) for name, value in values.items()} | fields | {"filters": filters}


def named(one: Any) -> str:
    return str(getattr(one, "__qualname__", one))


@pytest.mark.parametrize("time", [1, 2])
async def test_what_is_kept_is_what_would_be_worked_out(house: Any, time: int) -> None:
    apps = require_context().apps
    assert apps is not None
    models = [model for app in apps.apps.values() for model in app.values()]
    assert len(models) > 100
    kept = {model: said(model._meta) for model in models}
    work_out(apps)
    for model in models:
        assert said(model._meta) == kept[model], model
