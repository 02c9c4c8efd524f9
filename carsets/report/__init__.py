"""Pages for people: what a run found, kept and dropped, and what the kept images look like."""
