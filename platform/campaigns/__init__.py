"""Newsletters: from a segment to the inbox, with a pilot before and a ledger behind."""
