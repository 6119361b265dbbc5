"""The verbs of the inbox, by what they change."""
