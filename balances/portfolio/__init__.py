"""What the accounts of one reader hold: scope, filters, members, totals, change, overlaps.

Every query here is limited to what its reader may see. It never writes.
"""
