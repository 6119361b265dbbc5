"""The ways around, as data: rooms add entries at import, layouts show those that the person may see.

`navigation.add("staff", lazy("Inbox"), "/inbox", may="inbox.answer", icon="inbox", order=20, group=1, count=waiting)`
Areas: `visitor` (the top), `member` (the own menu), `staff` (the side bar and the dock), `settings`, `footer`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar

import msgspec

from core.context import here
from core.principal import CAPABILITIES

AREAS = ("visitor", "member", "staff", "settings", "footer")
DOCK = 4
Count = Callable[[], Awaitable[int]]
_counts: ContextVar[dict[str, int] | None] = ContextVar("navigation_counts", default=None)


class Entry(msgspec.Struct, frozen=True):
    """One link. `group` draws a line between neighbours of different groups; `hot` makes the count indigo.

    `opens` is the area that the link leads to: it stands only where somebody may see an entry of that area.
    """

    area: str
    label: str
    href: str
    may: str
    icon: str = ""
    order: int = 100
    group: int = 0
    count: Count | None = None
    hot: bool = False
    key: str = ""
    opens: str = ""

    @property
    def number(self) -> int:
        """What `count` said for this request (see `Navigation.prepare`); 0 shows nothing."""
        return (_counts.get() or {}).get(self.href, 0)


class Way(msgspec.Struct, frozen=True):
    """An entry as this reader sees it: in their language, with its number, equal by value."""

    label: str
    href: str
    icon: str
    group: int
    number: int
    hot: bool


class Navigation:
    """All entries of all rooms, where search lives, and the bell."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], Entry] = {}
        self.search = "/search"
        self.suggest = "/help/suggest"
        self.staff_search = "/find"
        self.sign_in = "/sign-in"
        self.second_factor = "/me/second-factor"
        self.prove = "/sign-in/again"
        self.sign_out = "/sign-out"
        self.home = "/"
        self.staff_home = "/home"
        self.bell: Entry | None = None

    def add(self, area: str, label: str, href: str, *, may: str = "anyone", icon: str = "", order: int = 100,
            group: int = 0, count: Count | None = None, hot: bool = False, key: str = "",
            opens: str = "") -> Entry:  # fmt: skip
        """Raises ValueError for an unknown area or capability. `key` is the letter after `g`."""
        if area not in AREAS or may not in CAPABILITIES:
            raise ValueError(f"navigation: {area!r} or {may!r} is unknown")
        entry = Entry(area, label, href, may, icon, order, group, count, hot, key, opens)
        self.entries[area, href] = entry
        return entry

    def add_bell(self, href: str, count: Count) -> None:
        """The bell beside the own menu: notifications, with how many are new."""
        self.bell = Entry("member", "", href, "signed_in", "bell", count=count, hot=True)

    def of(self, area: str) -> tuple[Entry, ...]:
        """What the person of this request may see, in order."""
        found = [e for e in self.entries.values() if e.area == area and self._is_shown(e)]
        return tuple(sorted(found, key=lambda e: (e.group, e.order, e.href)))

    def _is_shown(self, entry: Entry) -> bool:
        return here().principal.may_somewhere(entry.may) and (not entry.opens or bool(self.of(entry.opens)))

    def ways(self, area: str) -> tuple[Way, ...]:
        """`of` for `kept` fragments."""
        return tuple(Way(str(e.label), e.href, e.icon, e.group, e.number, e.hot) for e in self.of(area))

    def current(self, area: str) -> str:
        """The href that `aria-current` belongs to: of the entry with the longest address that the path lies under.

        What stands in the area that an entry opens counts as that entry's, wherever its address lies.
        """
        path = here().path
        around = [(e.href, e.href) for e in self.of(area)]
        inside = [(one.href, e.href) for e in self.of(area) if e.opens for one in self.of(e.opens)]
        under = [(len(href), way) for href, way in around + inside if (path + "/").startswith(href.rstrip("/") + "/")]
        return max(under, default=(0, ""))[1]

    async def prepare(self) -> None:
        """Ask the counts that this person will see. Once a request, for pages of people who are signed in."""
        principal = here().principal
        numbers: dict[str, int] = {}
        if principal.is_signed_in:
            wanted = [*self.of("staff" if principal.is_staff else "visitor"), *self.of("member")]
            for entry in [*wanted, *([self.bell] if self.bell else [])]:
                if entry.count is not None:
                    numbers[entry.href] = await entry.count()
        _counts.set(numbers)


navigation = Navigation()
