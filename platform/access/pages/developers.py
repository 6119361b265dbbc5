"""How the API works, read off its own OpenAPI document; for everybody, with nothing from another site."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, get

from access.api_keys import SCOPES
from access.words import SCOPE_NAMES
from core.api_document import document
from core.pages import absolute, page
from core.problems import KINDS, title_of

EXAMPLE = 'curl -H "Authorization: Bearer eak_…" \\\n  "{address}/accounts?limit=100"'


class Operation(msgspec.Struct):
    """One thing that can be asked, for the page."""

    method: str
    path: str
    title: str
    scope: str
    parameters: list[tuple[str, str]]
    body: list[tuple[str, str]]
    answer: list[tuple[str, str]]
    is_once: bool


def operations(found: dict[str, Any]) -> dict[str, list[Operation]]:
    """By the first word after /api/v1."""
    schemas = found["components"]["schemas"]
    groups: dict[str, list[Operation]] = {}
    for path, methods in found["paths"].items():
        for method, one in methods.items():
            groups.setdefault(path.split("/")[3], []).append(_operation(method, path, one, schemas))
    return groups


def _operation(method: str, path: str, one: dict[str, Any], schemas: dict[str, Any]) -> Operation:
    parameters = [(p["name"], _type(p["schema"])) for p in one.get("parameters", []) if p["in"] != "header"]
    body = one.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    answers = [said["content"]["application/json"]["schema"] for code, said in one["responses"].items()
               if code != "default" and "application/json" in said.get("content", {})]  # fmt: skip
    once = any(p["name"] == "Idempotency-Key" for p in one.get("parameters", []))
    answer = _fields(answers[0], schemas) if answers else []
    return Operation(method.upper(), path, one["summary"], one["x-scope"], parameters, _fields(body, schemas), answer,
                     once)  # fmt: skip


def _resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    return schemas.get(name, schema) if name else schema  # type: ignore[no-any-return]


def _fields(schema: dict[str, Any], schemas: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and types; of a page of a list those of its rows."""
    found = _resolved(schema, schemas)
    if rows := found.get("properties", {}).get("data"):
        return _fields(rows.get("items", {}), schemas)
    needed = found.get("required", []) if not found.get("additionalProperties", True) else []
    return [(f"{name}*" if name in needed else name, _type(one)) for name, one in found.get("properties", {}).items()]


def _type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"] if one is not None)
    if parts := schema.get("oneOf") or schema.get("anyOf"):
        return " | ".join(dict.fromkeys(_type(part) for part in parts))
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    kind = schema.get("type", "object")
    words = " | ".join(kind) if isinstance(kind, list) else str(kind)
    if kind == "array":
        return f"[{_type(schema.get('items', {}))}]"
    return str(schema.get("format") or words) if kind == "string" else words


@get("/developers/api", may="anyone", include_in_schema=False)
async def show() -> Response[Any]:
    problems = [(KINDS[status], status, title_of(status)) for status in KINDS]
    address = absolute("/api/v1")
    return page("access/developers.html", groups=operations(document()), address=address, problems=problems,
                scopes=[(name, SCOPE_NAMES[name]) for name in SCOPES],
                example=EXAMPLE.format(address=address))  # fmt: skip


controllers = [show]
