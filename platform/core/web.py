"""The web application: Litestar with the house's guards, error pages and small common routes."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from litestar import Litestar, Request, Response, get, post, route
from litestar.config.csrf import CSRFConfig
from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.handlers.http_handlers import HTTPRouteHandler
from litestar.response import Redirect
from prometheus_client import generate_latest

from core import api_document, database
from core.assets import static_file
from core.context import here
from core.entrance import Entrance, client_ip
from core.errors import Elsewhere, Forbidden, Invalid, NotFound, Refused, TooMany, Unauthenticated, Wrong
from core.forms import Form, Line, Meta
from core.i18n import _
from core.metrics import REGISTRY
from core.navigation import navigation
from core.pages import before_send, flash, page, safe_path, url
from core.principal import CAPABILITIES
from core.problems import problem, title_of, wants_json
from core.sent_once import SentOnce
from core.settings import LOOPBACK, settings

log = logging.getLogger("engawa.web")
SAFE = {"GET", "HEAD", "OPTIONS"}
MOST_ID = 2**63 - 1
LONG_NUMBER = re.compile(r"[+-]?[0-9]{19,400}")


def _fresh(handler: BaseRouteHandler) -> None:
    """What is dangerous asks again who it is, when that was proved long ago: a browser may stand open."""
    if handler.opt.get("needs_fresh") and not here().principal.is_fresh:
        raise Elsewhere(_("Prove once more that it is you."), navigation.prove)


async def may_guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Every handler declares `may=`; the principal must hold it by role or by some grant (actions look closer)."""
    needed = str(handler.opt.get("may", ""))
    who = here().principal
    if needed not in CAPABILITIES:
        raise RuntimeError(f"{handler} does not say who may call it")
    if here().refusal is not None and needed != "anyone":
        raise here().refusal
    if who.is_read_only and dict(connection.scope)["method"] not in SAFE:
        raise Forbidden(_("This key may only read."))
    if dict(connection.scope)["method"] not in SAFE and not handler.opt.get("exclude_from_csrf"):
        _same_origin(connection)
    if not who.may_somewhere(needed):
        if who.lacks_factor:
            raise Elsewhere(_("Your role asks for a second factor. Set it up first."), navigation.second_factor)
        raise Forbidden(_("You may not do this.")) if who.is_signed_in else Unauthenticated(_("Sign in first."))
    _possible(connection.path_params | _asked(connection, handler))
    _fresh(handler)


def _possible(named: dict[str, Any]) -> None:
    """A number beyond 64 bits, or a key with NUL in it, names no row, and neither database takes it: NotFound."""
    for value in named.values():
        if (isinstance(value, int) and abs(value) > MOST_ID) or (isinstance(value, str) and "\0" in value):
            raise NotFound(_("There is no such page."))


