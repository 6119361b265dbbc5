"""What pages show, read by short raw statements through the policy."""
