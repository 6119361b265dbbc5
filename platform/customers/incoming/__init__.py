"""Incoming webhooks: what CRM, SFA and MA systems send becomes records, by a mapping that staff draw."""
