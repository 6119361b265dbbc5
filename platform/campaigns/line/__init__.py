"""LINE as a channel of campaigns: its content, its checks, its way out."""
