"""The OpenAPI document of /api/v1: Litestar's own of the rooms' `api.py` handlers, with what only the kit knows.

Bodies are read field by field (core.api), so their schemas are added here, from the same structs; so are scopes,
the idempotency key, and the problems that any of them may answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import deepcopy
from functools import lru_cache
from typing import Any

from litestar import Litestar
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.openapi import OpenAPIConfig

from core.api import BASE
from core.context import here
from core.form_fields import MANY, Field, fields_of
from core.i18n import gettext, lazy
from core.settings import settings

REF = "#/components/schemas/{name}"
TITLE = lazy("The API of %(place)s")
ABOUT = lazy("Companies, people, articles, threads, conversations and campaigns, for the systems of the company.")
SAFE = {"get", "head"}
IDEMPOTENCY = {"name": "Idempotency-Key", "in": "header", "required": False,
               "schema": {"type": "string", "maxLength": 255}}  # fmt: skip
PROBLEM = {
    "type": "object", "required": ["type", "title", "status"],
    "properties": {
        "type": {"type": "string", "format": "uri"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string"}, "instance": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object", "properties": {
            "pointer": {"type": "string"}, "parameter": {"type": "string"}, "detail": {"type": "string"}}}},
    },
}  # fmt: skip
TYPES = {"bool": ("boolean", ""), "int": ("integer", "int64"), "float": ("number", ""), "decimal": ("number", ""),
         "date": ("string", "date"), "datetime": ("string", "date-time"), "email": ("string", "email"),
         "url": ("string", "uri")}  # fmt: skip
_handlers: list[Any] = []


def use(handlers: Iterable[Any]) -> None:
    """Which handlers the application has; those under /api/v1 are documented."""
    _handlers[:] = [one for one in handlers if any(path.startswith(BASE) for path in _paths(one))]
    _made.cache_clear()


def _paths(handler: Any) -> set[str]:
    """Of a controller its one path, of a function all of its own."""
    return {str(path) for path in getattr(handler, "paths", None) or [getattr(handler, "path", "")]}


def document() -> dict[str, Any]:
    """In the language of here()."""
    return _made(here().language, settings().url)


@lru_cache(maxsize=4)
def _made(language: str, url: str) -> dict[str, Any]:
    only = Litestar(route_handlers=list(_handlers), openapi_config=OpenAPIConfig(title="Engawa", version="1"))
    found: dict[str, Any] = deepcopy(only.openapi_schema.to_schema())
    found["info"] = {"title": gettext(TITLE, place="Engawa"), "version": "1", "description": str(ABOUT)}
    found["servers"] = [{"url": url.rstrip("/")}]
    found["paths"] = {path: one for path, one in found["paths"].items() if path.startswith(BASE)}
    schemas = found.setdefault("components", {}).setdefault("schemas", {})
    for method, path, handler in _each(only):
        if path in found["paths"]:
            _complete(found["paths"][path][method], method, handler, schemas)
    schemas["Problem"] = PROBLEM
    found["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    found["security"] = [{"key": []}]
    return found


def _each(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    for entry in app.routes:
        for handler in getattr(entry, "route_handlers", []):
            if isinstance(handler, HTTPRouteHandler):
                for method in handler.http_methods:
                    if str(method) not in ("OPTIONS", "HEAD"):
                        yield str(method).lower(), entry.path_format, handler


def _complete(one: dict[str, Any], method: str, handler: HTTPRouteHandler, schemas: dict[str, Any]) -> None:
    """Say what the handler's own options say."""
    scope = str(handler.opt["may"])
    one["summary"] = gettext(str.__str__(handler.opt.get("says", "")) or one.get("summary", ""))
    one["x-scope"] = scope
    one.pop("tags", None)
    if body := handler.opt.get("body"):
        schemas[body.__name__] = _schema(body)
        shown = {"schema": {"$ref": REF.format(name=body.__name__)}}
        one["requestBody"] = {"required": True, "content": {"application/json": shown}}
    if handler.opt.get("is_once"):
        one.setdefault("parameters", []).append(IDEMPOTENCY)
    refused = {"description": gettext("A problem (RFC 9457)"),
               "content": {"application/problem+json": {"schema": {"$ref": REF.format(name="Problem")}}}}  # fmt: skip
    one["responses"] = {code: said for code, said in one["responses"].items() if code < "400"} | {"default": refused}


def _schema(body: type[Any]) -> dict[str, Any]:
    """The fields as core.form_fields reads them."""
    known = fields_of(body)
    return {
        "type": "object", "additionalProperties": False, "description": (body.__doc__ or "").strip(),
        "required": [name for name, field in known.items() if field.required],
        "properties": {name: _field(field) for name, field in known.items()},
    }  # fmt: skip


def _field(field: Field) -> dict[str, Any]:
    if field.many:
        return {"type": "array", "items": {"type": "string"}, "maxItems": MANY}
    kind, format = TYPES.get(field.kind, ("string", ""))
    found: dict[str, Any] = {"type": [kind, "null"] if field.optional else kind}
    if format:
        found["format"] = format
    if field.options:
        found["enum"] = [*field.options, *([None] if field.optional else [])]
    limits = ("minLength", "maxLength") if kind == "string" else ("", "")
    found |= {name: value for name, value in zip(limits, (field.minimum, field.maximum), strict=True) if name and value}
    found |= {name: value for name, value in (("minimum", field.least), ("maximum", field.most)) if value is not None}
    return found
