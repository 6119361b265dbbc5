"""HTML of this room; importing it tells the entrance how to find who asks."""

from __future__ import annotations

from typing import Any

from access.identify import identify
from core.entrance import use_identify

controllers: list[Any] = []

use_identify(identify)
