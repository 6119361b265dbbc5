"""A question that nobody answers finds people who know: first the experts, then the board's moderators, then staff.

`experts` says who knows, `calling` asks them when the clock of a question has run so far, `reading` shows it.
"""
