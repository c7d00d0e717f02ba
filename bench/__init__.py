"""`make bench`: each line a ratio against a floor measured in the same run."""
