"""The bookkeeping of one run: what was found, how it ended, and when that is written down."""
