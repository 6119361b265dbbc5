"""Fields that Tortoise's own are too slow or too loose for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tortoise import fields, models

# Tortoise describes columns by `#:` comments, for which it reads and parses a model's whole file once for every class
# in it: a fifth of a start. The house writes none; what a column is for stands in the model's docstring.
models._get_comments = lambda cls: {}


class Moment(fields.DatetimeField):  # type: ignore[type-arg]
    """A UTC timestamp; reads ISO text with the standard library, about ten times as fast as Tortoise's parser."""

    def to_python_value(self, value: Any) -> datetime | None:
        if isinstance(value, str):
            found = datetime.fromisoformat(value)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        if isinstance(value, datetime) and value.tzinfo is None:
            return value.replace(tzinfo=UTC)
        return value  # type: ignore[no-any-return]

    def to_db_value(self, value: Any, instance: Any) -> Any:
        if isinstance(value, str):
            value = self.to_python_value(value)
        return super().to_db_value(value, instance)
