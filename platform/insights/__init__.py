"""What works: the numbers of the rooms below, drawn, compared with the period before, each opening to its rows."""
