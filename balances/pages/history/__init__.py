"""The list of changes, and its file."""
