"""Looking again at every image of a finished dataset, in batches, on one machine or many."""
