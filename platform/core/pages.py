"""Pages: Jinja templates of every room, and what all of them may say. The guide is docs/pages.md.

`return page("community/thread.html", thread=thread)` in a handler. Templates are addressed `<room>/<file>`, escape
everything, and fail on a name that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from functools import cache, lru_cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import msgspec
from jinja2 import BaseLoader, Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from litestar import Response
from markupsafe import Markup, escape

from core import i18n
from core.assets import static
from core.charts import chart_filters
from core.context import here
from core.flashes import before_send, flash, take_flashes
from core.left_open import csrf_token, kept
from core.markdown import excerpt, markdown
from core.navigation import navigation
from core.sent_once import form_key
from core.settings import settings

__all__ = ["Brand", "before_send", "configure_templates", "flash", "fragment", "navigation", "page", "render",
           "take_flashes", "use_brand"]  # fmt: skip

HTML = "text/html; charset=utf-8"
THEMES = ("auto", "light", "dark")


class Brand(msgspec.Struct, frozen=True):
    """What the top of a page says: the place's name, the company's, and where the name leads."""

    name: str = "Engawa"
    company: str = "Engawa"
    href: str = "/"
    logo: str = ""


_brand: Callable[[], Brand] = Brand


def use_brand(find: Callable[[], Brand]) -> None:
    """Say how the brand of the current request is found (it reads `here().brand`)."""
    global _brand
    _brand = find


def brand() -> Brand:
    return _brand()


# Words in templates ------------------------------------------------------------------------------------------


def _filled(text: str, values: Mapping[str, Any]) -> str:
    """`text % values`; when a value is markup (a link), the text is escaped and the whole is markup."""
    if not values:
        return text
    if any(hasattr(value, "__html__") and not isinstance(value, i18n.lazy) for value in values.values()):
        return escape(text) % values
    return text % values


def _gettext(message: str, **values: Any) -> str:
    return _filled(str(message) if isinstance(message, i18n.lazy) else i18n.gettext(message), values)


def _ngettext(one: str, many: str, n: int, **values: Any) -> str:
    text = i18n.translations(here().language).ngettext(one, many, n)
    return _filled(text, {"n": i18n.number(n)} | values)


def icon(name: str, extra: str = "") -> Markup:
    """An icon of static/icons.svg; always beside words or inside something labelled."""
    return _icon(f"{static('icons.svg')}#{name}", extra)


@lru_cache(maxsize=1000)
def _icon(address: str, extra: str) -> Markup:
    return Markup('<svg class="icon {}" aria-hidden="true"><use href="{}"></use></svg>').format(extra, address)


def keys_sheet() -> Markup:
    """The list of keys and what scripts say, at the end of every page: made once a language and kind of reader."""
    who = here().principal
    return _keys_sheet(here().language, navigation.of("staff") if who.is_staff else ())


@lru_cache(maxsize=16)
def _keys_sheet(language: str, entries: tuple[Any, ...]) -> Markup:
    return Markup(render("core/keys.html", entries=entries))  # noqa: S704  our own template, escaped by itself


def theme() -> str:
    request = here().request
    chosen = "" if request is None else request.cookies.get("theme", "")
    return chosen if chosen in THEMES else "auto"


def url(path: str, /, **query: Any) -> str:
    """`path` with a query string; None and empty values are left out, lists repeat."""
    kept = {key: value for key, value in query.items() if value not in (None, "", [])}
    return f"{path}?{urlencode(kept, doseq=True)}" if kept else path


def absolute(path: str) -> str:
    """For mails, feeds and canonical links: ENGAWA_URL and the path."""
    return settings().url.rstrip("/") + path


def safe_path(target: str | None, otherwise: str = "/") -> str:
    """`target` when it is a path of this site (for `next=`), else `otherwise`."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return otherwise
    if any(ord(letter) < 32 for letter in target) or "\\" in target:
        return otherwise
    parts = urlsplit(target)
    return otherwise if parts.scheme or parts.netloc else target


def may(capability: str) -> bool:
    """For showing or leaving out a link; the handler checks again."""
    return here().principal.may_somewhere(capability)


def initial(name: str | None) -> str:
    """The letter of an avatar."""
    letters = [letter for letter in str(name or "") if letter.isalnum()]
    return letters[0].upper() if letters else "・"


# The environment ---------------------------------------------------------------------------------------------


def _loader(rooms: Iterable[str]) -> PrefixLoader:
    folders: dict[str, BaseLoader] = {}
    for room in rooms:
        folder = i18n.ROOMS / room / "templates"
        if folder.is_dir():
            folders[room] = FileSystemLoader(folder)
    return PrefixLoader(folders)


class Templates(Environment):
    """Every template has the same globals. Jinja chains two dictionaries, and then compares their keys, in Python,
    at each import of macros."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


@cache
def _environment(rooms: tuple[str, ...]) -> Environment:
    made = Templates(loader=_loader(rooms), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                     lstrip_blocks=True, auto_reload=False, cache_size=1000)  # fmt: skip
    words = {"day": i18n.day, "moment": i18n.moment, "ago": i18n.ago, "clock_time": i18n.clock_time,
             "number": i18n.number, "markdown": markdown, "excerpt": excerpt, "initial": initial}  # fmt: skip
    made.filters.update(words)
    made.globals.update(words | chart_filters() | {
        "_": _gettext, "gettext": _gettext, "ngettext": _ngettext, "here": here, "static": static, "icon": icon,
        "keys_sheet": keys_sheet, "kept": kept, "csrf_token": csrf_token, "form_key": form_key,
        "theme": theme, "url": url, "absolute": absolute, "may": may, "brand": brand,
        "navigation": navigation, "take_flashes": take_flashes, "LANGUAGES": i18n.LANGUAGES, "settings": settings,
    })  # fmt: skip
    return made


_templates: Environment | None = None


def configure_templates(rooms: Iterable[str]) -> None:
    """Which rooms have templates; app calls it with its list. Without it, every folder that has `templates/`."""
    global _templates
    _templates = _environment(tuple(rooms))


def templates() -> Environment:
    if _templates is None:
        configure_templates(sorted(path.parent.name for path in i18n.ROOMS.glob("*/templates")))
    assert _templates is not None
    return _templates


def render(template: str, /, **context: Any) -> str:
    return templates().get_template(template).render(context)


def fragment(template: str, /, *, status: int = 200, headers: Mapping[str, str] | None = None,
             **context: Any) -> Response[bytes]:  # fmt: skip
    """A piece of a page for a script to put in its place; it is never cached."""
    all_headers = {"Cache-Control": "private, no-store", **(headers or {})}
    return Response(render(template, **context).encode(), status_code=status, media_type=HTML, headers=all_headers)


def page(template: str, /, *, status: int = 200, headers: Mapping[str, str] | None = None,
         **context: Any) -> Response[bytes]:  # fmt: skip
    """A whole page. It is private and never stored when somebody is signed in, something was typed, or a flash shows.

    Every page holds a CSRF token and this person's language and theme, so nothing is ever kept by a shared cache.
    """
    return whole(render(template, status=status, **context).encode(), status, headers)


def whole(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """The HTML of a whole page as the answer."""
    kept = "private, no-store" if here().principal.is_signed_in or status != 200 else "private, no-cache"
    all_headers = {"Cache-Control": kept, "Vary": "Cookie, Accept-Language", **(headers or {})}
    return Response(body, status_code=status, media_type=HTML, headers=all_headers)
