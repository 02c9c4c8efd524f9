"""What can be learnt from the features of the dataset, and what it says of the dataset. Pure."""
