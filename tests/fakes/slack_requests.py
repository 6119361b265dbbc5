"""How a Web API request is read: token and arguments from the query, a form, or a JSON body.

Source: Slack developer documentation, "Using the Slack Web API" (POST bodies, authentication).
"""

import base64
import binascii
import json
from email import message_from_bytes
from urllib.parse import parse_qsl

from aiohttp import web

from fakes.slack_arguments import Method
from fakes.slack_state import SlackError
from fakes.wire import Problem


def arguments_of(method: Method, request: web.Request, raw: bytes) -> tuple[str | None, dict]:
    """Token and arguments from query, form or JSON body. A token may be an argument of a form, never of the query."""
    body = body_arguments(method, request, raw)
    if "token" in request.query:
        raise SlackError("not_allowed_token_type", problems=[Problem("token", "tokens in query strings are refused")])
    arguments = {**request.query, **body}
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    in_form = arguments.pop("token", None)
    return (token if scheme == "Bearer" else in_form), {k: v for k, v in arguments.items() if v is not None}


def body_arguments(method: Method, request: web.Request, raw: bytes) -> dict:
    if not raw:
        return {}
    if request.content_type == "application/json":
        return json_object(raw) if method.takes_json else {}
    if request.content_type == "application/x-www-form-urlencoded":
        return form_arguments(raw)
    raise SlackError("invalid_post_type" if "Content-Type" in request.headers else "missing_post_type")


def json_object(raw: bytes) -> dict:
    try:
        body = json.loads(raw)
    except ValueError:
        raise SlackError("invalid_json") from None
    if not isinstance(body, dict):
        raise SlackError("json_not_object")
    return body


def form_arguments(raw: bytes) -> dict:
    try:
        return dict(parse_qsl(raw.decode(), keep_blank_values=True, strict_parsing=True))
    except ValueError:
        raise SlackError("invalid_form_data") from None


def basic_credentials(request: web.Request) -> tuple[str, str] | None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Basic":
        return None
    try:
        user, _, password = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user, password


def uploaded_bytes(request: web.Request, raw: bytes) -> bytes:
    """The bytes themselves, or the first file of a multipart form."""
    if request.content_type != "multipart/form-data":
        return raw
    form = message_from_bytes(b"Content-Type: " + request.headers["Content-Type"].encode() + b"\r\n\r\n" + raw)
    files = [part.get_payload(decode=True) for part in form.walk() if part.get_filename()]
    return files[0] if files else b""
