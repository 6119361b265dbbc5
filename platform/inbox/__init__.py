"""Conversations between a customer and humans: ownership, SLA, hand-off."""
