"""What stands in an audit: proof of one amount, statements, verification of the stored chain.

Reads and recomputes. It never mends what it finds.
"""
