"""Slack, LINE and web chat: understand, answer or hand over."""
