"""Community: boards, threads, ideas, ambassadors, moderation."""
