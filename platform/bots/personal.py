"""What this room keeps about people: a link that waits to be opened."""

from __future__ import annotations

from customers.registry import refers

refers("link_nonce", "person_id", merge="drop", erase="delete", hidden=("nonce",))