def _asked(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> dict[str, int]:
    """What stands behind `?` under a name that the handler takes as a number."""
    found: dict[str, int] = {}
    for name, value in connection.query_params.multi_items():
        field = handler.parsed_fn_signature.parameters.get(name)
        if field and (field.is_subclass_of(int) or field.has_inner_subclass_of(int)) and LONG_NUMBER.fullmatch(value):
            found[name] = int(value)
    return found


def from_our_page(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """For a form whose page could hold no CSRF token, because it answered a POST from outside: the browser must say
    itself that it was sent from here (Fetch Metadata, else Origin). Raises Forbidden."""
    if connection.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise Forbidden(_("This form was sent from another site."))
    if "sec-fetch-site" not in connection.headers and connection.headers.get("origin", "null") == "null":
        raise Forbidden(_("This form was sent from another site."))
    _same_origin(connection)


def _same_origin(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    origin = connection.headers.get("origin")
    if origin is None or (origin == "null" and connection.headers.get("sec-fetch-site") == "same-origin"):
        return
    ours, theirs = urlsplit(settings().url), urlsplit(origin)
    if (theirs.scheme, theirs.netloc) == (ours.scheme, ours.netloc):
        return
    if ours.hostname in LOOPBACK and theirs.hostname in LOOPBACK and theirs.port == ours.port:
        return
    raise Forbidden(_("This form was sent from another site."))


# Errors ------------------------------------------------------------------------------------------------------


def _answer(
    request: Request[Any, Any, Any], status: int, sentence: str, headers: dict[str, str] | None = None,
    wrong: Sequence[Wrong] = (),
) -> Response[Any]:  # fmt: skip
    if wants_json(request):
        return problem(status, sentence, headers, wrong)
    title = title_of(status)
    return page("core/error.html", status=status, headers=headers, title=title,
                sentence=sentence if sentence != title else "", request_id=here().request_id)  # fmt: skip


def refused(request: Request[Any, Any, Any], error: Refused) -> Response[Any]:
    first = error.href if isinstance(error, Elsewhere) else navigation.sign_in
    if isinstance(error, Unauthenticated | Elsewhere) and not wants_json(request):
        if request.method == "GET":
            query = request.scope.get("query_string", b"").decode("latin-1")
            target = request.scope["path"] + (f"?{query}" if query else "")
            return Redirect(url(first, next=target), status_code=303)
        if isinstance(error, Elsewhere):  # what was sent is lost; the page it came from is where to go on
            flash(error.sentence, "warn")
            return Redirect(url(first, next=_page_before(request)), status_code=303)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else None
    wrong = error.wrong if isinstance(error, Invalid) else ()
    return _answer(request, error.status, error.sentence, headers, wrong)


def _page_before(request: Request[Any, Any, Any]) -> str:
    """The path of the page that a form stood on, when it was one of ours."""
    before, ours = urlsplit(request.headers.get("referer", "")), urlsplit(settings().url)
    return before.path if before.netloc == ours.netloc else ""


def http_error(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    if error.status_code >= 500:
        return broke(request, error)
    sentence = {
        403: _("Your form was open for too long. Go back, reload the page and send it again."),
        404: _("Perhaps it moved. Try to search for it."),
        405: _("Go back and try another way."),
    }.get(error.status_code, _("Check what you sent and try again."))
    return _answer(request, error.status_code, sentence, dict(error.headers or {}), _parameters(error))


def _parameters(error: HTTPException) -> list[Wrong]:
    """What Litestar found in the address; its reasons are for programmers, in English."""
    found = error.extra if isinstance(error.extra, list) else []
    return [Wrong(str(one.get("key", ""))[:60], str(one.get("message", ""))[:200])
            for one in found if isinstance(one, dict)]  # fmt: skip


def broke(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    if isinstance(error, RecursionError):
        return _answer(request, 400, _("This is nested too deeply."))
    log.exception("%s %s broke", request.method, request.scope["path"], exc_info=error)
    return _answer(request, 500, _("It is not your fault."))


# Common routes -----------------------------------------------------------------------------------------------


class LanguageChoice(msgspec.Struct):
    language: Literal["ja", "en"]
    next: Annotated[str, Meta(max_length=2000)] = "/"


class ThemeChoice(msgspec.Struct):
    theme: Literal["auto", "light", "dark"]
    next: Annotated[str, Meta(max_length=2000)] = "/"


async def _choose(request: Request[Any, Any, Any], kind: type[Any], name: str) -> Response[Any]:
    form = Form(kind, await request.form())
    if not form.valid:
        raise Refused(_("Choose one of the list."))
    cookie = Cookie(key=name, value=getattr(form.data, name), path="/", max_age=31_536_000, samesite="lax",
                    secure=settings().is_secure)  # fmt: skip
    return Redirect(safe_path(form.data.next), status_code=303, cookies=[cookie])


@post("/language", may="anyone", include_in_schema=False)
async def choose_language(request: Request[Any, Any, Any]) -> Response[Any]:
    return await _choose(request, LanguageChoice, "language")


@post("/theme", may="anyone", include_in_schema=False)
async def choose_theme(request: Request[Any, Any, Any]) -> Response[Any]:
    return await _choose(request, ThemeChoice, "theme")


@get("/healthz", may="anyone", include_in_schema=False)
async def healthz() -> Response[bytes]:
    """The process answers."""
    return Response(b"ok\n", media_type="text/plain")


@get("/readyz", may="anyone", include_in_schema=False)
async def readyz() -> Response[bytes]:
    """The database answers, so requests may come."""
    try:
        await database.rows("SELECT 1")
    except Exception:  # whatever the driver raises when the server is away
        log.exception("not ready")
        return Response(b"the database does not answer\n", media_type="text/plain", status_code=503)
    return Response(b"ready\n", media_type="text/plain")


@get("/api/v1/openapi.json", may="anyone", include_in_schema=False)
async def openapi() -> Response[bytes]:
    """What the API can do, for programs that make clients."""
    return Response(msgspec.json.encode(api_document.document()), media_type="application/json")


@get("/metrics", may="anyone", include_in_schema=False)
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Prometheus text, for this machine and for people who may read the audit log."""
    if client_ip(request.scope) not in LOOPBACK and not here().principal.may("audit.read"):
        raise NotFound(_("There is no such page."))
    return Response(generate_latest(REGISTRY), media_type="text/plain; version=0.0.4")


@route("/{rest:path}", http_method=["GET", "POST", "PUT", "PATCH", "DELETE"], may="anyone",
       exclude_from_csrf=True, include_in_schema=False)  # fmt: skip
async def nowhere(rest: str = "") -> Response[Any]:
    """A real catch-all: unmatched URLs skip middleware otherwise (facts/reliability.md, trap 10)."""
    raise NotFound(_("Perhaps it moved. Try to search for it."))


# Putting it together -----------------------------------------------------------------------------------------


def cookie_prefix() -> str:
    return "__Host-" if settings().is_secure else ""


def build_web(
    handlers: Iterable[Any],
    *,
    on_startup: Sequence[Callable[..., Any]] = (),
    on_shutdown: Sequence[Callable[..., Any]] = (),
) -> Entrance:
    """The ASGI application over the rooms' `controllers`. `Entrance.app` is Litestar's own object."""
    handlers = list(handlers)
    api_document.use(handlers)
    common = [choose_language, choose_theme, healthz, readyz, metrics, openapi, static_file, nowhere]
    made = Litestar(
        route_handlers=[*handlers, *common],
        guards=[may_guard],
        middleware=[SentOnce],
        before_send=[before_send],
        csrf_config=CSRFConfig(
            secret=settings().secret_key,
            cookie_name=f"{cookie_prefix()}csrf",
            cookie_secure=settings().is_secure,
            cookie_httponly=True,
            cookie_samesite="lax",
            header_name="x-csrftoken",
        ),
        exception_handlers={Refused: refused, HTTPException: http_error, Exception: broke},
        openapi_config=None,  # made in core.api_document, of /api/v1 alone
        on_startup=list(on_startup),
        on_shutdown=list(on_shutdown),
        request_max_body_size=settings().max_upload,
        debug=False,
        logging_config=None,
    )
    _all_declare(made)
    return Entrance(made)


def routes_of(application: Entrance) -> list[tuple[str, str, str]]:
    """(method, path, capability) of every HTTP route: what the committed table of route × role is made from."""
    found = []
    for entry in application.app.routes:
        for handler in getattr(entry, "route_handlers", []):
            if isinstance(handler, HTTPRouteHandler):
                for method in sorted(str(one) for one in handler.http_methods):
                    if method != "OPTIONS":
                        found.append((method, entry.path_format, str(handler.opt.get("may", ""))))
    return sorted(set(found))


def _all_declare(made: Litestar) -> None:
    for entry in made.routes:
        for handler in getattr(entry, "route_handlers", []):
            declared = handler.opt.get("may")
            if isinstance(handler, HTTPRouteHandler) and declared not in CAPABILITIES:
                if not handler.opt and set(handler.http_methods) == {"OPTIONS"}:
                    handler.opt["may"] = "anyone"
                    continue
                raise RuntimeError(f"{entry.path}: {handler.handler_name} does not declare may=")


def new_key() -> str:
    """A random public name of at least 128 bits."""
    return secrets.token_urlsafe(24)


__all__ = ["Line", "build_web", "cookie_prefix", "new_key", "problem", "routes_of", "wants_json"]
