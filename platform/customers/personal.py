"""What this room keeps about people and companies, and what the rooms below it keep (they do not know of either)."""

from __future__ import annotations

from core.i18n import lazy
from core.pictures import forget_pictures_of
from customers.registry import forgets, lists, refers, unpersonal
from customers.retention import keeps

COUNTS = ("d7", "d30", "d90", "total")

for _table in ("person_source", "membership", "identity", "consent", "notice", "touch", "touch_hold", "segment_member"):
    refers(_table, "person_id", erase="delete")
refers("notice_choice", "person_id", erase="delete", blocks=False)
refers("notice_letter", "person_id", erase="delete", hidden=("token",))
refers("consent_proof", "person_id", erase="clear", clear=("evidence",), blocks=False)  # the proof itself must be kept
refers("touchpoint", "person_id", erase="clear", clear=("data",))
refers("event", "person_id", erase="delete")
refers("usage_day", "person_id", erase="delete", sums=("count",), is_derived=True)
refers("person_metric", "person_id", erase="delete", sums=COUNTS, is_derived=True)
refers("purchase", "person_id")  # the books must be kept; whose it was leads to a row without a name
refers("person_habit", "person_id", erase="delete", is_derived=True)
refers("account_note", "person_id", erase="delete")
refers("account_note", "author_id")
_STAFF = """
import_batch.created_by_id review.decided_by_id segment.created_by_id pilot.started_by_id pilot.verdict_by_id
account.csm_id account.deputy_id account.tier_by_id account.phase_by_id merge_log.merged_by_id
pulse.by_id account_goal.created_by_id health_alert.seen_by_id incoming_hook.created_by_id
account_task.owner_id account_task.created_by_id account_task.closed_by_id
product_request.owner_id product_request.created_by_id voice.added_by_id request_decision.by_id
"""
for _place in _STAFF.split():
    refers(*_place.split("."))
refers("review", "person_id", erase="delete")
refers("voice", "person_id", erase="clear", clear=("quote",))  # that somebody asked for it still counts
refers("request_telling", "person_id", erase="delete")
refers("review", "other_person_id", erase="delete")

for _table in ("account_source", "account_alias", "membership", "contract", "purchase", "touchpoint", "event",
               "account_note", "department_post"):  # fmt: skip
    refers(_table, "account_id", about="account")
refers("review", "account_id", about="account")
refers("review", "other_id", about="account")
refers("account", "parent_id", about="account")
refers("usage_day", "account_id", about="account", is_derived=True)
refers("account_metric", "account_id", about="account", sums=COUNTS, is_derived=True)
refers("health_snapshot", "account_id", about="account", is_derived=True)
refers("health_alert", "account_id", about="account", is_derived=True)
refers("pulse", "account_id", about="account")
refers("account_goal", "account_id", about="account")
refers("voice", "account_id", about="account")

# What opened by itself and nobody took up keeps no import from being undone, and goes with what it is about.
TAKEN_UP = "kind = 'by_hand' OR state <> 'open' OR title <> ''"
refers("account_task", "account_id", about="account", blocks_if=TAKEN_UP)
refers("account_task", "person_id", erase="delete", blocks_if=TAKEN_UP)

# search and core
refers("search_query", "person_id", erase="clear", clear=("text",))
refers("search_query", "account_id", about="account")
refers("media", "owner_id", hidden=("key",))

for _table, _column, _why in (
    ("account", "name", "the record itself: merged and undone by customers.merging"),
    ("person", "email", "the record itself: emptied by customers.privacy"),
    ("person", "phone", "as above"),
    ("suppression", "address_hash", "a keyed hash that outlives the person on purpose"),
    ("segment", "people", "a count"),
    ("audit_entry", "actor_id", "an audit log is never changed; the name in it is emptied by customers.privacy"),
    ("match_key", "record_id", "made anew by customers.matching.stored"),
):
    unpersonal(_table, _column, _why)
refers("write_key", "created_by_id")
lists("pilot", "people")


@forgets
async def forget_their_pictures(people: list[int], _addresses: list[tuple[str, str]]) -> None:
    """A picture says more than its text, and nobody can take a name out of it: theirs go, wherever they stand."""
    await forget_pictures_of(people)


# What may be let go after a while (nothing is, until somebody sets a period)
keeps("event", "received_at", lazy("Product events"), least=30, by="arrival",
      note=lazy("Counts by day, metrics and segments stay; questions about a sequence see what is kept."))  # fmt: skip
keeps("usage_day", "day", lazy("Counts by day"), least=100, is_day=True,
      note=lazy("“Ever” then counts what is kept when counts are worked out anew."))  # fmt: skip
keeps("touchpoint", "at", lazy("Timeline entries"), least=90)
keeps("notice", "created_at", lazy("Notices at the bell"), least=7)
keeps("notice_letter", "created_at", lazy("Mails and messages about notices"), least=31, where="state <> 'waiting'",
      note=lazy("Links of those mails end with them, also those that stop them."))  # fmt: skip
keeps("touch", "at", lazy("Automatic messages counted against attention"), least=31)
keeps("touch_hold", "changed_at", lazy("Automatic messages that were held back"), least=31)
keeps("health_snapshot", "day", lazy("Daily health"), least=60, is_day=True,
      note=lazy("The judgement by renewals looks at the scores of 30 days before each of them."))  # fmt: skip
keeps("search_query", "created_at", lazy("Searches by visitors"), least=30, by="arrival")
keeps("audit_entry", "at", lazy("The audit log"), least=180)
