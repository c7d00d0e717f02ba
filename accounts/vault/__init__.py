"""Secrets at rest: keysets, sealing, rotation.

Gives ciphertext to everybody and plain text to signing alone.
"""
