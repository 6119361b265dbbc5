"""What this room keeps about people. What they wrote for all to read stays, by somebody who has no name any more."""

from __future__ import annotations

from community import voices
from customers.registry import refers

__all__ = ["voices"]  # what goes from here into requests

for _table, _column in (("thread", "author_id"), ("thread", "last_poster_id"), ("thread", "accepted_by_id"),
                        ("post", "author_id"), ("post_revision", "edited_by_id"), ("flag", "decided_by_id"),
                        ("moderation", "actor_id"), ("moderation", "undone_by_id"),
                        ("pause", "paused_by_id")):  # fmt: skip
    refers(_table, _column, erase="keep")
for _table in ("post_like", "thread_vote", "thread_read", "follow", "draft", "composer_key", "point", "pause",
               "question_invitation"):  # fmt: skip
    refers(_table, "person_id", erase="delete")
refers("flag", "person_id", erase="clear", clear=("note",))
