"""Time zones to choose from: those our customers live in, in the order of the clock."""

from __future__ import annotations

COMMON = (
    "Pacific/Honolulu", "America/Los_Angeles", "America/Denver", "America/Chicago", "America/New_York",
    "America/Sao_Paulo", "UTC", "Europe/London", "Europe/Paris", "Europe/Berlin", "Europe/Helsinki", "Europe/Istanbul",
    "Asia/Dubai", "Asia/Kolkata", "Asia/Dhaka", "Asia/Bangkok", "Asia/Ho_Chi_Minh", "Asia/Jakarta", "Asia/Shanghai",
    "Asia/Hong_Kong", "Asia/Taipei", "Asia/Singapore", "Asia/Manila", "Australia/Perth", "Asia/Tokyo", "Asia/Seoul",
    "Australia/Sydney", "Pacific/Auckland",
)  # fmt: skip


def choices(current: str) -> list[tuple[str, str]]:
    """(value, words) pairs; the person's own zone is always among them."""
    names = COMMON if current in COMMON else (current, *COMMON)
    return [(name, name.replace("_", " ")) for name in names]
