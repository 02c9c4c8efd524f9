"""Open Images: the published CSV files, joined while they are read."""
