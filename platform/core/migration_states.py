"""The state of models while migrations run, without Tortoise's quadratic cost.

Tortoise renders every model again before each operation and rebuilds every query set after it: 15 s of CPU for the
first migrations of this house. Here the state before an operation is rendered when an operation looks at it, and a
query set is built once per rendered model.
"""

from __future__ import annotations

from typing import Any

from tortoise.migrations.schema_generator.state import State
from tortoise.migrations.schema_generator.state_apps import StateApps


class ThriftyApps(StateApps):
    """Builds query sets only for models that have none."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._built: set[type] = set()

    def _build_initial_querysets(self) -> None:
        everything = self.apps
        ready = {model for app in everything.values() for model in app.values() if model._meta._inited}
        fresh = ready - self._built
        self.apps = {
            room: {name: model for name, model in app.items() if model in fresh} for room, app in everything.items()
        }
        try:
            super()._build_initial_querysets()
        finally:
            self.apps = everything
        self._built = ready


class ThriftyState(State):
    """`clone()` keeps the fields and renders models when they are asked for."""

    def __init__(self, models: Any, apps: Any) -> None:
        self.models = models
        self._apps = apps
        self._rendered: Any = None

    @property
    def apps(self) -> Any:  # type: ignore[override]
        if self._rendered is None:
            self._rendered = self._apps() if callable(self._apps) else self._apps
        return self._rendered

    def clone(self) -> State:
        models = {key: model.clone() for key, model in self.models.items()}
        source = self.apps
        return ThriftyState(models, lambda: source.clone(model_states=models))


def empty_state(connections: dict[str, str]) -> State:
    return ThriftyState({}, ThriftyApps(default_connections=connections))
