"""What this room keeps about people. A conversation stays as a record of the work; who it was with is emptied."""

from __future__ import annotations

from customers.registry import refers
from inbox.forgetting import forget

__all__ = ["forget"]  # of what no column leads to

refers("conversation", "person_id", erase="clear",
       clear=("name", "address", "summary", "preview", "reply_token"))  # fmt: skip
refers("conversation", "account_id", about="account")
refers("conversation", "owner_id")
refers("message", "author_id", erase="clear", clear=("body", "data"))
refers("ownership", "owner_id")
refers("ownership", "by_id")
refers("canned_reply", "owner_id", erase="delete")
refers("chat_visitor", "person_id", erase="delete", hidden=("token_hash", "code_hash"))
refers("suggestion", "decided_by_id")
