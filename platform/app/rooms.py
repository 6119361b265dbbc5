"""The rooms, lower floors first, and what each brings: models, handlers, jobs, commands."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from types import ModuleType
from typing import Any

ROOMS = (
    "core",
    "search",
    "channels",
    "customers",
    "helpcenter",
    "access",
    "community",
    "inbox",
    "campaigns",
    "bots",
    "guides",
    "insights",
    "app",
)
PARTS = ("events", "personal", "jobs", "pages", "api")


def present() -> list[str]:
    return [room for room in ROOMS if find_spec(room)]


def with_models() -> list[str]:
    return [room for room in present() if find_spec(f"{room}.models")]


def load() -> None:
    """Import what registers itself: jobs, listeners, navigation, sentences."""
    for room in present():
        for part in PARTS:
            _part(room, part)


def handlers() -> list[Any]:
    """Every room's `controllers`."""
    found: list[Any] = []
    for room in present():
        for part in ("pages", "api", "media", "pictures"):
            module = _part(room, part)
            found += getattr(module, "controllers", []) if module else []
    return found


def command_modules() -> list[ModuleType]:
    return [module for room in present() if room != "app" and (module := _part(room, "cli"))]


def _part(room: str, part: str) -> ModuleType | None:
    return importlib.import_module(f"{room}.{part}") if find_spec(f"{room}.{part}") else None
