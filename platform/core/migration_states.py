"""The state of models while migrations run, without Tortoise's quadratic cost.

Tortoise renders every model again before each operation and rebuilds every query set after it: 15 s of CPU for the
first migrations of this house. Here the state before an operation is rendered when an operation looks at it, a query
set is built once per rendered model, and a model that is new is joined to the others instead of making these anew.
"""

from __future__ import annotations

from collections.abc import Iterable
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

    def reload_models(self, model_tuples: Iterable[tuple[str, str]]) -> None:
        """Of a new model with those it refers to and who refer to it: only the new one has to be rendered."""
        wanted = set(model_tuples)
        new = {(room, name) for room, name in wanted if name not in self.apps.apps.get(room, {})}
        if new and new <= self.models.keys():
            self._reload(new)
        else:
            super().reload_models(wanted)

    def clone(self) -> State:
        models = {key: model.clone() for key, model in self.models.items()}
        source = self.apps
        return ThriftyState(models, lambda: source.clone(model_states=models))


def empty_state(connections: dict[str, str]) -> State:
    return ThriftyState({}, ThriftyApps(default_connections=connections))
