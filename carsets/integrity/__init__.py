"""What became of a dataset's addresses, and of its own files: verdicts, decay, reports."""
