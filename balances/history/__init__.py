"""What was true at an instant: positions, observations, freshness, status, partial keys.

Reads the ledger and never writes. Its answers for now and for the past are the same functions.
"""
