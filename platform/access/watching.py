"""The log of the door: who came in how, who was refused. Never what they typed."""

from __future__ import annotations

import logging
from typing import Any

from core.context import here
from core.entrance import client_ip

log = logging.getLogger("engawa.door")


def came(way: str, person_id: int, request: Any, *, awaits_factor: bool = False) -> None:
    what = "gave the first factor" if awaits_factor else "signed in"
    log.info("%s: %s", way, what, extra=_about(request, person_id))


def refused(way: str, why: str, request: Any, person_id: int | None = None) -> None:
    log.warning("%s: refused (%s)", way, why, extra=_about(request, person_id))


def _about(request: Any, person_id: int | None) -> dict[str, Any]:
    found = {"request_id": here().request_id, "person": person_id}
    return found | ({"client": client_ip(request.scope)} if request is not None else {})
