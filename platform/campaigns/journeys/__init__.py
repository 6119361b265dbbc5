"""Journeys: steps that people go through one by one, each at their own time, on the ledger of the newsletters."""
