"""An account's label, tags, shares, transfer, and whether it counts."""
