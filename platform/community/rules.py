"""The community's rules as data: lengths, limits, points, reasons."""

from __future__ import annotations

from datetime import timedelta

from core.i18n import lazy

TITLE = (6, 120)  # characters, as in Discourse's Japanese defaults
BODY = (8, 20_000)
EXCERPT = 120
TAGS = 3
CHUNK = 20  # posts a page
PAGE = 20  # threads a page

OWN_EDIT = timedelta(hours=24)
SAME_REVISION = timedelta(seconds=300)
SMALL_EDIT = 100  # characters changed

ACCEPT_BY_AMBASSADOR = timedelta(hours=72)
HIDES_A_DAY = 20
PIN_BY_AMBASSADOR = timedelta(days=7)
PIN_BY_STAFF = timedelta(days=365)
UNDO = timedelta(days=30)
OVERTURNED = 3  # undone by somebody else within UNDO: the grant rests
PAUSE_BY_AMBASSADOR = timedelta(hours=24)
PAUSE_BY_STAFF = timedelta(days=30)
FLAGGED_EACH_OTHER = timedelta(days=30)

VOTES = 10  # ideas a person may vote for at a time
FLAGS_TO_HOLD = 3.0  # the sum of the flaggers' weights that holds a post for review
FLAGS_TO_CLOSE = 5.0  # the same over a whole thread, each flagger once: it closes until somebody has looked
FLAGGERS_TO_PAUSE = 3  # of a newcomer's posts
PAUSE_BY_FLAGS = timedelta(hours=24)
NEWCOMERS_WEIGH = 0.75  # of what others do; as many people as the sum says are enough

NEWCOMER_POSTS = 5  # fewer visible posts than this: a newcomer
NEWCOMER_LINKS = 2
NEWCOMER_IMAGES = 1
NEWCOMER_MENTIONS = 2
BETWEEN_THREADS = timedelta(seconds=120)
BETWEEN_REPLIES = timedelta(seconds=30)
FIRST_DAY = timedelta(hours=24)
FIRST_DAY_THREADS = 3
FIRST_DAY_REPLIES = 10
SAME_TEXT = timedelta(minutes=5)

CALLS_AFTER = 4  # hours without a reply, where a board does not say otherwise; 0: never
MODERATORS_AFTER, STAFF_AFTER = 6, 12  # times as long: a day, two days
CALLED_WITHIN = timedelta(days=14)  # nobody is asked about what is older
ASKED_AT_ONCE = 3
ASKED_A_DAY = 3
EXPERTISE = timedelta(days=730)  # answers chosen longer ago say nothing about now

DRAFTS_KEPT = timedelta(days=180)
COMPOSER_KEYS_KEPT = timedelta(days=7)

POINTS = {
    "community.asked": 5,
    "community.answered": 2,
    "community.helped": 10,
    "community.liked": 1,
}

REASONS = {
    "spam": lazy("Spam or advertising"),
    "personal_attack": lazy("A personal attack"),
    "personal_data": lazy("Personal or company data"),
    "off_topic": lazy("Not about this board"),
    "duplicate": lazy("The same as another post"),
    "wrong": lazy("Wrong, and may do harm"),
    "other": lazy("Another reason"),
}
# Reasons that are the house's own.
GIVEN = {
    "flags": lazy("Several people reported it"),
    "newcomer": lazy("A first post waits for approval"),
    "author": lazy("Deleted by its author"),
    "staff": lazy("Deleted by staff"),
}
FLAG_WEIGHT = {"spam": 1.0, "personal_attack": 1.0, "personal_data": 1.5, "off_topic": 0.5, "duplicate": 0.5,
               "wrong": 0.5, "other": 0.5}  # fmt: skip


def reason_words(reason: str) -> str:
    return str(REASONS.get(reason) or GIVEN.get(reason) or reason)
