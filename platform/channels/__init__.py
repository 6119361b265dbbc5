"""The ways in and out: SMTP, LINE, Slack; their clients, limits, connections. Nothing leaves the house elsewhere."""
