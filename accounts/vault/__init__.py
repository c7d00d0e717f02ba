"""Secrets at rest: keysets, sealing, rotation.

Any package may hold the ciphertext; only signing gets the plain text.
"""
