"""Settings: environment variables `ENGAWA_…`, read once into one typed struct.

A missing or wrong one is one clear sentence at start (`SettingsError`), never a traceback later.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import msgspec

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class SettingsError(ValueError):
    """One sentence for the person who starts the program."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting of an installation. Field `x_y` is the variable `ENGAWA_X_Y`."""

    secret_key: str
    url: str = "http://127.0.0.1:8000"
    database_url: str = ""
    redis_url: str = ""
    data_dir: str = "var"
    host: str = "127.0.0.1"
    port: int = 8000
    time_zone: str = "Asia/Tokyo"
    default_language: str = "ja"
    trusted_proxies: str = ""
    smtp_url: str = ""
    mail_listen: str = ""
    mail_domains: str = ""
    imap_url: str = ""
    slack_api_url: str = "https://slack.com/api/"
    line_api_url: str = "https://api.line.me"
    line_data_api_url: str = "https://api-data.line.me"
    max_body: int = 1_000_000
    max_upload: int = 20_000_000
    log: str = "text"
    search_memory: int = 512
    embeddings_url: str = ""
    embeddings_model: str = ""
    embeddings_key: str = ""
    demo: bool = False

    @property
    def database(self) -> str:
        """The database's address: PostgreSQL when given, else one SQLite file in the data directory."""
        return self.database_url or f"sqlite://{Path(self.data_dir).resolve()}/engawa.sqlite3"

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """The newest first; what older ones sealed or hashed is still known (rotation)."""
        return tuple(key.strip() for key in self.secret_key.split(",") if key.strip())

    @property
    def is_secure(self) -> bool:
        return self.url.startswith("https://")

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def media(self) -> Path:
        return Path(self.data_dir) / "media"


def _convert(name: str, kind: Any, text: str) -> Any:
    if kind is bool:
        if text.lower() not in {"0", "1", "true", "false", "yes", "no", ""}:
            raise SettingsError(f"{name} is {text!r}; write 1 or 0.")
        return text.lower() in {"1", "true", "yes"}
    if kind is int:
        if not text.isdigit():
            raise SettingsError(f"{name} is {text!r}; write a whole number.")
        return int(text)
    return text


def read_settings(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """The settings in `environment` (the process's own by default), checked.

    Raises SettingsError with a sentence that names the variable.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(Settings):
        name = f"ENGAWA_{field.name.upper()}"
        if environment.get(name, "") != "":
            kind = {"int": int, "bool": bool}.get(str(field.type), str) if isinstance(field.type, str) else field.type
            values[field.name] = _convert(name, kind, environment[name])
    if values.get("port") and "url" not in values:  # 0: the system picks one, nobody knows which yet
        values["url"] = f"http://127.0.0.1:{values['port']}"
    values |= overrides
    if not values.get("secret_key"):
        raise SettingsError(
            "ENGAWA_SECRET_KEY is missing. Set it to at least 32 random characters, "
            "for example the output of: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
        )
    return _checked(Settings(**values))


def address_of(name: str, url: str) -> SplitResult:
    """The parts of the address in the setting `name`. It is not repeated in the refusal: a password may stand in it."""
    try:
        parts = urlsplit(url)
        asked = dict(parse_qsl(parts.query)).get("port", "1")
        if parts.port == 0 or not 0 < int(asked) < 65536:
            raise ValueError(asked)
    except ValueError:
        raise SettingsError(
            f"{name} is no address, or its port is no number from 1 to 65535. "
            "In a password / ? # @ [ ] are written %2F %3F %23 %40 %5B %5D."
        ) from None
    return parts


def _checked(found: Settings) -> Settings:
    if not found.secret_keys or min(len(key) for key in found.secret_keys) < 32:
        raise SettingsError("ENGAWA_SECRET_KEY is shorter than 32 characters, or one of its keys is.")
    address = address_of("ENGAWA_URL", found.url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise SettingsError(f"ENGAWA_URL is {found.url!r}; write an address such as https://help.example.com.")
    if address.scheme == "http" and address.hostname not in LOOPBACK:
        raise SettingsError("ENGAWA_URL is http; outside this machine only https is allowed.")
    if found.database_url and not found.database_url.startswith(("sqlite://", "postgresql://", "postgres://")):
        raise SettingsError("ENGAWA_DATABASE_URL must begin with sqlite:// or postgresql://.")
    if found.redis_url and not found.redis_url.startswith(("redis://", "rediss://", "unix://")):
        raise SettingsError("ENGAWA_REDIS_URL must begin with redis://.")
    for name in ("database_url", "redis_url", "smtp_url", "imap_url", "embeddings_url"):
        if not getattr(found, name).startswith(("sqlite://", "unix://")):  # files
            address_of(f"ENGAWA_{name.upper()}", getattr(found, name))
    if found.smtp_url and urlsplit(found.smtp_url).scheme not in {"smtp", "smtps", "smtp+starttls"}:
        raise SettingsError("ENGAWA_SMTP_URL must begin with smtp://, smtps:// or smtp+starttls://.")
    if found.embeddings_url and urlsplit(found.embeddings_url).scheme not in {"http", "https"}:
        raise SettingsError("ENGAWA_EMBEDDINGS_URL must begin with https:// (or http:// on a network of your own).")
    if bool(found.embeddings_url) != bool(found.embeddings_model):
        raise SettingsError("ENGAWA_EMBEDDINGS_URL and ENGAWA_EMBEDDINGS_MODEL belong together; set both or neither.")
    try:
        found.zone  # noqa: B018
    except Exception as error:
        raise SettingsError(f"ENGAWA_TIME_ZONE is {found.time_zone!r}; write a name such as Asia/Tokyo.") from error
    return found


_current: Settings | None = None


def settings() -> Settings:
    """The settings of this process, read at the first call."""
    global _current
    if _current is None:
        _current = read_settings()
    return _current


def use(found: Settings) -> Settings:
    """Set the process's settings: what the command line and tests do before anything else."""
    global _current
    _current = found
    return found


def new_secret() -> str:
    """48 random bytes, printable."""
    return secrets.token_urlsafe(48)
