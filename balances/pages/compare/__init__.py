"""Comparison of owners, accounts, tags and periods."""
