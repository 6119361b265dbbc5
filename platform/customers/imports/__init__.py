"""From a file to customers: read, map, plan, write; row by row with reasons, never half."""
