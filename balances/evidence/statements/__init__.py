"""Statements: what accounts held at a cut-off, and what leads from there to an anchored head."""
