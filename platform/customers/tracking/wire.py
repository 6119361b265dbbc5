"""What clients send: reading JSON whatever it holds, times and ids as they come, and the mistakes in words."""

from __future__ import annotations

import json
import math
import zlib
from datetime import UTC, datetime
from typing import Any

import msgspec

from core.errors import Refused
from core.i18n import _
from customers.tracking.arrived import LARGEST, LARGEST_BATCH, LONGEST_ID, LONGEST_NAME, MOST_IN_BATCH, Arrived

Id = str | int | float | None


class BadRequest(Refused):
    """The sender must change something; sending the same again will not help."""

    status = 400


class Body(msgspec.Struct):
    """A batch, of Segment's kind or PostHog's."""

    batch: list[msgspec.Raw] | None = None
    writeKey: str | None = None
    api_key: str | None = None
    token: str | None = None
    sentAt: Any = None
    sent_at: Any = None
    context: Any = None


class Reading(msgspec.Struct):
    """What a body held: what can be stored, and what is wrong with the rest (at which place)."""

    arrived: list[Arrived]
    mistakes: list[tuple[int, str]]


def unpacked(body: bytes, encoding: str) -> bytes:
    """The body as sent before compression, at most LARGEST_BATCH. Raises BadRequest."""
    if "gzip" in encoding or body[:2] == b"\x1f\x8b":
        try:
            unpack = zlib.decompressobj(wbits=31)
            body = unpack.decompress(body, LARGEST_BATCH + 1)
        except zlib.error as error:
            raise BadRequest(_("The body is not gzip, though it says so.")) from error
    if len(body) > LARGEST_BATCH:
        raise BadRequest(_("A request has at most 500 KB."))
    return body


_read = msgspec.json.Decoder(Body)


def read_body(body: bytes) -> Body:
    """Raises BadRequest when it is no JSON object of ours, or holds more calls than can be meant."""
    found = _understood(body)
    if found.batch is not None and len(found.batch) > MOST_IN_BATCH:
        raise BadRequest(_("A batch has at most %(n)s calls.", n=MOST_IN_BATCH))
    return found


def _understood(body: bytes) -> Body:
    try:
        return _read.decode(body)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return msgspec.convert(clean(json.loads(body)), Body) if b'"batch"' not in body else _loosely(body)
    except (ValueError, RecursionError, msgspec.ValidationError) as error:
        raise BadRequest(_("The body is not JSON of the form that the documentation shows.")) from error


def _loosely(body: bytes) -> Body:
    """Python's clients write NaN, and texts cut in half: the batch is not lost for it."""
    whole = json.loads(body)
    if not isinstance(whole, dict) or not isinstance(whole.get("batch"), list):
        raise ValueError("no batch")
    events = [msgspec.Raw(msgspec.json.encode(clean(one))) for one in whole.pop("batch")]
    made = msgspec.convert(clean(whole), Body)
    made.batch = events
    return made


def decoded(raw: bytes, reader: msgspec.json.Decoder[Any], kind: Any) -> Any:
    """One event, typed. Raises BadRequest in words."""
    if len(raw) > LARGEST:
        raise BadRequest(_("An event has at most 32 KB."))
    try:
        if b"\\u0000" not in raw:
            return reader.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:
        return msgspec.convert(clean(json.loads(raw)), kind)
    except msgspec.ValidationError as error:
        raise BadRequest(_("This event cannot be read: %(why)s", why=str(error)[:150])) from error
    except (ValueError, RecursionError) as error:
        raise BadRequest(_("This event is no JSON object.")) from error


def clean(value: Any) -> Any:
    """Without what a database cannot hold: NUL, half a character, numbers that are none."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {clean(key): clean(one) for key, one in value.items()}
    if isinstance(value, list):
        return [clean(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def text_of(properties: Any) -> str:
    """Properties as they are kept. Raises BadRequest when they are no object."""
    if not properties:
        return "{}"
    if not isinstance(properties, dict):
        raise BadRequest(_("Properties are an object."))
    return msgspec.json.encode(properties).decode()


def an_id(value: Id, label: str) -> str:
    if value is None:
        return ""
    found = (str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)).strip()
    if len(found) > LONGEST_ID:
        raise BadRequest(_("%(field)s has at most %(n)s characters.", field=label, n=LONGEST_ID))
    return found


def a_name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_NAME:
        raise BadRequest(_("An event needs a name of at most 120 characters."))
    if value.startswith("@@"):
        raise BadRequest(_("The name of an event may not begin with @@."))
    return value.strip()


def a_time(value: Any) -> datetime | None:
    """ISO 8601, or seconds or milliseconds since 1970; None for anything else."""
    try:
        if isinstance(value, str) and value:
            found = datetime.fromisoformat(value)
            return found if found.tzinfo else found.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def dwell(properties: Any) -> int | None:
    """How long a page was looked at, in milliseconds, at most a day."""
    if not isinstance(properties, dict):
        return None
    for name, factor in (("dwell_ms", 1), ("duration_ms", 1), ("dwell_seconds", 1000), ("duration", 1000)):
        value = properties.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value * factor <= 86_400_000:
            return round(value * factor)
    return None
