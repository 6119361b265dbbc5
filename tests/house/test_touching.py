"""Everything that leaves for a person has said what it is to the attention budget (docs/attention.md)."""

from __future__ import annotations

import re

from core.i18n import ROOMS as PLATFORM

LEAVES = re.compile(
    r"\b(?:mail\.post|line\.push|line\.reply|slack\.post|posting\.post_once|notices\.tell|out\.send)\("
    r"|from customers\.notices import tell\b"
)
BELL = "stands at the bell; what leaves from there is recorded (customers/noticing)"
# Where something leaves, and by what right. Whoever adds a sender decides this first.
DECIDED = {
    "access/mails.py": "transactional: recorded by its callers",
    "bots/delivering.py": "replies; a LINE push is recorded when it is claimed (inbox/actions/sending.py)",
    "campaigns/line/way.py": "counted when it is claimed (campaigns/budget.py)",
    "campaigns/sending.py": "counted when it is claimed (campaigns/budget.py)",
    "community/routing/calling.py": BELL + "; and to staff",
    "campaigns/stopping.py": "to staff",
    "community/telling.py": BELL,
    "customers/alerts.py": "to staff",
    "customers/departments/posting.py": "to staff, in a channel of their own",
    "customers/requests/telling.py": BELL + "; and to staff",
    "customers/noticing/direct.py": "to staff, as each chose: recorded",
    "customers/noticing/letters.py": "as each chose: recorded",
    "customers/tasks.py": "to staff",
    "guides/jobs.py": "to staff",
    "guides/rollout.py": "to staff",
    "helpcenter/gaps.py": BELL,
    "inbox/actions/ownership.py": "to staff",
    "inbox/actions/replies.py": "a reply, and notes to staff",
    "inbox/escalation.py": "to staff",
    "inbox/jobs.py": "to staff",
    "inbox/unread.py": "a reply: recorded",
    "inbox/voices.py": "a reply, in the name of whoever decided; and where it can be read",
    "inbox/verifying.py": "a code that somebody not known yet asked for a minute ago",
}
DEFINED = ("channels/", "customers/notices.py")


def test_every_place_from_which_something_leaves_has_been_decided():
    found = set()
    for file in sorted(PLATFORM.rglob("*.py")):
        name = file.relative_to(PLATFORM).as_posix()
        if LEAVES.search(file.read_text()) and not name.startswith(DEFINED):
            found.add(name)
    assert found == set(DECIDED)


def test_what_must_be_recorded_is():
    """By name, because a sender that forgets it sends as well as before."""
    for name in ("access/jobs.py", "access/actions/own.py", "access/actions/factor.py", "access/actions/staff.py",
                 "inbox/unread.py", "inbox/actions/sending.py", "customers/noticing/letters.py",
                 "customers/noticing/direct.py"):  # fmt: skip
        assert "touches.passes(" in (PLATFORM / name).read_text(), name
    assert "ask(" in (PLATFORM / "campaigns/budget.py").read_text()
    assert "reserve_touch(" in (PLATFORM / "guides/showing.py").read_text()
