"""What stands at the bell also reaches those who do not look: by mail after some minutes, once a day, or on Slack."""
