"""Statements as a page and as a file."""
