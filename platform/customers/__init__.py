"""Accounts, people, identities, contracts, consent, segments, tiers, the timeline: one record per customer."""
