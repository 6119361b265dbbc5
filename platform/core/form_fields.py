"""One field of a form: from the words that were sent to a value, or a Mistake with a sentence."""

from __future__ import annotations

import enum
import re
import types
import typing
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from msgspec import NODEFAULT, Meta

from core.context import here
from core.i18n import _, day, gettext, ngettext, number

CAP = 10_000
MANY = 500
BIGGEST = 2**63 - 1
NO = {"", "0", "false", "off", "no"}
_email = re.compile(r"[^@\s\"(),:;<>\[\\\]]{1,64}@[^@\s\"(),:;<>\[\\\]]+\.[^@\s.\"(),:;<>\[\\\]]{2,}")
_breaks = re.compile(r"\r\n?|\u2028|\u2029|\x85")
_forbidden = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_turning = re.compile("[\u202a-\u202e\u2066-\u2069]")


class Mistake(Exception):
    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Field(msgspec.Struct):
    """What the struct says of one field. `kind` says how it is read; `type` is the plain Python type."""

    name: str
    type: Any
    kind: str
    many: bool = False
    optional: bool = False
    required: bool = True
    default: Any = None
    options: tuple[Any, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    least: Any = None
    most: Any = None
    above: Any = None
    below: Any = None
    pattern: str | None = None
    sentence: str = ""

    def read(self, sent: Sequence[Any]) -> Any:
        """The value. Raises Mistake."""
        if self.kind == "bool":
            return self._truth(sent)
        if self.many:
            return self._list(sent)
        raw = sent[-1] if sent else ""
        return self._file(raw) if self.kind == "file" else self._single(raw)

    def _truth(self, sent: Sequence[Any]) -> bool:
        return self.truth([one for one in sent if isinstance(one, str)])

    def truth(self, words: Sequence[str]) -> bool:
        return bool(words) and words[-1].strip().lower() not in NO

    def _list(self, sent: Sequence[Any]) -> list[Any]:
        if self.kind == "file":
            return [one for one in sent if getattr(one, "filename", "")]
        found = [one for one in dict.fromkeys(self._words(one) for one in sent) if one]
        if len(found) > (self.maximum or MANY):
            raise Mistake(_("Choose at most %(n)s.", n=number(self.maximum or MANY)))
        if (self.required or self.minimum) and len(found) < (self.minimum or 1):
            raise Mistake(_("Choose at least %(n)s.", n=number(self.minimum or 1)))
        return [self._value(one) for one in found]

    def _file(self, raw: Any) -> Any:
        if getattr(raw, "filename", ""):
            return raw
        if self.required:
            raise Mistake(_("Choose a file."))
        return None if self.optional else self.default

    def _single(self, raw: Any) -> Any:
        words = self._words(raw)
        if words == "":
            return self._nothing()
        return self._value(words)

    def _nothing(self) -> Any:
        if self.optional:
            return None
        if self.kind in {"text", "line", "secret", "email", "url"} and not self.required:
            return "" if self.minimum is None or self.default == "" else self.default
        if not self.required:
            return self.default
        raise Mistake(_("Choose one.") if self.options else _("Fill this in."))

    def _words(self, raw: Any) -> str:
        """Normalised: NFC, one kind of line end, no blanks around; nothing that cannot be seen or saved."""
        if not isinstance(raw, str):
            if isinstance(raw, bytes) or hasattr(raw, "filename"):
                raise Mistake(_("Write text here."))
            raw = str(raw)
        if len(raw) > 4 * max(CAP, self.maximum or 0):
            raise Mistake(self._too_long(len(raw)))
        text = _breaks.sub("\n", raw)
        if _forbidden.search(text):
            raise Mistake(_("Remove the characters that cannot be shown."))
        if self.kind == "secret":
            return text
        if self.kind not in {"text", "line"}:
            text = unicodedata.normalize("NFKC", text)
        if self.kind != "text":
            text = _turning.sub("", text.replace("\n", " "))
        text = unicodedata.normalize("NFC", text).strip()
        return text if any(unicodedata.category(letter)[0] not in "CZ" for letter in text) else ""

    def _too_long(self, length: int) -> str:
        over = length - (self.maximum or CAP)
        return ngettext("Shorten it by %(n)s character.", "Shorten it by %(n)s characters.", over)

    def _value(self, words: str) -> Any:
        if self.options:
            return self._option(words)
        reader = READERS.get(self.kind)
        value = reader(words) if reader else self._checked_text(words)
        self._within(value)
        return value

    def _option(self, words: str) -> Any:
        for option in self.options:
            if str(getattr(option, "value", option)) == words:
                return option
        raise Mistake(_("Choose one of the list."))

    def _checked_text(self, words: str) -> str:
        if len(words) > (self.maximum or CAP) and not self.many:
            raise Mistake(self._too_long(len(words)))
        if self.minimum and len(words) < self.minimum and not self.many:
            raise Mistake(_missing(self.minimum - len(words)))
        if self.many and len(words) > 200:
            raise Mistake(_("One of them is too long."))
        if self.pattern and not re.search(self.pattern, words):
            raise Mistake(gettext(self.sentence) if self.sentence else _("Write it in another form."))
        if self.kind == "email" and not _is_email(words):
            raise Mistake(_("Write an address such as name@example.com."))
        if self.kind == "url" and not _is_web_address(words):
            raise Mistake(_("Write an address that begins with https://."))
        return words

    def _within(self, value: Any) -> None:
        if isinstance(value, str | list):
            return
        if self.least is not None and value < self.least:
            raise Mistake(_("Write %(n)s or more.", n=_shown(self.least)))
        if self.most is not None and value > self.most:
            raise Mistake(_("Write %(n)s or less.", n=_shown(self.most)))
        if self.above is not None and value <= self.above:
            raise Mistake(_("Write more than %(n)s.", n=_shown(self.above)))
        if self.below is not None and value >= self.below:
            raise Mistake(_("Write less than %(n)s.", n=_shown(self.below)))

    def written(self, value: Any) -> list[str]:
        """A value as it stands in the input."""
        if isinstance(value, list | tuple | set | frozenset):
            return [words for one in value for words in self.written(one)]
        if value is None or value is NODEFAULT:
            return []
        if isinstance(value, bool):
            return ["on"] if value else []
        if isinstance(value, datetime):
            local = value.astimezone(ZoneInfo(here().time_zone)) if value.tzinfo else value
            return [local.strftime("%Y-%m-%dT%H:%M")]
        if isinstance(value, enum.Enum):
            return [str(value.value)]
        return [str(value)]

    def attributes(self) -> dict[str, Any]:
        """HTML's own limits; the length only where the browser counts as we do (it does not for line ends)."""
        found: dict[str, Any] = {}
        if self.kind in {"line", "email", "url", "secret"} and self.maximum:
            found["maxlength"] = self.maximum
        if self.kind in {"int", "float", "decimal", "date"}:
            found |= {"min": self.least, "max": self.most}
        return {key: value for key, value in found.items() if value is not None}


def _missing(n: int) -> str:
    return ngettext("Write at least %(n)s more character.", "Write at least %(n)s more characters.", n)


def _shown(value: Any) -> str:
    return day(value) if isinstance(value, date) else f"{value:,}"


def _is_email(words: str) -> bool:
    local, _at, domain = words.rpartition("@")
    dotted = ".." in words or local.startswith(".") or domain.startswith(("-", "."))
    return bool(_email.fullmatch(words)) and not dotted


def _is_web_address(words: str) -> bool:
    try:
        parts = urlsplit(words)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and not re.search(r"\s", words)
    except ValueError:
        return False


def ids_among(sent: Iterable[object]) -> list[int]:
    """Those of what a form sent that can be ids; drivers break on larger numbers, `int` on ² and on very long ones."""
    return [int(str(one)) for one in sent if re.fullmatch(r"[0-9]{1,18}", str(one))]


def _int(words: str) -> int:
    plain = words.replace(",", "")
    if not re.fullmatch(r"[+-]?\d{1,19}", plain, re.ASCII) or abs(int(plain)) > BIGGEST:
        raise Mistake(_("Write a whole number."))
    return int(plain)


def _decimal(words: str) -> Decimal:
    plain = words.replace(",", "")
    if not re.fullmatch(r"[+-]?\d{1,18}(\.\d{1,12})?", plain, re.ASCII):
        raise Mistake(_("Write a number."))
    return Decimal(plain)


def _date(words: str) -> date:
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", words, re.ASCII)
    try:
        return date(*map(int, found.groups()))  # type: ignore[union-attr]
    except (ValueError, AttributeError):
        raise Mistake(_("Write a date such as 2026-11-22.")) from None


def _datetime(words: str) -> datetime:
    """In the person's zone, kept in UTC."""
    try:
        found = datetime.fromisoformat(words.replace("/", "-"))
        local = found if found.tzinfo else found.replace(tzinfo=ZoneInfo(here().time_zone))
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Mistake(_("Write a date and a time such as 2026-11-22 09:05.")) from None


def _time(words: str) -> time:
    try:
        return time.fromisoformat(words.zfill(5))
    except ValueError:
        raise Mistake(_("Write a time such as 09:05.")) from None


READERS: dict[str, Any] = {"int": _int, "float": lambda words: float(_decimal(words)), "decimal": _decimal,
                           "date": _date, "datetime": _datetime, "time": _time}  # fmt: skip
KINDS = {bool: "bool", int: "int", float: "float", Decimal: "decimal", datetime: "datetime", date: "date",
         time: "time", str: "text"}  # fmt: skip


@lru_cache(maxsize=512)
def _described(kind: type) -> tuple[Field, ...]:
    hints = typing.get_type_hints(kind, include_extras=True)
    return tuple(_field(one, hints[one.name]) for one in msgspec.structs.fields(kind))


def fields_of(kind: type) -> dict[str, Field]:
    """The fields of a struct, understood once. Raises TypeError for a field that a form cannot hold."""
    return {field.name: field for field in _described(kind)}


def _field(one: Any, hint: Any) -> Field:
    default = one.default
    if one.default_factory is not NODEFAULT:
        default = one.default_factory()
    made = Field(one.name, None, "", required=default is NODEFAULT, default=None if default is NODEFAULT else default)
    _understand(made, hint)
    if made.kind == "":
        raise TypeError(f"a form cannot hold {one.name}: {hint}")
    if made.optional or made.kind == "bool":
        made.required = False
    if made.many and made.default is None:
        made.default = []
    return made


def _understand(made: Field, hint: Any) -> None:
    origin = get_origin(hint)
    if origin is Annotated:
        inner, *notes = get_args(hint)
        _understand(made, inner)
        for note in notes:
            if isinstance(note, Meta):
                _limit(made, note)
    elif origin in (Union, types.UnionType):
        choices = [one for one in get_args(hint) if one is not type(None)]
        made.optional = len(choices) < len(get_args(hint))
        _understand(made, choices[0])
    elif origin in (list, tuple, set, frozenset):
        made.many = True
        inner = get_args(hint)[0]
        _understand(made, inner)
        made.maximum = made.minimum = None
    elif origin is Literal:
        made.options, made.kind, made.type = get_args(hint), "choice", str
    else:
        _plain_type(made, hint)


def _plain_type(made: Field, hint: Any) -> None:
    made.type = hint
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        made.options, made.kind = tuple(hint), "choice"
    elif getattr(hint, "__name__", "") in {"UploadFile", "Any"} or hint is Any:
        made.kind = "file"
    else:
        made.kind = KINDS.get(hint, "")


def _limit(made: Field, note: Meta) -> None:
    extra = note.extra or {}
    made.kind = extra.get("kind", made.kind)
    made.minimum = note.min_length if note.min_length is not None else made.minimum
    made.maximum = note.max_length if note.max_length is not None else made.maximum
    made.least = note.ge if note.ge is not None else made.least
    made.most = note.le if note.le is not None else made.most
    made.above = note.gt if note.gt is not None else made.above
    made.below = note.lt if note.lt is not None else made.below
    made.pattern = note.pattern or made.pattern
    made.sentence = note.description or made.sentence
