"""People look and decide: the queue, their decisions, how far they agree. Pure."""
